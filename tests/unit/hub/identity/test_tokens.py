"""Tokens carry at most what their owner may, end, and say when they were used."""

from datetime import timedelta
from pathlib import Path

import pytest

from roomgate.access.decision import Ask, Denied, Permit, decide
from roomgate.access.principal import Right
from roomgate.access.scope import Scope
from roomgate.errors import Conflict
from roomgate.hub.identity.person import Forbidden, Signed
from roomgate.hub.identity.tokens import SAVED_EVERY_S, TOKEN_PREFIX
from roomgate.ids import AskId
from roomgate.ledger.event import TokenMade
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.path import Path as XPath
from roomgate.xapi.schema import Catalogue
from support.hub import Hub, running

pytestmark = pytest.mark.asyncio

LOOK = Call(Verb.GET, XPath.of("Status", "Audio", "Volume"))
HANG_UP = Call(Verb.COMMAND, XPath.of("Command", "Call", "Disconnect"))


async def made(hub: Hub, person: str, by: Signed | None = None, minutes: float = 60, scope: str = "") -> Signed:
    """Whoever shows a new token with these words for a scope."""
    words = Scope.parse(scope.split()) if scope else None
    _, text = await hub.parts.identity.make_token(person, minutes, "test", by or hub.admin, words)
    signed = await hub.parts.identity.by_token(text.reveal(), "192.0.2.7")
    assert signed is not None
    return signed


async def asks(hub: Hub, who: Signed, room: str, call: Call) -> str:
    """The rule that says no, or nothing."""
    where, facts = await hub.parts.grants.facts(who.principal, room)
    assert where is not None
    try:
        permit: Permit = decide(
            Ask(AskId("ask"), who.principal, where, call), facts, hub.clock.now(), Catalogue.shipped()
        )
    except Denied as no:
        return no.rule
    assert permit.held <= frozenset().union(*(grant.capabilities for grant in facts.grants))
    return ""


async def test_a_scope_narrows_rooms_and_capabilities_wherever_they_are_asked_for(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.rooms("oslo", "rome")
        guest = await hub.person("guest")
        for room in ("oslo", "rome"):
            for capability in ("observe", "call", "in-call", "av-control"):
                await hub.grant(guest.id, room, capability=capability)
        whole, read = await made(hub, "guest"), await made(hub, "guest", scope="read")
        oslo, hub_only = await made(hub, "guest", scope="call room:oslo"), await made(hub, "guest", scope="hub")
        assert [await asks(hub, whole, room, HANG_UP) for room in ("oslo", "rome")] == ["", ""]
        assert [await asks(hub, oslo, room, HANG_UP) for room in ("oslo", "rome")] == ["", "no-grant"]
        assert [await asks(hub, read, room, HANG_UP) for room in ("oslo", "rome")] == ["capability", "capability"]
        assert [await asks(hub, hub_only, room, LOOK) for room in ("oslo", "rome")] == ["no-grant", "no-grant"]
        live = hub.parts.grants.live_rooms
        both = await live(whole.principal)
        assert len(both) == 2
        assert len(await live(oslo.principal)) == 1
        assert await live(read.principal) == both
        assert await live(hub_only.principal) == frozenset()


async def test_a_scope_narrows_the_rights_over_the_hub(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        assert (await made(hub, "ada")).rights == frozenset(Right)
        assert (await made(hub, "ada", scope="hub")).rights == frozenset(Right)
        assert (await made(hub, "ada", scope="read")).rights == {Right.SEE, Right.AUDIT}
        scim = await made(hub, "ada", scope="scim")
        assert scim.rights == {Right.PROVISION}
        rooms = await made(hub, "ada", scope="rooms")
        assert rooms.rights == frozenset()
        for weak in (scim, rooms):
            with pytest.raises(Forbidden):
                await hub.parts.identity.create_person("eve", None, frozenset(), weak)
            with pytest.raises(Forbidden):
                await hub.parts.identity.create_person("eve", None, frozenset({"administrator"}), weak)
            # Whoever knows the password has all: a token with a scope does not set its owner's.
            with pytest.raises(Forbidden):
                await hub.parts.identity.set_password("ada", "some quite new password", weak)


async def test_a_token_makes_none_that_is_wider_or_longer(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        account = await hub.person("wall")
        parent = await made(hub, "ada", minutes=10, scope="read call room:oslo")
        assert parent.token is not None
        child = await made(hub, "ada", parent, 600)
        assert child.scope == parent.scope
        assert child.token is not None
        assert child.token.until <= parent.token.until
        for wider in ("hub", "rooms", "privacy room:oslo", "read", "call room:rome", "scim"):
            with pytest.raises(Forbidden):
                await made(hub, "ada", parent, scope=wider)
        keeper = await made(hub, "ada", minutes=10, scope="hub")
        assert keeper.token is not None
        for_another = await made(hub, account.id, keeper, 600)
        assert for_another.token is not None
        assert (for_another.scope, for_another.token.until <= keeper.token.until) == (keeper.scope, True)
        with pytest.raises(Forbidden):
            await made(hub, account.id, keeper, scope="rooms")


async def test_nobody_makes_a_token_with_rights_that_they_lack(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.person("desk", "service-desk")
        desk, _ = await hub.sign_in("desk")
        with pytest.raises(Forbidden):
            await made(hub, "ada", desk)
        with pytest.raises(Forbidden):
            await made(hub, "ada", desk, scope="rooms")
        assert (await made(hub, "desk", desk)).rights == desk.rights


async def test_the_use_of_a_token_is_written_down_now_and_then(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        identity = hub.parts.identity
        token, text = await identity.make_token("ada", 60, "test", hub.admin)
        assert text.reveal().startswith(TOKEN_PREFIX)

        async def seen() -> tuple[object, str]:
            await hub.parts.db.write(lambda conn: None)  # what was handed over before is written by then
            (found,) = [one for one in await identity.tokens(None) if one.id == token.id]
            return found.seen, found.source

        assert await seen() == (None, "")
        await identity.by_token(text.reveal(), "192.0.2.7")
        assert await seen() == (None, "")  # not on the request's way
        first = hub.clock.now()
        await identity.expire()
        assert await seen() == (first, "192.0.2.7")
        hub.clock.advance(SAVED_EVERY_S - 1)
        await identity.by_token(text.reveal(), "192.0.2.8")
        await identity.expire()
        assert await seen() == (first, "192.0.2.7")
        hub.clock.advance(1)
        await identity.by_token(text.reveal(), "192.0.2.8")
        await identity.expire()
        assert await seen() == (first + timedelta(seconds=SAVED_EVERY_S), "192.0.2.8")


async def test_a_scope_stays_over_a_restart_and_is_on_record(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        _, text = await hub.parts.identity.make_token("ada", 60, "", hub.admin, Scope.parse(["read", "room:oslo"]))
        events = [one for one in await hub.events() if isinstance(one, TokenMade)]
        assert events[-1].scope == "read room:oslo"
        again = await hub.parts.identity.by_token(text.reveal())
        assert again is not None
        assert again.scope == Scope.parse(["read", "room:oslo"])


async def test_there_is_no_token_for_an_account_that_is_off_and_not_without_bound(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        guest = await hub.person("guest")
        await hub.parts.identity.set_active(guest.id, False, hub.admin)
        with pytest.raises(Conflict):
            await made(hub, guest.id)
