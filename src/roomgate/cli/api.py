"""The hub's REST API for the verbs: the profile's address and token, our errors, nothing else."""

import http.client
import json
import os
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlencode, urlsplit

from roomgate.cli.exits import Fault, SaysNo
from roomgate.cli.files import read_text
from roomgate.errors import BadInput, NotFound, OutcomeUnknown, RoomgateError, Unreachable
from roomgate.redact import Secret

ANSWER_S = 40.0  # a room may take 25 s to say yes
_BAD_INPUT = frozenset({400, 405, 412, 413, 415, 422})
_ELSEWHERE = range(300, 400)

Answer = http.client.HTTPResponse | urllib.error.HTTPError


class NotLoggedIn(RoomgateError):
    """This verb asks a hub, and no hub and token are known."""

    code = "cli.no-login"
    hint = "Run `roomgate login https://your-hub`, or set ROOMGATE_HUB and ROOMGATE_TOKEN_FILE."


class NoHub(Unreachable):
    """Something answers at this address, and it is no hub."""

    code = "cli.no-hub"
    hint = "Check the hub's address: what answers there does not speak like a Roomgate hub."


class NotTrusted(Unreachable):
    """The hub's certificate is not from an authority that is known here."""

    code = "cli.certificate"
    hint = "If your hub has an authority of its own, name its PEM file: `roomgate login --ca FILE`, or ROOMGATE_CA."


def profile() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return Path(base) / "roomgate" / "login.json"


def at(*words: str, **query: str | list[str] | None) -> str:
    """The path of a resource; what people typed cannot change which. Raises BadInput for a name that is empty."""
    if not all(words):
        raise BadInput("A name is empty here.", hint="Write the name or the id of what is meant.")
    given = {name: value for name, value in query.items() if value is not None}
    path = "/api/v1/" + "/".join(quote(word, safe="") for word in words)
    return path + (f"?{urlencode(given, doseq=True)}" if given else "")


def parse_hub(text: str) -> str:
    """A hub's address, as ``https://host[:port]``; raises BadInput. A bare name means https."""
    address = text.strip()
    if "://" not in address:
        address = f"https://{address}"
    address = address.removesuffix("/")
    try:
        parts = urlsplit(address)
        good = parts.scheme == "https" and parts.hostname and parts.port != 0 and parts.path in ("", "/")
    except ValueError:
        good = False
    if not good or not address.isascii() or not address.isprintable() or any(c in address for c in " @?#\\"):
        raise BadInput(f"{text!r} is no hub's address.", hint="It looks like https://hub.example.com.")
    return address


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
            token = read_text(Path(file)).strip() if file else env.get("ROOMGATE_TOKEN", "").strip()
            if not token:
                raise NotLoggedIn(
                    "ROOMGATE_HUB names a hub, and there is no token for it.",
                    hint="Set ROOMGATE_TOKEN_FILE too, or unset ROOMGATE_HUB to use what `roomgate login` kept.",
                )
            return cls(parse_hub(hub), Secret(token), env.get("ROOMGATE_CA") or None)
        kept = load_profile()
        return cls(kept["hub"], Secret(kept["token"]), kept.get("ca") or None)

    def call(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        """One request; gives the decoded answer. Raises SaysNo, NotFound, BadInput, Unreachable or Fault."""
        with self.open(method, path, body, headers) as answer:
            raw = answer.read()
        if not raw:
            return None
        try:
            return json.loads(raw)
        except ValueError as bad:
            raise NoHub(f"{self.hub} answered something that is not JSON.") from bad

    def text(self, path: str) -> str:
        """A resource that is plain text."""
        with self.open("GET", path) as answer:
            return str(answer.read().decode("utf-8", "replace"))

    @contextmanager
    def open(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Iterator[Answer]:
        """One request, its answer open for reading. Raises as `call` does, also while it is read."""
        data = None if body is None else json.dumps(body).encode()
        given = {"Content-Type": "application/json", "Accept": "*/*", **(headers or {})}
        with self._send(method, path, data, given) as answer:
            if _status(answer) >= HTTPStatus.MULTIPLE_CHOICES:
                raise _refusal(self.hub, answer)
            yield answer

    def lines(self, path: str) -> Iterator[str]:
        """A stream's lines as they come, until the hub ends it."""
        with self.open("GET", path) as answer:
            while line := answer.readline():
                yield line.decode("utf-8", "replace").rstrip("\r\n")

    def post_form(
        self, path: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> tuple[int, Message]:
        """A page's form, sent as a browser would; gives status and headers, whatever they are."""
        given = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        with self._send("POST", path, urlencode(fields).encode(), given) as answer:
            return _status(answer), answer.headers

    @contextmanager
    def _send(self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]) -> Iterator[Answer]:
        token = self.token.reveal()
        if not token.isascii() or not token.isprintable() or " " in token:
            raise BadInput("The access token has characters that no token has.", hint="Copy it again, whole.")
        request = urllib.request.Request(parse_hub(self.hub) + path, data, method=method)  # noqa: S310 (https alone)
        for name, value in {**({"Authorization": f"Bearer {token}"} if token else {}), **headers}.items():
            request.add_header(name, value)
        opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=trust(self.ca)), _NoRedirect())
        try:
            try:
                answer = opener.open(request, timeout=ANSWER_S)
            except urllib.error.HTTPError as other:
                answer = other
            with answer:
                yield answer
        except (OSError, http.client.HTTPException) as gone:
            raise _gone(self.hub, gone) from gone

    def items(self, path: str) -> list[dict[str, Any]]:
        """All pages of a list."""
        found: list[dict[str, Any]] = []
        cursor: str | None = ""
        while cursor is not None:
            mark = "&" if "?" in path else "?"
            page = self.call("GET", path + (f"{mark}{urlencode({'cursor': cursor})}" if cursor else ""))
            found += page["items"]
            cursor = page.get("next")
        return found


