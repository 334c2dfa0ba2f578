from pathlib import Path

import pytest
from sqlalchemy import update

from roomgate.access.capability import Capability
from roomgate.access.principal import Right
from roomgate.access.role import Role
from roomgate.hub.db.schema import roles
from roomgate.hub.roles import store
from support.hub import running

pytestmark = pytest.mark.asyncio
DESK = Role("our-desk", frozenset({Right.SEE}), frozenset({Capability.CALL}), "for the desk")


async def test_a_role_comes_back_as_it_was_made(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        db, by = hub.parts.db, hub.admin.person.id
        await db.write(lambda conn: store.add(conn, DESK, by, "t1"))
        assert await db.read(lambda conn: store.find(conn, "our-desk")) == store.RoleRecord(DESK, 1)
        assert await db.read(store.every) == [store.RoleRecord(DESK, 1)]
        assert await db.read(lambda conn: store.among(conn, ["our-desk", "auditor", "gone"])) == (DESK,)
        less = Role("our-desk", frozenset(), frozenset())
        await db.write(lambda conn: store.change(conn, less))
        assert await db.read(lambda conn: store.find(conn, "our-desk")) == store.RoleRecord(less, 2)
        # A word that this version does not know gives nothing.
        await db.write(lambda conn: conn.execute(update(roles).values(rights=["rule"], capabilities=["fly"])))
        assert (await db.read(store.every))[0].role == less
        await db.write(lambda conn: store.remove(conn, "our-desk"))
        assert await db.read(lambda conn: store.find(conn, "our-desk")) is None


async def test_who_has_it(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.parts.roles.add(DESK, hub.admin)
        one, gone = await hub.person("one", "our-desk"), await hub.person("gone", "our-desk")
        await hub.person("other", "auditor")
        await hub.parts.identity.delete(gone.id, hub.admin)
        assert await hub.parts.db.read(lambda conn: store.holders(conn, "our-desk")) == [one.id]
