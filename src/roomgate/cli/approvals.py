"""Access that takes two people: asked for by one, answered by another, through the hub's API."""

from typing import Any

from cyclopts import App

from roomgate.cli.api import Api, at
from roomgate.cli.output import Json
from roomgate.cli.resource import Resource, add_list, add_show, show

approval = App(name="approval", help="Access that takes two people: ask for it, and answer what others ask.")

_APPROVALS = Resource(
    "approval", "approvals", ["id", "state", "person", "rooms", "capabilities", "minutes", "reason"],
    'Nothing was asked for yet: `roomgate approval ask oslo --capability call --reason "…"`.', "request_…",
)  # fmt: skip
add_list(approval, _APPROVALS)
add_show(approval, _APPROVALS)


@approval.command
def ask(
    *room: str,
    site: list[str] | None = None,
    tag: list[str] | None = None,
    capability: list[str] | None = None,
    role: str | None = None,
    minutes: float = 60,
    start: str | None = None,
    most_uses: int | None = None,
    only_booked: bool = False,
    reason: str,
    json: Json = False,
) -> None:
    """Ask for access for yourself. It waits for somebody else's answer, for 24 hours.

    Example: ``roomgate approval ask oslo --capability call --minutes 30 --reason "fix the camera"``

    Parameters
    ----------
    room
        rooms, as you know them
    site
        all rooms of a site; may be repeated
    tag
        all rooms with a tag; may be repeated
    capability
        observe, call, in-call, av-control, privacy, ui, configure, bookings, system …; may be repeated
    role
        or what this role gives
    minutes
        how long, at most 7 days
    start
        from when, such as 2027-01-31T17:00:00Z; at once if left out
    most_uses
        at most so many commands
    only_booked
        only while the room has a booking
    reason
        why; whoever answers reads it, and it is kept in the ledger
    """
    wish = {
        "rooms": list(room), "sites": site or [], "tags": tag or [], "capabilities": capability or [], "role": role,
        "minutes": minutes, "start": start, "most_uses": most_uses, "only_booked": only_booked, "reason": reason,
    }  # fmt: skip
    show(Api.from_profile().call("POST", at("approvals"), wish), "{id} waits for somebody's answer.", json=json)


@approval.command
def approve(
    id: str,
    /,
    *,
    minutes: float | None = None,
    capability: list[str] | None = None,
    words: str = "",
    json: Json = False,
) -> None:
    """Say yes to what somebody else asked for, or to less of it. Exit 1 if it was answered already.

    Example: ``roomgate approval approve request_… --minutes 15``

    Parameters
    ----------
    minutes
        a shorter time than was asked for
    capability
        only these, of those that were asked for; may be repeated
    words
        a sentence for whoever asked
    """
    answer: dict[str, Any] = {"words": words, "minutes": minutes, "capabilities": capability}
    given = Api.from_profile().call("POST", at("approvals", id, "approve"), answer)
    show(given, "{id} is approved: {grant} begins now.", json=json)


@approval.command
def refuse(id: str, /, *, words: str, json: Json = False) -> None:
    """Say no, with a sentence.

    Example: ``roomgate approval refuse request_… --words "Ask again on Monday."``

    Parameters
    ----------
    words
        why; whoever asked reads it
    """
    refused = Api.from_profile().call("POST", at("approvals", id, "refuse"), {"words": words})
    show(refused, "{id} is refused.", json=json)


@approval.command
def withdraw(id: str, /, *, json: Json = False) -> None:
    """Take back what you asked for.

    Example: ``roomgate approval withdraw request_…``
    """
    show(Api.from_profile().call("POST", at("approvals", id, "withdraw"), {}), "{id} is withdrawn.", json=json)


@approval.command
def acknowledge(id: str, /, *, words: str = "", json: Json = False) -> None:
    """Say that you have looked at break-glass access that somebody else took, after its end.

    Example: ``roomgate approval acknowledge request_… --words "It was the fire alarm."``

    Parameters
    ----------
    words
        what you found
    """
    looked = Api.from_profile().call("POST", at("approvals", id, "acknowledge"), {"words": words})
    show(looked, "{id} is acknowledged.", json=json)
