"""Break-glass: at once, short, one place, and loud until somebody else acknowledges it."""

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from roomgate.access.principal import Kind
from roomgate.errors import BadInput, Conflict, NotFound
from roomgate.hub.approvals.request import State
from roomgate.hub.grants.service import SecondPerson
from roomgate.hub.grants.wanted import Wanted
from roomgate.hub.identity.person import Forbidden
from support.hub import running

pytestmark = pytest.mark.asyncio
FIRE = Wanted(
    person="", rooms=("oslo",), capabilities=("call", "system"), minutes=30, reason="the fire alarm rings there"
)


async def test_it_gives_at_once_what_otherwise_takes_two(tmp_path: Path) -> None:
    async with running(tmp_path, second_person=["system"]) as hub:
        await hub.rooms("oslo")
        own = msgspec.structs.replace(FIRE, person="ada")
        with pytest.raises(SecondPerson):
            await hub.parts.grants.give(hub.admin, own)
        taken = await hub.parts.break_glass.take(hub.admin, FIRE)
        grant = (await hub.parts.grants.get(taken.grant or "")).grant
        assert (grant.person, sorted(grant.capabilities)) == (hub.admin.person.id, ["call", "system"])
        assert grant.until == taken.until == hub.clock.now() + timedelta(minutes=30)
        assert (await hub.kinds())[-3:] == ["grant.made", "break-glass.used", "finding"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"minutes": 61}, {"minutes": 0}, {"minutes": None}, {"minutes": float("nan")}, {"reason": "fire"},
        {"reason": " " * 20}, {"rooms": ()}, {"rooms": ("oslo", "bergen")}, {"sites": ("home",)}, {"tags": ("board",)},
        {"start": "2030-01-01T00:00:00Z"}, {"until": "2030-01-01T00:00:00Z"}, {"rooms": ("nowhere",)},
    ],
)  # fmt: skip
async def test_its_bounds(tmp_path: Path, wrong: dict[str, object]) -> None:
    async with running(tmp_path) as hub:
        await hub.rooms("oslo", "bergen")
        with pytest.raises(BadInput):
            await hub.parts.break_glass.take(hub.admin, msgspec.structs.replace(FIRE, **wrong))
        assert await hub.parts.grants.of_person(hub.admin.person.id) == []
        assert hub.parts.break_glass.shown_to(hub.admin) == []


async def test_only_a_person_who_may_give_and_is_still_there(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.rooms("oslo")
        await hub.person("ole", "security-officer")
        await hub.person("boss", "administrator")
        await hub.parts.identity.create_person("bot", None, frozenset({"administrator"}), hub.admin, Kind.SERVICE)
        boss, _ = await hub.token("boss")
        await hub.parts.identity.change_roles("boss", frozenset({"auditor"}), hub.admin)
        for who in ((await hub.token("ole"))[0], (await hub.token("bot"))[0], boss):
            with pytest.raises(Forbidden):
                await hub.parts.break_glass.take(who, FIRE)


async def test_it_is_loud_until_another_has_acknowledged_it_after_its_end(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.rooms("oslo")
        for name, role in (("ole", "security-officer"), ("eve", "auditor"), ("kim", "member")):
            await hub.person(name, role)
        ole, eve, kim = [(await hub.token(name))[0] for name in ("ole", "eve", "kim")]
        parts, glass = hub.parts, hub.parts.break_glass
        taken = await glass.take(hub.admin, FIRE)
        for who, told in ((ole, ["ada"]), (hub.admin, ["ada"]), (eve, []), (kim, [])):
            assert [one.name for one in glass.shown_to(who)] == told
        [finding] = await parts.findings.page()
        assert (finding.severity, finding.evidence["reason"]) == ("critical", FIRE.reason)

        assert await glass.lives(taken)
        with pytest.raises(Conflict):  # it lives
            await glass.acknowledge(taken.id, ole)
        await parts.grants.end(taken.grant or "", ole)
        assert not await glass.lives(taken)
        for who, refusal in ((hub.admin, Forbidden), (eve, Forbidden), (kim, NotFound)):
            with pytest.raises(refusal):
                await glass.acknowledge(taken.id, who)
        with pytest.raises(NotFound):
            await glass.acknowledge("request_none", ole)
        await glass.load()  # as after a restart
        assert [one.name for one in glass.shown_to(ole)] == ["ada"]

        said = await glass.acknowledge(taken.id, ole, "It was a drill.")
        assert (said.state, said.answered_by, said.words) == (State.ACKNOWLEDGED, ole.person.id, "It was a drill.")
        assert glass.shown_to(ole) == await parts.findings.page() == []
        assert (await hub.kinds())[-1] == "break-glass.acknowledged"
        with pytest.raises(Conflict):
            await glass.acknowledge(taken.id, ole)


async def test_it_ends_by_itself_and_is_still_told(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.rooms("oslo")
        await hub.person("ole", "security-officer")
        taken = await hub.parts.break_glass.take(hub.admin, FIRE)
        hub.clock.advance(30 * 60)
        await hub.parts.expire()
        ole, _ = await hub.token("ole")
        assert await hub.parts.grants.of_person(hub.admin.person.id) == []
        assert len(hub.parts.break_glass.shown_to(ole)) == 1
        await hub.parts.break_glass.acknowledge(taken.id, ole)


async def test_a_request_is_not_acknowledged_and_break_glass_not_approved(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.rooms("oslo")
        await hub.person("ole", "security-officer")
        ole, _ = await hub.token("ole")
        taken = await hub.parts.break_glass.take(hub.admin, FIRE)
        asked = await hub.parts.approvals.ask(hub.admin, FIRE)
        with pytest.raises(Conflict):
            await hub.parts.break_glass.acknowledge(asked.id, ole)
        for answer in (
            hub.parts.approvals.approve(taken.id, ole),
            hub.parts.approvals.refuse(taken.id, ole, "no"),
            hub.parts.approvals.withdraw(taken.id, hub.admin),
        ):
            with pytest.raises(Conflict):
                await answer
