"""People, tokens, grants, locks, sessions and sites, through the hub's API."""

import json as form
from typing import Any

from cyclopts import App

from roomgate.cli.api import Api
from roomgate.cli.output import show_json, show_table

site = App(name="site", help="Sites and their connectors.")
person = App(name="person", help="People.")
service_account = App(name="service-account", help="Service accounts.")
token = App(name="token", help="Access tokens.")
grant = App(name="grant", help="Who may do what, in which rooms, until when.")
lock = App(name="lock", help="Refuse everything that matches, at once.")
session = App(name="session", help="Who is in which room from outside.")


def _listing(app: App, resource: str, columns: list[str], empty: str) -> None:
    @app.command(name="list")
    def list_(*, json: bool = False) -> None:
        """All that you may see."""
        rows = Api.from_profile().items(f"/api/v1/{resource}")
        if json:
            show_json(rows)
        else:
            show_table(rows, columns, empty=empty)

    @app.command(name="remove")
    def remove(id: str) -> None:
        """End it, with everything that it opened. Answers when the cut is done."""
        Api.from_profile().call("DELETE", f"/api/v1/{resource}/{id}")
        print(f"{id} is gone, and what it opened is cut.")


_listing(site, "sites", ["id", "name"], "No sites yet: `roomgate site add NAME`.")
_listing(person, "people", ["id", "name", "roles", "active"], "Nobody yet: `roomgate person add NAME`.")
_listing(
    service_account, "service-accounts", ["id", "name", "active"], "None yet: `roomgate service-account add NAME`."
)
_listing(
    token,
    "tokens",
    ["id", "name", "person", "until", "last_used"],
    "No tokens yet: `roomgate token add PERSON --minutes 60`.",
)
_listing(
    grant,
    "grants",
    ["id", "person", "rooms", "capabilities", "until", "reason"],
    "No grants yet: `roomgate grant add …`.",
)
_listing(lock, "locks", ["id", "kind", "subject", "reason"], "Nothing is locked.")
_listing(session, "sessions", ["id", "person", "room", "kind", "since"], "Nobody is in a room from outside.")


def _made(answer: dict[str, Any], json: bool, words: str) -> None:
    if json:
        show_json(answer)
    else:
        print(words.format_map(answer))


@site.command(name="add")
def add_site(name: str, *, json: bool = False) -> None:
    """Add a site: one network of one customer."""
    _made(Api.from_profile().call("POST", "/api/v1/sites", {"name": name}), json, "Site {name} is {id}.")


@site.command(name="code")
def code(site: str, *, json: bool = False) -> None:
    """A one-time code with which a connector of this site enrols; it lives 15 minutes and opens nothing by itself."""
    answer = Api.from_profile().call("POST", "/api/v1/connectors", {"site": site})
    _made(answer, json, "Code {code}; the hub's key is {hub_fingerprint}.")


@site.command(name="connectors")
def connectors(*, json: bool = False) -> None:
    """All connectors, and whether they are there."""
    rows = Api.from_profile().items("/api/v1/connectors")
    if json:
        show_json(rows)
    else:
        show_table(
            rows, ["id", "site", "name", "state", "fingerprint"], empty="No connector yet: `roomgate site code SITE`."
        )


@site.command(name="confirm")
def confirm(connector: str) -> None:
    """Confirm that the fingerprint which the hub shows is the one that the connector printed."""
    Api.from_profile().call("POST", f"/api/v1/connectors/{connector}/confirm", {})
    print(f"{connector} is trusted now.")


@person.command(name="add")
def add_person(name: str, *, role: list[str] | None = None, json: bool = False) -> None:
    """Add a person; they get a one-time password, shown this once."""
    answer = Api.from_profile().call("POST", "/api/v1/people", {"name": name, "roles": role or []})
    _made(answer, json, "{name} is {id}.")


@person.command(name="disable")
def disable(id: str) -> None:
    """Shut a person out, everywhere, now."""
    Api.from_profile().call("PATCH", f"/api/v1/people/{id}", {"active": False})
    print(f"{id} is disabled, and everything they had open is cut.")


@service_account.command(name="add")
def add_service(name: str, *, json: bool = False) -> None:
    """Add a service account."""
    _made(Api.from_profile().call("POST", "/api/v1/service-accounts", {"name": name}), json, "{name} is {id}.")


@token.command(name="add")
def add_token(person: str, *, minutes: int = 480, name: str = "", json: bool = False) -> None:
    """Make an access token; it is shown this once."""
    answer = Api.from_profile().call("POST", "/api/v1/tokens", {"person": person, "minutes": minutes, "name": name})
    _made(answer, json, "{token}\n  id {id}; it ends by itself, and `roomgate token remove {id}` ends it sooner.")


@grant.command(name="add")
def add_grant(
    person: str, *, room: list[str], capability: list[str], minutes: int = 60, reason: str, json: bool = False
) -> None:
    """Give somebody access to rooms, for a time.

    Example: ``roomgate grant add per_… --room oslo --capability call --minutes 30 --reason "fix the camera"``
    """
    wish = {"person": person, "rooms": room, "capabilities": capability, "minutes": minutes, "reason": reason}
    _made(Api.from_profile().call("POST", "/api/v1/grants", wish), json, "Grant {id} until {until}.")


@lock.command(name="add")
def add_lock(kind: str, subject: str, *, reason: str, json: bool = False) -> None:
    """Lock a person, room, site, connector or session: at once, with everything that is open.

    Example: ``roomgate lock add room oslo --reason "board meeting"``
    """
    answer = Api.from_profile().call("POST", "/api/v1/locks", {kind: subject, "reason": reason})
    _made(answer, json, "Locked ({id}). " + form.dumps(subject).replace("{", "{{").replace("}", "}}") + " is shut.")
