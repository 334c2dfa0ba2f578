import pytest

from roomgate.access.offered import offered
from roomgate.errors import BadInput
from roomgate.hub.meetings.bookings import build_book, build_check_in, build_end, build_extend, build_release
from roomgate.hub.relay.asked import Wish


def said(wish: Wish) -> str:
    return str(wish.call(offered()))


def test_each_asks_for_one_thing() -> None:
    assert said(build_book("", 30)) == "Command/Bookings/Book Duration=30"
    assert said(build_book(" Stand-up ", 15, "why")) == "Command/Bookings/Book Duration=15 Title=Stand-up"
    assert build_book("", 30, "why").reason == "why"
    assert said(build_extend("rg-1", 15)) == "Command/Bookings/Extend Duration=15 Id=rg-1"
    assert said(build_end("rg-1")) == "Command/Bookings/CheckOut Id=rg-1"
    assert said(build_release("rg-1")) == "Command/Bookings/Delete Id=rg-1"
    assert said(build_check_in("rg-1")) == "Command/Bookings/CheckIn Id=rg-1"


@pytest.mark.parametrize("minutes", [0, -5, 1441, 10**9])
def test_minutes_have_bounds(minutes: int) -> None:
    for build in (lambda: build_book("", minutes), lambda: build_extend("rg-1", minutes)):
        with pytest.raises(BadInput):
            build()


@pytest.mark.parametrize("text", ["", "x" * 129, "a\nb", "\x00"])
def test_an_id_is_one_short_line(text: str) -> None:
    for build in (build_end, build_release, build_check_in):
        with pytest.raises(BadInput):
            build(text)
    if text:
        with pytest.raises(BadInput):
            build_book(text, 5)
