import json

import msgspec
import pytest

from roomgate.access.decision import Denied
from roomgate.errors import Unreachable
from roomgate.hub.gateway import answers, rpc
from roomgate.hub.relay.asked import Answer
from roomgate.ids import AskId
from roomgate.xapi.errors import BadArgument, UnknownPath
from roomgate.xapi.path import Path

VOLUME = Path.parse("Status/Audio/Volume")


def answer(outcome="done", result=None, **more):
    return Answer(AskId("ask_1"), None, outcome, result, **more)


@pytest.mark.parametrize(
    ("meant", "result", "expected"),
    [
        (rpc.Get(VOLUME), 50, 50),
        (rpc.Get(Path.parse("Status/Call")), [{"id": 3}], [{"id": 3}]),
        (rpc.Query(VOLUME), 50, {"Status": {"Audio": {"Volume": 50}}}),
        (rpc.Query(VOLUME), None, {}),
        (rpc.Query(Path.parse("Status/**/Volume")), {"Status": {}}, {"Status": {}}),
        (rpc.Set(Path.parse("Configuration/Audio/DefaultVolume"), 5), None, True),
        (rpc.Command(Path.parse("Command/Dial"), {}, None), {"CallId": 3}, {"CallId": 3}),
        (rpc.Command(Path.parse("Command/Dial"), {}, None), None, {"status": "OK"}),
    ],
)
def test_what_was_done_is_answered_as_a_device_does(meant, result, expected):
    assert answers.build_result(meant, answer(result=result)) == expected


@pytest.mark.parametrize(
    ("outcome", "number"),
    [
        (answer("refused", rule="consent.nothing", words="Nobody answered."), 1),
        (answer("refused", rule="policy.never", words="No."), -31999),
        (answer("refused", rule="grant.revoked"), -31999),
        (answer("failed", rule="xapi.failed", words="Busy"), 1),
        (answer("failed", rule=Unreachable.code, words="Away"), -31997),
        (answer("unknown"), 1),
        (answer("waiting"), 1),
    ],
)
def test_every_other_outcome_is_an_error_with_a_sentence(outcome, number):
    with pytest.raises(rpc.RpcError) as refused:
        answers.build_result(rpc.Command(Path.parse("Command/Dial"), {}, None), outcome)
    assert refused.value.number == number
    assert outcome.words in refused.value.message
    assert refused.value.message


def test_nothing_there_is_no_match():
    with pytest.raises(rpc.RpcError, match="No match"):
        answers.build_result(rpc.Get(VOLUME), answer(result=None))


@pytest.mark.parametrize(
    ("fault", "number"),
    [
        (UnknownPath("x"), -32601),
        (BadArgument("Level takes 0–100"), -32602),
        (Denied("capability", "no", some_grant=True), -31999),
        (Unreachable("away"), -31997),
        (ValueError("inside"), -32603),
    ],
)
def test_faults_have_a_device_s_numbers(fault, number):
    error = json.loads(answers.with_id(answers.from_fault(fault), msgspec.Raw(b'"a"')))
    assert (error["error"]["code"], error["id"]) == (number, "a")
    assert "inside" not in error["error"]["message"]
