import csv
import io
import json

from hypothesis import given
from hypothesis import strategies as st

from roomgate.hub.console.export import csv_page, json_page

FORMULA = ("=", "+", "-", "@", "\t", "\r")


@given(st.lists(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x00\r\n")), min_size=2, max_size=2)))
def test_a_sheet_holds_what_the_table_held_and_no_formula(rows: list[list[str]]) -> None:
    page = csv_page(("a", "b"), rows, "rooms")
    read = list(csv.reader(io.StringIO(page.content.decode())))
    assert read[0] == ["a", "b"]
    assert [
        [cell.removeprefix("'") if cell[1:].startswith(FORMULA) else cell for cell in row] for row in read[1:]
    ] == rows
    assert not [cell for row in read[1:] for cell in row if cell.startswith(FORMULA)]


def test_a_sheet_is_kept_as_a_file() -> None:
    page = csv_page(("a",), [], "grants")
    assert page.headers["Content-Disposition"] == 'attachment; filename="grants.csv"'


def test_json_names_every_cell() -> None:
    assert json.loads(json_page(("a", "b"), [["=1", "x"]]).content) == [{"a": "=1", "b": "x"}]
