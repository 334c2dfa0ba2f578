"""The meetings of rooms, through the hub: listed, looked at one by one, and read anew."""

from typing import Any

from roomgate.cli.api import Api, at
from roomgate.cli.exits import DONE, NO
from roomgate.cli.output import Json, say, show_json, show_table

_FINE = ("ok", "untried")
_COLUMNS = ("start", "end", "room", "title", "service", "button", "id")


def list_(
    *,
    room: str | None = None,
    site: str | None = None,
    day: str | None = None,
    days: int | None = None,
    find: str | None = None,
    json: Json = False,
) -> int:
    """The meetings of the rooms whose bookings your grants include. Exit 1 if a room told nothing.

    Example: ``roomgate meeting list --room oslo --days 3``

    Parameters
    ----------
    room
        only this room
    site
        only the rooms of this site, by its id
    day
        a date such as 2026-03-01, in UTC; from now on without it
    days
        how many days, 7 at most; one without it
    find
        words of a room, title, organizer or service
    """
    api = Api.from_profile()
    asked = {"room": room, "site": site, "day": day, "days": None if days is None else str(days), "q": find}
    items: list[dict[str, Any]] = []
    rooms: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = api.call("GET", at("meetings", **asked, cursor=cursor))
        items += page["items"]
        rooms += page["rooms"]
        if (cursor := page["next"]) is None:
            break
    items.sort(key=lambda one: (one["start"], one["end"], one["room"], one["id"]))
    if json:
        show_json({"items": items, "rooms": rooms})
    else:
        rows = [{**one, "title": one["title"] or ("Private meeting" if one["private"] else "")} for one in items]
        show_table(rows, _COLUMNS, empty="No meetings. Invite a room to one; `roomgate meeting explain FILE` says why.")
        _say_troubles(rooms)
    return DONE if all(one["told_by"] for one in rooms) else NO


def show(room: str, meeting: str, /, *, json: Json = False) -> int:
    """One meeting of a room, and why it has the button that it has. Exit 1 if it has none.

    Example: ``roomgate meeting show oslo rg-3f2a``

    Parameters
    ----------
    meeting
        its id, as `roomgate meeting list` shows it
    """
    found = Api.from_profile().call("GET", at("rooms", room, "meetings", meeting))
    if json:
        show_json(found)
        return DONE if found["button"] else NO
    say(f"{found['title'] or 'Private meeting'}  {found['start']} – {found['end']}")
    way = f"{found['how']} {found['address']}".strip() if found["button"] else "no button"
    say(f"  {'no service' if found['service'] in ('', 'none') else found['service']}: {way}")
    for step in found["because"]:
        say(f"    {step['step']}: saw {step['saw']} → {step['decided']}")
    if not found["because"]:
        say("    The device lists it by itself: nobody here knows why.")
    return DONE if found["button"] else NO


def sync(room: str, /, *, json: Json = False) -> int:
    """Have the site read a room's calendar now. Exit 1 if the calendar or the device did not play its part.

    Example: ``roomgate meeting sync oslo``
    """
    told = Api.from_profile().call("POST", at("rooms", room, "meetings", "sync"))["told"]
    calendar, bookings = told["Calendar"], told["Bookings"]
    fine = calendar["State"] == "ok" and bookings["State"] in _FINE
    if json:
        show_json(told)
        return DONE if fine else NO
    shown = sum(one["Shown"] for one in told["Meetings"])
    say(f"{room}: {len(told['Meetings'])} meetings in its calendar, {shown} of them on the room's list.")
    if calendar["State"] != "ok":
        say(f"Calendar: {calendar['State']}. {calendar['Words']}".strip())
    if bookings["State"] not in _FINE:
        say(f"Device: {bookings['State']}. {bookings['Words']}".strip())
    for one in told["Bad"]:
        say(f"{one['Name']}: {one['Reason']}")
    return DONE if fine else NO


def _say_troubles(rooms: list[dict[str, Any]]) -> None:
    for room in rooms:
        for one in room["troubles"]:
            rule = f" (rule {one['rule']})" if one["rule"] else ""
            say(f"{room['room']}: {one['kind']}: {one['words']}{rule}")
