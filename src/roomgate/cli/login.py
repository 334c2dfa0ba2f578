"""Signing in from a shell: the hub's address and a token, kept in the profile with mode 0600."""

import json as form
import os
from http import HTTPStatus
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from roomgate.cli.api import Api, NoHub, at, load_profile, parse_hub, profile
from roomgate.cli.exits import SaysNo
from roomgate.cli.files import read_secret
from roomgate.cli.output import Json, say, show_json, tell
from roomgate.errors import BadInput, RoomgateError
from roomgate.redact import Secret

_COOKIE = "__Host-roomgate"
_MINUTES = 12 * 60  # of a token that is made by signing in; it ends by itself


def login(
    hub: str,
    /,
    *,
    user: str | None = None,
    password_file: Path | None = None,
    token_file: Path | None = None,
    ca: Path | None = None,
    minutes: Annotated[float, Parameter(help="how long the token of --user lives")] = _MINUTES,
    json: Json = False,
) -> None:
    """Sign in to a hub: by name and password, or with an access token that you have.

    Example: ``roomgate login https://hub.example.com --user ada`` (asks for the password)

    Parameters
    ----------
    hub
        the hub's address
    user
        your name at the hub; a token of yours is made, which `roomgate logout` ends
    password_file
        a file that holds your password; without it you are asked
    token_file
        a file that holds an access token; without it and without --user you are asked for one
    ca
        a PEM file, where the hub's certificate is not from a public authority
    """
    address, authority = parse_hub(hub), str(ca.resolve()) if ca else None
    if user is not None:
        if token_file is not None:
            raise BadInput("--user and --token-file are two ways to sign in.", hint="Use one of them.")
        password = read_secret(password_file, f"Password of {user}: ", "--password-file")
        token = _token_by_password(address, authority, user, password, minutes)
    else:
        token = read_secret(token_file, "Access token: ", "--token-file")
    api = Api(address, token, authority)
    me = api.call("GET", at("whoami"))
    _keep({"hub": api.hub, "token": token.reveal(), "ca": api.ca, "own": user is not None})
    tell(
        {"hub": api.hub, "id": me["id"], "name": me["name"], "until": me["until"]},
        f"Signed in to {api.hub} as {me['name']}, until {me['until']}. Next: `roomgate room list`.",
        json=json,
    )


def logout(*, json: Json = False) -> None:
    """Forget the hub and the token, and end the token if `login --user` made it.

    Example: ``roomgate logout``
    """
    ended = False
    try:
        kept = load_profile()
        if kept.get("own"):
            api = Api(kept["hub"], Secret(kept["token"]), kept.get("ca") or None)
            api.call("DELETE", at("tokens", api.call("GET", at("whoami"))["credential"]))
            ended = True
    except RoomgateError:
        pass  # whoever is signed in no more, or cannot reach the hub, is forgotten all the same
    profile().unlink(missing_ok=True)
    if json:
        show_json({"forgotten": True, "token_ended": ended})
    elif ended:
        print("Forgotten, and the token is ended.")
    else:
        print("Forgotten. A token that lives elsewhere goes on until its end: `roomgate token remove ID`.")


def whoami(*, json: Json = False) -> None:
    """Who the hub says you are, and until when.

    Example: ``roomgate whoami``
    """
    api = Api.from_profile()
    me = api.call("GET", at("whoami"))
    if json:
        show_json(me)
    else:
        say(f"{me['name']} ({', '.join(me['roles']) or 'no role'}) at {api.hub}, until {me['until']}")


def _keep(values: dict[str, Any]) -> None:
    file = profile()
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        form.dump(values, out)
    draft.replace(file)


def _token_by_password(hub: str, ca: str | None, user: str, password: Secret[str], minutes: float) -> Secret[str]:
    """The console's own sign-in, as a browser does it; then a token, and out again. Raises SaysNo or NoHub."""
    nobody = Api(hub, Secret(""), ca)
    status, headers = nobody.post_form("/signin", {"user": user, "password": password.reveal()})
    match status:
        case HTTPStatus.SEE_OTHER:
            pass
        case HTTPStatus.UNAUTHORIZED:
            raise SaysNo("signin.refused", "Name or password is wrong.", "Try again; an administrator can reset it.")
        case HTTPStatus.TOO_MANY_REQUESTS:
            raise SaysNo("signin.slowed", "Too many tries.", f"Wait {headers.get('Retry-After', '60')} s.")
        case _:
            raise NoHub(f"{hub} answered {status} to a sign-in.")
    cookies = SimpleCookie("; ".join(headers.get_all("Set-Cookie") or []))
    if _COOKIE not in cookies:
        raise NoHub(f"{hub} let {user} in, and gave no session.")
    browser = {"Cookie": f"{_COOKIE}={cookies[_COOKIE].value}"}
    browser["X-CSRF-Token"] = nobody.call("GET", at("whoami"), headers=browser)["csrf"]
    wish = {"minutes": minutes, "name": "roomgate login"}
    made = nobody.call("POST", at("tokens"), wish, browser)
    nobody.post_form("/signout", {"csrf": browser["X-CSRF-Token"]}, {"Cookie": browser["Cookie"]})
    return Secret(made["token"])
