"""Own roles: within the maker's power, and a change reaches everybody who has one."""

from pathlib import Path

import pytest

from roomgate.access.capability import Capability
from roomgate.access.principal import Right
from roomgate.access.role import Role
from roomgate.errors import BadInput, Conflict, NotFound, PreconditionFailed
from roomgate.hub.grants.service import GIVER_DEMOTED
from roomgate.hub.identity.person import Forbidden, Signed
from roomgate.hub.revocation import Cause
from support.hub import Hub, running

pytestmark = pytest.mark.asyncio
KEEPER = Role("keeper", frozenset({Right.PEOPLE, Right.GIVE}), frozenset({Capability.OBSERVE}))
WATCHER = Role("watcher", frozenset({Right.SEE}), frozenset({Capability.OBSERVE}))


async def keeper(hub: Hub) -> Signed:
    """Somebody who may change people and give to look, and is no administrator."""
    await hub.parts.roles.add(KEEPER, hub.admin)
    await hub.person("kim", "keeper")
    signed, _ = await hub.sign_in("kim")
    return signed


async def test_an_own_role_gives_its_rights(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        kim = await keeper(hub)
        assert kim.person.rights == KEEPER.rights
        assert [p.rights for p in await hub.parts.identity.people() if p.name == "kim"] == [KEEPER.rights]
        assert (await hub.parts.roles.get("auditor")).role.shipped
        assert [r.role.name for r in await hub.parts.roles.every()][-1] == "keeper"
        with pytest.raises(NotFound):
            await hub.parts.roles.get("gone")
        assert "role.changed" in await hub.kinds()


async def test_nobody_makes_gives_or_touches_one_beyond_their_own(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        kim = await keeper(hub)
        roles, identity = hub.parts.roles, hub.parts.identity
        await roles.add(WATCHER, hub.admin)
        for beyond in (
            Role("more-rights", frozenset({Right.SEE}), frozenset()),
            Role("more-gives", frozenset({Right.GIVE}), frozenset({Capability.CALL})),
            Role("preset", frozenset(), frozenset({Capability.CALL})),
        ):
            with pytest.raises(Forbidden):
                await roles.add(beyond, kim)
        await roles.add(Role("less", frozenset({Right.GIVE}), frozenset({Capability.OBSERVE})), kim)
        with pytest.raises(Forbidden):
            await roles.change("less", kim, rights=frozenset({Right.CUT}))
        with pytest.raises(Forbidden):
            await roles.change("watcher", kim, rights=frozenset())
        with pytest.raises(Forbidden):
            await roles.remove("watcher", kim)
        with pytest.raises(Forbidden):
            await identity.create_person("new", None, frozenset({"watcher"}), kim)
        # All rights, but less to give than an administrator has.
        await roles.add(Role("boss", frozenset(Right), frozenset({Capability.OBSERVE})), hub.admin)
        await hub.person("bo", "boss")
        bo, _ = await hub.sign_in("bo")
        with pytest.raises(Forbidden):
            await identity.change_roles("bo", frozenset({"administrator"}), bo)
        with pytest.raises(Forbidden):
            await identity.set_password("ada", "another four unrelated words", bo)
        with pytest.raises(BadInput):
            await identity.create_person("new", None, frozenset({"gone"}), hub.admin)
        await hub.person("guest")
        guest, _ = await hub.sign_in("guest")
        with pytest.raises(Forbidden):
            await roles.add(Role("mine", frozenset(), frozenset()), guest)


async def test_a_change_is_one_unit_for_everybody_who_has_it(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        kim = await keeper(hub)
        await hub.rooms("oslo")
        await hub.person("kai", "keeper")
        await hub.person("guest")
        grant = await hub.grant("guest", "oslo", by=kim)
        before = len(hub.heard)
        changed = await hub.parts.roles.change("keeper", hub.admin, rights=frozenset({Right.PEOPLE}), version=1)
        assert (changed.version, changed.role.gives) == (2, KEEPER.gives)
        causes = [(r.cause, r.subject) for r in hub.heard[before:]]
        kai = (await hub.parts.identity.get("kai")).id
        assert sorted(causes[:2] + causes[2:]) == sorted(
            [(Cause.ROLE_CHANGED, kim.person.id), (Cause.ROLE_CHANGED, kai), (Cause.GRANT_NARROWED, grant.id)]
        )
        assert (await hub.parts.grants.get(grant.id)).paused == GIVER_DEMOTED
        assert (await hub.parts.identity.get("kim")).rights == {Right.PEOPLE}
        await hub.parts.roles.change("keeper", hub.admin, words="who keeps people")
        assert len(hub.heard) == before + 3  # nobody's rights changed
        with pytest.raises(PreconditionFailed):
            await hub.parts.roles.change("keeper", hub.admin, words="", version=1)


async def test_one_in_use_stays_and_a_shipped_one_always(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await keeper(hub)
        roles = hub.parts.roles
        with pytest.raises(Conflict):
            await roles.add(KEEPER, hub.admin)
        with pytest.raises(Conflict):
            await roles.remove("keeper", hub.admin)
        with pytest.raises(Conflict):
            await roles.change("auditor", hub.admin, rights=frozenset())
        with pytest.raises(NotFound):
            await roles.remove("gone", hub.admin)
        await hub.parts.identity.change_roles("kim", frozenset(), hub.admin)
        await roles.remove("keeper", hub.admin, version=1)
        assert "keeper" not in [r.role.name for r in await roles.every()]
