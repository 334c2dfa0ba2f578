"""Pure: which call a room's meeting controls belong to, and with which service it is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from roomgate.meetings.booking import booking_id, plain_number
from roomgate.meetings.in_call import decide_service
from roomgate.meetings.meeting import Meeting
from roomgate.xapi import tree

# (the number that was dialled, the booking that the device says it joined, if any) → the booking's service
Booked = Callable[[str, str | None], str | None]
_THERE = ("Connected", "OnHold")


@dataclass(frozen=True, slots=True)
class Joined:
    """The call that is there, by the device's id of it, and its service."""

    call: int
    service: str


def find_joined(state: Any, booked: Booked) -> Joined | None:
    """The one call of a room in which its service's controls are of use; None where there is none, or more than one.

    ``state`` is the room's mirrored status. The room dialled out, by SIP: who calls in may say any address as their
    own, and tones elsewhere are not established. The device shows the number that was dialled as ``RemoteNumber``,
    which the far end may replace, and as ``CallbackNumber``: where the two lead to different services it is neither.
    """
    calls = _members(tree.lookup(state, ("Status", "Call")))
    if len(calls) != 1:
        return None
    call, number = calls[0], tree.member_id(calls[0])
    if number is None or call.get("Status") not in _THERE or call.get("Direction") != "Outgoing":
        return None
    if str(call.get("Protocol", "")).upper() != "SIP":
        return None
    about = next(
        (
            one
            for one in _members(tree.lookup(state, ("Status", "Conference", "Call")))
            if tree.member_id(one) == number
        ),
        {},
    )
    if str(tree.lookup(about, ("Capabilities", "DTMF"))) == "False":
        return None
    told = about.get("BookingId")
    booking = str(told) if isinstance(told, str | int) and str(told) else None
    told_numbers = (call.get(name) for name in ("RemoteNumber", "CallbackNumber"))
    # Mostly one address in two spellings, which is then looked at once.
    dialled = {plain_number(one) for one in told_numbers if isinstance(one, str)}
    services = {service for one in dialled if (service := decide_service(one, booked(one, booking)))}
    return Joined(number, services.pop()) if len(services) == 1 else None


def find_booked_service(meetings: Sequence[Meeting], number: str, booking: str | None) -> str | None:
    """The service of the room's meetings that this number joins; None where there is none, or they differ."""
    services = {
        one.service
        for one in meetings
        if not one.cancelled
        and one.join.address
        and plain_number(one.join.address) == plain_number(number)
        and booking in (None, booking_id(one.uid, one.recurrence_id))
    }
    return services.pop() if len(services) == 1 else None


def _members(found: Any) -> list[dict[str, Any]]:
    return [one for one in found if isinstance(one, dict) and not tree.is_ghost(one)] if isinstance(found, list) else []
