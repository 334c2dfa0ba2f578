"""What people and scripts read: a table or a sentence for people, JSON with ``--json``."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def show_json(value: Any) -> None:
    json.dump(value, sys.stdout, ensure_ascii=False, indent=None if not sys.stdout.isatty() else 2, default=str)
    sys.stdout.write("\n")


def show_table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], *, empty: str) -> None:
    """A plain table; an empty one says what belongs there and how it comes there."""
    from rich.console import Console
    from rich.table import Table

    rows = list(rows)
    if not rows:
        print(empty)
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row.get(column)) for column in columns))
    Console(highlight=False).print(table)


def _cell(value: Any) -> str:
    from rich.markup import escape

    if isinstance(value, list | tuple):
        return escape(", ".join(map(str, value)))
    return "" if value is None else escape(str(value))
