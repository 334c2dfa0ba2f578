"""A kit holds what a look is given: its own things are its own, and what it opened is closed with it."""

from contextlib import AsyncExitStack

import httpx
import pytest

from roomgate.checks.declared import Tier
from roomgate.checks.kit import Kit
from roomgate.checks.sockets import SocketRefused
from support.checks import kit_of


def answer(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, text="Rooms")


@pytest.fixture
def kit(tmp_path) -> Kit:
    return kit_of(tmp_path / "evidence", answer)


def test_unasked_it_is_let_into_nothing(kit):
    assert (kit.tier, kit.intrusive, kit.quick, kit.earlier) == (Tier.OUTSIDE, False, False, ())
    assert not kit.tester.present
    kit.progress("nobody listens", 0.5)


def test_two_kits_share_nothing_that_a_look_opens(tmp_path):
    one, other = kit_of(tmp_path / "one", answer), kit_of(tmp_path / "other", answer)
    one.held["browser"] = object()
    assert other.held == {}
    assert one.later is not other.later
    assert isinstance(other.later, AsyncExitStack)


def test_what_is_held_is_given_back(kit):
    opened = object()
    assert kit.held.setdefault("browser", opened) is opened
    assert kit.held.setdefault("browser", object()) is opened


@pytest.mark.asyncio
async def test_what_is_to_be_closed_later_is_closed_the_last_first_even_after_a_fault(kit):
    closed = []

    async def close(name):
        closed.append(name)

    async def look():
        async with kit.later:
            kit.later.push_async_callback(close, "driver")
            kit.later.push_async_callback(close, "browser")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await look()
    assert closed == ["browser", "driver"]


@pytest.mark.asyncio
async def test_without_a_way_to_open_a_socket_none_is_opened(kit):
    with pytest.raises(SocketRefused, match="no way") as refused:
        await kit.open_socket("wss://target.example/ws", (), ())
    assert refused.value.status == 0


@pytest.mark.asyncio
async def test_what_its_parts_do_is_in_its_record_at_its_time(kit):
    async with kit.web:
        await kit.web.get("https://target.example/", "front")
    await kit.time.sleep(5.0)
    kit.recorder.fact("seen", "rooms", 3)
    first, second = kit.recorder.steps
    assert (first.label, second.label) == ("front", "seen")
    assert second.t - first.t >= 5.0


def test_there_is_a_folder_for_evidence(kit):
    (kit.evidence / "page.html").write_text("Rooms")
    assert [file.name for file in kit.evidence.iterdir()] == ["page.html"]


def test_it_has_no_room_for_what_nobody_declared(kit):
    with pytest.raises(AttributeError):
        kit.browser = object()
