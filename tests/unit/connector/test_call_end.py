import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.connector.call_end import judge_end
from roomgate.sim.profile import get_profile
from support.simulated import ADMIN, Talk


@pytest.mark.parametrize(
    ("event", "judged"),
    [
        ({"CauseType": "RemoteDisconnect", "CauseOrigin": "Internal", "CauseValue": 1, "Duration": 60}, "fine"),
        ({"CauseType": "LocalDisconnect", "CauseOrigin": "Internal", "CauseValue": 1, "Duration": 0}, ""),
        ({"CauseType": "RemoteBusy", "Duration": "0"}, ""),
        ({"CauseOrigin": "SIP", "CauseCode": 486, "CauseType": "What"}, ""),
        ({"CauseOrigin": "SIP", "CauseCode": "404"}, "not-found"),
        ({"CauseOrigin": "SIP", "CauseCode": 403}, "not-allowed"),
        ({"CauseOrigin": "SIP", "CauseCode": 408}, "unreachable"),
        ({"CauseOrigin": "SIP", "CauseCode": 488}, "incompatible"),
        ({"CauseOrigin": "SIP", "CauseCode": 500, "Duration": 60}, "network"),
        ({"CauseOrigin": "Q850", "CauseCode": 41}, "network"),
        ({"CauseOrigin": "Q850", "CauseCode": 17, "CauseType": "RemoteBusy"}, ""),
        ({"CauseOrigin": "Internal", "CauseCode": 404, "Duration": 3}, "fine"),
        ({"CauseOrigin": "Spark", "CauseType": "MediaFailed", "Duration": 0}, "other"),
        ({}, ""),
    ],
)
def test_how_a_call_ended(event: dict[str, Any], judged: str) -> None:
    assert judge_end(event) == judged


@given(
    st.dictionaries(st.sampled_from(["CauseOrigin", "CauseCode", "CauseType", "Duration"]), st.text() | st.integers())
)
def test_nothing_of_the_event_itself_comes_out(event: dict[str, Any]) -> None:
    kinds = {"", "fine", "not-found", "not-allowed", "unreachable", "incompatible", "network", "other"}
    assert judge_end(event) in kinds


@pytest.mark.parametrize(("number", "judged"), [("nobody@example.com", "not-found"), ("busy@example.com", "")])
def test_how_the_simulated_device_says_it(number: str, judged: str) -> None:
    talk = Talk.open(ADMIN)
    talk.result("xFeedback/Subscribe", Query=["Event", "CallDisconnect"])
    talk.result("xCommand/Dial", Number=number)
    talk.wait(get_profile("26").connect_s + 1)
    (event,) = [one["Event"]["CallDisconnect"] for one in talk.heard() if "CallDisconnect" in json.dumps(one)]
    assert judge_end(event) == judged
