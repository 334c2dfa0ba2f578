"""The hub's REST API for the verbs: the profile's address and token, our errors, nothing else."""

import json
import os
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self

from roomgate.errors import BadInput, NotFound, RoomgateError, Unreachable
from roomgate.redact import Secret

ANSWER_S = 40.0  # a room may take 25 s to say yes


class HubSaysNo(RoomgateError):
    """The hub refused; code and words are the hub's."""

    def __init__(self, code: str, words: str, hint: str = "") -> None:
        super().__init__(words, hint=hint)
        self.code = code


class NotLoggedIn(RoomgateError):
    """This verb asks a hub, and no hub and token are known."""

    code = "cli.no-login"
    hint = "Run `roomgate login https://your-hub`, or set ROOMGATE_HUB and ROOMGATE_TOKEN_FILE."


def profile() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return Path(base) / "roomgate" / "login.json"


@dataclass(frozen=True, slots=True)
class Api:
    """One hub and one token."""

    hub: str
    token: Secret[str]
    ca: str | None = None

    @classmethod
    def from_profile(cls) -> Self:
        """ROOMGATE_HUB, ROOMGATE_TOKEN(_FILE), ROOMGATE_CA, or else the profile of `roomgate login`."""
        env = os.environ
        if hub := env.get("ROOMGATE_HUB"):
            file = env.get("ROOMGATE_TOKEN_FILE")
            token = Path(file).read_text("utf-8").strip() if file else env.get("ROOMGATE_TOKEN", "")
            if token:
                return cls(hub.rstrip("/"), Secret(token), env.get("ROOMGATE_CA"))
        try:
            kept = json.loads(profile().read_text("utf-8"))
            return cls(kept["hub"], Secret(kept["token"]), kept.get("ca"))
        except (OSError, ValueError, KeyError) as none:
            raise NotLoggedIn("You are not signed in to a hub.") from none

    def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        """One request; gives the decoded answer. Raises HubSaysNo, NotFound, BadInput or Unreachable."""
        if not self.hub.startswith("https://"):
            raise BadInput("A hub's address begins with https://.")
        request = urllib.request.Request(  # noqa: S310 (https only, see above)
            self.hub + path,
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={
                "Authorization": f"Bearer {self.token.reveal()}",
                "Content-Type": "application/json",
                "Accept": "application/json",
                **(headers or {}),
            },
        )
        context = ssl.create_default_context(cafile=self.ca)
        opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _NoRedirect())
        try:
            with opener.open(request, timeout=ANSWER_S) as answer:
                raw = answer.read()
        except urllib.error.HTTPError as no:
            raise _refusal(no) from no
        except (urllib.error.URLError, TimeoutError, OSError) as gone:
            raise Unreachable(f"{self.hub} does not answer: {gone}") from gone
        return json.loads(raw) if raw else None

    def items(self, path: str) -> list[dict[str, Any]]:
        """All pages of a list."""
        found: list[dict[str, Any]] = []
        cursor: str | None = ""
        while cursor is not None:
            mark = "&" if "?" in path else "?"
            page = self.call("GET", path + (f"{mark}cursor={cursor}" if cursor else ""))
            found += page["items"]
            cursor = page.get("next")
        return found


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _refusal(no: urllib.error.HTTPError) -> RoomgateError:
    try:
        problem = json.loads(no.read())
        words = str(problem.get("detail") or problem.get("title") or no.reason)
        code, hint = str(problem.get("code", f"http.{no.code}")), str(problem.get("hint", ""))
    except (ValueError, AttributeError):
        words, code, hint = str(no.reason), f"http.{no.code}", ""
    if no.code == HTTPStatus.NOT_FOUND:
        return NotFound(words)
    if no.code in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY):
        return BadInput(words, hint=hint or None)
    return HubSaysNo(code, words, hint)
