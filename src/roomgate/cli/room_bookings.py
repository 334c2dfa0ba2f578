"""A room's own list of bookings: book it now, give a meeting more time, check in, end it, let it go."""

import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Annotated

from cyclopts import Parameter

from roomgate.cli.api import Api, at
from roomgate.cli.exits import DONE, NO
from roomgate.cli.output import Json, say
from roomgate.cli.room import Reason, do

Booking = Annotated[str, Parameter(help="its id, as `roomgate meeting list --room ROOM` shows it")]
Minutes = Annotated[int, Parameter(help="from 1 to 1440")]

# Between two looks at whether the calendar has granted it: a connector asks it at once, and its answer takes a moment.
PAUSES_S = (0.5, 1.0, 2.0, 4.0)


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
    """Give a meeting more time. Exit 1 if the device does not do it, or the calendar has not granted it yet.

    Example: ``roomgate room extend oslo rg-3f2a 15``
    """
    api = Api.from_profile()
    before = _end(api, room, booking)
    code = do(
        room,
        "Bookings Extend",
        {"Id": booking, "Duration": minutes},
        f"{room} was asked for {minutes} minutes more; its calendar has the last word.",
        json=json,
        reason=reason,
    )
    if code != DONE or before is None:
        return code
    ends = await_end(lambda: _end(api, room, booking), before + timedelta(minutes=minutes), PAUSES_S)
    if not json:
        say(
            f"It is granted: the meeting ends at {ends}." if ends else f"{room}'s calendar has not granted it. {_AFTER}"
        )
    return DONE if ends else NO


_AFTER = "Unless it does yet, the room shows the old end again, and says why: look with `roomgate meeting list`."


def await_end(
    look: Callable[[], datetime | None],
    wanted: datetime,
    pauses_s: Iterable[float],
    sleep: Callable[[float], None] = time.sleep,
) -> datetime | None:
    """The meeting's end once it is as late as wanted; None where it is not after all the pauses."""
    for pause_s in pauses_s:
        sleep(pause_s)
        if (ends := look()) is not None and ends >= wanted:
            return ends
    return None


def _end(api: Api, room: str, booking: str) -> datetime | None:
    """When the room's calendar says that a meeting ends; None where no calendar of the site's tells of it. A device's
    own word is none: it shows the later end at once, whatever becomes of it."""
    for one in api.call("GET", at("meetings", room=room, days="7"))["items"]:
        if one["id"] == booking and one["told_by"] == "calendar":
            return datetime.fromisoformat(one["end"])
    return None


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
