"""Many rooms asked at once: none is waited for longer than the others, none fails the whole."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from roomgate.access.capability import Capability
from roomgate.errors import NotFound, Unreachable
from roomgate.hub.meetings import service
from roomgate.hub.meetings.explained import Device
from roomgate.hub.meetings.service import Meetings, device_list
from roomgate.link.messages import Outcome
from support.console import Console, console
from support.told_meetings import EVENT, LIST, SYNC, answer, told

pytestmark = pytest.mark.asyncio


async def granted(it: Console, *rooms: str) -> Meetings:
    held = frozenset({Capability.BOOKINGS})
    await it.hub.parts.grants.make(it.hub.admin, "ada", list(rooms), held, minutes=5, reason="test")
    return Meetings(it.hub.parts, it.relay)


async def test_whose_rooms_are_asked_and_how_many_more_are_seen(tmp_path: Path) -> None:
    async with console(tmp_path, pages=False) as it:
        await it.connect("Oslo", "bern", "rome")
        meetings = await granted(it, "Oslo", "bern")
        reach = await meetings.reach(it.hub.admin)
        assert ([room.name for room in reach.rooms], reach.others) == (["bern", "Oslo"], 1)
        assert (await meetings.room(it.hub.admin, reach.rooms[0].id)).name == "bern"
        for name in ("rome", "nowhere"):
            with pytest.raises(NotFound):
                await meetings.room(it.hub.admin, name)
        signed, _ = await it.hub.sign_in((await it.hub.person("bob")).name)
        assert (await meetings.reach(signed)).rooms == ()
        with pytest.raises(NotFound):
            await meetings.room(signed, "bern")


async def test_a_silent_site_is_told_to_be_late_and_is_asked_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "WITHIN_S", 0.05)
    async with console(tmp_path, pages=False) as it:
        site = await it.connect("bern", "oslo")
        meetings = await granted(it, "bern", "oslo")
        site.silent = True
        now, rooms = it.hub.clock.now(), (await meetings.reach(it.hub.admin)).rooms
        found = await meetings.ask_all(it.hub.admin.principal, rooms, now, now + timedelta(days=1))
        assert [one.troubles[0].kind for one in found.values()] == ["late", "late"]
        assert len(site.orders) == 2


async def test_a_lock_and_a_fault_are_told_in_the_rooms_place(tmp_path: Path) -> None:
    async with console(tmp_path, pages=False) as it:
        site = await it.connect("bern", "oslo")
        meetings = await granted(it, "bern", "oslo")
        site.answers[LIST] = answer(told(it.hub.clock.now(), "rg-1"))
        rooms = (await meetings.reach(it.hub.admin)).rooms
        await it.hub.parts.grants.lock("room", rooms[0].id, "test", it.hub.admin)
        now = it.hub.clock.now()
        found = await meetings.ask_all(it.hub.admin.principal, rooms, now, now + timedelta(days=1))
        assert [(len(found[room.id].meetings), [t.rule for t in found[room.id].troubles]) for room in rooms] == [
            (0, ["lock.room"]), (1, []),
        ]  # fmt: skip
        site.answers[LIST] = Outcome("", "unknown", words="Lost.")
        (one,) = (await meetings.ask(it.hub.admin.principal, rooms[1], now)).troubles
        assert one.kind == "failed"


async def test_what_was_told_is_not_kept_for_whoever_comes_back(tmp_path: Path) -> None:
    async with console(tmp_path, pages=False) as it:
        site = await it.connect("oslo")
        meetings = await granted(it, "oslo")
        site.answers[LIST] = answer(told(it.hub.clock.now(), "rg-1", "Merger"))
        (room,) = (await meetings.reach(it.hub.admin)).rooms
        asked: list[str] = []
        let_go = it.relay.relay.let_go

        def noted(ask: object) -> None:
            asked.append(str(ask))
            let_go(ask)  # type: ignore[arg-type]  # an id of an ask

        it.relay.relay.let_go = noted  # type: ignore[method-assign]
        told_ = await meetings.ask(it.hub.admin.principal, room, it.hub.clock.now())
        assert told_.meetings[0].title == "Merger"
        (id,) = asked
        assert (await it.relay.relay.answer(id, it.hub.admin.principal, True)).result is None


async def test_a_calendar_is_read_by_a_word_or_it_is_said_why_not(tmp_path: Path) -> None:
    async with console(tmp_path, pages=False) as it:
        site = await it.connect("oslo")
        meetings = await granted(it, "oslo")
        site.answers[SYNC] = answer()
        assert (await meetings.sync(it.hub.admin.principal, "oslo"))["Calendar"]["State"] == "ok"
        site.answers[SYNC] = Outcome("", "failed", rule=Unreachable.code, words="Away.")
        with pytest.raises(Unreachable):
            await meetings.sync(it.hub.admin.principal, "oslo")


async def test_too_many_invitations_at_once_are_turned_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with console(tmp_path, pages=False) as it:
        meetings = Meetings(it.hub.parts, it.relay)
        assert (await meetings.explain(EVENT.encode(), Device()))[0]["title"] == "Budget"
        monkeypatch.setattr(service, "EXPLAIN_S", 0.01)
        busy = asyncio.Semaphore(0)
        meetings._explaining = busy
        with pytest.raises(Unreachable):
            await meetings.explain(EVENT.encode(), Device())


async def test_the_device_is_asked_for_a_day_more_than_the_window_has() -> None:
    now = datetime(2026, 3, 10, 23, 0, tzinfo=UTC)
    for days, asked in ((0, 2), (1, 3), (7, 9)):
        assert device_list(now, now + timedelta(days=days)).arguments["Days"] == asked
