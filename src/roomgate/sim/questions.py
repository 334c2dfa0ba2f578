"""Questions to the people in the room beside prompts: a rating of one to five stars, a line of text.

One of each shows at a time; another one replaces it. A text may be a password or a PIN, so the journal holds its
length and never the text; the event carries it, as on a device.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from roomgate.sim.asked import Answer, Asked, Commands
from roomgate.sim.refusal import CommandError, InvalidParams
from roomgate.sim.state import State

_MESSAGE = ("UserInterface", "Message")
_STARS = 5


@dataclass(frozen=True, slots=True)
class Rating:
    """``receipt`` is the title and the text that thank whoever answered."""

    text: str
    title: str
    feedback: str
    receipt: tuple[str, str]
    ends: datetime | None


@dataclass(frozen=True, slots=True)
class TextInput:
    """``kind`` is SingleLine, Numeric, Password or PIN; ``given`` is what stands in the field at first."""

    text: str
    title: str
    feedback: str
    kind: str
    given: str
    placeholder: str
    submit: str
    ends: datetime | None

    def takes(self, text: str) -> bool:
        return text.isascii() and text.isdigit() if self.kind in ("Numeric", "PIN") else len(text) <= 255


def _ends(asked: Asked) -> datetime | None:
    seconds = asked.number("Duration", 0)
    return asked.now + timedelta(seconds=seconds) if seconds else None


@dataclass(slots=True)
class Questions:
    """What is asked now."""

    state: State
    rating: Rating | None = None
    text_input: TextInput | None = None

    def show_rating(self, asked: Asked) -> Answer:
        self.clear_rating("replaced")
        title, text, feedback = asked.text("Title"), asked.text("Text"), asked.text("FeedbackId")
        receipt = (asked.text("SubmitReceiptTitle"), asked.text("SubmitReceiptText"))
        self.rating = Rating(text, title, feedback, receipt, _ends(asked))
        facts = {"Duration": asked.number("Duration", 0), "FeedbackId": feedback, "Text": text, "Title": title}
        facts |= {"SubmitReceiptTitle": receipt[0], "SubmitReceiptText": receipt[1]}
        self._displayed("Rating", facts, asked)
        return {}

    def clear_rating_asked(self, asked: Asked) -> Answer:
        if self.rating is not None and asked.text("FeedbackId", self.rating.feedback) == self.rating.feedback:
            self.clear_rating(asked.account.name)
        return {}

    def respond_rating(self, asked: Asked) -> Answer:
        self.rate(asked.text("FeedbackId"), asked.number("Rating", 0), asked.account.name)
        return {}

    def rate(self, feedback: str, stars: int, by: str) -> None:
        """Somebody chose; raises CommandError where nothing is asked, InvalidParams for other than 1 to 5."""
        if self.rating is None or self.rating.feedback != feedback:
            raise CommandError("No such rating")
        if not 1 <= stars <= _STARS:
            raise InvalidParams(f"Bad usage: a rating is 1 to {_STARS}")
        self.rating = None
        self.state.event(*_MESSAGE, "Rating", "Response", FeedbackId=feedback, Origin="Controller", Rating=stars)
        self.state.note("rating.answered", feedback=feedback, stars=stars, by=by)

    def clear_rating(self, by: str) -> None:
        if self.rating is not None:
            feedback, self.rating = self.rating.feedback, None
            self.state.event(*_MESSAGE, "Rating", "Cleared", FeedbackId=feedback, Origin="Controller")
            self.state.note("rating.cleared", feedback=feedback, by=by)

    def show_text_input(self, asked: Asked) -> Answer:
        self.clear_text_input("replaced")
        one = self.text_input = TextInput(
            text=asked.text("Text"),
            title=asked.text("Title"),
            feedback=asked.text("FeedbackId"),
            kind=asked.text("InputType", "SingleLine"),
            given=asked.text("InputText"),
            placeholder=asked.text("Placeholder"),
            submit=asked.text("SubmitText", "OK"),
            ends=_ends(asked),
        )
        facts: dict[str, Any] = {
            "Duration": asked.number("Duration", 0),
            "FeedbackId": one.feedback,
            "InputText": one.given,
            "InputType": one.kind,
            "KeyboardState": asked.text("KeyboardState", "Open"),
            "Placeholder": one.placeholder,
            "SubmitText": one.submit,
            "Text": one.text,
            "Title": one.title,
        }
        self._displayed("TextInput", facts, asked)
        return {}

    def clear_text_input_asked(self, asked: Asked) -> Answer:
        if (
            self.text_input is not None
            and asked.text("FeedbackId", self.text_input.feedback) == self.text_input.feedback
        ):
            self.clear_text_input(asked.account.name)
        return {}

    def respond_text_input(self, asked: Asked) -> Answer:
        self.write(asked.text("FeedbackId"), asked.text("Text"), asked.account.name)
        return {}

    def write(self, feedback: str, text: str, by: str) -> None:
        """Somebody wrote and sent; raises CommandError where nothing is asked, InvalidParams for what is not taken."""
        if self.text_input is None or self.text_input.feedback != feedback:
            raise CommandError("No such text input")
        if not self.text_input.takes(text):
            raise InvalidParams(f"Bad usage: this field takes {self.text_input.kind}")
        self.text_input = None
        self.state.event(*_MESSAGE, "TextInput", "Response", FeedbackId=feedback, Origin="Controller", Text=text)
        self.state.note("text-input.answered", feedback=feedback, characters=len(text), by=by)

    def clear_text_input(self, by: str) -> None:
        if self.text_input is not None:
            feedback, self.text_input = self.text_input.feedback, None
            self.state.event(*_MESSAGE, "TextInput", "Clear", FeedbackId=feedback, Origin="Controller")
            self.state.note("text-input.cleared", feedback=feedback, by=by)

    def put_away(self) -> None:
        """After a restart nothing is asked any more, and nobody is told."""
        self.rating = self.text_input = None

    def tick(self, now: datetime) -> None:
        if self.rating is not None and self.rating.ends is not None and now >= self.rating.ends:
            self.clear_rating("time")
        if self.text_input is not None and self.text_input.ends is not None and now >= self.text_input.ends:
            self.clear_text_input("time")

    def next_at(self, now: datetime) -> datetime | None:
        shown = (self.rating, self.text_input)
        return min((one.ends for one in shown if one is not None and one.ends is not None), default=None)

    def _displayed(self, kind: str, facts: dict[str, Any], asked: Asked) -> None:
        where = {"PeripheralId": asked.text("PeripheralId"), "Target": asked.text("Target", "Auto")}
        self.state.event(*_MESSAGE, kind, "Display", **facts, **where)
        what = "rating.shown" if kind == "Rating" else "text-input.shown"
        self.state.note(what, feedback=facts["FeedbackId"], text=facts["Text"], by=asked.account.name)


COMMANDS: Commands[Questions] = {
    "UserInterface/Message/Rating/Display": Questions.show_rating,
    "UserInterface/Message/Rating/Clear": Questions.clear_rating_asked,
    "UserInterface/Message/Rating/Response": Questions.respond_rating,
    "UserInterface/Message/TextInput/Display": Questions.show_text_input,
    "UserInterface/Message/TextInput/Clear": Questions.clear_text_input_asked,
    "UserInterface/Message/TextInput/Response": Questions.respond_text_input,
}
