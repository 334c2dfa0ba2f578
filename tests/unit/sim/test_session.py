"""Subscriptions and notifications of one connection."""

import json

from hypothesis import given
from hypothesis import strategies as st

from support.simulated import DAILY, NINE, Talk


def test_only_what_changed_is_told_one_leaf_at_a_time() -> None:
    talk = Talk.open(DAILY)
    number = talk.result("xFeedback/Subscribe", Query=["Status", "Audio"])["Id"]
    talk.result("xCommand/Audio/Volume/Set", Level=40)
    talk.result("xCommand/Audio/Volume/Set", Level=40)
    talk.result("xCommand/Standby/Activate")
    assert talk.heard() == [{"Id": number, "Status": {"Audio": {"Volume": 40}}}]


def test_the_present_value_comes_right_after_the_reply() -> None:
    talk = Talk.open(DAILY)
    number = talk.result("xFeedback/Subscribe", Query=["Status", "Standby"], NotifyCurrentValue=True)["Id"]
    assert talk.heard() == [{"Id": number, "Status": {"Standby": {"Level": "None", "State": "Off"}}}]
    assert talk.code("xFeedback/Subscribe", Query=["Status", "Standby"], NotifyCurrentValue="yes") == -32602


def test_overlapping_subscriptions_are_told_each_by_its_number() -> None:
    talk = Talk.open(DAILY)
    for query in (["Status", "Audio"], ["Status", "Audio", "Volume"]):
        talk.result("xFeedback/Subscribe", Query=query)
    talk.result("xCommand/Audio/Volume/Set", Level=40)
    assert [one["Id"] for one in talk.heard()] == [1, 2]
    assert talk.result("xFeedback/Unsubscribe", Id=1) is True
    talk.result("xCommand/Audio/Volume/Set", Level=41)
    assert [one["Id"] for one in talk.heard()] == [2]


def test_an_unknown_subscription_is_named() -> None:
    error = Talk.open(DAILY).send("xFeedback/Unsubscribe", Id=4)["error"]
    assert error == {"code": -32602, "data": {"Id": 4}, "message": "Unknown subscription Id"}


def test_the_fifty_first_subscription_is_refused() -> None:
    talk = Talk.open(DAILY)
    for _ in range(50):
        talk.result("xFeedback/Subscribe", Query=["Status", "Standby"])
    assert talk.code("xFeedback/Subscribe", Query=["Status", "Standby"]) == -31998
    talk.result("xFeedback/Unsubscribe", Id=50)
    assert talk.result("xFeedback/Subscribe", Query=["Status", "Standby"])["Id"] == 51


def test_a_ghost_reaches_who_watches_a_leaf_of_that_member_only() -> None:
    talk = Talk.open(DAILY)
    talk.result("xCommand/Dial", Number="a@example.com")
    talk.result("xFeedback/Subscribe", Query=["Status", "Call", "Status"])
    talk.result("xFeedback/Subscribe", Query=["Status", "Call", 99])
    talk.result("xCommand/Call/Disconnect")
    assert talk.heard() == [{"Id": 1, "Status": {"Call": [{"ghost": "True", "id": 1}]}}]


def test_an_account_hears_only_what_it_may_read() -> None:
    daily = Talk.open(DAILY)
    integrator = Talk.open(["Integrator"], device=daily.device, name="av")
    integrator.result("xFeedback/Subscribe", Query=["Status", "Audio"])
    assert integrator.code("xFeedback/Subscribe", Query=["Event", "CallDisconnect"]) == -31999
    integrator.session.subscriptions[9] = daily.device.subscription(daily.session.account, ["Status", "Call"])
    daily.device.calls.place("secret@example.com", "", "SIP", "", "x", NINE)
    changes = daily.device.state.take_changes()
    assert not any("secret" in frame for frame in integrator.session.notify(changes))


def test_a_notification_acts_and_is_not_answered() -> None:
    talk = Talk.open(DAILY)
    frame = {"jsonrpc": "2.0", "method": "xCommand/Audio/Volume/Set", "params": {"Level": 12}}
    assert talk.session.receive(json.dumps(frame), NINE) == []
    assert talk.result("xGet", Path=["Status", "Audio", "Volume"]) == 12
    assert talk.session.receive(json.dumps({**frame, "params": {}}), NINE) == []


def test_an_unknown_method_is_not_found() -> None:
    assert Talk.open(DAILY).code("xReboot") == -32601
    assert Talk.open(DAILY).code("xCommand/") == -32601


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
METHODS = st.sampled_from(
    ["xGet", "xSet", "xQuery", "xDoc", "xFeedback/Subscribe", "xFeedback/Unsubscribe", "xCommand/Dial", "xCommand/x"]
)
TALK = Talk.open(DAILY)


@given(METHODS, st.dictionaries(st.sampled_from(["Path", "Query", "Value", "Id", "Number", "body"]), JSON, max_size=3))
def test_any_request_gets_exactly_one_reply(method: str, params: dict[str, object]) -> None:
    frame = json.dumps({"jsonrpc": "2.0", "id": "x", "method": method, "params": params})
    reply, *_ = [json.loads(one) for one in TALK.session.receive(frame, NINE)]
    assert reply["id"] == "x"
    assert ("result" in reply) != ("error" in reply)


@given(st.text())
def test_any_text_is_answered_with_an_error_and_raises_nothing(frame: str) -> None:
    (reply,) = [json.loads(one) for one in TALK.session.receive(frame, NINE)]
    assert reply["error"]["code"] in (-32700, -32600)
