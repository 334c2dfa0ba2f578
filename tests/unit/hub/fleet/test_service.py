import pytest

from roomgate.errors import BadInput, Conflict, NotFound, PreconditionFailed, RoomgateError
from roomgate.fleet.difference import HIDDEN
from roomgate.fleet.document import BadDocument
from roomgate.hub.fleet import service
from roomgate.hub.fleet.plan import State
from roomgate.hub.identity.person import Forbidden
from support.hub import kept_bytes
from support.plans import plans

pytestmark = pytest.mark.asyncio

VOLUME = '[everything.settings]\n"Audio/DefaultVolume" = 50\n"SIP/Authentication/Password" = "open sesame"\n'


async def test_a_plan_is_its_makers_and_says_only_what_whoever_looks_may_read(tmp_path):
    async with plans(tmp_path, "oslo", "rome") as world:
        hub, fleet = world.console.hub, world.fleet
        before = hub.parts.changes.version
        shown = await world.plan(VOLUME)
        assert hub.parts.changes.version == before  # a plan is nothing that a decision looks at
        id = shown.plan.id
        await hub.person("bob")
        await hub.person("audrey", "auditor")
        await hub.person("desk", "service-desk")
        bob, audrey, desk = [(await hub.sign_in(one))[0] for one in ("bob", "audrey", "desk")]

        with pytest.raises(NotFound, match=service.NO_SUCH_PLAN):
            await fleet.get(id, bob)
        with pytest.raises(BadInput, match=service.NO_ROOMS):
            await fleet.make(bob, VOLUME)
        with pytest.raises(BadDocument, match="there is no room oslo"):
            await fleet.make(bob, VOLUME + '[only]\nrooms = ["oslo"]\n')
        with pytest.raises(BadInput, match="A plan is one of"):
            await fleet.make(world.ada, VOLUME, kind="dance")

        mine, theirs = [(await fleet.room(id, "oslo", who)).steps for who in (world.ada, audrey)]
        assert [(one.before, one.after) for one in mine] == [("30", "50"), (None, HIDDEN)]
        assert [(one.before, one.after) for one in theirs] == [(HIDDEN, HIDDEN), (None, HIDDEN)]
        assert all(not one.arguments and not one.body for one in mine)
        with pytest.raises(NotFound):
            await fleet.room(id, "paris", world.ada)

        # To see is not to start; to halt takes the right to cut.
        for who in (audrey, desk):
            with pytest.raises(Forbidden, match="started by whoever made it"):
                await fleet.start(id, who)
            with pytest.raises(Forbidden):
                await fleet.drift_of(id, who)
        with pytest.raises(Forbidden):
            await fleet.cancel(id, audrey)
        with pytest.raises(PreconditionFailed):
            await fleet.start(id, world.ada, version=1)
        with pytest.raises(Conflict, match="This plan is planned"):
            await fleet.halt(id, world.ada)
        with pytest.raises(BadInput, match="300 characters"):
            await fleet.cancel(id, world.ada, "x" * 301)
        assert (await fleet.cancel(id, desk, "Not today.")).plan.state is State.CANCELLED

        assert (await fleet.text(id)) == VOLUME
        assert b"open sesame" not in kept_bytes(tmp_path)
        assert b"open sesame" not in str(await hub.events()).encode()
        with pytest.raises(RoomgateError, match="sealed by another key"):
            fleet.engine.unseal(b"x" * 40, id)


async def test_drift_tells_a_room_that_could_not_be_read(tmp_path):
    async with plans(tmp_path, "oslo", "rome") as world:
        world.rooms.away.add("rome")
        oslo, rome = await world.fleet.drift(VOLUME, world.ada)
        assert (oslo.room, oslo.step.what, oslo.by) == ("oslo", "Audio/DefaultVolume", None)
        assert (rome.room, rome.step.what, rome.step.words) == ("rome", "not read", "The device does not answer.")
        world.rooms.volume["oslo"] = 50
        assert [one.room for one in await world.fleet.drift(VOLUME, world.ada)] == ["rome"]


async def test_nobody_keeps_more_than_a_hundred_plans_that_are_not_over(tmp_path, monkeypatch):
    monkeypatch.setattr(service, "MOST_UNFINISHED", 1)
    async with plans(tmp_path, "oslo") as world:
        await world.plan(VOLUME)
        with pytest.raises(Conflict, match="100 plans"):
            await world.fleet.make(world.ada, VOLUME)
