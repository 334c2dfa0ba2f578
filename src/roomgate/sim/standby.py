"""Sleep and waking: the timer of `Configuration Standby Delay`, half-wake, and what keeps a room awake.

With ``Standby Control`` On and nothing going on, the room sleeps ``Delay`` minutes after the last thing that woke
it, and says ``SecondsToStandby`` before. Half-wake lasts as long as the half-wake timer was set to, else as long
as ``Delay``. A call keeps the room awake. How many seconds before the announcement comes is not established
(30 here).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from roomgate.sim.asked import Answer, Asked, Commands
from roomgate.sim.state import State

_WARNING_S = 30
_BUSY = ("NumberOfActiveCalls", "NumberOfInProgressCalls", "NumberOfSuspendedCalls")


@dataclass(slots=True)
class Standby:
    """``sleeps_at`` is when the timer runs out; None where none runs."""

    state: State
    sleeps_at: datetime | None = None
    _warned: bool = False

    def wake(self, now: datetime, minutes: int = 0) -> None:
        """Somebody or something wakes the room; the timer begins again, for ``minutes`` or the setting's."""
        self._show("Off", "None")
        self._begin(now, minutes)

    def wake_for_meeting(self, now: datetime) -> None:
        """A booking begins."""
        if self._setting("WakeupAtMeetingStart") != "Off":
            self.wake(now)

    def activate(self, _: Asked) -> Answer:
        self.sleep()
        return {}

    def deactivate(self, asked: Asked) -> Answer:
        self.wake(asked.now)
        return {}

    def half_wake(self, asked: Asked) -> Answer:
        self._show("Halfwake", "None")
        self._begin(asked.now, 0)
        return {}

    def reset_timer(self, asked: Asked) -> Answer:
        self.wake(asked.now, asked.number("Delay", 0))
        self.state.event("Standby", "Reset")
        return {}

    def reset_half_wake_timer(self, asked: Asked) -> Answer:
        if self.state.read("Status", "Standby", "State") == "Halfwake":
            self._begin(asked.now, asked.number("Delay", 0))
        return {}

    def tick(self, now: datetime) -> None:
        if self.sleeps_at is None:
            return
        if self._setting("Control") == "Off":
            self.sleeps_at = None
        elif self._is_busy():
            self._begin(now, 0)
        elif now >= self.sleeps_at:
            self.sleep()
        elif not self._warned and now >= self._warns_at():
            self._warned = True
            self.state.event("Standby", "SecondsToStandby", NameNotUsed=_WARNING_S)

    def next_at(self, now: datetime) -> datetime | None:
        if self.sleeps_at is None:
            return None
        return self.sleeps_at if self._warned or self._warns_at() <= now else self._warns_at()

    def _warns_at(self) -> datetime:
        assert self.sleeps_at is not None
        return self.sleeps_at - timedelta(seconds=_WARNING_S)

    def _begin(self, now: datetime, minutes: int) -> None:
        delay = self._setting("Delay")
        wait = minutes or (delay if isinstance(delay, int) else 10)
        self._warned = False
        self.sleeps_at = None if self._setting("Control") == "Off" else now + timedelta(minutes=wait)

    def sleep(self) -> None:
        """Fall asleep now."""
        self.sleeps_at = None
        self._show("Standby", "DisplayOff")

    def _show(self, shown: str, level: str) -> None:
        self.state.put("Standby", "State", value=shown)
        self.state.put("Standby", "Level", value=level)

    def _is_busy(self) -> bool:
        state = self.state.read("Status", "SystemUnit", "State") or {}
        return any(state.get(name) for name in _BUSY)

    def _setting(self, name: str) -> str | int | None:
        value = self.state.read("Configuration", "Standby", name)
        return value if isinstance(value, str | int) else None


COMMANDS: Commands[Standby] = {
    "Standby/Activate": Standby.activate,
    "Standby/Deactivate": Standby.deactivate,
    "Standby/Halfwake": Standby.half_wake,
    "Standby/ResetTimer": Standby.reset_timer,
    "Standby/ResetHalfwakeTimer": Standby.reset_half_wake_timer,
}
