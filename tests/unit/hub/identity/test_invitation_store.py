from datetime import timedelta
from pathlib import Path

import pytest

from roomgate.hub.identity import invitation_store as store
from roomgate.hub.identity.invitation_store import Invitation
from roomgate.ids import InvitationId
from support.hub import running

pytestmark = pytest.mark.asyncio


async def test_an_invitation_is_used_once_and_in_its_time(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        bob, now = await hub.person("bob"), hub.clock.now()

        def unit(conn: store.Connection) -> None:
            made = [
                Invitation(InvitationId(f"invitation_{n}"), bob.id, "bob", now, now + timedelta(hours=n), None)
                for n in (1, 2, 3)
            ]
            for one in made:
                store.add(conn, one, f"digest {one.id}")
            assert [one.id for one in store.waiting(conn, now, "", 2)] == [made[0].id, made[1].id]
            later = now + timedelta(hours=1)
            assert not store.use(conn, made[0].id, later)
            assert store.find(conn, f"digest {made[0].id}", later) is None
            assert store.find(conn, f"digest {made[1].id}", later) == made[1]
            assert [store.use(conn, made[1].id, later) for _ in range(2)] == [True, False]
            assert (store.end(conn, "cut", id=made[1].id), store.end(conn, "cut", person=bob.id)) == (0, 2)
            assert store.get_waiting(conn, made[2].id) is None

        await hub.parts.db.write(unit)
