"""Safe mode on a hub's parts: everything pauses, what is confirmed lives, what is not has ended."""

from pathlib import Path

import pytest

from roomgate.errors import Conflict, NotFound
from roomgate.hub.grants.wanted import Wanted
from roomgate.hub.identity.person import Forbidden, SignInRefused
from roomgate.hub.restoration.service import BACKUP, CONNECTOR, WITNESS, whose
from roomgate.hub.revocation import Cause
from roomgate.ids import SessionId
from roomgate.ledger.checkpoint import Checkpoint
from roomgate.ledger.event import DeviceQuarantined, LinkUp, OrderAbout, SessionCut
from support.hub import PASSWORD, Hub, running

pytestmark = pytest.mark.asyncio


async def confirmer(hub: Hub):
    """The administrator, admitted and signed in anew."""
    await hub.parts.restorations.admit("ada", None)
    return (await hub.sign_in("ada"))[0]


async def may_observe(hub: Hub, signed) -> bool:
    _, facts = await hub.parts.grants.facts(signed.principal, "oslo")
    return facts.active and any(grant.live(hub.clock.now()) for grant in facts.grants)


async def test_everything_that_lives_pauses_and_what_is_open_is_cut(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.rooms("oslo")
        guest = await hub.person("guest")
        signed, token = await hub.token("guest")
        grant = await hub.grant("guest", "oslo")
        _, cookie = await hub.sign_in("guest")
        assert await may_observe(hub, signed)

        await hub.parts.restorations.enter(BACKUP, made="then")
        assert await hub.parts.identity.by_token(token) is None
        assert await hub.parts.identity.by_cookie(cookie) is None
        assert await hub.parts.identity.by_cookie(hub.cookie) is None
        assert not await may_observe(hub, signed)
        assert (await hub.parts.grants.get(grant.id)).paused
        for name in ("guest", "ada"):
            with pytest.raises(SignInRefused):
                await hub.sign_in(name)
        assert {r.subject for r in hub.heard if r.cause is Cause.HUB_RESTORED} == {guest.id, hub.admin.person.id}
        assert "hub.restored" in await hub.kinds()


async def test_a_grant_that_waits_says_where_it_gives(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.rooms("oslo")
        await hub.person("guest")
        wanted = Wanted(
            person="guest", rooms=("oslo",), sites=("home",), tags=("boards",), capabilities=("call",), minutes=5
        )
        await hub.parts.grants.give(hub.admin, wanted)
        await hub.parts.restorations.enter(BACKUP)
        waiting = await hub.parts.restorations.paused(await confirmer(hub))
        assert [one.rooms for one in waiting if one.kind == "grants"] == [("oslo", "home", "boards")]


async def test_only_what_is_confirmed_lives_and_the_rest_ends(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.rooms("oslo")
        people = {name: await hub.person(name) for name in ("alma", "bert")}
        tokens = {name: await hub.token(name) for name in people}
        grants = {name: await hub.grant(name, "oslo") for name in people}
        here = hub.parts.restorations
        await here.enter(BACKUP)
        ada = await confirmer(hub)
        assert len(await here.paused(ada)) == 6
        token = tokens["alma"][0].token
        assert token is not None
        left = await here.confirm([people["alma"].id], [token.id], [grants["alma"].id], ada)
        assert {(one.kind, one.person) for one in left} == {
            (kind, people["bert"].id) for kind in ("people", "tokens", "grants")
        }
        alive = await hub.parts.identity.by_token(tokens["alma"][1])
        assert alive is not None
        assert await may_observe(hub, alive)
        confirmed = (await hub.parts.grants.get(grants["alma"].id)).grant
        assert confirmed.made_by == ada.person.id
        assert confirmed.issued > grants["alma"].issued
        with pytest.raises(NotFound):  # all or none, and each once
            await here.confirm([people["bert"].id, people["alma"].id], [], [], ada)
        assert len(await here.paused(ada)) == 3

        await here.end(ada)
        assert here.safe_mode is None
        assert await hub.parts.identity.by_token(tokens["bert"][1]) is None
        assert not (await hub.parts.identity.get("bert")).active
        with pytest.raises(NotFound):
            await hub.parts.grants.get(grants["bert"].id)
        with pytest.raises(Conflict):
            await here.end(ada)
        # Enabling the account is a new act; nothing comes back with it.
        await hub.parts.identity.set_active("bert", True, ada)
        assert await hub.parts.identity.by_token(tokens["bert"][1]) is None


async def test_a_confirmed_account_brings_back_none_of_its_credentials(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        guest = await hub.person("guest")
        _, token = await hub.token("guest")
        _, cookie = await hub.sign_in("guest")
        await hub.parts.restorations.enter(BACKUP)
        await hub.parts.restorations.confirm([guest.id], [], [], await confirmer(hub))
        assert await hub.parts.identity.by_token(token) is None
        assert await hub.parts.identity.by_cookie(cookie) is None
        await hub.sign_in("guest")


async def test_what_ended_before_stays_ended(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.person("guest")
        signed, text = await hub.token("guest")
        assert signed.token is not None
        await hub.parts.identity.end_token(signed.token.id, hub.admin)
        await hub.parts.identity.set_active("guest", False, hub.admin)
        await hub.parts.restorations.enter(BACKUP)
        ada = await confirmer(hub)
        assert {one.kind for one in await hub.parts.restorations.paused(ada) if one.name in ("guest", "test")} == set()
        with pytest.raises(NotFound):
            await hub.parts.restorations.confirm([], [signed.token.id], [], ada)
        assert await hub.parts.identity.by_token(text) is None
        with pytest.raises(Conflict):
            await hub.parts.restorations.admit("guest", None)
        with pytest.raises(NotFound):
            await hub.parts.restorations.admit("nobody", None)


async def test_a_connectors_memory_or_a_witness_puts_it_into_safe_mode_and_nonsense_does_not(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        here, record = hub.parts.restorations, hub.parts.record
        note = await record.checkpoint()
        size = await record.size()
        await here.told(note)
        await here.told("nonsense")
        root = await record.root(size)
        longer = Checkpoint(record.origin, size + 5, root)
        await here.told(str(longer.sign(hub.parts.keys.order)))  # not the key of the record
        assert here.safe_mode is None
        await here.told(str(longer.sign(hub.parts.keys.ledger)))
        assert here.safe_mode is not None
        assert (here.safe_mode.cause, here.safe_mode.here, here.safe_mode.elsewhere) == (CONNECTOR, size, size + 5)
        await here.behind_witness(size + 9)
        assert (here.safe_mode.cause, here.safe_mode.elsewhere) == (CONNECTOR, size + 9)
        assert (await hub.kinds()).count("hub.restored") == 1


async def test_a_record_that_grew_another_way_is_an_older_copy_too(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        record = hub.parts.record
        other = Checkpoint(record.origin, await record.size(), bytes(32))
        await hub.parts.restorations.told(str(other.sign(hub.parts.keys.ledger)))
        assert hub.parts.restorations.safe_mode is not None


async def test_safe_mode_and_the_records_new_name_outlive_a_restart(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        before = hub.parts.restorations.name
        await hub.parts.restorations.enter(WITNESS, elsewhere=99)
        name = hub.parts.restorations.name
        assert name != before
        assert name.startswith("roomgate.hub/main/2+")
        note = await hub.parts.record.checkpoint()
        assert note.startswith("roomgate.hub/main/2\n")
    from roomgate.clock import HandClock
    from roomgate.hub.parts import open_parts
    from support.hub import config

    parts = await open_parts(config(tmp_path), HandClock())
    try:
        assert parts.restorations.safe_mode is not None
        assert parts.restorations.safe_mode.elsewhere == 99
        assert parts.restorations.name == name
        await parts.restorations.told(str(Checkpoint("roomgate.hub/main", 10**6, bytes(32)).sign(parts.keys.ledger)))
        assert parts.restorations.safe_mode.elsewhere == 99  # by the name from before: known already
    finally:
        await parts.aclose()


async def test_it_takes_the_rights_of_an_administrator(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.person("desk", "service-desk")
        desk, _ = await hub.sign_in("desk")
        for deed in (
            hub.parts.restorations.paused(desk), hub.parts.restorations.end(desk), hub.parts.restorations.since(desk),
            hub.parts.restorations.confirm([], [], [], desk),
        ):  # fmt: skip
            with pytest.raises(Forbidden):
                await deed


async def test_what_connectors_did_since_is_asked_back(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from roomgate.ledger.tree import Frontier, leaf_hash

    async with running(tmp_path) as hub:
        connector = await hub.rooms("oslo")
        key, at = Ed25519PrivateKey.generate(), "2026-03-10T09:00:00.000Z"
        cut = SessionCut(at=at, session=SessionId("s1"), room="oslo", principal="guest", cause="grant.revoked")
        entries = [LinkUp(at=at).encode(), LinkUp(at=at).encode(), cut.encode()]

        async def keep(start: int, end: int) -> None:
            frontier = Frontier()
            for raw in entries[:end]:
                frontier, _ = frontier.append(leaf_hash(raw))
            note = str(Checkpoint("site", end, frontier.root()).sign(key))
            await hub.parts.ledger.keep_site_entries(
                connector.id, key.public_key().public_bytes_raw(), start, entries[start:end], note
            )

        await keep(0, 1)
        await hub.parts.restorations.enter(BACKUP)
        await keep(1, 3)
        ada = await confirmer(hub)
        told = await hub.parts.restorations.since(ada)
        assert [(one.connector, one.event) for one in told] == [(connector.id, cut)]


async def test_an_admitted_administrator_may_be_given_a_new_password(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.parts.restorations.enter(BACKUP)
        new = "quite another four words"
        await hub.parts.restorations.admit("ada", await hub.parts.passwords.hash(new))
        with pytest.raises(SignInRefused):
            await hub.parts.identity.sign_in("ada", PASSWORD, "192.0.2.1")
        await hub.parts.identity.sign_in("ada", new, "192.0.2.1")


async def test_each_thing_told_has_words() -> None:
    at = "2026-03-10T09:00:00.000Z"
    about = OrderAbout(at=at, order="o", room="oslo", call="Dial", digest="d", principal="guest", grant="g")
    assert whose(about) == ("oslo", "guest", "called: Dial")
    assert whose(DeviceQuarantined(at=at, room="oslo", reason="x")) == ("oslo", "", "room quarantined")
    assert whose(LinkUp(at=at)) == ("", "", "link.up")
