"""What people and scripts read: a table or a sentence for people, JSON with ``--json``."""

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any

from cyclopts import Parameter

from roomgate.redact import foreign

Json = Annotated[bool, Parameter(help="print JSON")]

_LONGEST = 2000  # of one line for people; --json gives everything
_PIPE_WIDTH = 10_000  # a pipe has no edge at which to fold


def show_json(value: Any) -> None:
    """One line where a program reads, indented where a person does; written out at once, since they wait for it."""
    text = json.dumps(value, ensure_ascii=False, indent=2 if sys.stdout.isatty() else None, default=str)
    print(text, flush=True)


def say(text: str) -> None:
    """One sentence for people. Names and reasons in it are other people's: they cannot steer the terminal."""
    print(foreign(text, _LONGEST), flush=True)


def show_page(render: Callable[..., str], *facts: Any) -> None:
    """A page of text by its own renderer, as wide as the terminal; colours only where somebody sees them."""
    import shutil

    seen = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if seen else None
    print(render(*facts, width, colour=seen and not os.environ.get("NO_COLOR")), end="", flush=True)


def show_table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], *, empty: str) -> None:
    """A plain table; an empty one says what belongs there and how it comes there."""
    from rich.console import Console
    from rich.table import Table

    rows = list(rows)
    if not rows:
        print(empty, flush=True)
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row.get(column)) for column in columns))
    width = None if sys.stdout.isatty() else _PIPE_WIDTH
    # no-color.org: whoever sets it wants no escapes at all, and rich would still print its dim and bold ones.
    Console(highlight=False, width=width, color_system=None if os.environ.get("NO_COLOR") else "auto").print(table)


def tell(facts: Any, sentence: str, *, json: bool) -> None:
    """What came of it: JSON for scripts, or one sentence for people."""
    if json:
        show_json(facts)
    else:
        say(sentence)


def tell_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, empty: str, json: bool) -> None:
    """A list: all of it as JSON, or these columns as a table."""
    if json:
        show_json(rows)
    else:
        show_table(rows, columns, empty=empty)


def show_facts(facts: Mapping[str, Any]) -> None:
    """One thing, a line for each of its facts; what is not known is left out."""
    rows = [{"what": name.replace("_", " "), "is": fact} for name, fact in facts.items() if fact not in (None, "", [])]
    show_table(rows, ["what", "is"], empty="Nothing is known of it.")


def _cell(value: Any) -> str:
    from rich.markup import escape

    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return escape(foreign(", ".join(map(str, value)), _LONGEST))
        case _:
            return escape(foreign(str(value), _LONGEST))
