"""Tables as CSV and JSON, for spreadsheets and scripts."""

import csv
import io
from collections.abc import Sequence

import msgspec
from litestar import Response

from roomgate.hub.console.visit import Page

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_page(columns: Sequence[str], rows: Sequence[Sequence[str]], name: str) -> Page:
    """A cell that a spreadsheet would take for a formula is made text: names and reasons are other people's words."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in row])
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response(out.getvalue().encode(), media_type="text/csv", headers=headers)


def json_page(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Page:
    body = msgspec.json.encode([dict(zip(columns, row, strict=True)) for row in rows])
    return Response(body, media_type="application/json")
