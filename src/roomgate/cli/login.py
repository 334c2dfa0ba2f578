"""Signing in from a shell: the hub's address and a token, kept in the profile with mode 0600."""

import json as form
import os
import platform
import sys
import threading
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
from roomgate.redact import Secret, foreign

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
    minutes: Annotated[float, Parameter(help="how long you stay signed in; at most 30 days with a code")] = _MINUTES,
    scope: list[str] | None = None,
    json: Json = False,
) -> None:
    """Sign in to a hub: by a code that you type at its console, by password, or with an access token that you have.

    Example: ``roomgate login https://hub.example.com``

    Parameters
    ----------
    hub
        the hub's address
    user
        your name at the hub, to sign in by a password alone; administrators leave it out, and type a code
    password_file
        a file that holds your password; without it you are asked
    token_file
        a file that holds an access token, for scripts
    ca
        a PEM file, where the hub's certificate is not from a public authority
    scope
        a word for what you will do here: rooms, read, hub, room:NAME or a capability; may be repeated; all if left out
    """
    address, authority = parse_hub(hub), str(ca.resolve()) if ca else None
    if user is not None:
        if token_file is not None:
            raise BadInput("--user and --token-file are two ways to sign in.", hint="Use one of them.")
        password = read_secret(password_file, f"Password of {user}: ", "--password-file")
        token = _token_by_password(address, authority, user, password, {"minutes": minutes, "scope": scope})
    elif token_file is not None:
        if scope:
            raise BadInput("An access token has its scope already.", hint="Leave --scope out.")
        token = read_secret(token_file, "", "--token-file")
    else:
        token = _token_by_code(address, authority, {"minutes": minutes, "scope": scope})
    api = Api(address, token, authority)
    me = api.call("GET", at("whoami"))
    _keep({"hub": api.hub, "token": token.reveal(), "ca": api.ca, "own": token_file is None})
    tell(
        {"hub": api.hub, "id": me["id"], "name": me["name"], "until": me["until"]},
        f"Signed in to {api.hub} as {me['name']}, until {me['until']}. Next: `roomgate room list`.",
        json=json,
    )


def logout(*, json: Json = False) -> None:
    """Forget the hub and the token, and end the token if `login` made it.

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
    """Who the hub says you are, what you may do by this token, and until when.

    Example: ``roomgate whoami``
    """
    api = Api.from_profile()
    me = api.call("GET", at("whoami"))
    if json:
        show_json(me)
    else:
        roles, scope = ", ".join(me["roles"]) or "no role", ", ".join(me.get("scope") or [])
        say(f"{me['name']} ({roles}) at {api.hub}, until {me['until']}" + (f", for {scope} alone" if scope else ""))


def _keep(values: dict[str, Any]) -> None:
    file = profile()
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        form.dump(values, out)
    draft.replace(file)


def _token_by_code(hub: str, ca: str | None, wish: dict[str, Any]) -> Secret[str]:
    """A code for the person to type at the console; waits for their answer. Raises SaysNo."""
    nobody = Api(hub, Secret(""), ca)
    begun = nobody.call("POST", "/auth/device", wish | {"machine": platform.node()[:80]})
    # On standard error: what is printed for scripts is the end alone.
    print(
        f"Open {hub}{begun['page']} in your browser and type  {foreign(begun['code'], 20)}\n"
        "The code is for you alone: nobody ever has a reason to ask you for it.",
        file=sys.stderr, flush=True,
    )  # fmt: skip
    left_s, pause_s = float(begun["lives_s"]), max(0.0, float(begun["poll_s"]))
    while left_s > 0:
        threading.Event().wait(pause_s)  # for a person, who takes as long as they take
        left_s -= max(pause_s, 0.1)
        if token := nobody.call("POST", "/auth/device/token", {"secret": begun["secret"]})["token"]:
            return Secret(token)
    raise SaysNo("device.refused", "Nobody typed the code in time.", "Run `roomgate login` again.")


def _token_by_password(hub: str, ca: str | None, user: str, password: Secret[str], wish: dict[str, Any]) -> Secret[str]:
    """The console's own sign-in, as a browser does it; then a token, and out again. Raises SaysNo or NoHub."""
    nobody = Api(hub, Secret(""), ca)
    status, headers = nobody.post_form("/signin", {"user": user, "password": password.reveal()})
    match status:
        case HTTPStatus.SEE_OTHER:
            pass
        case HTTPStatus.OK:  # the page that asks for more
            raise SaysNo(
                "factor.wanted", f"{user} signs in with a second factor, which a shell does not ask for.",
                "Leave --user out: you type a code at the console, where your second factor is.",
            )  # fmt: skip
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
    made = nobody.call("POST", at("tokens"), wish | {"name": "roomgate login"}, browser)
    nobody.post_form("/signout", {"csrf": browser["X-CSRF-Token"]}, {"Cookie": browser["Cookie"]})
    return Secret(made["token"])
