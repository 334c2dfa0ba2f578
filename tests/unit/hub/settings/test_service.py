"""Reading, judging beforehand and changing, over whatever answers."""

import pytest

from roomgate.access.capability import Capability
from roomgate.access.decision import Denied
from roomgate.access.offered import offered
from roomgate.errors import OutcomeUnknown, Unreachable
from roomgate.hub.relay.asked import Answer
from roomgate.hub.relay.http import AskFailed
from roomgate.hub.settings.change import Edit, plan_changes
from roomgate.hub.settings.service import Verdict, apply_changes, judge, read_settings
from roomgate.hub.settings.setting import parse_change
from roomgate.xapi.call import Verb
from roomgate.xapi.errors import UnknownPath

pytestmark = pytest.mark.asyncio
ALL = [frozenset(Capability)]


class Room:
    """Answers in turn; an exception is raised."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    async def ask(self, wish, within_s):
        self.asked.append(wish)
        said = self.answers.pop(0)
        if isinstance(said, Exception):
            raise said
        return said


def answer(outcome="done", result=None, rule="", words=""):
    return Answer("ask_1", "order_1", outcome, result, rule, words)


def planned(*values):
    edits = [Edit(parse_change("Audio/DefaultVolume", value, offered())) for value in values]
    return plan_changes(edits, [], offered())


async def steps(room, *values):
    told = []
    await apply_changes(room.ask, planned(*values), "because", told.append)
    return [(step.outcome, step.rule) for step in told]


async def test_all_settings_are_read_in_one_ask():
    room = Room(answer(result={"Audio": {"DefaultVolume": 50}}))
    (one,) = await read_settings(room.ask, ALL, offered())
    assert (one.name, one.value) == ("Audio/DefaultVolume", 50)
    assert [(wish.verb, wish.path) for wish in room.asked] == [(Verb.GET, "Configuration")]


@pytest.mark.parametrize(
    ("outcome", "raised"),
    [("waiting", Unreachable), ("failed", AskFailed), ("refused", Denied), ("unknown", OutcomeUnknown)],
)
async def test_what_was_not_read_is_said(outcome, raised):
    with pytest.raises(raised):
        await read_settings(Room(answer(outcome)).ask, ALL, offered())


async def test_one_that_is_refused_or_fails_stops_nobody():
    no = Denied("capability", "No.", some_grant=True)
    room = Room(answer("refused", rule="policy"), no, UnknownPath("no such"), answer("failed", rule="x"), answer())
    assert await steps(room, 1, 2, 3, 4, 5) == [
        ("refused", "policy"), ("refused", "capability"), ("failed", UnknownPath.code), ("failed", "x"), ("done", ""),
    ]  # fmt: skip
    assert room.asked[0].reason == "because"
    assert room.asked[0].arguments == {"Value": 1}


@pytest.mark.parametrize("lost", ["unknown", "waiting"])
async def test_behind_one_that_nobody_knows_of_nothing_is_tried(lost):
    room = Room(answer(), answer(lost))
    assert [outcome for outcome, _ in await steps(room, 1, 2, 3, 4)] == ["done", "unknown", "untried", "untried"]
    assert len(room.asked) == 2


async def test_the_sites_verdicts_are_asked_for_all_at_once():
    said = {"Verdicts": [{"verdict": "allowed"}, {"verdict": "refused", "rule": "never", "words": "No."}]}
    room = Room(answer(result=said))
    calls = [one.edit.call for one in planned(1, 2)]
    assert await judge(room.ask, calls) == [Verdict("allowed"), Verdict("refused", "never", "No.")]
    assert (room.asked[0].path, room.asked[0].body) == (
        "Roomgate.Allowed.Get",
        '[{"verb":"set","path":"Configuration/Audio/DefaultVolume","arguments":{"Value":1}},'
        '{"verb":"set","path":"Configuration/Audio/DefaultVolume","arguments":{"Value":2}}]',
    )
    assert await judge(room.ask, []) == []


@pytest.mark.parametrize(
    "said",
    [
        answer("failed"), answer("waiting"), answer(result=None), answer(result={"Verdicts": []}),
        answer(result={"Verdicts": [{"verdict": 1}]}), Denied("capability", "no"),
    ],
)  # fmt: skip
async def test_a_site_that_does_not_say_is_not_taken_for_a_yes(said):
    assert await judge(Room(said).ask, [one.edit.call for one in planned(1)]) == [Verdict("unasked")]
