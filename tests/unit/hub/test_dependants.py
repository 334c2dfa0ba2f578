"""What falls with a person: both areas are told, inside the same change."""

from pathlib import Path

import pytest

from roomgate.errors import Conflict
from roomgate.hub.approvals.request import State
from roomgate.hub.dependants import Falling
from roomgate.hub.grants.wanted import Wanted
from roomgate.hub.identity import store
from roomgate.hub.revocation import Cause
from support.hub import running

pytestmark = pytest.mark.asyncio


async def test_grants_and_requests_fall_together_or_not_at_all(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        parts, falling = hub.parts, Falling(hub.parts.grants, hub.parts.approvals)
        await hub.rooms("oslo")
        kim = await hub.person("kim")
        await hub.grant("kim", "oslo")
        signed, _ = await hub.token("kim")
        wanted = Wanted(person="", rooms=("oslo",), capabilities=("call",), minutes=5, reason="why not")
        request = await parts.approvals.ask(signed, wanted)

        async def state() -> tuple[int, State]:
            return len(await parts.grants.of_person(kim.id)), (await parts.approvals.get(request.id, hub.admin)).state

        def fails(change):
            falling.person_gone(change, kim.id, Cause.PERSON_DISABLED, None)
            raise Conflict("After all, no.")

        with pytest.raises(Conflict):
            await parts.changes.write(fails)
        assert await state() == (1, State.WAITING)
        await parts.changes.write(lambda change: falling.person_locked_out(change, kim.id))
        assert await state() == (1, State.LAPSED)  # a lock lets the grant be: it is refused while it holds
        await parts.changes.write(lambda change: falling.person_gone(change, kim.id, Cause.PERSON_DISABLED, None))
        assert await state() == (0, State.LAPSED)


async def test_a_giver_s_lost_right_and_a_lock_are_the_grants_to_tell(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        parts, falling = hub.parts, Falling(hub.parts.grants, hub.parts.approvals)
        await hub.rooms("oslo")
        kim = await hub.person("kim")
        grant = await hub.grant("kim", "oslo")

        def demoted(change):
            store.change_person(change.conn, hub.admin.person.id, roles=["member"])
            falling.giver_lost_right(change, hub.admin.person.id, None)

        await parts.changes.write(demoted)
        assert (await parts.grants.get(grant.id)).paused is not None
        assert not await parts.db.read(lambda conn: falling.person_locked(conn, kim.id))
        await parts.grants.lock("person", "kim", "", hub.admin)  # as they were signed in
        assert await parts.db.read(lambda conn: falling.person_locked(conn, kim.id))
