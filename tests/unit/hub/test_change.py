import asyncio
from pathlib import Path

import pytest

from roomgate.errors import Conflict
from roomgate.hub.change import Change
from roomgate.hub.revocation import Cause, Revocation, SubjectKind
from roomgate.ledger.event import Revoked
from support.hub import running

pytestmark = pytest.mark.asyncio


def revoking(change: Change) -> Revocation:
    return change.revoke(Cause.LOCK, SubjectKind.ROOM, "room_1", by=None, reason="why")


async def test_row_entry_and_word_come_together(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        before = await hub.parts.changes.position()
        revocation = await hub.parts.changes.write(revoking)
        assert revocation.sequence == before + 1
        assert await hub.parts.changes.since(before) == [revocation] == hub.heard
        entry = (await hub.events())[-1]
        assert isinstance(entry, Revoked)
        assert (entry.sequence, entry.cause, entry.subject) == (before + 1, "lock", "room room_1")


async def test_what_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        before, size = await hub.parts.changes.position(), await hub.parts.record.size()

        def unit(change: Change) -> None:
            revoking(change)
            raise Conflict("no")

        with pytest.raises(Conflict):
            await hub.parts.changes.write(unit)
        assert hub.heard == []
        assert (await hub.parts.changes.position(), await hub.parts.record.size()) == (before, size)
        assert await hub.parts.changes.since(before) == []


async def test_a_cut_is_published_though_its_asker_went_away(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        told = asyncio.Event()

        async def hear(_: Revocation) -> None:
            told.set()

        hub.parts.bus.listen(Revocation, hear)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await hub.parts.changes.write(revoking)
        async with asyncio.timeout(5):
            await told.wait()
        assert len(hub.heard) == 1


async def test_it_is_durable_before_anybody_is_told(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        seen: list[list[Revocation]] = []

        async def look(_: Revocation) -> None:
            seen.append(await hub.parts.changes.since(0))

        hub.parts.bus.listen(Revocation, look)
        revocation = await hub.parts.changes.write(revoking)
        assert seen == [[revocation]]


async def test_a_listener_that_fails_for_one_cut_does_not_keep_back_the_next(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:

        async def fail(revocation: Revocation) -> None:
            if revocation.subject == "room_1":
                raise OSError("deaf")

        hub.parts.bus.listen(Revocation, fail)

        def both(change: Change) -> None:
            revoking(change)
            change.revoke(Cause.LOCK, SubjectKind.ROOM, "room_2", by=None, reason="why")

        with pytest.raises(ExceptionGroup):
            await hub.parts.changes.write(both)
        assert [revocation.subject for revocation in hub.heard] == ["room_1", "room_2"]


async def test_a_cut_does_not_wait_for_what_another_of_the_same_change_closes(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        second = asyncio.Event()

        async def slow(revocation: Revocation) -> None:
            if revocation.subject == "room_1":
                await second.wait()
            else:
                second.set()

        hub.parts.bus.listen(Revocation, slow)

        def both(change: Change) -> None:
            revoking(change)
            change.revoke(Cause.LOCK, SubjectKind.ROOM, "room_2", by=None, reason="why")

        async with asyncio.timeout(5):
            await hub.parts.changes.write(both)