def load_profile() -> dict[str, Any]:
    """What `roomgate login` kept; raises NotLoggedIn."""
    try:
        kept = json.loads(profile().read_text("utf-8"))
        if isinstance(kept["hub"], str) and isinstance(kept["token"], str):
            return dict(kept)
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise NotLoggedIn("You are not signed in to a hub.")


def trust(ca: str | None) -> ssl.SSLContext:
    """What a hub's certificate is checked by; raises BadInput."""
    try:
        return ssl.create_default_context(cafile=ca)
    except OSError as bad:  # an SSLError too
        raise BadInput(
            f"{ca} cannot be used as an authority: {bad.strerror or bad}.", hint="Name a PEM file with --ca."
        ) from bad


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _gone(hub: str, gone: Exception) -> RoomgateError:
    reason = gone.reason if isinstance(gone, urllib.error.URLError) else gone
    if isinstance(reason, ssl.SSLCertVerificationError):
        return NotTrusted(f"{hub} shows a certificate that is not trusted here: {reason.verify_message}.")
    if isinstance(reason, TimeoutError):
        return Unreachable(f"{hub} did not answer in time.")
    words = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
    return Unreachable(f"{hub} does not answer: {words}.", hint="Check its address, and that the hub runs.")


def _status(answer: Answer) -> int:
    return int(answer.status or 0)


def _refusal(hub: str, no: Answer) -> RoomgateError:
    """The hub's problem document as one of our errors; a stranger's page is not quoted."""
    problem, number = _problem(no), _status(no)
    if number in _ELSEWHERE or problem is None:
        return NoHub(f"{hub} answered {number} without saying why.")
    words = str(problem.get("detail") or problem.get("title") or HTTPStatus(number).phrase)
    code, hint = str(problem.get("code") or f"http.{number}"), str(problem.get("hint") or "")
    if rule := problem.get("rule"):
        words += f" (rule {rule})"
    match number:
        case HTTPStatus.UNAUTHORIZED:
            again = "The token is wrong, or its time is over: make a new one, and run `roomgate login` again."
            return SaysNo(code, "The hub does not know this token.", again)
        case HTTPStatus.NOT_FOUND:
            return NotFound(words, hint=hint or None)
        case HTTPStatus.SERVICE_UNAVAILABLE | HTTPStatus.BAD_GATEWAY:
            return Unreachable(words, hint=hint or None)
        case HTTPStatus.GATEWAY_TIMEOUT:
            return OutcomeUnknown(words, hint=hint or None)
        case status if status in _BAD_INPUT:
            return BadInput(words, hint=hint or None)
        case status if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return Fault(f"The hub failed: {words}", hint="It wrote down why: look at the hub's log.")
        case _:
            return SaysNo(code, words, hint)


def _problem(no: Answer) -> dict[str, Any] | None:
    try:
        found = json.loads(no.read())
    except (ValueError, OSError, http.client.HTTPException):
        return None
    return found if isinstance(found, dict) and ("detail" in found or "title" in found) else None
