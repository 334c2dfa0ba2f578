"""People, service accounts and their tokens, through the hub's API."""

import secrets
from pathlib import Path
from typing import Any

from cyclopts import App

from roomgate.cli.api import Api, at
from roomgate.cli.files import read_secret
from roomgate.cli.output import Json, say, show_json, tell, tell_rows
from roomgate.cli.resource import Resource, add_list, add_remove, add_show, show
from roomgate.redact import Secret

person = App(name="person", help="People.")
service_account = App(name="service-account", help="Service accounts: programs that have tokens and no password.")
token = App(name="token", help="Access tokens.")
web_session = App(name="web-session", help="Browsers that are signed in.")

_PEOPLE = Resource(
    "person", "people", ["id", "name", "roles", "active"], "Nobody yet: `roomgate person add NAME`.", "ada"
)
_ACCOUNTS = Resource(
    "service-account", "service-accounts", ["id", "name", "roles", "active"],
    "None yet: `roomgate service-account add NAME`.", "dashboard",
)  # fmt: skip
_TOKENS = Resource(
    "token", "tokens", ["id", "name", "person", "scope", "until", "seen", "source"], "No tokens yet: `roomgate token add ada --minutes 60`.",
    "token_…", alone=False,
)  # fmt: skip
_WEB_SESSIONS = Resource(
    "web-session", "web-sessions", ["id", "agent", "source", "how", "since", "seen"], "No browser is signed in.",
    "web_…", alone=False,
)  # fmt: skip

for _app, _resource, _words in (
    (person, _PEOPLE, "Remove a person with everything that they had open."),
    (service_account, _ACCOUNTS, "Remove a service account with everything that it had open."),
    (token, _TOKENS, "End a token with everything that it opened."),
):
    add_list(_app, _resource)
    add_show(_app, _resource)
    add_remove(_app, _resource, _words)


