"""Signing in from a shell: the hub's address and a token, kept in the profile with mode 0600."""

import getpass
import json
import os
from pathlib import Path

from roomgate.cli.api import Api, profile
from roomgate.cli.output import show_json
from roomgate.redact import Secret


def login(hub: str, *, ca: Path | None = None, token_file: Path | None = None) -> None:
    """Sign in to a hub with an access token (made on the hub's Access page, or by ``roomgate token add``).

    Example: ``roomgate login https://hub.example.com``

    Parameters
    ----------
    hub: the hub's address
    ca: a PEM file, where the hub's certificate is not from a public authority
    token_file: a file that holds the token; without it you are asked
    """
    token = token_file.read_text("utf-8").strip() if token_file else getpass.getpass("Access token: ").strip()
    api = Api(hub.rstrip("/"), Secret(token), str(ca.resolve()) if ca else None)
    me = api.call("GET", "/api/v1/whoami")
    file = profile()
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as out:
        json.dump({"hub": api.hub, "token": token, "ca": api.ca}, out)
    print(f"Signed in to {api.hub} as {me['name']}.")


def logout() -> None:
    """Forget the hub and the token that this profile keeps. The token itself goes on until it is revoked."""
    profile().unlink(missing_ok=True)
    print("Forgotten. To end the token too: `roomgate token remove ID`.")


def whoami(*, json: bool = False) -> None:
    """Who the hub says you are, and until when."""
    me = Api.from_profile().call("GET", "/api/v1/whoami")
    if json:
        show_json(me)
    else:
        print(f"{me['name']} ({', '.join(me.get('roles') or ['no role'])})")
