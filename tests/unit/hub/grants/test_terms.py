"""The terms of a grant on a hub: by site and tag, from later on, counted, only while booked; and who may give it."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from roomgate.access.capability import Capability
from roomgate.access.decision import Ask as AccessAsk
from roomgate.access.decision import Denied, Permit, decide
from roomgate.access.grant import LONGEST, Grant
from roomgate.access.principal import Right
from roomgate.access.role import Role
from roomgate.clock import iso
from roomgate.errors import BadInput
from roomgate.hub.channels import concerns
from roomgate.hub.grants import store
from roomgate.hub.grants.service import GIVER_DEMOTED
from roomgate.hub.grants.wanted import Wanted
from roomgate.hub.identity.person import Forbidden, Signed
from roomgate.hub.relay.asked import Wish
from roomgate.hub.revocation import Cause
from roomgate.ids import AskId
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.path import Path as XapiPath
from roomgate.xapi.schema import Catalogue
from support.console import console
from support.hub import Hub, info, running

pytestmark = pytest.mark.asyncio
VOLUME = Call(Verb.GET, XapiPath.parse("Status/Audio/Volume"))
DIAL = Call(Verb.COMMAND, XapiPath.of("Command", "Dial"))
HANG_UP = Call(Verb.COMMAND, XapiPath.of("Command", "Call", "Disconnect"))


async def decided(hub: Hub, signed: Signed, room: str, call: Call = VOLUME) -> Permit | str:
    found, facts = await hub.parts.grants.facts(signed.principal, room)
    if found is None:
        return "unknown"
    try:
        return decide(AccessAsk(AskId("a"), signed.principal, found, call), facts, hub.clock.now(), Catalogue.shipped())
    except Denied as no:
        return no.rule


async def may(hub: Hub, signed: Signed, room: str, call: Call = VOLUME) -> str:
    found = await decided(hub, signed, room, call)
    return found if isinstance(found, str) else "yes"


async def guest(hub: Hub) -> Signed:
    await hub.person("guest")
    signed, _ = await hub.token("guest", minutes=600)
    return signed


async def give(hub: Hub, by: Signed | None = None, **terms) -> Grant:
    wanted = {"person": "guest", "capabilities": ("observe", "call"), "minutes": 60, **terms}
    return await hub.parts.grants.give(by or hub.admin, Wanted(**wanted))


async def giver(hub: Hub, *gives: str) -> Signed:
    """Kim may give, and is no administrator."""
    role = Role("giver", frozenset({Right.GIVE}), frozenset(map(Capability, gives)))
    await hub.parts.roles.add(role, hub.admin)
    await hub.person("kim", "giver")
    signed, _ = await hub.token("kim", minutes=600)
    return signed


# -- where -------------------------------------------------------------------------------------------


async def test_a_grant_on_a_site_covers_rooms_that_come_later_and_no_others(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        signed, home = await guest(hub), await hub.rooms("oslo")
        away = await hub.connector("away")
        await hub.parts.rooms.saw(away.id, away.site, [info("rome")])
        grant = await give(hub, sites=("home",))
        assert (await may(hub, signed, "oslo"), await may(hub, signed, "rome")) == ("yes", "no-grant")
        await hub.parts.rooms.saw(home.id, home.site, [info("oslo"), info("bergen")])
        assert await may(hub, signed, "bergen") == "yes"
        found = [hub.parts.rooms.get(name).id for name in ("oslo", "bergen")]
        assert await hub.parts.grants.live_rooms(signed.principal) == set(found)
        assert [r.grant.id for r in await hub.parts.grants.of_room("bergen")] == [grant.id]
        assert [r.grant.id for r in await hub.parts.grants.page(None, "bergen", "", 9)] == [grant.id]
        assert await hub.parts.grants.page(None, "rome", "", 9) == []
        # A room that goes takes no such grant along: others may come.
        await hub.parts.rooms.saw(home.id, home.site, [])
        assert (await hub.parts.grants.get(grant.id)).paused is None
        await hub.parts.grants.end(grant.id, hub.admin)
        assert hub.heard[-1].rooms is None  # it could be any room


async def test_a_tag_brings_a_room_under_a_grant_and_its_loss_cuts(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        signed = await guest(hub)
        await hub.rooms("oslo", "rome")
        grant = await give(hub, tags=("Boards",))
        assert await may(hub, signed, "oslo") == "no-grant"
        rooms = hub.parts.rooms
        await rooms.set_tags("oslo", ["boards", "cheap"], hub.admin)
        assert (rooms.get("oslo").tags, hub.heard) == ({"boards", "cheap"}, [])
        assert (await may(hub, signed, "oslo"), await may(hub, signed, "rome")) == ("yes", "no-grant")
        await rooms.set_tags("oslo", ["boards"], hub.admin)
        assert hub.heard == []
        await rooms.set_tags("oslo", ["cheap"], hub.admin)
        oslo = rooms.get("oslo").id
        assert [(r.cause, r.subject, r.rooms) for r in hub.heard] == [
            (Cause.GRANT_NARROWED, grant.id, frozenset({oslo}))
        ]
        # The list of rooms, which is about no one room, is drawn anew too.
        assert concerns(hub.heard[0], signed.principal, None, None, frozenset({grant.id}))
        assert await may(hub, signed, "oslo") == "no-grant"
        assert await hub.parts.grants.live_rooms(signed.principal) == frozenset()
        assert (await hub.kinds()).count("room.tagged") == 3
        await rooms.set_tags("oslo", ["cheap"], hub.admin)
        assert (await hub.kinds()).count("room.tagged") == 3
        with pytest.raises(Forbidden):
            await rooms.set_tags("oslo", [], signed)


async def test_sites_and_tags_are_narrowed_like_rooms(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        signed = await guest(hub)
        await hub.rooms("oslo", "rome")
        await hub.parts.rooms.set_tags("rome", ["boards"], hub.admin)
        grant = await give(hub, rooms=("oslo",), sites=("home",), tags=("boards",))
        narrow = hub.parts.grants.narrow
        for more in ({"sites": ["nowhere"]}, {"tags": ["boards", "cheap"]}, {"rooms": ["oslo", "rome"]}):
            with pytest.raises(BadInput):
                await narrow(grant.id, hub.admin, **more)
        with pytest.raises(BadInput):
            await narrow(grant.id, hub.admin, rooms=[], sites=[], tags=[])
        await narrow(grant.id, hub.admin, sites=[], rooms=[])
        assert (await may(hub, signed, "oslo"), await may(hub, signed, "rome")) == ("no-grant", "yes")
        less = await narrow(grant.id, hub.admin, most_uses=2, only_booked=True)
        assert (less.grant.most_uses, less.grant.only_booked) == (2, True)
        for more in ({"most_uses": 3}, {"most_uses": 0}):
            with pytest.raises(BadInput):
                await narrow(grant.id, hub.admin, **more)


@pytest.mark.parametrize(
    "terms",
    [
        {"rooms": (), "sites": ("nowhere",)},
        {"rooms": (), "tags": ("two words",)},
        {"role": "gone"},
        {"role": "member"},
        {"capabilities": ("fly",)},
        {"capabilities": ()},
        {"start": "tomorrow"},
        {"most_uses": 0},
        {"minutes": None, "until": "soon"},
    ],
)
async def test_terms_that_cannot_be(tmp_path: Path, terms) -> None:
    async with running(tmp_path) as hub:
        await guest(hub)
        await hub.rooms("oslo")
        with pytest.raises(BadInput):
            await give(hub, **{"rooms": ("oslo",), **terms})


# -- when --------------------------------------------------------------------------------------------


async def test_a_grant_begins_when_it_says(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        signed = await guest(hub)
        await hub.rooms("oslo")
        later = hub.clock.now() + timedelta(minutes=30)
        grant = await give(hub, rooms=("oslo",), start=iso(later), minutes=10)
        assert (grant.start, grant.until) == (later, later + timedelta(minutes=10))
        assert await may(hub, signed, "oslo") == "no-grant"
        assert await hub.parts.grants.live_rooms(signed.principal) == frozenset()
        hub.clock.advance(30 * 60)
        assert await may(hub, signed, "oslo") == "yes"
        hub.clock.advance(10 * 60)
        assert await may(hub, signed, "oslo") == "no-grant"
        past = await give(hub, rooms=("oslo",), start=iso(later))
        assert past.start == hub.clock.now()  # none begins before it was given
        with pytest.raises(BadInput):
            await give(hub, rooms=("oslo",), start=iso(hub.clock.now() + LONGEST + timedelta(days=1)))


async def test_a_grant_counts_while_the_room_is_known_to_be_booked(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        signed, connector = await guest(hub), await hub.rooms("oslo")
        rooms, oslo = hub.parts.rooms, hub.parts.rooms.get("oslo").id
        grant = await give(hub, rooms=("oslo",), only_booked=True)

        def tell(status: str, until: str = "") -> None:
            told = {"Availability": {"Status": status, "TimeStamp": until}}
            rooms.state_changed(oslo, {"Status": {"Bookings": told}}, True)

        soon = iso(hub.clock.now() + timedelta(minutes=10))
        assert await may(hub, signed, "oslo") == "not-booked"  # nothing is known
        rooms.link_changed(connector.id, True)
        for status, until in (("Free", ""), ("FreeUntil", soon), ("BookedUntil", ""), ("Brandnew", soon)):
            tell(status, until)
            assert await may(hub, signed, "oslo") == "not-booked"
        await hub.parts.grants.expire()
        assert hub.heard == []  # nothing was open

        tell("BookedUntil", soon)
        assert await may(hub, signed, "oslo") == "yes"
        assert await hub.parts.grants.live_rooms(signed.principal) == {oslo}
        await hub.parts.grants.expire()
        assert hub.heard == []
        tell("FreeUntil", soon)
        await hub.parts.grants.expire()
        await hub.parts.grants.expire()
        assert [(r.cause, r.subject, r.rooms) for r in hub.heard] == [(Cause.GRANT_NARROWED, grant.id, grant.rooms)]
        assert await may(hub, signed, "oslo") == "not-booked"
        assert await hub.parts.grants.live_rooms(signed.principal) == frozenset()

        tell("BookedUntil", soon)
        assert await may(hub, signed, "oslo") == "yes"
        hub.clock.advance(600)  # its end has come, whether or not the device says so
        assert await may(hub, signed, "oslo") == "not-booked"
        await hub.parts.grants.expire()
        tell("BookedUntil", iso(hub.clock.now() + timedelta(minutes=1)))
        assert await may(hub, signed, "oslo") == "yes"
        rooms.link_changed(connector.id, False)  # and what is not heard of any more is not known
        await hub.parts.grants.expire()
        assert len(hub.heard) == 3


# -- how often ---------------------------------------------------------------------------------------


async def use(hub: Hub, grant: Grant) -> int | None:
    count = await hub.parts.db.write(lambda conn: hub.parts.grants.use_in(conn, grant.id))
    if count is not None:
        hub.parts.grants.used(grant.id, count)
    return count


async def test_never_more_uses_than_given_however_many_come_at_once(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        signed = await guest(hub)
        await hub.rooms("oslo")
        grant = await give(hub, rooms=("oslo",), most_uses=3)
        permit = await decided(hub, signed, "oslo", DIAL)
        assert isinstance(permit, Permit)
        assert permit.counted
        async with asyncio.TaskGroup() as group:
            counted = [group.create_task(use(hub, grant)) for _ in range(12)]
        assert sorted(n for n in (one.result() for one in counted) if n is not None) == [1, 2, 3]
        assert await may(hub, signed, "oslo", DIAL) == "uses"
        assert (await may(hub, signed, "oslo"), await may(hub, signed, "oslo", HANG_UP)) == ("yes", "yes")
        assert (await hub.parts.grants.get(grant.id)).used == 3
        other = await give(hub, rooms=("oslo",))
        permit = await decided(hub, signed, "oslo", DIAL)
        assert isinstance(permit, Permit)
        assert (permit.by, permit.counted) == (other.id, False)


async def test_uses_are_remembered_over_a_restart_and_what_was_undone_is_not(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.rooms("oslo")
        await guest(hub)
        grant = await give(hub, rooms=("oslo",), most_uses=2)
        await use(hub, grant)

        def fails(conn) -> None:
            assert hub.parts.grants.use_in(conn, grant.id) == 2
            raise BadInput("the permit could not be written")

        with pytest.raises(BadInput):
            await hub.parts.db.write(fails)
        assert (await hub.parts.grants.get(grant.id)).used == 1
        found = await hub.parts.db.read(store.unended)
        assert [(r.used, r.grant.most_uses) for r in found] == [(1, 2)]  # as any start reads it


async def test_the_use_is_written_with_the_permit_of_a_command(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        signed = await guest(it.hub)
        grant = await give(it.hub, rooms=("oslo",), most_uses=2)

        async def ask(verb: Verb, path: str, **arguments: str) -> str:
            try:
                return (await it.relay.relay.ask(signed.principal, "oslo", Wish(verb, path, arguments))).outcome
            except Denied as no:
                return no.rule

        async with asyncio.TaskGroup() as group:
            dials = [group.create_task(ask(Verb.COMMAND, "Dial", Number=f"{n}@example.com")) for n in range(5)]
        assert sorted(one.result() for one in dials) == ["done", "done", "uses", "uses", "uses"]
        assert (await it.hub.parts.grants.get(grant.id)).used == 2
        assert (await it.hub.kinds()).count("permit") == 2
        assert await ask(Verb.GET, "Status/Audio/Volume") == "done"
        assert await ask(Verb.COMMAND, "Call Disconnect", CallId="1") == "done"
        assert await ask(Verb.COMMAND, "Dial", Number="6@example.com") == "uses"
        assert (await it.hub.parts.grants.get(grant.id)).used == 2


# -- who may give ------------------------------------------------------------------------------------


async def test_a_giver_gives_what_their_role_reaches_or_they_have(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await guest(hub)
        await hub.rooms("oslo", "rome")
        kim = await giver(hub, "observe")
        await give(hub, kim, rooms=("rome",), capabilities=("observe",), minutes=10_000)
        for beyond in ({"rooms": ("oslo",)}, {"sites": ("home",)}):
            with pytest.raises(Forbidden):
                await give(hub, kim, **beyond)
        await give(hub, person="kim", rooms=("oslo",), minutes=60)
        await give(hub, kim, rooms=("oslo",), minutes=60)
        for beyond in (
            {"rooms": ("oslo", "rome")},
            {"rooms": ("oslo",), "minutes": 61},
            {"rooms": ("oslo",), "capabilities": ("call", "security")},
            {"rooms": ("oslo",), "role": "administrator"},
            {"rooms": (), "sites": ("home",)},
            {"person": "kim", "rooms": ("oslo",), "minutes": 61},
        ):
            with pytest.raises(Forbidden):
                await give(hub, kim, **beyond)


async def test_what_a_giver_gave_falls_with_what_they_had(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        signed = await guest(hub)
        await hub.rooms("oslo")
        await hub.parts.rooms.set_tags("oslo", ["boards"], hub.admin)
        kim = await giver(hub)
        await hub.person("kai", "giver")
        kai, _ = await hub.token("kai")
        own = await give(hub, person="kim", tags=("boards",))
        passed = await give(hub, kim, person="kai", rooms=("oslo",))
        last = await give(hub, kai, rooms=("oslo",))
        back = await give(hub, kai, person="kim", rooms=("oslo",))  # no ring of grants holds itself up
        assert await may(hub, signed, "oslo") == "yes"
        await hub.parts.rooms.set_tags("oslo", [], hub.admin)
        for one in (passed, last, back):
            assert (await hub.parts.grants.get(one.id)).paused == GIVER_DEMOTED
        assert (await hub.parts.grants.get(own.id)).paused is None
        assert await may(hub, signed, "oslo") == "no-grant"
        assert await may(hub, kim, "oslo") == "no-grant"


@pytest.mark.parametrize("how", ["ended", "narrowed", "role"])
async def test_each_way_to_have_less_is_followed(tmp_path: Path, how: str) -> None:
    async with running(tmp_path) as hub:
        signed = await guest(hub)
        await hub.rooms("oslo")
        kim = await giver(hub, "observe") if how == "role" else await giver(hub)
        own = await give(hub, person="kim", rooms=("oslo",))
        given = await give(hub, kim, rooms=("oslo",), capabilities=("observe",))
        if how == "role":
            await hub.parts.grants.end(own.id, hub.admin)
            assert await may(hub, signed, "oslo") == "yes"  # the role alone reaches as far
            await hub.parts.roles.change("giver", hub.admin, gives=frozenset())
        elif how == "ended":
            await hub.parts.grants.end(own.id, hub.admin)
        else:
            await hub.parts.grants.narrow(own.id, hub.admin, capabilities=frozenset({Capability.CALL}))
        assert (await hub.parts.grants.get(given.id)).paused == GIVER_DEMOTED
        assert await may(hub, signed, "oslo") == "no-grant"


async def test_neither_giver_nor_holder_confirms(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        signed = await guest(hub)
        await hub.rooms("oslo")
        await hub.person("bob", "administrator")
        bob, _ = await hub.sign_in("bob")
        grant = await hub.grant("guest", "oslo", by=bob)
        await hub.parts.identity.change_roles("bob", frozenset(), hub.admin)
        await hub.parts.identity.change_roles("bob", frozenset({"administrator"}), hub.admin)
        await hub.parts.identity.change_roles("guest", frozenset({"administrator"}), hub.admin)
        bob, _ = await hub.sign_in("bob")
        holder, _ = await hub.sign_in("guest")
        kim = await giver(hub, "call")
        for who in (bob, holder, kim):
            with pytest.raises(Forbidden):
                await hub.parts.grants.confirm(grant.id, who)
        assert (await hub.parts.grants.get(grant.id)).paused == GIVER_DEMOTED
        await hub.parts.grants.confirm(grant.id, hub.admin)
        assert await may(hub, signed, "oslo") == "yes"


async def test_an_approver_gives_by_approving_alone(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await guest(hub)
        await hub.rooms("oslo")
        sam = await hub.person("sam", "security-officer")
        as_sam, _ = await hub.sign_in("sam")
        wanted = Wanted(person="guest", rooms=("oslo",), capabilities=("call",), minutes=5)
        grants, changes = hub.parts.grants, hub.parts.changes
        with pytest.raises(Forbidden):
            await grants.give(as_sam, wanted)
        with pytest.raises(Forbidden):
            await changes.write(lambda change: grants.give_in(change, as_sam, wanted))
        given = await changes.write(
            lambda change: grants.give_in(change, as_sam, wanted, approved_by=sam.id, loud=True)
        )
        record = await grants.get(given.id)
        assert (record.approved_by, record.loud) == (sam.id, True)
        # The right to give some, beside it, makes nobody give alone what they may approve.
        await giver(hub, "observe")
        await hub.parts.identity.change_roles("sam", frozenset({"security-officer", "giver"}), hub.admin)
        both, _ = await hub.sign_in("sam")
        with pytest.raises(Forbidden):
            await grants.give(both, wanted)
        await hub.parts.identity.change_roles("sam", frozenset({"auditor"}), hub.admin)
        assert (await grants.get(given.id)).paused == GIVER_DEMOTED


async def test_to_tag_a_room_is_to_give(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        signed = await guest(hub)
        await hub.rooms("oslo", "rome")
        kim = await giver(hub, "observe")
        await give(hub, tags=("boards",))
        await give(hub, tags=("halls",), capabilities=("observe",))
        with pytest.raises(Forbidden):
            await hub.parts.rooms.set_tags("oslo", ["halls", "boards"], kim)
        assert await may(hub, signed, "oslo") == "no-grant"
        await hub.parts.rooms.set_tags("oslo", ["halls"], kim)
        assert await may(hub, signed, "oslo") == "yes"
        await give(hub, person="kim", rooms=("rome",))
        await hub.parts.rooms.set_tags("rome", ["boards"], kim)  # what they have there themself
        assert await may(hub, signed, "rome", DIAL) == "yes"
