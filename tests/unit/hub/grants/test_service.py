"""Grants and locks: what falls with what, once, with its entry; and that nothing comes back."""

import random
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from roomgate.access.capability import Capability
from roomgate.access.decision import Ask as AccessAsk
from roomgate.access.decision import Denied, decide
from roomgate.access.principal import Right
from roomgate.access.role import Role
from roomgate.errors import BadInput, Conflict, NotFound, PreconditionFailed, RoomgateError
from roomgate.hub.grants import store
from roomgate.hub.grants.service import GIVER_DEMOTED, GIVER_GONE, ROOM_GONE, SecondPerson
from roomgate.hub.grants.wanted import Wanted
from roomgate.hub.identity.person import Forbidden, Signed, SignInRefused
from roomgate.hub.revocation import Cause, SubjectKind
from roomgate.hub.rooms import store as room_store
from roomgate.ids import AskId
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.path import Path as XapiPath
from roomgate.xapi.schema import Catalogue
from support.hub import Hub, running

pytestmark = pytest.mark.asyncio
VOLUME = Call(Verb.GET, XapiPath.parse("Status/Audio/Volume"))


async def may(hub: Hub, signed: Signed, room: str) -> str:
    """Whether a read is permitted: "yes", or the rule that says no."""
    found, facts = await hub.parts.grants.facts(signed.principal, room)
    if found is None:
        return "unknown"
    try:
        decide(AccessAsk(AskId("a"), signed.principal, found, VOLUME), facts, hub.clock.now(), Catalogue.shipped())
    except Denied as no:
        return no.rule
    return "yes"


async def guest(hub: Hub) -> Signed:
    await hub.rooms("oslo", "bergen")
    await hub.person("guest")
    signed, _ = await hub.token("guest", minutes=600)
    return signed


