"""Microsoft Graph's calendars as its published reference has them, in memory. Each fact with the page that says so.

- sign-in: learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow and …/certificate-credentials
- delta: learn.microsoft.com/graph/api/event-delta, /graph/delta-query-events, /graph/delta-query-overview
- that a delta gives occurrences as stubs, and does not name one that was taken out of its series, is in no reference:
  github.com/microsoftgraph/microsoft-graph-docs issues 7632 and 1716, pull request 4501
- the view: learn.microsoft.com/graph/api/calendar-list-calendarview
- writing: /graph/api/user-post-events, event-update, event-delete, event-decline, event-cancel
- throttling: /graph/throttling; errors: /graph/errors. Not established: the answer to a repeated transactionId, so
  ``repeated_status`` chooses one.
"""

import base64
import hashlib
import secrets
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from support.cloud_double import Asked, CloudDouble, Given

TENANT, CLIENT, SECRET = "11111111-2222-3333-4444-555555555555", "66666666-7777-8888-9999-000000000000", "s3cr~et"
_EXCHANGE = "040000008200E00074C5B7101A82E008"


def stamp(when: datetime) -> dict[str, str]:
    return {"dateTime": when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.0000000"), "timeZone": "UTC"}


def read(when: dict[str, str]) -> datetime:
    assert when["timeZone"] == "UTC"
    return datetime.fromisoformat(when["dateTime"]).replace(tzinfo=UTC)


@dataclass
class Series:
    """A recurring event. ``starts``: of its occurrences; ``changed``: what is other in one of them, by its start."""

    master: dict[str, Any]
    starts: list[datetime]
    length: timedelta
    changed: dict[datetime, dict[str, Any]] = field(default_factory=dict)

    def occurrences(self) -> Iterable[dict[str, Any]]:
        for start in self.starts:
            other = self.changed.get(start, {})
            uid = self.master["iCalUId"]
            yield (
                self.master
                | {
                    "id": f"{self.master['id']}.{start:%Y%m%d%H%M}",
                    "iCalUId": f"{uid[:32]}{start.year:04X}{start.month:02X}{start.day:02X}{uid[40:]}"
                    if uid.startswith(_EXCHANGE)
                    else uid,
                    "type": "exception" if other else "occurrence",
                    "seriesMasterId": self.master["id"],
                    "originalStart": start.strftime("%Y-%m-%dT%H:%M:%SZ"),
                    "start": stamp(start),
                    "end": stamp(start + self.length),
                }
                | other
            )


@dataclass
class Mailbox:
    name: str
    singles: dict[str, dict[str, Any]] = field(default_factory=dict)
    series: dict[str, Series] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)  # ids, in the order of their changes

    def put(self, **said: Any) -> str:
        """A single event with what is given laid over a plain one; its id."""
        event = plain_event(self.name) | said
        self.singles[event["id"]] = event
        self.log.append(event["id"])
        return str(event["id"])

    def change(self, key: str, **said: Any) -> None:
        self.singles[key] |= said
        self.log.append(key)

    def remove(self, key: str) -> None:
        (self.singles if key in self.singles else self.series).pop(key)
        self.log.append(key)

    def put_series(self, starts: list[datetime], minutes: int = 60, **said: Any) -> str:
        master = plain_event(self.name) | {"type": "seriesMaster"} | said
        self.series[master["id"]] = Series(master, starts, timedelta(minutes=minutes))
        self.log.append(master["id"])
        return str(master["id"])

    def drop(self, key: str, start: datetime) -> None:
        """One occurrence is deleted."""
        self.series[key].starts.remove(start)
        self.log.append(key)

    def move(self, key: str, start: datetime, to: datetime) -> None:
        series = self.series[key]
        series.changed[start] = {"start": stamp(to), "end": stamp(to + series.length)}
        self.log.append(key)

    def view(self, start: datetime, end: datetime) -> list[dict[str, Any]]:
        every = [*self.singles.values(), *(one for series in self.series.values() for one in series.occurrences())]
        return [one for one in every if read(one["start"]) < end and read(one["end"]) > start]

    def delta(self, keys: Iterable[str], start: datetime, end: datetime, first: bool) -> list[dict[str, Any]]:
        """What a delta query says of these events."""
        said: list[dict[str, Any]] = []
        seen = {one["id"]: one for one in self.view(start, end)}
        for key in dict.fromkeys(keys):
            if key in self.series:
                inside = [one for one in self.series[key].occurrences() if one["id"] in seen]
                if inside:
                    said.append(self.series[key].master)
                    said += [one if one["type"] == "exception" else _stub(one) for one in inside]
            elif key in seen:
                said.append(seen[key])
            elif not first:
                said.append({"id": key, "@removed": {"reason": "deleted"}})
        return said


