import pytest

from roomgate.access.capability import Capability
from roomgate.access.decision import Denied
from roomgate.fleet.document import Layer, User
from roomgate.hub.fleet.look import Away
from roomgate.link.messages import Outcome
from support.plans import plans

pytestmark = pytest.mark.asyncio

WANTED = Layer(settings={"Audio/DefaultVolume": 50}, users={"signage": User(("User",))})


async def test_what_somebody_may_not_read_is_not_known_and_what_a_room_does_not_answer_is_away(tmp_path):
    async with plans(tmp_path, "oslo", capabilities=("observe", "av-control", "configure")) as world:
        looks, principal = world.fleet.looks, world.ada.principal
        visitor = looks.visit(principal, "oslo")
        setting, account = await looks.steps(visitor, WANTED, None, "x")
        assert (setting.before, account.rule) == ("30", "fleet.users-unread")
        # What was read is kept for nobody: a plan reads thousands of rooms.
        kept = [world.console.relay.relay._asks.by_order(order.id) for order in world.site.orders]
        assert [(one.outcome, one.result) for one in kept] == [("done", None)]

        # The verdict of the site is asked only of what the hub itself would let through.
        world.rooms.refuses["Configuration/Audio"] = "policy"
        setting, account = await looks.judged(visitor, [setting, account], "x")
        assert (setting.verdict, setting.rule, account.verdict) == ("refused", "policy", "refused")

        # A site that says nothing of use promises nothing.
        world.rooms.verdict = lambda path: {"verdict": "perhaps"}
        [unasked] = await looks.judged(visitor, (await looks.steps(visitor, WANTED, None, "x"))[:1], "x")
        assert (unasked.verdict, unasked.due) == ("unasked", True)

        # A session that the connector let go is no no.
        answer = world.rooms.answer

        async def let_go(order):
            return Outcome(order.id, "refused", rule="session.lease", words="Its lease is over.")

        world.rooms.answer = let_go
        with pytest.raises(Away, match="Its lease is over"):
            await looks.steps(visitor, WANTED, None, "x")
        world.rooms.answer = answer
        assert await looks.steps(visitor, WANTED, None, "x")

        grants = world.console.hub.parts.grants
        [grant] = await grants.of_person(world.ada.person.id)
        await grants.narrow(grant.grant.id, world.ada, capabilities=frozenset({Capability.OBSERVE}))
        [setting, _] = await looks.steps(visitor, WANTED, None, "x")
        assert setting.before is None
        await grants.end(grant.grant.id, world.ada)
        with pytest.raises(Denied):
            await looks.steps(visitor, WANTED, None, "x")
        with pytest.raises(Denied):
            await looks.judged(looks.visit(principal, "nowhere"), [setting], "x")
