"""A web page on the room's screen: its address is shown in the status, and nothing is loaded."""

from dataclasses import dataclass

from roomgate.sim.asked import Answer, Asked, Commands
from roomgate.sim.refusal import CommandError
from roomgate.sim.state import State

_NUMBER = 1
_HERE = ("UserInterface", "WebView", _NUMBER)


@dataclass(slots=True)
class WebView:
    """One view. ``url`` is empty where none is shown."""

    state: State
    url: str = ""
    title: str = ""

    def display(self, asked: Asked) -> Answer:
        url = asked.text("Url")
        if not url.lower().startswith(("http://", "https://")):
            raise CommandError("Invalid URL specified")
        self.url, self.title = url, asked.text("Title")
        for leaf, value in (("Status", "Visible"), ("Type", "Integration"), ("URL", url)):
            self.state.put(*_HERE, leaf, value=value)
        self.state.event(
            "UserInterface",
            "WebView",
            "Display",
            AllowInsecureHttps=asked.text("AllowInsecureHttps", "False"),
            Mode=asked.text("Mode", "Fullscreen"),
            Options=asked.text("Options"),
            Target=asked.text("Target", "OSD"),
            Title=self.title,
            Url=url,
        )
        self.state.note("web-view.shown", by=asked.account.name)
        return {}

    def clear(self, asked: Asked) -> Answer:
        if self.url:
            self.take_away(asked.text("Target", "OSD"))
        return {}

    def take_away(self, target: str = "OSD") -> None:
        self.url = self.title = ""
        self.state.drop(*_HERE)
        self.state.event("UserInterface", "WebView", "Cleared", Target=target)


COMMANDS: Commands[WebView] = {
    "UserInterface/WebView/Display": WebView.display,
    "UserInterface/WebView/Clear": WebView.clear,
}
