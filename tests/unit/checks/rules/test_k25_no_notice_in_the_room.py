"""A room that tells nobody fails; one that tells passes; what nobody saw, or was never done, is not known."""

from dataclasses import dataclass, field

import httpx
import pytest
from hypothesis import given, settings

from roomgate.checks.outcome import Outcome
from roomgate.checks.rules.k25_no_notice_in_the_room import ACT, AFTER, BEFORE, CHECK, EYES, judge
from support.checks import ONE, target_of
from support.site_looks import DEVICE, DeviceInMemory, Hands, finding_of, odd_snapshots

ACT_ = 'act = {request = {method = "POST", url = "https://target.example/unmute"}}\nundo = {request = {method = "POST", url = "https://target.example/mute"}}\n'
PANEL = 'panel = {url = "https://panel.example/", expects = "is listening"}\n'
EFFECT = 'effect = "Status/Audio/Microphones/Mute"\n'
EYED = f"{ONE}[K25]\n{ACT_}"
TEXT = EYED + PANEL
SEEN = f"{ONE}{DEVICE}[K25]\n{ACT_}{PANEL}{EFFECT}"


@dataclass
class Room:
    """``tells``: from the nth look after the act; ``always``: whatever happens."""

    tells: int | None = 1
    always: bool = False
    broken: int = 0
    moves: bool = True
    accepts: int = 200
    device: DeviceInMemory = field(
        default_factory=lambda: DeviceInMemory(values={"Status/Audio/Microphones/Mute": "On"})
    )
    looks: int = -1

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/mute":
            self.device.values["Status/Audio/Microphones/Mute"] = "On"
            return httpx.Response(500)
        if request.url.path == "/unmute":
            self.looks = 0
            if self.moves:
                self.device.values["Status/Audio/Microphones/Mute"] = "Off"
            return httpx.Response(self.accepts)
        if self.looks >= 0:
            self.looks += 1
            if self.broken:
                return httpx.Response(self.broken)
        shown = self.always or (self.tells is not None and self.looks >= self.tells)
        return httpx.Response(200, text="Anna is listening" if shown else "Welcome")


async def found(room: Room, text: str = TEXT, **more):
    return await finding_of(CHECK, text, answers=room, reach=room.device.reach, **more)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("room", "outcome"),
    [
        (Room(), Outcome.PASS),
        (Room(tells=8), Outcome.PASS),
        (Room(tells=None), Outcome.FAIL),
        (Room(tells=60), Outcome.FAIL),
        (Room(always=True), Outcome.INCONCLUSIVE),
        (Room(broken=500), Outcome.INCONCLUSIVE),
        (Room(accepts=403), Outcome.INCONCLUSIVE),
    ],
)
async def test_what_the_panel_shows_decides(room, outcome):
    assert (await found(room)).outcome is outcome
    assert room.device.values["Status/Audio/Microphones/Mute"] == "On"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("room", "outcome"),
    [
        (Room(tells=None), Outcome.FAIL),
        (Room(tells=None, moves=False), Outcome.INCONCLUSIVE),
        (Room(moves=False), Outcome.INCONCLUSIVE),
        (Room(tells=None, device=DeviceInMemory(refuses={"Status/Audio/Microphones/Mute"})), Outcome.INCONCLUSIVE),
    ],
)
async def test_an_act_that_moves_nothing_needs_no_notice(room, outcome):
    assert (await found(room, SEEN)).outcome is outcome


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answer", "outcome"),
    [("yes", Outcome.PASS), ("no", Outcome.FAIL), ("cannot see", Outcome.INCONCLUSIVE)],
)
async def test_a_testers_eyes_decide_otherwise(answer, outcome):
    hands = Hands(says=[answer])
    assert (await found(Room(), EYED, voice=hands)).outcome is outcome
    assert len(hands.asked) == 1


@pytest.mark.asyncio
async def test_with_nobody_there_nothing_is_done():
    room = Room()
    assert (await found(room, EYED)).outcome is Outcome.INCONCLUSIVE
    assert room.looks == -1


def test_the_file_may_lack_something():
    assert "K25" in CHECK.look.needs(target_of(ONE))
    assert "expects" in CHECK.look.needs(target_of(TEXT.replace(', expects = "is listening"', "")))
    assert "device" in CHECK.look.needs(target_of(TEXT + EFFECT))


@settings(max_examples=40)
@given(odd_snapshots([BEFORE, ACT, AFTER, EYES]))
def test_odd_steps_are_judged(snapshot):
    for text in (ONE, TEXT, EYED, SEEN):
        assert judge(snapshot, target_of(text)).says
