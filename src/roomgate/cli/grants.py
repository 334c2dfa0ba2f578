"""Who may do what: grants, locks and sessions, through the hub's API."""

from typing import Any, Literal

from cyclopts import App

from roomgate.cli.api import Api, at
from roomgate.cli.exits import DONE, NO
from roomgate.cli.output import Json, say, show_json, tell
from roomgate.cli.resource import Resource, add_list, add_remove, add_show, show
from roomgate.errors import BadInput, NotFound

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
    room: list[str],
    capability: list[str],
    minutes: float | None = None,
    until: str | None = None,
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
    capability
        observe, call, in-call, av-control, privacy, ui, configure, bookings, system …; may be repeated
    minutes
        how long; an hour if neither this nor --until is given
    until
        or until when, such as 2027-01-31T17:00:00Z
    reason
        why; it is kept in the ledger
    """
    if minutes is not None and until is not None:
        raise BadInput("Give either --minutes or --until.")
    end = {"until": until} if until is not None else {"minutes": 60 if minutes is None else minutes}
    wish = {"person": person, "rooms": room, "capabilities": capability, "reason": reason} | end
    show(Api.from_profile().call("POST", at("grants"), wish), "Grant {id} until {until}.", json=json)


@grant.command
def narrow(
    id: str,
    /,
    *,
    room: list[str] | None = None,
    capability: list[str] | None = None,
    until: str | None = None,
    json: Json = False,
) -> None:
    """Make a grant smaller: fewer rooms, fewer capabilities, an earlier end. What is not covered any more is cut.

    Example: ``roomgate grant narrow grant_… --capability observe``

    Parameters
    ----------
    room
        what stays of its rooms; may be repeated
    capability
        what stays of its capabilities; may be repeated
    until
        its new end, such as 2027-01-31T17:00:00Z
    """
    change = {"rooms": room, "capabilities": capability, "until": until}
    given = {name: value for name, value in change.items() if value is not None}
    if not given:
        raise BadInput("Nothing to change.", hint="Give --room, --capability or --until.")
    answer = Api.from_profile().call("PATCH", at("grants", id), given)
    if json:
        show_json(answer)
    else:
        say(f"{id} is {', '.join(answer['capabilities'])} on {', '.join(answer['rooms'])} until {answer['until']} now.")


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

    The facts are fetched from the hub and judged here, by the same code and with this machine's time. The
    site's own policy comes after it, and has the last word.

    Parameters
    ----------
    call
        a command's name, or the path of a status or configuration
    value
        what the configuration would be changed to; without it, it is read
    """
    from roomgate.cli.explain import explain as judge
    from roomgate.clock import SystemClock

    api = Api.from_profile()
    verdict = judge(
        _person(api, person), api.call("GET", at("rooms", room)), api.items(at("grants", person=person)),
        api.items(at("locks")), call, value, SystemClock(),
    )  # fmt: skip
    if json:
        show_json(verdict)
    elif verdict["allowed"]:
        say(f"Yes: {person} may, by {verdict['grant']} until {verdict['until']}. The site's policy decides after it.")
    else:
        say(f"No: {verdict['words']} (rule {verdict['rule']})")
    return DONE if verdict["allowed"] else NO


def _person(api: Api, name: str) -> dict[str, Any]:
    """A person, or else a service account of this name."""
    try:
        found = api.call("GET", at("people", name))
    except NotFound:
        found = api.call("GET", at("service-accounts", name))
    return dict(found)


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
