"""Ratings and text input."""

from datetime import timedelta
from typing import Any

import pytest

from roomgate.sim.refusal import CommandError, InvalidParams
from support.simulated import ADMIN, Talk

HERE = "xCommand/UserInterface/Message"


def listening() -> Talk:
    talk = Talk.open(ADMIN)
    talk.result("xFeedback/Subscribe", Query=["Event", "UserInterface", "Message"])
    return talk


def events(talk: Talk) -> list[tuple[str, str, Any]]:
    found = []
    for one in talk.heard():
        ((kind, below),) = one["Event"]["UserInterface"]["Message"].items()
        ((what, facts),) = below.items()
        found.append((kind, what, facts))
    return found


def test_a_rating_is_answered_with_its_stars() -> None:
    talk = listening()
    talk.result(f"{HERE}/Rating/Display", Text="How was it?", FeedbackId="f")
    for bad in (0, 6):
        with pytest.raises(InvalidParams):
            talk.device.questions.rate("f", bad, "panel")
    talk.device.questions.rate("f", 4, "panel")
    talk.settle()
    assert events(talk)[-1] == ("Rating", "Response", {"FeedbackId": "f", "Origin": "Controller", "Rating": 4})
    with pytest.raises(CommandError):
        talk.device.questions.rate("f", 4, "panel")


def test_a_text_is_written_and_only_its_length_is_noted() -> None:
    talk = listening()
    talk.result(f"{HERE}/TextInput/Display", Text="Your PIN", FeedbackId="f", InputType="PIN")
    with pytest.raises(InvalidParams):
        talk.device.questions.write("f", "letters", "panel")
    talk.device.questions.write("f", "4711", "panel")
    talk.settle()
    assert events(talk)[-1][2]["Text"] == "4711"
    notes = list(talk.device.state.take_notes())
    assert "4711" not in str(notes)
    assert [one.facts["characters"] for one in notes if one.what == "text-input.answered"] == [4]


@pytest.mark.parametrize(("kind", "end"), [("Rating", "Cleared"), ("TextInput", "Clear")])
def test_what_nobody_answers_goes_by_itself(kind: str, end: str) -> None:
    talk = listening()
    talk.result(f"{HERE}/{kind}/Display", Text="Well?", FeedbackId="f", Duration=10)
    assert talk.device.questions.next_at(talk.now) == talk.now + timedelta(seconds=10)
    talk.wait(9)
    talk.wait(1)
    assert [what for _, what, _ in events(talk)] == ["Display", end]
    assert talk.device.questions.next_at(talk.now) is None


@pytest.mark.parametrize("kind", ["Rating", "TextInput"])
def test_clearing_names_its_question(kind: str) -> None:
    talk = listening()
    talk.result(f"{HERE}/{kind}/Display", Text="Well?", FeedbackId="f")
    talk.result(f"{HERE}/{kind}/Clear", FeedbackId="other")
    assert (talk.device.questions.rating, talk.device.questions.text_input) != (None, None)
    talk.result(f"{HERE}/{kind}/Clear", FeedbackId="f")
    assert (talk.device.questions.rating, talk.device.questions.text_input) == (None, None)


def test_an_account_may_answer_in_the_rooms_stead() -> None:
    talk = listening()
    talk.result(f"{HERE}/Rating/Display", Text="How was it?", FeedbackId="f")
    talk.result(f"{HERE}/Rating/Response", FeedbackId="f", Rating=5)
    talk.result(f"{HERE}/TextInput/Display", Text="Name?", FeedbackId="g")
    talk.result(f"{HERE}/TextInput/Response", FeedbackId="g", Text="Ada")
    assert talk.code(f"{HERE}/TextInput/Response", FeedbackId="g", Text="Ada") == 1
