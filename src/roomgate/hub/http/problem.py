"""Refusals as RFC 9457 problem documents: the one table from our errors to HTTP."""

from dataclasses import dataclass
from http import HTTPStatus

import msgspec

from roomgate.access.decision import Denied
from roomgate.errors import BadInput, Conflict, NotFound, OutcomeUnknown, PreconditionFailed, RoomgateError, Unreachable
from roomgate.hub.identity.devices import DeviceRefused
from roomgate.hub.identity.guessing import TooManyTries
from roomgate.hub.identity.passwords import Busy
from roomgate.hub.identity.person import Forbidden, SignInRefused
from roomgate.hub.identity.scim.brake import Braked
from roomgate.link.enrolment import EnrolmentRefused
from roomgate.storage.database import StorageBusy, StorageFailed
from roomgate.xapi.errors import XapiError

MEDIA_TYPE = "application/problem+json"


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a refusal says: ``code`` is stable and for programs, ``hint`` says what to do next."""

    title: str
    status: int
    code: str
    detail: str = ""
    hint: str = ""
    rule: str = ""
    type: str = "about:blank"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A problem, ready to be sent."""

    problem: Problem
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def status(self) -> int:
        return self.problem.status

    @property
    def body(self) -> bytes:
        return msgspec.json.encode(self.problem)


class NotSignedIn(RoomgateError):
    """Nobody anonymous: the same for every name."""

    code = "not-signed-in"
    hint = "Sign in, or send an access token as Authorization: Bearer."


class BadForm(RoomgateError):
    """The request did not come from our own page."""

    code = "csrf"
    hint = "Load the page again, and send it from there."


class TooLarge(RoomgateError):
    """The body is larger than we take."""

    code = "too-large"


class TooSlow(RoomgateError):
    """The body did not come in time."""

    code = "too-slow"


_STATUS: tuple[tuple[type[Exception], int], ...] = (  # the first that fits
    (NotSignedIn, 401),
    (SignInRefused, 401),
    (BadForm, 403),
    (Forbidden, 403),
    (EnrolmentRefused, 403),
    (DeviceRefused, 403),
    (Denied, 403),
    (NotFound, 404),
    (PreconditionFailed, 412),
    (Conflict, 409),
    (TooSlow, 408),
    (TooLarge, 413),
    (BadInput, 400),
    (XapiError, 400),
    (TooManyTries, 429),
    (Braked, 429),
    (Busy, 503),
    (StorageBusy, 503),
    (StorageFailed, 503),
    (Unreachable, 503),
    (OutcomeUnknown, 504),
)
# One body for every room that somebody may not know of, be it unknown or forbidden.
NO_SUCH_ROOM = "There is no such room."


def status_of(kind: type[Exception]) -> int | None:
    """The HTTP status of a class of error; None for what should never reach an answer (then it is 500)."""
    return next((status for ours, status in _STATUS if issubclass(kind, ours)), None)


def build_refusal(fault: Exception) -> Refusal:
    """What to answer. An error that is not ours says nothing of itself."""
    if isinstance(fault, Denied) and not fault.some_grant:
        fault = NotFound(NO_SUCH_ROOM)
    status = status_of(type(fault)) or 500
    title = HTTPStatus(status).phrase
    if not isinstance(fault, RoomgateError | XapiError):
        return Refusal(Problem(title, status, "internal", "Something failed here; it was noted."))
    headers: list[tuple[str, str]] = []
    if isinstance(fault, TooManyTries | Braked):
        headers.append(("Retry-After", str(max(1, round(fault.wait_s)))))
    elif status == 503:
        headers.append(("Retry-After", "2"))
    rule = fault.rule if isinstance(fault, Denied) else ""
    return Refusal(Problem(title, status, fault.code, fault.message, fault.hint, rule), tuple(headers))


def build_http_refusal(status: int, detail: str) -> Refusal:
    """For what the web framework itself refuses: no such route, a body that does not parse."""
    code = {400: "input.bad", 404: "not-found", 405: "method", 413: "too-large", 415: "media-type"}.get(
        status, f"http.{status}"
    )
    return Refusal(Problem(HTTPStatus(status).phrase, status, code, detail))
