"""A document applied one step after the other: each outcome told, and no step after one that nobody can vouch for."""

from typing import Any

import pytest

from roomgate.access.decision import Denied
from roomgate.errors import BadInput, OutcomeUnknown, Unreachable
from roomgate.hub.backups.applying import DONE, NOT_DONE, NOT_TRIED, OneByOne
from roomgate.hub.relay.asked import Answer, Wish
from roomgate.hub.rooms.seen import NotDone
from roomgate.ids import AskId
from roomgate.xapi.errors import BadArgument

pytestmark = pytest.mark.asyncio

DOCUMENT = """
[room."oslo".settings]
"Audio/DefaultVolume" = 40
"Time/Zone" = "Etc/UTC"
[room."oslo".panels]
"lights" = { xml = "<x/>" }
[room."oslo".macros]
"hello" = { code = "1", active = true }
"""


def not_done(rule: str, outcome: str = "refused") -> NotDone:
    return NotDone(Answer(AskId("ask_1"), None, outcome, rule=rule, words=f"No: {rule}."))


async def applied(faults: dict[str, Exception], room: str = "oslo") -> tuple[list[tuple[str, str]], list[str]]:
    """What was told of each step, and the last word of each path that was asked for."""
    asked: list[str] = []

    async def ask(wish: Wish) -> Any:
        asked.append(str(wish.path).rpartition("/")[2])
        assert wish.reason == "why"
        if fault := faults.get(asked[-1]):
            raise fault

    told = await OneByOne(ask, "why").apply(DOCUMENT, room)
    return [(one.what.rpartition("/")[2], one.outcome) for one in told], asked


async def test_every_step_is_done_in_order():
    told, asked = await applied({})
    assert told == [("DefaultVolume", DONE), ("Zone", DONE), ("panel lights", DONE), ("macro hello", DONE)]
    assert asked == ["DefaultVolume", "Zone", "Save", "Save", "Activate"]


async def test_a_no_holds_up_no_other_and_what_could_not_be_saved_is_not_switched_on():
    faults = {"DefaultVolume": BadArgument("no"), "Save": Denied("policy", "Not here.", some_grant=True)}
    told, asked = await applied(faults)
    assert told == [("DefaultVolume", NOT_DONE), ("Zone", DONE), ("panel lights", NOT_DONE), ("macro hello", NOT_DONE)]
    assert asked == ["DefaultVolume", "Zone", "Save", "Save"]


@pytest.mark.parametrize(
    "fault",
    [
        Unreachable("away"),
        OutcomeUnknown("lost"),
        Denied("cap", "More than 120 such calls a minute.", some_grant=True),
        not_done("cap"),
        not_done(Unreachable.code, "failed"),
        not_done("", "unknown"),
    ],
)
async def test_after_a_step_that_nobody_can_vouch_for_nothing_is_tried(fault: Exception):
    told, asked = await applied({"Zone": fault})
    assert [outcome for _, outcome in told] == [DONE, NOT_DONE, NOT_TRIED, NOT_TRIED]
    assert asked == ["DefaultVolume", "Zone"]


async def test_the_devices_own_no_is_told_and_the_next_is_tried():
    told, _ = await applied({"Zone": not_done("xapi.failed", "failed")})
    assert [outcome for _, outcome in told] == [DONE, NOT_DONE, DONE, DONE]


async def test_another_rooms_part_is_nobodys():
    assert await applied({}, room="rome") == ([], [])
    with pytest.raises(BadInput):
        await OneByOne(None).apply("[", "oslo")  # type: ignore[arg-type]  # it asks nothing
