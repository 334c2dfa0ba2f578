"""Do not disturb: for a time in minutes, then it ends by itself. A call that comes meanwhile is turned away."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from roomgate.sim.asked import Answer, Asked, Commands
from roomgate.sim.state import State


@dataclass(slots=True)
class DoNotDisturb:
    """``until`` is when it ends; None where it is off."""

    state: State
    until: datetime | None = None

    @property
    def is_on(self) -> bool:
        return self.until is not None

    def activate(self, asked: Asked) -> Answer:
        default = self.state.read("Configuration", "Conference", "DoNotDisturb", "DefaultTimeout")
        minutes = asked.number("Timeout", default if isinstance(default, int) else 60)
        self.until = asked.now + timedelta(minutes=minutes)
        self.state.put("Conference", "DoNotDisturb", value="Active")
        return {}

    def deactivate(self, _: Asked) -> Answer:
        self.end()
        return {}

    def end(self) -> None:
        self.until = None
        self.state.put("Conference", "DoNotDisturb", value="Inactive")

    def tick(self, now: datetime) -> None:
        if self.until is not None and now >= self.until:
            self.end()

    def next_at(self, now: datetime) -> datetime | None:
        return self.until


COMMANDS: Commands[DoNotDisturb] = {
    "Conference/DoNotDisturb/Activate": DoNotDisturb.activate,
    "Conference/DoNotDisturb/Deactivate": DoNotDisturb.deactivate,
}