def plain_event(mailbox: str) -> dict[str, Any]:
    key = secrets.token_urlsafe(12) + "="
    start = datetime(2026, 3, 10, 10, tzinfo=UTC)
    return {
        "id": key,
        "iCalUId": f"{_EXCHANGE}00000000{hashlib.sha256(key.encode()).hexdigest().upper()[:64]}",
        "type": "singleInstance", "seriesMasterId": None, "originalStart": None, "transactionId": None,
        "subject": "Plan", "body": {"contentType": "html", "content": "<html><body>Agenda</body></html>"},
        "bodyPreview": "Agenda", "start": stamp(start), "end": stamp(start + timedelta(hours=1)),
        "isAllDay": False, "isCancelled": False, "isOrganizer": False, "sensitivity": "normal", "showAs": "busy",
        "responseStatus": {"response": "accepted", "time": "2026-03-01T00:00:00Z"},
        "organizer": {"emailAddress": {"name": "Ada", "address": "ada@example.com"}},
        "attendees": [
            {"type": "resource", "status": {"response": "accepted"}, "emailAddress": {"name": "Room", "address": mailbox}}
        ],
        "location": {"displayName": ""}, "locations": [], "onlineMeeting": None, "onlineMeetingUrl": None,
    }  # fmt: skip


def _stub(one: dict[str, Any]) -> dict[str, Any]:
    return {name: one[name] for name in ("id", "seriesMasterId", "type", "start", "end")}


