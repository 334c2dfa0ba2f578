"""Pure: which of a panel's events are a press that counts.

A button says ``pressed``, ``released`` and ``clicked`` for each touch of a finger (RoomOS UI extensions). A click
counts if its own ``pressed`` came before it, on the same screen, and nothing has used that up: so an event that
arrives twice, or once more after a lost connection, is told apart from a second touch, which has a ``pressed`` of
its own. A second touch within `DEBOUNCE_S` is the same finger trembling: most controls are toggles, and two would
undo each other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

DEBOUNCE_S = 0.4
HELD_S = 30.0  # a finger that stayed longer on a button has something else in mind
_MOST = 64  # touches that were begun; there are fewer screens and buttons than that


class Heard(StrEnum):
    PRESS = "press"  # it counts
    DOUBLE = "double"  # a second touch right after one that counted
    REPEAT = "repeat"  # a click that no touch belongs to
    OTHER = "other"  # the rest of a touch, or no event of a button


@dataclass(slots=True)
class Presses:
    """What was heard of one panel while it is shown. Times are of a monotonic clock, in seconds."""

    _begun: dict[tuple[str, str, str], float] = field(default_factory=dict)
    _counted: dict[str, float] = field(default_factory=dict)

    def hear(self, action: Mapping[str, Any], now: float) -> tuple[str, Heard]:
        """One ``Widget Action`` event: the widget, and what the event amounts to."""
        widget, kind = str(action.get("WidgetId", "")), action.get("Type")
        touch = (widget, str(action.get("Origin", "")), str(action.get("PeripheralId", "")))
        if kind == "pressed":
            if len(self._begun) >= _MOST:
                self._begun.clear()
            self._begun[touch] = now
            return widget, Heard.OTHER
        if kind != "clicked":
            return widget, Heard.OTHER
        began = self._begun.pop(touch, None)
        if began is None or now - began > HELD_S:
            return widget, Heard.REPEAT
        last = self._counted.get(widget)
        if last is not None and now - last < DEBOUNCE_S:
            return widget, Heard.DOUBLE
        if len(self._counted) >= _MOST:
            self._counted.clear()
        self._counted[widget] = now
        return widget, Heard.PRESS

    def lost(self) -> None:
        """The connection was lost: a touch that began before it ends unheard."""
        self._begun.clear()
