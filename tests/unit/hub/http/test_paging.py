import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.errors import BadInput
from roomgate.hub.http.paging import build_page, parse_cursor, parse_limit


@given(st.lists(st.text(min_size=1, alphabet="abcdeé"), unique=True), st.integers(1, 5))
def test_pages_together_are_the_list(items: list[str], limit: int) -> None:
    items, seen, cursor = sorted(items), [], ""
    while True:
        after = parse_cursor(cursor)
        found = [i for i in items if i > after][: limit + 1]
        page = build_page(found, limit, str, str)
        seen += page.items
        if page.next is None:
            break
        cursor = page.next
    assert seen == items


@given(st.text())
def test_any_cursor_is_read_or_refused(text: str) -> None:
    try:
        place = parse_cursor(text)
    except BadInput:
        return
    assert isinstance(place, str)


def test_limits() -> None:
    assert parse_limit(None) == 50
    for bad in (0, -1, 201):
        with pytest.raises(BadInput):
            parse_limit(bad)
