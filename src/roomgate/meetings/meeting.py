"""What we understood of an invitation: who, when, how to join, and why."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from roomgate.clock import iso


class How(StrEnum):
    """The way into a meeting."""

    SIP = "sip"
    H323 = "h323"
    NATIVE = "native"  # a join command of the device's own
    NONE = "none"


class Join(msgspec.Struct, frozen=True, gc=False):
    """One way in: the address, and the xCommand with its arguments that a device would be sent.

    ``passcode`` is what a person may have to key in; where it fits into the address, it is there too.
    """

    how: How
    address: str | None = None
    command: str | None = None
    arguments: tuple[tuple[str, str], ...] = ()
    passcode: str | None = None

    def __repr__(self) -> str:
        """Without what a log had better not hold."""
        return f"Join(how={self.how!r}, command={self.command!r})"

    def to_json(self) -> dict[str, Any]:
        return {
            "how": self.how.value,
            "address": self.address,
            "command": self.command,
            "arguments": dict(self.arguments),
            "passcode": self.passcode,
        }


NO_JOIN = Join(How.NONE)


def sip_join(address: str, passcode: str | None = None) -> Join:
    return Join(How.SIP, address, "Dial", (("Number", address), ("Protocol", "Sip")), passcode)


def h323_join(address: str, passcode: str | None = None) -> Join:
    return Join(How.H323, address, "Dial", (("Number", address), ("Protocol", "H323")), passcode)


class Step(msgspec.Struct, frozen=True, gc=False):
    """One decision on the way from the invitation to the button: what was looked at, what it led to.

    A struct, since a dataclass that is frozen takes five times as long to make, and an invitation makes many. Like all
    that an invitation is made of it holds nothing that could hold it, so the garbage collector need not know of it.
    ``reason``: where something was refused or left out, the stable word for why (`roomgate.meetings.reason`).
    """

    step: str
    saw: str
    decided: str
    reason: str = ""

    def to_json(self) -> dict[str, str]:
        told = {"step": self.step, "saw": self.saw, "decided": self.decided}
        return told | {"reason": str(self.reason)} if self.reason else told


@dataclass(frozen=True, slots=True)
class Organizer:
    name: str = ""
    email: str = ""


class Meeting(msgspec.Struct, frozen=True, gc=False):
    """One occurrence. ``recurrence_id`` is the occurrence's original start in a series, else empty."""

    uid: str
    recurrence_id: str
    service: str
    title: str
    start: datetime
    end: datetime
    organizer: Organizer
    private: bool
    cancelled: bool
    join: Join
    all_day: bool = False
    alternatives: tuple[Join, ...] = ()
    because: tuple[Step, ...] = ()
    tentative: bool = False
    declined_by: frozenset[str] = frozenset()

    def to_json(self) -> dict[str, Any]:
        """As ``roomgate meeting explain --json`` prints it."""
        return {
            "service": self.service,
            "title": self.title,
            "start": iso(self.start),
            "end": iso(self.end),
            "private": self.private,
            "cancelled": self.cancelled,
            "join": self.join.to_json(),
            "alternatives": [other.to_json() for other in self.alternatives],
            "because": [step.to_json() for step in self.because],
        }
