"""Sessions of the connector's accounts that stay fail; what nobody can tell apart is not known."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings

from roomgate.checks.outcome import Outcome
from roomgate.checks.rules.k26_sessions_left import AFTER, BEFORE, CHECK, DURING, VISIT, judge
from support.checks import ONE, target_of
from support.site_looks import DEVICE, DeviceInMemory, Hands, finding_of, odd_snapshots

TEXT = f"""{ONE}{DEVICE}
[K26]
accounts = ["Bridge", "bridge-admin"]
others = ["scheduler"]
visit = {{say = "visit"}}
leave = {{say = "leave"}}
"""


@dataclass
class Room:
    """A device, and a connector that opens ``opens`` sessions for a visit and leaves ``leaves`` of them."""

    opens: int = 1
    leaves: int = 0
    standing: int = 1
    user: str = "bridge"
    device: DeviceInMemory = field(default_factory=DeviceInMemory)

    def __post_init__(self) -> None:
        self.device.sessions += [(f"standing-{n}", "bridge") for n in range(self.standing)]

    def __call__(self, what: str) -> None:
        if what == "visit":
            self.device.sessions += [(f"visit-{n}", self.user) for n in range(self.opens)]
        if what == "leave":
            gone = {f"visit-{n}" for n in range(self.leaves, self.opens)}
            self.device.sessions = [one for one in self.device.sessions if one[0] not in gone]


async def found(room: Room, text: str = TEXT):
    return await finding_of(CHECK, text, reach=room.device.reach, voice=Hands(room))


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("room", "outcome"),
    [
        (Room(), Outcome.PASS),
        (Room(opens=3, leaves=0), Outcome.PASS),
        (Room(leaves=1), Outcome.FAIL),
        (Room(standing=0, leaves=1), Outcome.PASS),  # the one by which it hears
        (Room(standing=0, opens=3, leaves=3), Outcome.FAIL),
        (Room(standing=2, leaves=0), Outcome.FAIL),  # left by those who came before
        (Room(standing=0, opens=0), Outcome.INCONCLUSIVE),
        (Room(user="unnamed", leaves=1), Outcome.INCONCLUSIVE),
        (Room(user="unnamed", leaves=0), Outcome.PASS),
        (Room(user="scheduler", leaves=1), Outcome.PASS),
        (Room(user="BRIDGE-ADMIN", leaves=1), Outcome.FAIL),
        (Room(device=DeviceInMemory(nameless=True)), Outcome.INCONCLUSIVE),
        (Room(device=DeviceInMemory(refuses={"Security.Session.List"})), Outcome.INCONCLUSIVE),
    ],
)
async def test_what_is_left_decides(room, outcome):
    assert (await found(room)).outcome is outcome


@pytest.mark.asyncio
async def test_the_checkers_own_session_is_not_counted():
    room = Room(device=DeviceInMemory(sessions=[("1", "bridge")]))
    one = await found(room, TEXT.replace('user = "auditor"', 'user = "bridge"'))
    assert one.outcome is Outcome.PASS


@pytest.mark.asyncio
async def test_an_administrators_account_is_told():
    device = DeviceInMemory(users=[("auditor", "Admin"), ("bridge-admin", "Admin"), ("bridge", "User")])
    one = await found(Room(device=device))
    assert one.outcome is Outcome.PASS
    assert [point.where for point in one.points if "administrator" in point.what] == ["account bridge-admin"]


@pytest.mark.asyncio
async def test_more_may_be_expected():
    one = await found(Room(standing=2), TEXT.replace("[K26]", "[K26]\nexpected = 2"))
    assert one.outcome is Outcome.PASS


def test_the_file_may_lack_something():
    assert "accounts" in CHECK.look.needs(target_of(ONE))
    assert "device" in CHECK.look.needs(target_of(ONE + '[K26]\naccounts = ["a"]\n'))


@settings(max_examples=40)
@given(odd_snapshots([BEFORE, DURING, AFTER, VISIT]))
def test_odd_steps_are_judged(snapshot):
    assert judge(snapshot, target_of(TEXT)).says
    assert judge(snapshot, target_of(ONE)).outcome is Outcome.INCONCLUSIVE
