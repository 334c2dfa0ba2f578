"""What the room is shown, and what it answers."""

from typing import Any

import pytest

from roomgate.sim.device import Device
from roomgate.sim.profile import get_profile
from roomgate.sim.refusal import CommandError, InvalidParams
from support.simulated import ADMIN, DAILY, NINE, Talk


def asked(talk: Talk, **more: Any) -> None:
    arguments = {"Text": "Yes?", "FeedbackId": "f1", "Option.1": "No", "Option.2": "Yes", "Duration": 25, **more}
    talk.result("xCommand/UserInterface/Message/Prompt/Display", **arguments)


def watching() -> Talk:
    talk = Talk.open(DAILY)
    talk.result("xFeedback/Subscribe", Query=["Event", "UserInterface", "Message"])
    return talk


def events(talk: Talk) -> list[dict[str, Any]]:
    return [one["Event"]["UserInterface"]["Message"] for one in talk.heard()]


def test_an_answer_is_an_event_with_the_option_and_takes_the_prompt_away() -> None:
    talk = watching()
    asked(talk)
    assert events(talk)[0]["Prompt"]["Display"]["Option.2"] == "Yes"
    talk.device.messages.answer("f1", 2, "panel")
    talk.settle()
    (said,) = events(talk)
    assert said["Prompt"]["Response"] == {"FeedbackId": "f1", "OptionId": 2, "Origin": "Controller"}
    with pytest.raises(CommandError):
        talk.device.messages.answer("f1", 2, "panel")


def test_silence_clears_the_prompt_at_its_time_and_no_earlier() -> None:
    talk = watching()
    asked(talk)
    talk.heard()
    talk.wait(24.9)
    assert events(talk) == []
    talk.wait(0.1)
    (said,) = events(talk)
    assert said["Prompt"]["Cleared"]["FeedbackId"] == "f1"
    assert talk.notes("prompt.expired") == [{"feedback": "f1"}]


def test_an_option_that_was_not_offered_is_refused_and_the_prompt_stays() -> None:
    talk = watching()
    asked(talk)
    for option in (0, 3, 6):
        with pytest.raises(InvalidParams):
            talk.device.messages.answer("f1", option, "panel")
    assert talk.device.messages.prompt is not None


def test_another_prompt_replaces_the_first() -> None:
    talk = watching()
    asked(talk)
    asked(talk, FeedbackId="f2")
    assert [next(iter(one["Prompt"])) for one in events(talk)] == ["Display", "Cleared", "Display"]
    talk.result("xCommand/UserInterface/Message/Prompt/Clear", FeedbackId="f1")
    assert talk.device.messages.prompt is not None
    talk.result("xCommand/UserInterface/Message/Prompt/Response", FeedbackId="f2", OptionId=1)
    assert talk.device.messages.prompt is None


def test_an_alert_stays_until_dismissed_or_until_its_time() -> None:
    talk = watching()
    talk.result("xCommand/UserInterface/Message/Alert/Display", Text="Hello", Title="T")
    talk.wait(10_000)
    assert talk.device.messages.alert is not None
    talk.result("xCommand/UserInterface/Message/Alert/Clear")
    assert next(iter(events(talk)[-1]["Alert"])) == "Cleared"
    talk.result("xCommand/UserInterface/Message/Alert/Display", Text="Hello", Duration=5)
    talk.wait(5)
    assert talk.device.messages.alert is None


def test_a_line_of_text_comes_and_goes() -> None:
    talk = watching()
    talk.result("xCommand/UserInterface/Message/TextLine/Display", Text="Hello", Duration=3)
    assert talk.device.messages.line is not None
    talk.wait(3)
    assert talk.device.messages.line is None


def test_a_second_prompt_waits_where_the_switch_says_so() -> None:
    device = Device.new("Birch", get_profile("26").with_switches({"prompt_replaces": False}), NINE)
    talk = Talk.open(ADMIN, device=device)
    ask = "xCommand/UserInterface/Message/Prompt/Display"
    for name in ("first", "second"):
        talk.result(ask, **{"Text": "Well?", "FeedbackId": name, "Option.1": "Yes", "Duration": 10})
    device.messages.answer("first", 1, "panel")
    device.messages.answer("second", 1, "panel")
    for name in ("third", "fourth"):
        talk.result(ask, **{"Text": "Well?", "FeedbackId": name, "Option.1": "Yes", "Duration": 10})
    with pytest.raises(CommandError):
        device.messages.answer("fourth", 1, "panel")
    talk.wait(10)
    assert device.messages.next_at(talk.now) == talk.now, "the time of the fourth begins"
    talk.wait(0)
    talk.wait(9)
    device.messages.answer("fourth", 1, "panel")
    assert device.messages.prompt is None
