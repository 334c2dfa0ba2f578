"""What we understood of an invitation: who, when, how to join, and why."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from roomgate.clock import iso


class How(StrEnum):
    """The way into a meeting."""

    SIP = "sip"
    H323 = "h323"
    NATIVE = "native"  # a join command of the device's own
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Join:
    """One way in: the address, and the xCommand with its arguments that a device would be sent.

    ``passcode`` is what a person may have to key in; where it fits into the address, it is there too.
    """

    how: How
    address: str | None = field(default=None, repr=False)
    command: str | None = None
    arguments: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    passcode: str | None = field(default=None, repr=False)

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


@dataclass(frozen=True, slots=True)
class Step:
    """One decision on the way from the invitation to the button: what was looked at, what it led to.

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


@dataclass(frozen=True, slots=True)
class Meeting:
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
