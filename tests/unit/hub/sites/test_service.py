from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.errors import Conflict, NotFound
from roomgate.hub.identity.person import Forbidden
from roomgate.hub.revocation import Cause, SubjectKind
from roomgate.link.enrolment import EnrolAsk, EnrolmentRefused, build_ask, check_answer
from support.hub import Hub, running

pytestmark = pytest.mark.asyncio


async def code(hub: Hub) -> str:
    if await hub.parts.sites.site("home") is None:
        await hub.parts.sites.create("home", hub.admin)
    return (await hub.parts.sites.make_code("home", hub.admin)).reveal()


def question(hub: Hub, code: str, key: Ed25519PrivateKey | None = None) -> EnrolAsk:
    return build_ask(key or Ed25519PrivateKey.generate(), code, hub.parts.sites.hub_fingerprint, "c", "0.1")


async def test_a_code_enrols_one_connector_which_waits_for_its_yes(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        once = await code(hub)
        ask = question(hub, once)
        answer = await hub.parts.sites.enrol(ask, "192.0.2.9")
        check_answer(answer, ask, hub.parts.sites.hub_fingerprint)
        record = await hub.parts.sites.connector(answer.connector)
        assert record is not None
        assert (record.state, record.public_key) == ("pending", ask.public_key)
        with pytest.raises(EnrolmentRefused):
            await hub.parts.sites.enrol(question(hub, once), "192.0.2.9")
        assert (await hub.parts.sites.confirm(answer.connector, hub.admin)).state == "live"
        assert (await hub.kinds())[-2:] == ["connector.enrolling", "connector.enrolled"]
        assert len(await hub.parts.sites.connectors()) == 1


async def test_a_code_dies_after_a_quarter_of_an_hour(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        late = await code(hub)
        hub.clock.advance(15 * 60)
        with pytest.raises(EnrolmentRefused):
            await hub.parts.sites.enrol(question(hub, late), "")
        for wrong in ("", "aaaa-bbbb-cccc-dddd"):
            with pytest.raises(EnrolmentRefused):
                await hub.parts.sites.enrol(question(hub, wrong), "")


async def test_a_key_enrols_once_and_a_refused_question_costs_no_code(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        key = Ed25519PrivateKey.generate()
        await hub.parts.sites.enrol(question(hub, await code(hub), key), "")
        second = await code(hub)
        with pytest.raises(EnrolmentRefused):
            await hub.parts.sites.enrol(question(hub, second, key), "")
        await hub.parts.sites.enrol(question(hub, second), "")


async def test_the_rooms_of_a_pending_connector_are_not_live(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        connector = await hub.rooms("oslo")
        await hub.person("guest")
        signed, _ = await hub.token("guest")
        _, facts = await hub.parts.grants.facts(signed.principal, "oslo")
        assert facts.room_live
        await hub.parts.sites.disable(connector.id, hub.admin)
        room, facts = await hub.parts.grants.facts(signed.principal, "oslo")
        assert (room, facts.room_live) == (None, False)


async def test_disabling_is_for_good_and_cuts_once(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        connector = await hub.rooms("oslo", "bergen")
        await hub.person("guest")
        grant = await hub.grant("guest", "oslo")
        for _ in range(2):
            await hub.parts.sites.disable(connector.id, hub.admin)
        assert [(r.cause, r.kind, r.subject) for r in hub.heard] == [
            (Cause.CONNECTOR_DISABLED, SubjectKind.CONNECTOR, connector.id)
        ]
        assert (await hub.parts.grants.get(grant.id)).paused is not None
        with pytest.raises(Conflict):
            await hub.parts.sites.confirm(connector.id, hub.admin)
        fresh = await hub.rooms("oslo")
        assert fresh.id != connector.id
        assert hub.parts.rooms.get("oslo").connector == fresh.id


async def test_only_who_may_and_only_what_is_there(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.person("guest")
        guest, _ = await hub.sign_in("guest")
        sites = hub.parts.sites
        for act in (
            sites.create("x", guest),
            sites.make_code("x", guest),
            sites.confirm("x", guest),
            sites.disable("x", guest),
        ):
            with pytest.raises(Forbidden):
                await act
        for act in (sites.make_code("x", hub.admin), sites.confirm("x", hub.admin), sites.disable("x", hub.admin)):
            with pytest.raises(NotFound):
                await act
        await sites.create("home", hub.admin)
        with pytest.raises(Conflict):
            await sites.create("home", hub.admin)
