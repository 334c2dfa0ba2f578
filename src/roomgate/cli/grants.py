"""Who may do what: grants, locks and sessions, through the hub's API."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from cyclopts import App

from roomgate.cli.api import Api, at
from roomgate.cli.exits import DONE, NO
from roomgate.cli.output import Json, say, show_json, tell
from roomgate.cli.resource import Resource, add_list, add_remove, add_show, show
from roomgate.errors import BadInput

grant = App(name="grant", help="Who may do what, in which rooms, until when.")
lock = App(name="lock", help="Refuse everything that matches, at once.")
session = App(name="session", help="Who is in which room from outside.")

_GRANTS = Resource(
    "grant", "grants", ["id", "person", "rooms", "capabilities", "until", "paused", "reason"],
    'No grants yet: `roomgate grant add ada --room oslo --capability call --reason "…"`.', "grant_…",
)  # fmt: skip
_LOCKS = Resource("lock", "locks", ["id", "kind", "subject", "reason"], "Nothing is locked.", "lock_…", alone=False)
_SESSIONS = Resource(
    "session", "sessions", ["id", "name", "room", "channels", "effects", "since"],
    "Nobody is in a room from outside.", "session_…", alone=False,
)  # fmt: skip

for _app, _resource, _words in (
    (grant, _GRANTS, "End a grant, with everything that it opened."),
    (lock, _LOCKS, "Lift a lock. What it cut does not come back by itself."),
    (session, _SESSIONS, "End a session, with everything that it caused."),
):
    add_list(_app, _resource)
    add_show(_app, _resource)
    if _app is not lock:
        add_remove(_app, _resource, _words)


@grant.command
def add(
    person: str,
    /,
    *,
    room: list[str] | None = None,
    site: list[str] | None = None,
    tag: list[str] | None = None,
    capability: list[str] | None = None,
    role: str | None = None,
    start: str | None = None,
    minutes: float | None = None,
    until: str | None = None,
    uses: int | None = None,
    only_booked: bool = False,
    reason: str,
    json: Json = False,
) -> None:
    """Give somebody access to rooms, for a time.

    Example: ``roomgate grant add ada --room oslo --capability call --minutes 30 --reason "fix the camera"``

    Parameters
    ----------
    person
        their name or id
    room
        a room; may be repeated
    site
        every room of a site, those that come later too; may be repeated
    tag
        every room with this tag, as long as it has it; may be repeated
    capability
        observe, call, in-call, av-control, privacy, ui, configure, bookings, system …; may be repeated
    role
        give what `roomgate role show` lists for this role
    start
        from when, such as 2027-01-31T09:00:00Z; now if it is not given
    minutes
        how long, from its start; an hour if neither this nor --until is given
    until
        or until when, such as 2027-01-31T17:00:00Z
    uses
        how many commands it is good for; looking, hanging up and muting are never counted
    only_booked
        only while the room has a booking
    reason
        why; it is kept in the ledger
    """
    if minutes is not None and until is not None:
        raise BadInput("Give either --minutes or --until.")
    end = {"until": until} if until is not None else {"minutes": 60 if minutes is None else minutes}
    more = {"role": role, "start": start, "most_uses": uses}
    wish = {
        "person": person, "rooms": room or [], "sites": site or [], "tags": tag or [],
        "capabilities": capability or [], "only_booked": only_booked, "reason": reason,
        **end, **{name: value for name, value in more.items() if value is not None},
    }  # fmt: skip
    show(Api.from_profile().call("POST", at("grants"), wish), "Grant {id} until {until}.", json=json)


@grant.command
def narrow(
    id: str,
    /,
    *,
    room: list[str] | None = None,
    site: list[str] | None = None,
    tag: list[str] | None = None,
    capability: list[str] | None = None,
    until: str | None = None,
    uses: int | None = None,
    only_booked: bool = False,
    json: Json = False,
) -> None:
    """Make a grant smaller: fewer rooms, fewer capabilities, an earlier end. What is not covered any more is cut.

    Example: ``roomgate grant narrow grant_… --capability observe``

    Parameters
    ----------
    room
        what stays of its rooms; may be repeated
    site
        what stays of its sites; may be repeated
    tag
        what stays of its tags; may be repeated
    capability
        what stays of its capabilities; may be repeated
    until
        its new end, such as 2027-01-31T17:00:00Z
    uses
        how many commands it is good for in all
    only_booked
        from now on only while the room has a booking
    """
    change = {
        "rooms": room, "sites": site, "tags": tag, "capabilities": capability, "until": until, "most_uses": uses,
        "only_booked": only_booked or None,
    }  # fmt: skip
    given = {name: value for name, value in change.items() if value is not None}
    if not given:
        raise BadInput("Nothing to change.", hint="Give --room, --capability, --until or another of them.")
    answer = Api.from_profile().call("PATCH", at("grants", id), given)
    if json:
        show_json(answer)
    else:
        where = [*answer["rooms"], *answer["sites"], *answer["tags"]]
        say(f"{id} is {', '.join(answer['capabilities'])} on {', '.join(where)} until {answer['until']} now.")


@grant.command
def confirm(id: str, /, *, json: Json = False) -> None:
    """Confirm a grant that pauses because whoever gave it is disabled or gone.

    Example: ``roomgate grant confirm grant_…``
    """
    show(
        Api.from_profile().call("POST", at("grants", id, "confirm"), {}), "{id} counts again, until {until}.", json=json
    )


@grant.command(name="break-glass")
def break_glass(
    room: str | None = None,
    /,
    *,
    site: str | None = None,
    capability: list[str] | None = None,
    minutes: float = 60,
    reason: str,
    json: Json = False,
) -> None:
    """Take access for yourself at once, without a second person. It is loud until somebody else acknowledges it.

    Example: ``roomgate grant break-glass oslo --reason "The fire alarm rings in there."``

    The site's policy has the last word, as always.

    Parameters
    ----------
    room
        one room
    site
        or all rooms of one site
    capability
        what for; everything that a room is used by if left out; may be repeated
    minutes
        how long, at most 60
    reason
        why, in at least 10 characters; everybody who could have approved it reads it
    """
    wish = {"room": room, "site": site, "capabilities": capability, "minutes": minutes, "reason": reason}
    taken = Api.from_profile().call("POST", at("grants", "break-glass"), wish)
    show(taken, "You have {grant} until {until}. Somebody else must acknowledge {id} after it.", json=json)


@grant.command
def explain(person: str, room: str, call: str, value: str | None = None, /, *, json: Json = False) -> int:
    """Whether a person may make a call in a room now, and which grant, lock or rule decides that. Asks nothing.

    Example: ``roomgate grant explain ada oslo Dial``

    The hub judges it, by the very rule that would judge the call. The site's own policy comes after it, and
    has the last word.

    Parameters
    ----------
    call
        a command's name, or the path of a status or configuration
    value
        what the configuration would be changed to; without it, it is read
    """
    verdict = Api.from_profile().call(
        "GET", at("grants", "explain", person=person, room=room, call=call, value=value)
    )  # fmt: skip
    if json:
        show_json(verdict)
    else:
        for line in _told(verdict):
            say(line)
    return DONE if verdict["allowed"] else NO


_STATES = {
    "counts": "counts now",
    "paused": "is paused until another administrator confirms it",
    "later": "begins later",
    "over": "is over",
    "not-booked": "counts only while the room has a booking, and none is known to be on",
    "spent": "is used up",
}


def _told(verdict: Mapping[str, Any]) -> Iterator[str]:
    """A verdict in sentences, the answer first."""
    if verdict["allowed"]:
        yield f"Yes: {verdict['person']} may, by {verdict['grant']} until {verdict['until']} (rule {verdict['rule']})."
    else:
        yield f"No: {verdict['words']} (rule {verdict['rule']})"
        if verdict["hint"]:
            yield verdict["hint"]
    if verdict["missing"]:
        yield f"Missing: {', '.join(verdict['missing'])}."
    for one in verdict["grants"]:
        uses = "" if one["uses_left"] is None else f", {one['uses_left']} uses left"
        enough = "enough" if one["enough"] else "not enough for this"
        yield f"{one['grant']} {_STATES[one['state']]}: {', '.join(one['gives'])}; {enough}{uses}."
    for lock in verdict["locks"]:
        yield f"Locked, {lock}."
    if verdict["never"]:
        yield f"{verdict['never']} is on the never-list: only the site's own policy can open it."
    elif verdict["allowed"]:
        if verdict["asks_room"]:
            yield "It is felt in the room: the people there are told, and asked where the site wants that."
        yield "The site's policy decides after it."


@lock.command(name="add")
def add_lock(
    kind: Literal["person", "room", "site", "connector", "session"],
    subject: str,
    /,
    *,
    reason: str,
    json: Json = False,
) -> None:
    """Lock a person, room, site, connector or session: at once, with everything that is open.

    Example: ``roomgate lock add room oslo --reason "board meeting"``

    Parameters
    ----------
    subject
        its name or id
    reason
        why; whoever is refused reads it
    """
    answer = Api.from_profile().call("POST", at("locks"), {kind: subject, "reason": reason})
    if json:
        show_json(answer)
    else:
        say(f"The {kind} {subject} is locked ({answer['id']}). `roomgate lock remove {answer['id']}` lifts it.")


@lock.command(name="remove")
def lift(id: str, /, *, json: Json = False) -> None:
    """Lift a lock. What it cut does not come back by itself.

    Example: ``roomgate lock remove lock_…``
    """
    Api.from_profile().call("DELETE", at("locks", id))
    tell({"removed": id}, f"{id} is lifted.", json=json)