async def test_a_grant_opens_its_room_until_its_end(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        signed = await guest(hub)
        assert await may(hub, signed, "oslo") == "no-grant"
        await hub.grant("guest", "oslo", minutes=10)
        assert (await may(hub, signed, "oslo"), await may(hub, signed, "bergen")) == ("yes", "no-grant")
        assert await may(hub, signed, "nowhere") == "unknown"
        assert len(await hub.parts.grants.live_rooms(signed.principal)) == 1
        hub.clock.advance(600)
        assert await may(hub, signed, "oslo") == "no-grant"
        assert await hub.parts.grants.live_rooms(signed.principal) == frozenset()


@pytest.mark.parametrize("wall", [True, False])
async def test_it_expires_by_whichever_clock_is_first_and_once(tmp_path: Path, wall: bool) -> None:
    async with running(tmp_path) as hub:
        signed = await guest(hub)
        grant = await hub.grant("guest", "oslo", minutes=10)
        hub.clock.advance(599)
        await hub.parts.grants.expire()
        assert hub.heard == []
        if wall:
            hub.clock.wall += timedelta(seconds=1)
        else:
            hub.clock.wall -= timedelta(hours=1)
            hub.clock.mono += 1
        assert await may(hub, signed, "oslo") == "no-grant"
        await hub.parts.grants.expire()
        await hub.parts.grants.expire()
        assert [(r.cause, r.subject) for r in hub.heard] == [(Cause.GRANT_EXPIRED, grant.id)]
        assert (await hub.kinds())[-2:] == ["grant.ended", "revocation"]


async def test_what_ended_while_the_hub_was_away_ends_at_its_start(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await guest(hub)
        grant = await hub.grant("guest", "oslo", minutes=10)
        hub.parts.grants._ends.drop(grant.id)
        hub.clock.advance(3600)
        await hub.parts.grants.load()
        await hub.parts.grants.expire()
        assert [r.cause for r in hub.heard] == [Cause.GRANT_EXPIRED]


async def test_a_revoked_grant_ends_alone_once_with_its_entry(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        signed = await guest(hub)
        grant, other = await hub.grant("guest", "oslo"), await hub.grant("guest", "bergen")
        await hub.parts.grants.end(grant.id, hub.admin)
        assert (await may(hub, signed, "oslo"), await may(hub, signed, "bergen")) == ("no-grant", "yes")
        assert [(r.cause, r.kind, r.subject, r.rooms) for r in hub.heard] == [
            (Cause.GRANT_REVOKED, SubjectKind.GRANT, grant.id, grant.rooms)
        ]
        with pytest.raises(NotFound):
            await hub.parts.grants.end(grant.id, hub.admin)
        assert len(hub.heard) == 1
        assert await hub.parts.changes.since(0) == hub.heard
        assert (await hub.parts.grants.get(other.id)).grant == other


async def test_narrowing_takes_and_never_gives(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await guest(hub)
        both = frozenset({Capability.OBSERVE, Capability.CALL})
        grant = await hub.parts.grants.make(hub.admin, "guest", ["oslo", "bergen"], both, minutes=10)
        narrow = hub.parts.grants.narrow
        for more in (
            {"until": grant.until + timedelta(seconds=1)},
            {"capabilities": frozenset({Capability.USERS})},
            {"capabilities": frozenset()},
            {"rooms": []},
            {"rooms": ["nowhere"]},
        ):
            with pytest.raises(BadInput):
                await narrow(grant.id, hub.admin, **more)  # type: ignore[arg-type]
        assert hub.heard == []
        less = await narrow(
            grant.id, hub.admin, until=grant.until - timedelta(minutes=5), rooms=["oslo"],
            capabilities=frozenset({Capability.OBSERVE}), version=1,
        )  # fmt: skip
        assert (less.grant.until, less.grant.capabilities) == (
            grant.until - timedelta(minutes=5),
            {Capability.OBSERVE},
        )
        assert len(less.grant.rooms) == 1
        assert [r.cause for r in hub.heard] == [Cause.GRANT_NARROWED]
        with pytest.raises(PreconditionFailed):
            await hub.parts.grants.end(grant.id, hub.admin, version=1)
        hub.clock.advance(301)
        await hub.parts.grants.expire()
        assert [r.cause for r in hub.heard] == [Cause.GRANT_NARROWED, Cause.GRANT_EXPIRED]


async def test_there_is_no_endless_grant(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await guest(hub)
        make, some = hub.parts.grants.make, frozenset({Capability.OBSERVE})
        for end in (
            {},
            {"minutes": 0},
            {"minutes": -1},
            {"minutes": float("inf")},
            {"minutes": 367 * 24 * 60},
            {"minutes": 5, "until": hub.clock.now() + timedelta(minutes=5)},
            {"until": hub.clock.now()},
            {"until": hub.clock.now() + timedelta(days=400)},
        ):
            with pytest.raises(BadInput):
                await make(hub.admin, "guest", ["oslo"], some, **end)  # type: ignore[arg-type]
        for person, rooms, held in (("nobody", ["oslo"], some), ("guest", ["nowhere"], some), ("guest", [], some)):
            with pytest.raises(BadInput):
                await make(hub.admin, person, rooms, held, minutes=5)


@pytest.mark.parametrize("how", ["disabled", "deleted", "demoted"])
async def test_what_a_lost_giver_gave_pauses_until_another_confirms(tmp_path: Path, how: str) -> None:
    async with running(tmp_path) as hub:
        signed = await guest(hub)
        bob = await hub.person("bob", "administrator")
        as_bob, _ = await hub.sign_in("bob")
        grant = await hub.grant("guest", "oslo", by=as_bob)
        assert await may(hub, signed, "oslo") == "yes"
        identity = hub.parts.identity
        if how == "disabled":
            await identity.set_active(bob.id, False, hub.admin)
        elif how == "deleted":
            await identity.delete(bob.id, hub.admin)
        else:
            await identity.change_roles(bob.id, frozenset({"auditor"}), hub.admin)
        assert await may(hub, signed, "oslo") == "no-grant"
        assert (await hub.parts.grants.get(grant.id)).paused == (GIVER_DEMOTED if how == "demoted" else GIVER_GONE)
        assert [(r.cause, r.subject) for r in hub.heard][1:] == [(Cause.GRANT_NARROWED, grant.id)]
        await hub.parts.grants.confirm(grant.id, hub.admin)
        assert await may(hub, signed, "oslo") == "yes"
        assert (await hub.parts.grants.get(grant.id)).grant.made_by == hub.admin.person.id
        with pytest.raises(Conflict):
            await hub.parts.grants.confirm(grant.id, hub.admin)


async def test_a_lifted_lock_on_a_person_brings_no_credential_back(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        signed = await guest(hub)
        _, token = await hub.token("guest")
        _, cookie = await hub.sign_in("guest")
        await hub.grant("guest", "oslo")
        lock = await hub.parts.grants.lock("person", "guest", "why", hub.admin)
        assert await may(hub, signed, "oslo") == "principal.inactive"
        assert await hub.parts.identity.by_token(token) is None
        assert await hub.parts.identity.by_cookie(cookie) is None
        with pytest.raises(SignInRefused):
            await hub.sign_in("guest")
        with pytest.raises(Conflict):
            await hub.token("guest")
        assert [(r.cause, r.kind) for r in hub.heard] == [(Cause.LOCK, SubjectKind.PERSON)]

        await hub.parts.grants.lift(lock.lock.id, hub.admin)
        assert await hub.parts.identity.by_token(token) is None
        assert await hub.parts.identity.by_cookie(cookie) is None
        assert await may(hub, signed, "oslo") == "principal.inactive"
        fresh, _ = await hub.token("guest")
        assert await may(hub, fresh, "oslo") == "yes"  # the grant itself stays, by the table
        assert len(hub.heard) == 1


@pytest.mark.parametrize("kind", ["room", "site", "connector"])
async def test_a_lock_on_a_place_refuses_while_it_holds(tmp_path: Path, kind: str) -> None:
    async with running(tmp_path) as hub:
        signed = await guest(hub)
        await hub.grant("guest", "oslo")
        room = hub.parts.rooms.get("oslo")
        subject = {"room": "oslo", "site": "home", "connector": room.connector}[kind]
        lock = await hub.parts.grants.lock(kind, subject, "", hub.admin)
        assert await may(hub, signed, "oslo") == f"lock.{kind}"
        assert [(r.cause, r.kind.value) for r in hub.heard] == [(Cause.LOCK, kind)]
        assert (await hub.kinds())[-2:] == ["revocation", "lock.made"]
        await hub.parts.grants.lift(lock.lock.id, hub.admin)
        assert await may(hub, signed, "oslo") == "yes"
        with pytest.raises(NotFound):
            await hub.parts.grants.lift(lock.lock.id, hub.admin)


async def test_a_lock_names_something_that_is_there(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await guest(hub)
        for kind in ("person", "room", "site", "connector", "session"):
            with pytest.raises(NotFound):
                await hub.parts.grants.lock(kind, "nothing", "", hub.admin)
        with pytest.raises(BadInput):
            await hub.parts.grants.lock("planet", "earth", "", hub.admin)
        hub.parts.grants.session_exists = lambda conn, id: id == "session_1"
        await hub.parts.grants.lock("session", "session_1", "", hub.admin)
        assert [(r.kind, r.subject) for r in hub.heard] == [(SubjectKind.SESSION, "session_1")]


async def test_a_gone_room_pauses_its_grants_for_good(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        signed = await guest(hub)
        one = await hub.grant("guest", "oslo")
        both = await hub.parts.grants.make(
            hub.admin, "guest", ["oslo", "bergen"], frozenset({Capability.OBSERVE}), minutes=5
        )
        await hub.parts.rooms.remove("oslo", hub.admin)
        assert await may(hub, signed, "oslo") == "unknown"
        assert await may(hub, signed, "bergen") == "yes"
        assert (await hub.parts.grants.get(one.id)).paused == ROOM_GONE
        assert (await hub.parts.grants.get(both.id)).paused is None
        with pytest.raises(Conflict):
            await hub.parts.grants.confirm(one.id, hub.admin)


async def test_who_may_not_give_does_not(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        signed = await guest(hub)
        await hub.person("desk", "service-desk")
        desk, _ = await hub.sign_in("desk")
        await hub.person("other")
        other, _ = await hub.sign_in("other")
        grants, some = hub.parts.grants, frozenset({Capability.OBSERVE})
        for who in (signed, desk):
            with pytest.raises(Forbidden):
                await grants.make(who, "guest", ["oslo"], some, minutes=5)
        mine, cut = await hub.grant("guest", "oslo"), await hub.grant("guest", "oslo")
        with pytest.raises(NotFound):
            await grants.end(mine.id, other)
        with pytest.raises(Forbidden):
            await grants.lock("room", "oslo", "", signed)
        await grants.end(mine.id, signed)
        await grants.end(cut.id, desk)
        lock = await grants.lock("room", "oslo", "", desk)
        with pytest.raises(Forbidden):
            await grants.lift(lock.lock.id, desk)


async def test_explaining_tells_what_speaks_for_and_against(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await guest(hub)
        grant = await hub.grant("guest", "oslo")
        await hub.parts.grants.lock("room", "oslo", "", hub.admin)
        said = await hub.parts.grants.explain("guest", "oslo")
        assert ([g.grant.id for g in said.grants], len(said.locks), said.active) == ([grant.id], 1, True)
        assert (await hub.parts.grants.explain("nobody", "oslo")).active is False
        assert [g.grant.id for g in await hub.parts.grants.of_room("oslo")] == [grant.id]
        assert len(await hub.parts.grants.page("guest", "oslo", "", 10)) == 1
        assert await hub.parts.grants.page("guest", "bergen", "", 10) == []


async def test_facts_are_read_once_until_something_changes(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        signed = await guest(hub)
        look = hub.parts.grants.facts
        for room in ("oslo", "nowhere"):  # kept alike: neither answers sooner than the other
            _, first = await look(signed.principal, room)
            _, second = await look(signed.principal, room)
            assert first is second
        await hub.grant("guest", "oslo", minutes=10)
        _, third = await look(signed.principal, "oslo")
        assert len(third.grants) == 1
        await hub.parts.grants.lock("person", signed.person.id, "test", hub.admin)
        assert len((await look(signed.principal, "oslo"))[1].locks) == 1


async def test_what_was_read_of_a_person_in_one_room_serves_in_the_next_until_something_changes(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        signed = await guest(hub)
        grant = await hub.grant("guest", "oslo", minutes=10)
        _, first = await hub.parts.grants.facts(signed.principal, "oslo")
        _, nowhere = await hub.parts.grants.facts(signed.principal, "nowhere")
        assert (nowhere.grants is first.grants, first.room_live, nowhere.room_live) == (True, True, False)
        await hub.parts.grants.end(grant.id, hub.admin)
        _, second = await hub.parts.grants.facts(signed.principal, "bergen")  # never asked about before
        assert (second.grants, second.room_live) == ((), True)


async def test_kept_facts_end_with_the_credential_by_either_clock(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        signed = await guest(hub)
        await hub.grant("guest", "oslo", minutes=1000)
        assert await may(hub, signed, "oslo") == "yes"
        hub.clock.mono += 600 * 60  # the wall clock stands still, and nothing was written
        assert await may(hub, signed, "oslo") == "principal.inactive"


async def test_a_name_longer_than_any_rooms_costs_no_more_memory_than_one(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        signed = await guest(hub)
        found, first = await hub.parts.grants.facts(signed.principal, "o" * 5000)
        _, second = await hub.parts.grants.facts(signed.principal, "o" * 6000)
        assert found is None
        assert first is second


async def test_what_takes_a_second_person_nobody_gives_or_confirms_to_themself(tmp_path: Path) -> None:
    async with running(tmp_path, second_person=["call"]) as hub:
        await guest(hub)
        with pytest.raises(SecondPerson):
            await hub.grant("ada", "oslo", capability="call")
        assert await hub.parts.grants.of_person(hub.admin.person.id) == []
        await hub.grant("ada", "oslo", capability="observe")
        await hub.grant("guest", "oslo", capability="call")
        await hub.person("boss", "administrator")
        boss, _ = await hub.token("boss")
        mine = await hub.grant("ada", "oslo", capability="call", by=boss)
        await hub.parts.identity.delete("boss", hub.admin)  # so it pauses
        with pytest.raises(Forbidden):
            await hub.parts.grants.confirm(mine.id, hub.admin)


async def test_whether_a_grant_lives_is_told_inside_a_unit(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await guest(hub)
        grant, other = await hub.grant("guest", "oslo"), await hub.grant("guest", "oslo")
        await hub.parts.grants.end(other.id, hub.admin)

        async def lives(id: str) -> bool:
            return await hub.parts.db.read(lambda conn: hub.parts.grants.lives_in(conn, id, hub.clock.now()))

        assert [await lives(id) for id in (grant.id, other.id, "grant_none")] == [True, False, False]
        hub.clock.mono += 600
        assert not await lives(grant.id)


# -- monotone ------------------------------------------------------------------------------------------

NAMES = ("kim", "kai", "guest")
PIECES = ("observe", "call", "configure")


@dataclass(frozen=True)
class Piece:
    """What one grant gives somebody in one room, at this moment."""

    capabilities: frozenset[Capability]
    until: datetime
    counted: bool
    booked: bool

    def within(self, other: "Piece") -> bool:
        less = self.capabilities <= other.capabilities and self.until <= other.until
        return less and (self.counted or not other.counted) and (self.booked or not other.booked)


@dataclass
class World:
    """What everybody has, read off the tables without the program's own reckoning."""

    rights: dict[str, frozenset[Right]]
    gives: dict[tuple[str, Right], frozenset[Capability]]  # by role, to anybody: by giving, or by approving
    pieces: dict[tuple[str, str], list[Piece]]


async def look(hub: Hub) -> World:
    people = {p.id: p for p in await hub.parts.identity.people()}
    rooms = await hub.parts.db.read(room_store.every)
    roles = {r.role.name: r.role for r in await hub.parts.roles.every()}
    now = hub.clock.now()
    pieces: dict[tuple[str, str], list[Piece]] = {}
    for record in await hub.parts.db.read(store.unended):
        grant = record.grant
        for room in (r.room for r in rooms):
            here = room.id in grant.rooms or room.site in grant.sites or bool(grant.tags & room.tags)
            if here and record.paused is None and grant.start <= now < grant.until:
                piece = Piece(grant.capabilities, grant.until, grant.most_uses is not None, grant.only_booked)
                pieces.setdefault((grant.person, room.id), []).append(piece)
    rights = {id: frozenset(right for role in p.roles for right in roles[role].rights) for id, p in people.items()}
    gives = {
        (id, right): frozenset(
            c
            for r in p.roles
            if right in roles[r].rights
            for c in (Capability if r in ("administrator", "security-officer") else roles[r].gives)
        )
        for id, p in people.items()
        for right in (Right.GIVE, Right.APPROVE)
    }
    return World(rights, gives, pieces)


def grown(before: World, after: World, by: str, how: Right) -> list[str]:
    """What somebody has now that neither they had before, nor whoever acted."""
    found = [
        f"{person} may {right}"
        for person, rights in after.rights.items()
        for right in rights - before.rights.get(person, frozenset()) - before.rights[by]
    ]
    for (person, room), pieces in after.pieces.items():
        had = before.pieces.get((person, room), [])
        lent = before.pieces.get((by, room), []) if how in before.rights[by] else []
        for piece in pieces:
            if any(piece.within(one) for one in had) or piece.capabilities <= before.gives[by, how]:
                continue
            if not any(piece.within(one) and not one.counted for one in lent):
                found.append(f"{person} has {piece} in {room}")
    return found


async def step(hub: Hub, dice: random.Random, by: Signed) -> Right:
    """One thing that somebody tries, and by which right it could give something."""
    grants, roles, identity = hub.parts.grants, hub.parts.roles, hub.parts.identity

    def some(things, least: int = 0):
        return dice.sample(list(things), dice.randint(least, min(2, len(things))))

    async def any_grant() -> str:
        found = await hub.parts.db.read(store.unended)
        return dice.choice(found).grant.id if found else "grant_none"

    rights = frozenset(dice.sample(list(Right), dice.choice((1, 2, 4))))
    gives = frozenset(map(Capability, some(PIECES)))
    match dice.randint(0, 11):
        case 0:
            await roles.add(Role(f"role-{dice.randint(0, 2)}", rights | {Right.GIVE}, gives), by)
        case 1:
            await roles.change(f"role-{dice.randint(0, 2)}", by, rights=rights, gives=gives)
        case 2:
            names = [r.role.name for r in await roles.every()]
            await identity.change_roles(dice.choice(NAMES), frozenset(some(names)), by)
        case 3:
            await grants.narrow(await any_grant(), by, capabilities=frozenset({Capability.CALL}))
        case 4:
            await grants.end(await any_grant(), by)
        case 5:
            await grants.confirm(await any_grant(), by)
        case 6:
            await hub.parts.rooms.set_tags(dice.choice(("oslo", "rome")), some(("boards", "halls")), by)
        case 7:
            await identity.make_token(dice.choice(NAMES), 5, "more", by)
        case number:
            where = (
                {"rooms": some(("oslo", "rome"), 1)} if dice.random() < 0.6 else {"tags": some(("boards", "halls"), 1)}
            )
            wanted = Wanted(
                person=dice.choice(NAMES), minutes=dice.choice((5, 30, 60)), only_booked=dice.random() < 0.2,
                capabilities=tuple(some(PIECES, 1)), most_uses=dice.choice((None, None, None, 2)),
                **{name: tuple(value) for name, value in where.items()},
            )  # fmt: skip
            approved = by.person.id if number == 8 else None
            await hub.parts.changes.write(lambda change: grants.give_in(change, by, wanted, approved_by=approved))
            return Right.APPROVE if approved else Right.GIVE
    return Right.GIVE


@pytest.mark.parametrize("seed", range(3))
async def test_nobody_ever_has_more_than_somebody_who_had_it_gave(tmp_path: Path, seed: int) -> None:
    dice, done = random.Random(seed), Counter[str]()
    async with running(tmp_path) as hub:
        await hub.rooms("oslo", "rome")
        tokens = {}
        for name in NAMES:
            await hub.person(name)
            _, tokens[name] = await hub.token(name, minutes=600)
        for number, rights in enumerate(({Right.GIVE, Right.PEOPLE}, {Right.GIVE, Right.APPROVE})):
            role = Role(f"role-{number}", frozenset(rights), frozenset({Capability.OBSERVE} if number == 0 else ()))
            await hub.parts.roles.add(role, hub.admin)
            await hub.parts.identity.change_roles(NAMES[number], frozenset({role.name}), hub.admin)
        await hub.grant("kai", "oslo", minutes=30, capability="call")
        await hub.grant("kim", "rome", minutes=30, capability="call")
        for tag in ("boards", "halls"):
            wanted = Wanted(person="guest", tags=(tag,), capabilities=("configure",), minutes=40)
            await hub.parts.grants.give(hub.admin, wanted)
        before = await look(hub)
        for _ in range(150):
            hub.clock.advance(7)
            by = hub.admin
            if dice.random() < 0.85:
                found = await hub.parts.identity.by_token(tokens[dice.choice(NAMES)])
                assert found is not None
                by = found
            how = Right.GIVE
            try:
                how = await step(hub, dice, by)
            except RoomgateError as no:
                done[no.code] += 1
            else:
                done["others" if by is not hub.admin else "admin"] += 1
            after = await look(hub)
            assert grown(before, after, by.person.id, how) == []
            before = after
        assert done["others"] > 10  # or nothing was tried by anybody who could go too far
        assert done["right.missing"] > 20