def _fresh_password() -> Secret[str]:
    """Five groups of four: a hundred random bits that can be read out over a telephone."""
    letters = "abcdefghijkmnpqrstuvwxyz23456789"
    return Secret("-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(5)))


@person.command
def add(name: str, /, *, role: list[str] | None = None, password_file: Path | None = None, json: Json = False) -> None:
    """Add a person. Without a file, a password is made and shown this once.

    Example: ``roomgate person add ada --role administrator``

    Parameters
    ----------
    role
        administrator, security-officer, service-desk, auditor or member; may be repeated; without any, they see what is granted to them
    password_file
        a file that holds the password they begin with
    """
    made = read_secret(password_file, "", "--password-file") if password_file else _fresh_password()
    wish = {"name": name, "roles": role or [], "password": made.reveal()}
    answer = Api.from_profile().call("POST", at("people"), wish)
    if json:
        show_json(answer if password_file else answer | {"password": made.reveal()})
        return
    say(f"{answer['name']} is {answer['id']}.")
    if not password_file:
        print(f"Password  {made.reveal()}   (shown this once; they change it at the console)")


@person.command
def password(name: str, /, *, password_file: Path | None = None, json: Json = False) -> None:
    """Give a person another password. Everything that they have open is cut.

    Example: ``roomgate person password ada`` (asks for it)

    Parameters
    ----------
    password_file
        a file that holds the new password; without it you are asked
    """
    new = read_secret(password_file, f"New password of {name}: ", "--password-file")
    answer = Api.from_profile().call("PATCH", at("people", name), {"password": new.reveal()})
    show(answer, "{name} has a new password, and everything that they had open is cut.", json=json)


@person.command
def roles(name: str, /, *role: str, json: Json = False) -> None:
    """Give a person these roles over the hub, and no others. Roles open no room: grants do.

    Example: ``roomgate person roles ada auditor``

    Parameters
    ----------
    role
        administrator, security-officer, service-desk, auditor or member; none takes all away
    """
    answer = Api.from_profile().call("PATCH", at("people", name), {"roles": list(role)})
    if json:
        show_json(answer)
    else:
        say(f"{answer['name']} has {', '.join(answer['roles']) or 'no role'} now.")


@person.command
def identities(name: str, /, *, json: Json = False) -> None:
    """The accounts at identity providers by which a person may sign in.

    Example: ``roomgate person identities ada``
    """
    rows = Api.from_profile().call("GET", at("people", name, "identities"))["items"]
    empty = f"None: `roomgate person link {name} --issuer https://… --subject …`."
    tell_rows(rows, ["issuer", "subject", "seen"], empty=empty, json=json)


@person.command
def link(name: str, /, *, issuer: str, subject: str, json: Json = False) -> None:
    """Let a person sign in by an account at an identity provider.

    Example: ``roomgate person link ada --issuer https://id.example.com --subject 24400320``

    Parameters
    ----------
    issuer
        the provider's issuer, as the hub's configuration has it
    subject
        the account's subject (`sub`) there: never an address of mail
    """
    made = Api.from_profile().call("POST", at("people", name, "identities"), {"issuer": issuer, "subject": subject})
    show(made, "{person} may sign in as {subject} at {issuer}.", json=json)


@person.command
def unlink(name: str, /, *, issuer: str, subject: str, json: Json = False) -> None:
    """Take an account at an identity provider from a person. What was signed in to that way is cut.

    Example: ``roomgate person unlink ada --issuer https://id.example.com --subject 24400320``

    Parameters
    ----------
    issuer
        the provider's issuer
    subject
        the account's subject there
    """
    Api.from_profile().call("DELETE", at("people", name, "identities", issuer=issuer, subject=subject))
    tell({"unlinked": subject}, f"{name} may no longer sign in that way, and what it opened is cut.", json=json)


@person.command
def invite(name: str, /, *, role: list[str] | None = None, hours: float = 72, json: Json = False) -> None:
    """Invite somebody new: they choose their own password when they come in by the code, which is shown this once.

    Example: ``roomgate person invite ada --role service-desk``

    Parameters
    ----------
    role
        administrator, security-officer, service-desk, auditor or member; may be repeated
    hours
        how long the invitation lives, at most 336
    """
    answer = Api.from_profile().call("POST", at("invitations"), {"name": name, "roles": role or [], "hours": hours})
    _show_invitation(answer, json=json)


@person.command
def reset(name: str, /, *, hours: float = 72, json: Json = False) -> None:
    """For somebody who lost all that they sign in with: everything of theirs is cut, and they are invited anew.

    Example: ``roomgate person reset ada``

    Parameters
    ----------
    hours
        how long the invitation lives, at most 336
    """
    _show_invitation(Api.from_profile().call("POST", at("people", name, "reset"), {"hours": hours}), json=json)


@person.command
def reset_factors(name: str, /, *, json: Json = False) -> None:
    """Take a person's passkeys, apps and recovery codes away. Everything that they have open is cut.

    Example: ``roomgate person reset-factors ada``
    """
    Api.from_profile().call("DELETE", at("people", name, "factors"))
    tell({"person": name, "factors": 0}, f"{name} has no second factor, and what they had open is cut.", json=json)


def _show_invitation(answer: Any, *, json: bool) -> None:
    if json:
        show_json(answer)
        return
    print(f"Code for {answer['name']}   {answer['code']}   (shown this once, until {answer['until']})")
    say("They type it at the hub's sign-in page under 'I have an invitation'. Hand it over by a way that you trust.")


def _switch(app: App, resource: Resource, verb: str, active: bool, promise: str, words: str) -> None:
    example = f"roomgate {resource.noun} {verb} {resource.sample}"

    @app.command(name=verb, help=f"{promise}\n\nExample: ``{example}``")
    def switch(name: str, /, *, json: Json = False) -> None:
        answer = Api.from_profile().call("PATCH", at(resource.path, name), {"active": active})
        show(answer, words, json=json)


for _app, _resource in ((person, _PEOPLE), (service_account, _ACCOUNTS)):
    _switch(
        _app, _resource, "disable", False, "Shut out, everywhere, now.", "{name} is disabled, and what was open is cut."
    )
    _switch(_app, _resource, "enable", True, "Let in again; what was cut stays cut.", "{name} is enabled again.")


@service_account.command(name="add")
def add_account(name: str, /, *, role: list[str] | None = None, json: Json = False) -> None:
    """Add a service account. It gets in by tokens.

    Example: ``roomgate service-account add dashboard``

    Parameters
    ----------
    role
        administrator, security-officer, service-desk, auditor or member; may be repeated
    """
    answer = Api.from_profile().call("POST", at("service-accounts"), {"name": name, "roles": role or []})
    show(answer, "{name} is {id}. Next: `roomgate token add {name}`.", json=json)


@web_session.command(name="list")
def list_web_sessions(person: str | None = None, /, *, json: Json = False) -> None:
    """Where you are signed in with a browser, or where somebody else is.

    Example: ``roomgate web-session list``

    Parameters
    ----------
    person
        somebody else, with the right to change people or to cut
    """
    rows = Api.from_profile().items(at(_WEB_SESSIONS.path, person=person))
    tell_rows(rows, _WEB_SESSIONS.columns, empty=_WEB_SESSIONS.empty, json=json)


add_remove(web_session, _WEB_SESSIONS, "Sign a browser out, with everything that it opened.")


@token.command(name="add")
def add_token(
    person: str | None = None,
    /,
    *,
    minutes: float = 480,
    name: str = "",
    scope: list[str] | None = None,
    json: Json = False,
) -> None:
    """Make an access token for a person or service account, or for yourself. It is shown this once.

    Example: ``roomgate token add dashboard --minutes 1440 --name "wall display"``

    Parameters
    ----------
    minutes
        how long it lives; every token ends
    name
        what it is for
    scope
        a word for what it may do, of what its owner may: rooms, read, hub, scim, room:NAME or a capability; may be repeated; all if left out
    """
    wish = {"minutes": minutes, "name": name, "scope": scope} | ({"person": person} if person else {})
    answer = Api.from_profile().call("POST", at("tokens"), wish)
    if json:
        show_json(answer)
        return
    print(answer["token"])
    say(f"  {answer['id']}, until {answer['until']}; `roomgate token remove {answer['id']}` ends it sooner.")