@dataclass
class GraphDouble(CloudDouble):
    certificate: bytes = b""  # PEM, registered with the application
    secret: str = SECRET
    writes: bool = True  # Application Calendars.ReadWrite, or only Read
    rooms: dict[str, Mailbox] = field(default_factory=dict)  # within the application's scope
    others: set[str] = field(default_factory=set)  # mailboxes outside of it
    gone_status: int = 410
    gone_code: str = "syncStateNotFound"
    repeated_status: int = 201
    mail: list[tuple[str, str]] = field(default_factory=list)  # what the service would send: what, of which event
    _states: dict[str, tuple[str, datetime, datetime, int, list[dict[str, Any]]]] = field(default_factory=dict)
    _names: set[str] = field(default_factory=set)

    def room(self, name: str) -> Mailbox:
        return self.rooms.setdefault(name, Mailbox(name))

    def forget_tokens(self) -> None:
        self._states.clear()

    def unauthorized(self) -> Given:
        return self.fault(401, "InvalidAuthenticationToken")

    def fault(self, status: int, code: str) -> Given:
        return Given(status, {"error": {"code": code, "message": "…", "innerError": {"request-id": "1"}}})

    # -- sign-in

    def sign_in(self, asked: Asked) -> Given | None:
        if not asked.path.endswith("/oauth2/v2.0/token"):
            return None
        form = asked.form
        if asked.path != f"/{TENANT}/oauth2/v2.0/token":
            return self._denied(400, "invalid_request", 90002)
        if asked.method != "POST" or form.get("grant_type") != "client_credentials":
            return self._denied(400, "unsupported_grant_type", 70003)
        if form.get("scope") != f"{self.origin}/.default":
            return self._denied(400, "invalid_scope", 70011)
        if form.get("client_id") != CLIENT:
            return self._denied(400, "unauthorized_client", 700016)
        if "client_secret" in form:
            return (
                self.grant("") if form["client_secret"] == self.secret else self._denied(401, "invalid_client", 7000215)
            )
        return self.grant("") if self._proven(form) else self._denied(401, "invalid_client", 700027)

    def _denied(self, status: int, error: str, code: int) -> Given:
        return Given(status, {"error": error, "error_description": f"AADSTS{code}: …", "error_codes": [code]})

    def _proven(self, form: dict[str, str]) -> bool:
        if form.get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer":
            return False
        certificate = x509.load_pem_x509_certificate(self.certificate)
        thumb = hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()
        try:
            token = jwt.decode(
                form["client_assertion"], RSAKey.import_key(certificate.public_key()), algorithms=["PS256"]
            )  # type: ignore[arg-type]
        except (JoseError, ValueError, KeyError):
            return False
        said, now = token.claims, self.clock.now().timestamp()
        fresh = said["jti"] not in self._names
        self._names.add(said["jti"])
        return (
            token.header.get("typ") == "JWT"
            and token.header.get("x5t#S256") == base64.urlsafe_b64encode(thumb).rstrip(b"=").decode()
            and said["aud"] == f"{self.origin}/{TENANT}/oauth2/v2.0/token"
            and said["iss"] == said["sub"] == CLIENT
            and said["nbf"] <= now < said["exp"] <= said["nbf"] + 600
            and fresh
        )

    # -- calendars

    def answer(self, asked: Asked, scope: str) -> Given:
        parts = asked.path.removeprefix("/v1.0/users/").split("/")
        if not asked.path.startswith("/v1.0/users/") or len(parts) < 2:
            return self.fault(404, "ResourceNotFound")
        name = parts[0]
        if name in self.others:
            return self.fault(403, "ErrorAccessDenied")
        if name not in self.rooms:
            return self.fault(404, "ErrorInvalidUser")
        match (asked.method, parts[1:]):
            case ("GET", ["calendarView", "delta"]):
                return self._delta(asked, self.rooms[name])
            case ("GET", ["calendarView"]):
                return self._view(asked, self.rooms[name])
            case ("POST" | "PATCH" | "DELETE", ["events", *rest]):
                return (
                    self._write(asked, self.rooms[name], rest) if self.writes else self.fault(403, "ErrorAccessDenied")
                )
        return self.fault(400, "BadRequest")

    def _view(self, asked: Asked, mailbox: Mailbox) -> Given:
        if (
            not {"startDateTime", "endDateTime"}
            <= asked.query.keys()
            <= {"startDateTime", "endDateTime", "$select", "$top", "$skip"}
        ):
            return self.fault(400, "ErrorInvalidParameter")
        start, end = (datetime.fromisoformat(asked.query[one]) for one in ("startDateTime", "endDateTime"))
        chosen = set(asked.query["$select"].split(",")) | {"id"} if "$select" in asked.query else None
        if chosen and chosen - set(plain_event("")):
            return self.fault(400, "RequestBroker--ParseUri")
        every = sorted(mailbox.view(start, end), key=lambda one: str(one["start"]["dateTime"]))
        skip, top = int(asked.query.get("$skip", 0)), int(asked.query.get("$top", 10))
        if not 1 <= top <= 1000:
            return self.fault(400, "ErrorInvalidParameter")
        page = [{k: v for k, v in one.items() if chosen is None or k in chosen} for one in every[skip : skip + top]]
        body: dict[str, Any] = {"value": [one | {"@odata.etag": f'W/"{secrets.token_hex(4)}"'} for one in page]}
        if skip + top < len(every):
            again = "&".join(f"{name}={value}" for name, value in (asked.query | {"$skip": str(skip + top)}).items())
            body["@odata.nextLink"] = f"{self.origin}{asked.path}?{again}"
        return Given(200, body)

    def _delta(self, asked: Asked, mailbox: Mailbox) -> Given:
        query, size = asked.query, _page_size(asked.headers.get("prefer", ""))
        if query.keys() == {"startDateTime", "endDateTime"}:
            start, end = (datetime.fromisoformat(query[one]) for one in ("startDateTime", "endDateTime"))
            said = mailbox.delta([*mailbox.singles, *mailbox.series], start, end, True)
        elif query.keys() in ({"$deltatoken"}, {"$skiptoken"}):
            state = self._states.get(next(iter(query.values())))
            if state is None or state[0] != mailbox.name:
                return self.fault(self.gone_status, self.gone_code)
            _, start, end, at, said = state
            said = said or mailbox.delta(mailbox.log[at:], start, end, False)
        else:
            return self.fault(400, "ErrorInvalidUrlQuery")
        token = secrets.token_urlsafe(24)
        self._states[token] = (mailbox.name, start, end, len(mailbox.log), deepcopy(said[size:]))
        kind, name = ("nextLink", "skiptoken") if said[size:] else ("deltaLink", "deltatoken")
        return Given(200, {"value": said[:size], f"@odata.{kind}": f"{self.origin}{asked.path}?${name}={token}"})

    def _write(self, asked: Asked, mailbox: Mailbox, rest: list[str]) -> Given:
        if not rest and asked.method == "POST":
            return self._create(asked, mailbox)
        key = rest[0] if rest else ""
        event = next((one for one in self._every(mailbox) if one["id"] == key), None)
        if event is None:
            return self.fault(404, "ErrorItemNotFound")
        match (asked.method, rest[1:]):
            case ("PATCH", []):
                if key in mailbox.singles:
                    mailbox.change(key, **{name: _normal(value) for name, value in asked.json.items()})
                else:
                    master = mailbox.series[event["seriesMasterId"]]
                    start = datetime.fromisoformat(event["originalStart"])
                    master.changed[start] = {name: _normal(value) for name, value in asked.json.items()}
                    mailbox.log.append(event["seriesMasterId"])
                return Given(200, {"id": key})
            case ("DELETE", []):
                self._drop(mailbox, event)
                return Given(204)
            case ("POST", ["decline"]) if not event["isOrganizer"]:
                self._drop(mailbox, event)
                if asked.json.get("sendResponse", True):
                    self.mail.append(("decline", key))
                return Given(202)
            case ("POST", ["cancel"]) if event["isOrganizer"]:
                self._drop(mailbox, event)
                self.mail.append(("cancel", key))
                return Given(202)
        return self.fault(400, "ErrorInvalidRequest")

    def _create(self, asked: Asked, mailbox: Mailbox) -> Given:
        said = asked.json
        name = said.get("transactionId")
        known = next((one for one in mailbox.singles.values() if name and one["transactionId"] == name), None)
        if known:
            return (
                Given(201, known) if self.repeated_status == 201 else self.fault(self.repeated_status, "ErrorDuplicate")
            )
        own = {
            "isOrganizer": True,
            "attendees": [],
            "organizer": {"emailAddress": {"name": "Room", "address": mailbox.name}},
        }
        key = mailbox.put(**own, **{one: _normal(value) for one, value in said.items()})
        return Given(201, mailbox.singles[key])

    def _every(self, mailbox: Mailbox) -> list[dict[str, Any]]:
        return [*mailbox.singles.values(), *(one for series in mailbox.series.values() for one in series.occurrences())]

    def _drop(self, mailbox: Mailbox, event: dict[str, Any]) -> None:
        if event["id"] in mailbox.singles:
            mailbox.remove(event["id"])
        else:
            mailbox.drop(event["seriesMasterId"], datetime.fromisoformat(event["originalStart"]))


def _normal(value: Any) -> Any:
    """Times as the service hands them out."""
    return stamp(read(value)) if isinstance(value, dict) and "dateTime" in value else value


def _page_size(prefer: str) -> int:
    for one in prefer.split(","):
        name, _, value = one.strip().partition("=")
        if name == "odata.maxpagesize":
            return int(value)
    return 10
