from datetime import timedelta
from pathlib import Path

import pytest

from roomgate.access.capability import Capability
from roomgate.access.decision import Denied
from roomgate.clock import HandClock
from roomgate.errors import NotFound
from roomgate.hub.status.access import room_for, samples_for
from roomgate.hub.status.series import Sample
from support.console import console

pytestmark = pytest.mark.asyncio


async def test_a_room_is_looked_at_by_grant_or_by_the_right_to_see(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        hub, now = it.hub, it.hub.clock.now()
        await hub.person("bob")
        bob, _ = await hub.sign_in("bob")

        async def held(who: object, name: str = "oslo") -> frozenset[Capability]:
            return (await room_for(who, hub.parts, it.relay, name, now))[1]  # type: ignore[arg-type]

        assert await held(hub.admin) == frozenset()
        for name, fault in (("oslo", Denied), ("paris", NotFound)):
            with pytest.raises(fault):
                await held(bob, name)
        await hub.grant("bob", "oslo", capability="privacy")
        assert await held(bob) == {Capability.PRIVACY}
        await hub.parts.grants.lock("room", "oslo", "", hub.admin)
        with pytest.raises(Denied):
            await held(bob)


async def test_people_and_warmth_are_for_who_was_given_them() -> None:
    now = HandClock().now()
    every = [Sample(now - timedelta(minutes=5), {"online": 1, "call": 0, "people": 3, "ambient": 21, "loss": 1})]
    assert samples_for(every, frozenset({Capability.PRIVACY})) == every
    assert [one.values for one in samples_for(every, frozenset({Capability.OBSERVE}))] == [
        {"online": 1, "call": 0, "loss": 1}
    ]
