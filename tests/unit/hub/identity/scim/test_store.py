from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from roomgate.clock import iso
from roomgate.hub.change import Change
from roomgate.hub.identity.scim import store
from roomgate.hub.identity.scim.kept import GroupWish
from roomgate.hub.identity.scim.store import Wanted
from roomgate.hub.revocation import Cause, SubjectKind
from roomgate.ids import PersonId
from roomgate.ledger.event import DirectoryReleased
from support.hub import Hub, running

pytestmark = pytest.mark.asyncio
OURS, OTHERS = "service_ours", "service_others"


async def write(hub: Hub, unit: Callable[[Change], Any]) -> Any:
    return await hub.parts.changes.write(unit)


async def people(hub: Hub, *names: str) -> list[PersonId]:
    ids = [(await hub.person(name)).id for name in names]
    await write(hub, lambda change: [store.hand_over(change.conn, id, OURS) for id in ids])
    return ids


async def test_a_group_keeps_its_members_until_they_leave(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        a, b, c = await people(hub, "a", "b", "c")

        def unit(change: Change) -> None:
            conn = change.conn
            store.add_group(conn, "group_1", OURS, GroupWish("team", frozenset({a, b}), "e"), change.at)
            known = store.find_group(conn, OURS, "group_1")
            assert known is not None
            assert (known.members, known.version) == ({a, b}, 1)
            assert store.find_group(conn, OTHERS, "group_1") is None
            store.change_group(conn, known, GroupWish("squad", frozenset({b, c})), change.at)
            assert store.groups_of(conn, OURS, a) == {}
            assert store.groups_of(conn, OURS, c) == {"group_1": "squad"} == store.group_names(conn, OURS)
            store.leave_groups(conn, c, change.at)
            again = store.find_group(conn, OURS, "group_1")
            assert again is not None
            assert (again.members, again.external_id, again.version) == ({b}, None, 3)
            assert store.count_groups(conn, OURS, Wanted(external_id="e")) == 0
            store.delete_group(conn, "group_1")
            assert store.list_groups(conn, OURS) == []

        await write(hub, unit)


async def test_many_members_are_found_in_steps(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        [a] = await people(hub, "a")
        many = frozenset({a, *(f"person_{n}" for n in range(2 * store._CHUNK))})
        assert await hub.parts.db.read(lambda conn: store.strangers(conn, OURS, many)) == many - {a}
        assert await hub.parts.db.read(lambda conn: store.strangers(conn, OTHERS, frozenset({a}))) == {a}


async def test_the_last_who_shut_an_account_counts(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        [a] = await people(hub, "a")
        for cause, by_hand in (
            (Cause.PERSON_DISABLED, True), (Cause.PERSON_DEPROVISIONED, False), (Cause.ROLE_CHANGED, False),
            (Cause.PERSON_DISABLED, True),
        ):  # fmt: skip
            await write(hub, lambda change, c=cause: change.revoke(c, SubjectKind.PERSON, a, by=None, reason=""))
            assert await hub.parts.db.read(lambda conn: store.disabled_by_hand(conn, a)) is by_hand


async def test_the_brake_is_worked_out_from_what_was_written(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        ours = PersonId(OURS)

        def end(change: Change, id: str, by: PersonId = ours, cause: Cause = Cause.PERSON_DEPROVISIONED) -> None:
            change.revoke(cause, SubjectKind.PERSON, id, by=by, reason="")

        async def brake() -> tuple[int, frozenset[str]]:
            found = await hub.parts.db.read(lambda conn: store.brake_of(conn, OURS, hub.clock.now()))
            return found.kept, found.ended

        ids = await people(hub, "a", "b", "c")
        assert await brake() == (0, frozenset())  # they came a moment ago
        await write(hub, lambda change: end(change, ids[0]))
        hub.clock.advance(3601)
        await people(hub, "late")
        await write(
            hub, lambda change: [end(change, ids[1]), end(change, ids[1]), end(change, ids[2], PersonId(OTHERS))]
        )
        await write(hub, lambda change: end(change, ids[2], cause=Cause.PERSON_DISABLED))
        assert await brake() == (3, frozenset({ids[1]}))
        first = (await hub.parts.db.read(lambda conn: store.brake_of(conn, OURS, hub.clock.now()))).first
        assert first == hub.clock.now()
        await hub.parts.identity.delete(ids[0], hub.admin)  # long ended, so it is kept no more
        await hub.parts.identity.delete(ids[1], hub.admin)  # ended within the hour, so it counts among the kept
        assert await brake() == (2, frozenset({ids[1]}))


async def test_a_release_is_read_from_the_record(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:

        async def released() -> str | None:
            found = await hub.parts.db.read(lambda conn: store.brake_of(conn, OURS, hub.clock.now()))
            return found.released and iso(found.released)

        assert await released() is None
        for whose, until in ((OURS, "2026-03-10T10:00:00.000Z"), (OTHERS, "2026-03-10T12:00:00.000Z")):
            await write(hub, lambda c, w=whose, u=until: c.record(DirectoryReleased, person=w, until=u, by="person_1"))
        assert await released() == "2026-03-10T10:00:00.000Z"
