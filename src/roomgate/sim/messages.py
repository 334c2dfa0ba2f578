"""What is shown to the people in the room: a prompt with options, an alert, a line of text.

One prompt shows at a time; another one replaces it, and the first is then cleared. Whether a real device
queues them is not established, so that is a switch (``prompt_replaces``).
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from roomgate.sim.asked import Answer, Asked, Commands
from roomgate.sim.refusal import CommandError, InvalidParams
from roomgate.sim.state import State

_MOST_WAITING = 20


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question. ``options`` are numbered from 1; ``ends`` is None where it waits for ever."""

    text: str
    title: str
    feedback: str
    options: tuple[tuple[int, str], ...]
    began: datetime
    ends: datetime | None


@dataclass(frozen=True, slots=True)
class Notice:
    """An alert or a line of text."""

    text: str
    title: str
    ends: datetime | None


def _ends(asked: Asked) -> datetime | None:
    seconds = asked.number("Duration", 0)
    return asked.now + timedelta(seconds=seconds) if seconds else None


@dataclass(slots=True)
class Messages:
    """What stands on the screen now."""

    state: State
    prompt: Prompt | None = None
    alert: Notice | None = None
    line: Notice | None = None
    prompt_replaces: bool = True
    waiting: list[Prompt] = field(default_factory=list)
    _is_fresh: bool = False

    def show_prompt(self, asked: Asked) -> Answer:
        options = tuple((n, asked.text(f"Option.{n}")) for n in range(1, 6) if asked.text(f"Option.{n}"))
        feedback, title = asked.text("FeedbackId"), asked.text("Title")
        asked_for = Prompt(asked.text("Text"), title, feedback, options, asked.now, _ends(asked))
        if self.prompt is not None and not self.prompt_replaces:
            self.waiting = [*self.waiting[-_MOST_WAITING + 1 :], asked_for]
            return {}
        if self.prompt is not None:
            self._clear_prompt("prompt.replaced")
        self.prompt = asked_for
        children: dict[str, Any] = {
            "Duration": asked.number("Duration", 0),
            "FeedbackId": feedback,
            "Text": asked_for.text,
            "Title": title,
            "Target": asked.text("Target", "Auto"),
            "PeripheralId": "",
        }
        children |= {f"Option.{n}": text for n, text in options}
        self.state.event("UserInterface", "Message", "Prompt", "Display", **children)
        self.state.note("prompt.shown", feedback=feedback, title=title, text=asked_for.text, by=asked.account.name)
        return {}

    def clear_prompt(self, asked: Asked) -> Answer:
        if self.prompt is not None and asked.text("FeedbackId", self.prompt.feedback) == self.prompt.feedback:
            self._clear_prompt("prompt.cleared", by=asked.account.name)
        return {}

    def respond(self, asked: Asked) -> Answer:
        """An account answers in the room's stead, as a device lets it."""
        self.answer(asked.text("FeedbackId"), asked.number("OptionId", 0), asked.account.name)
        return {}

    def answer(self, feedback: str, option: int, by: str) -> None:
        """Somebody chose; raises CommandError if that prompt is not there, InvalidParams for another option."""
        prompt = self.prompt
        if prompt is None or prompt.feedback != feedback:
            raise CommandError("No such prompt")
        if option not in dict(prompt.options):
            raise InvalidParams("Bad usage: no such option")
        self.prompt = self._following()
        self.state.event(
            "UserInterface", "Message", "Prompt", "Response", FeedbackId=feedback, OptionId=option, Origin="Controller"
        )
        self.state.note("prompt.answered", feedback=feedback, option=option, by=by)

    def dismiss_prompt(self, feedback: str, by: str) -> None:
        """Somebody put it away without an answer."""
        if self.prompt is not None and self.prompt.feedback == feedback:
            self._clear_prompt("prompt.cleared", by=by)

    def _clear_prompt(self, why: str, **facts: str) -> None:
        if self.prompt is not None:
            feedback, self.prompt = self.prompt.feedback, self._following()
            self.state.event("UserInterface", "Message", "Prompt", "Cleared", FeedbackId=feedback, Origin="Controller")
            self.state.note(why, feedback=feedback, **facts)

    def _following(self) -> Prompt | None:
        """The next that waits. Its time begins at the next tick, which is due at once."""
        self._is_fresh = bool(self.waiting)
        return self.waiting.pop(0) if self.waiting else None

    def put_away(self) -> None:
        """After a restart nothing is shown any more, and nobody is told."""
        self.prompt = self.alert = self.line = None
        self.waiting.clear()

    def show_alert(self, asked: Asked) -> Answer:
        self.alert = Notice(asked.text("Text"), asked.text("Title"), _ends(asked))
        self.state.event(
            "UserInterface",
            "Message",
            "Alert",
            "Display",
            Duration=asked.number("Duration", 0),
            PeripheralId="",
            Target=asked.text("Target", "Auto"),
            Text=self.alert.text,
            Title=self.alert.title,
        )
        self.state.note("alert.shown", title=self.alert.title, text=self.alert.text, by=asked.account.name)
        return {}

    def clear_alert(self, asked: Asked) -> Answer:
        self.dismiss_alert(asked.account.name)
        return {}

    def dismiss_alert(self, by: str) -> None:
        if self.alert is not None:
            self.alert = None
            self.state.event("UserInterface", "Message", "Alert", "Cleared", Origin="Controller")
            self.state.note("alert.cleared", by=by)

    def show_line(self, asked: Asked) -> Answer:
        self.line = Notice(asked.text("Text"), "", _ends(asked))
        self.state.event(
            "UserInterface",
            "Message",
            "TextLine",
            "Display",
            Duration=asked.number("Duration", 0),
            PeripheralId=asked.text("PeripheralId"),
            Target=asked.text("Target", "Auto"),
            Text=self.line.text,
            X=asked.number("X", 0),
            Y=asked.number("Y", 0),
        )
        self.state.note("textline.shown", text=self.line.text, by=asked.account.name)
        return {}

    def clear_line(self, asked: Asked) -> Answer:
        if self.line is not None:
            self._clear_line(asked.account.name)
        return {}

    def _clear_line(self, by: str) -> None:
        self.line = None
        self.state.event("UserInterface", "Message", "TextLine", "Cleared", Origin="Controller")
        self.state.note("textline.cleared", by=by)

    def tick(self, now: datetime) -> None:
        """Take away what is over. A prompt that nobody answered is cleared: silence has no option."""
        if self.prompt is not None and self._is_fresh:
            lasts = self.prompt.ends - self.prompt.began if self.prompt.ends else None
            self.prompt = replace(self.prompt, began=now, ends=now + lasts if lasts else None)
            self._is_fresh = False
        if self.prompt is not None and self.prompt.ends is not None and now >= self.prompt.ends:
            self._clear_prompt("prompt.expired")
        if self.alert is not None and self.alert.ends is not None and now >= self.alert.ends:
            self.dismiss_alert("time")
        if self.line is not None and self.line.ends is not None and now >= self.line.ends:
            self._clear_line("time")

    def next_at(self, now: datetime) -> datetime | None:
        if self._is_fresh:
            return now
        shown = (self.prompt, self.alert, self.line)
        return min((one.ends for one in shown if one is not None and one.ends is not None), default=None)


COMMANDS: Commands[Messages] = {
    "UserInterface/Message/Prompt/Display": Messages.show_prompt,
    "UserInterface/Message/Prompt/Clear": Messages.clear_prompt,
    "UserInterface/Message/Prompt/Response": Messages.respond,
    "UserInterface/Message/Alert/Display": Messages.show_alert,
    "UserInterface/Message/Alert/Clear": Messages.clear_alert,
    "UserInterface/Message/TextLine/Display": Messages.show_line,
    "UserInterface/Message/TextLine/Clear": Messages.clear_line,
}
