"""A room's own list of bookings: book it now, give a meeting more time, check in, end it, let it go."""

from typing import Annotated

from cyclopts import Parameter

from roomgate.cli.output import Json
from roomgate.cli.room import Reason, do

Booking = Annotated[str, Parameter(help="its id, as `roomgate meeting list --room ROOM` shows it")]
Minutes = Annotated[int, Parameter(help="from 1 to 1440")]


def book(room: str, minutes: Minutes = 30, /, *, title: str = "", reason: Reason = "", json: Json = False) -> int:
    """Book a room from now on. Whether its calendar takes it shows in the room's meetings.

    Example: ``roomgate room book oslo 30 --title "Stand-up"``

    Parameters
    ----------
    title
        what the room shows
    """
    arguments = {"Duration": minutes, **({"Title": title} if title else {})}
    return do(
        room,
        "Bookings Book",
        arguments,
        f"{room} was asked for {minutes} minutes; its calendar has the last word.",
        json=json,
        reason=reason,
    )


def extend(room: str, booking: Booking, minutes: Minutes = 15, /, *, reason: Reason = "", json: Json = False) -> int:
    """Give a meeting more time.

    Example: ``roomgate room extend oslo rg-3f2a 15``
    """
    arguments = {"Id": booking, "Duration": minutes}
    return do(
        room,
        "Bookings Extend",
        arguments,
        f"{room} was asked for {minutes} minutes more; its calendar has the last word.",
        json=json,
        reason=reason,
    )


def check_in(room: str, booking: Booking, /, *, json: Json = False) -> int:
    """Say that somebody is there, so that the room is not let go.

    Example: ``roomgate room check-in oslo rg-3f2a``
    """
    return do(room, "Bookings CheckIn", {"Id": booking}, f"{room} is checked in.", json=json)


def end(room: str, booking: Booking, /, *, json: Json = False) -> int:
    """End a meeting that is on: the room is free from now on.

    Example: ``roomgate room end oslo rg-3f2a``
    """
    return do(room, "Bookings CheckOut", {"Id": booking}, f"{room} is free.", json=json)


def release(room: str, booking: Booking, /, *, json: Json = False) -> int:
    """Let a room go from a meeting that has not begun.

    Example: ``roomgate room release oslo rg-3f2a``
    """
    return do(room, "Bookings Delete", {"Id": booking}, f"{room} let it go; its calendar has the last word.", json=json)
