"""Google Calendar as its published reference has it, in memory. Each fact with the page that says so.

- sign-in: developers.google.com/identity/protocols/oauth2/service-account
- listing: developers.google.com/workspace/calendar/api/v3/reference/events/list (which parameters may not go with a
  sync token), /guides/sync (410), /guides/pagination
- roles: /v3/reference/events#accessRole: a ``freeBusyReader`` sees times, a ``reader`` no details of private events
- errors: /guides/errors; limits: /guides/quota
- writing: /v3/reference/events/insert, patch, delete; ids: /v3/reference/events#id; ETags: /guides/version-resources
"""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from support.cloud_double import Asked, CloudDouble, Given

ACCOUNT, KEY_ID = "roomgate@example-project.iam.gserviceaccount.com", "k1"
_SCOPES = {
    "https://www.googleapis.com/auth/calendar.events.readonly": False,
    "https://www.googleapis.com/auth/calendar.events": True,
}
# "to ensure consistency of the client state"; everything else is to be the same as at first.
_NOT_WITH_TOKEN = {
    "iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "timeMin", "timeMax", "updatedMin",
}  # fmt: skip
_KNOWN = _NOT_WITH_TOKEN | {
    "singleEvents", "maxResults", "pageToken", "syncToken", "showDeleted", "timeZone", "maxAttendees", "eventTypes",
}  # fmt: skip


def stamp(when: datetime) -> dict[str, str]:
    return {"dateTime": when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "timeZone": "UTC"}


def _when(said: dict[str, str]) -> datetime:
    text = said.get("dateTime") or said["date"]
    when = datetime.fromisoformat(text)
    return when if when.tzinfo else when.replace(tzinfo=UTC)


@dataclass
class Agenda:
    """One calendar. ``role``: what the account may do there."""

    name: str
    role: str = "writer"
    zone: str = "UTC"
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)  # ids of what was deleted, too
    log: list[str] = field(default_factory=list)

    def put(self, **said: Any) -> str:
        key = said.get("id") or secrets.token_hex(13)
        start = datetime(2026, 3, 10, 10, tzinfo=UTC)
        self.events[key] = {
            "kind": "calendar#event", "id": key, "status": "confirmed", "eventType": "default",
            "iCalUID": f"{key}@google.com", "summary": "Plan", "description": "Agenda",
            "start": stamp(start), "end": stamp(start + timedelta(hours=1)),
            "organizer": {"email": "ada@example.com", "displayName": "Ada"},
            "attendees": [
                {"email": "ada@example.com", "organizer": True, "responseStatus": "accepted"},
                {"email": self.name, "self": True, "resource": True, "responseStatus": "accepted"},
            ],
        } | said  # fmt: skip
        self.used.add(key)
        self._changed(key)
        return key

    def put_series(self, starts: list[datetime], **said: Any) -> str:
        """The occurrences of a series, as ``singleEvents`` shows them."""
        series = secrets.token_hex(13)
        for start in starts:
            self.put(
                id=f"{series}_{start:%Y%m%dT%H%M%SZ}", iCalUID=f"{series}@google.com", recurringEventId=series,
                originalStartTime=stamp(start), start=stamp(start), end=stamp(start + timedelta(hours=1)), **said,
            )  # fmt: skip
        return series

    def change(self, key: str, **said: Any) -> None:
        self.events[key] |= said
        self._changed(key)

    def remove(self, key: str) -> None:
        del self.events[key]
        self._changed(key)

    def _changed(self, key: str) -> None:
        self.log.append(key)
        if key in self.events:
            self.events[key]["etag"] = f'"{len(self.log)}"'

    def seen(self, one: dict[str, Any]) -> dict[str, Any]:
        """What somebody with this role sees of it."""
        if self.role == "freeBusyReader" or (
            self.role == "reader" and one.get("visibility") in ("private", "confidential")
        ):
            kept = ("kind", "id", "status", "start", "end", "iCalUID", "etag", "recurringEventId", "originalStartTime")
            return {name: one[name] for name in kept if name in one} | {"visibility": "private"}
        return one


@dataclass
class GoogleDouble(CloudDouble):
    public_key: Any = None  # of the service account's key
    calendars: dict[str, Agenda] = field(default_factory=dict)
    _states: dict[str, tuple[str, dict[str, str], int, list[dict[str, Any]], str]] = field(default_factory=dict)

    @property
    def token_url(self) -> str:
        return f"{self.origin}/token"

    @property
    def api(self) -> str:
        return f"{self.origin}/calendar/v3"

    def room(self, name: str) -> Agenda:
        return self.calendars.setdefault(name, Agenda(name))

    def forget_tokens(self) -> None:
        self._states.clear()

    def unauthorized(self) -> Given:
        return self.fault(401, "authError")

    def fault(self, status: int, reason: str) -> Given:
        body = {"error": {"errors": [{"domain": "global", "reason": reason, "message": "…"}], "code": status}}
        return Given(status, body)

    # -- sign-in

    def sign_in(self, asked: Asked) -> Given | None:
        if asked.path != "/token":
            return None
        form = asked.form
        if asked.method != "POST" or form.get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer":
            return Given(400, {"error": "unsupported_grant_type"})
        try:
            token = jwt.decode(form["assertion"], RSAKey.import_key(self.public_key), algorithms=["RS256"])
        except (JoseError, ValueError, KeyError):
            return Given(400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
        said, now = token.claims, self.clock.now().timestamp()
        right = (
            token.header.get("kid") == KEY_ID
            and said["iss"] == ACCOUNT
            and "sub" not in said
            and said["aud"] == self.token_url
            and said["iat"] <= now < said["exp"] <= said["iat"] + 3600
        )
        if not right:
            return Given(400, {"error": "invalid_grant"})
        return self.grant(said["scope"]) if said["scope"] in _SCOPES else Given(400, {"error": "invalid_scope"})

    # -- calendars

    def answer(self, asked: Asked, scope: str) -> Given:
        parts = asked.path.removeprefix("/calendar/v3/calendars/").split("/")
        if not asked.path.startswith("/calendar/v3/calendars/") or len(parts) < 2 or parts[1] != "events":
            return self.fault(404, "notFound")
        agenda = self.calendars.get(parts[0])
        if agenda is None or agenda.role == "none":
            return self.fault(404, "notFound")  # what was not shared is not there
        if asked.method == "GET":
            return self._list(asked, agenda) if len(parts) == 2 else self._get(agenda, parts[2])
        if not _SCOPES[scope]:
            return self.fault(403, "insufficientPermissions")
        if agenda.role not in ("writer", "owner"):
            return self.fault(403, "requiredAccessLevel")
        return self._insert(asked, agenda) if len(parts) == 2 else self._write(asked, agenda, parts[2])

    def _list(self, asked: Asked, agenda: Agenda) -> Given:
        query = asked.query
        if query.keys() - _KNOWN or ("syncToken" in query and query.keys() & _NOT_WITH_TOKEN):
            return self.fault(400, "badRequest")
        size = int(query.get("maxResults", "250"))
        if not 1 <= size <= 2500:
            return self.fault(400, "badRequest")
        fixed = {
            name: value for name, value in query.items() if name not in ("pageToken", "syncToken", "timeMin", "timeMax")
        }
        times = {name: query[name] for name in ("timeMin", "timeMax") if name in query}
        if "pageToken" in query:
            state = self._states.get(query["pageToken"])
            if state is None or state[4] != f"{query.get('syncToken', '')}{times}" or state[1] != fixed:
                return self.fault(400, "badRequest")
            at, said = state[2], state[3]
        elif "syncToken" in query:
            state = self._states.get(query["syncToken"])
            if state is None or state[0] != agenda.name:
                return self.fault(410, "fullSyncRequired")
            if state[1] != fixed:
                return self.fault(400, "badRequest")
            at = len(agenda.log)
            said = [
                agenda.seen(agenda.events[key]) if key in agenda.events else {"id": key, "status": "cancelled"}
                for key in dict.fromkeys(agenda.log[state[2] :])
            ]
        else:
            if query.get("singleEvents") != "true":
                return self.fault(400, "badRequest")
            low, high = datetime.fromisoformat(query["timeMin"]), datetime.fromisoformat(query["timeMax"])
            at = len(agenda.log)
            inside = (one for one in agenda.events.values() if _when(one["start"]) < high and _when(one["end"]) > low)
            said = [agenda.seen(one) for one in inside]
        token = secrets.token_urlsafe(16) + "="
        self._states[token] = (agenda.name, fixed, at, said[size:], f"{query.get('syncToken', '')}{times}")
        body: dict[str, Any] = {
            "kind": "calendar#events", "accessRole": agenda.role, "timeZone": agenda.zone, "items": said[:size],
        }  # fmt: skip
        return Given(200, body | {"nextPageToken" if said[size:] else "nextSyncToken": token})

    def _get(self, agenda: Agenda, key: str) -> Given:
        if key not in agenda.events:
            return self.fault(404, "notFound")
        event = agenda.events[key]
        return Given(200, agenda.seen(event), {"ETag": event["etag"]})

    def _insert(self, asked: Asked, agenda: Agenda) -> Given:
        said = asked.json
        key = said.get("id", secrets.token_hex(13))
        if not 5 <= len(key) <= 1024 or set(key) - set("0123456789abcdefghijklmnopqrstuv"):
            return self.fault(400, "invalid")
        if key in agenda.used:
            return self.fault(409, "duplicate")
        agenda.put(**({"organizer": {"email": agenda.name, "self": True}, "attendees": []} | said | {"id": key}))
        return Given(200, agenda.events[key])

    def _write(self, asked: Asked, agenda: Agenda, key: str) -> Given:
        if key not in agenda.events:
            return self.fault(410 if key in agenda.used else 404, "deleted" if key in agenda.used else "notFound")
        event = agenda.events[key]
        if asked.headers.get("if-match", "*") not in ("*", event["etag"]):
            return self.fault(412, "conditionNotMet")
        if asked.method == "DELETE":
            agenda.remove(key)
            return Given(204)
        if asked.method != "PATCH":
            return self.fault(400, "badRequest")
        said = asked.json
        if "attendees" in said and {one["email"] for one in said["attendees"]} != {
            one["email"] for one in event["attendees"]
        }:
            return self.fault(403, "forbiddenForNonOrganizer")
        for name, value in said.items():
            said[name] = event[name] | value if isinstance(value, dict) and isinstance(event.get(name), dict) else value
        agenda.change(key, **said)
        return Given(200, agenda.events[key])
