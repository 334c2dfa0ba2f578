"""What is not yours is invisible: pairwise, over every address that the hub has.

Four sites, each with a room and an owner: two people, a service account; an outsider with nothing; and a
fourth site that changes while they look. Whatever one owns has a name that stands nowhere else. Then, for each
viewer and each owner:

- every address that is read says nothing of the other, and says the very same after much has happened elsewhere:
  so no count, no order and no mark tells of it either;
- every address that names a thing is asked for another's (whose, goes in turns; ``ROOMGATE_PAIRS=all`` asks for
  everybody's) and for one that is nowhere: status, headers and body are the same; where the name is one that can be
  guessed (an id has a hundred random bits), so is the work that the answer took, as the number of database statements.

An address that the tables below do not know fails `test_every_address_is_known_here`.
"""

import asyncio
import base64
import json
import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from sqlalchemy import Engine, event

from roomgate.access.capability import Capability
from roomgate.access.principal import Kind
from roomgate.hub.console.routes import PAGES
from roomgate.hub.http.door import COOKIE
from roomgate.hub.identity.person import Proof
from roomgate.link.messages import Heartbeat, State
from support.console import Console, Site, console
from support.hub import info

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio]

WHOLE = os.environ.get("ROOMGATE_PAIRS") == "all"
_COUNTS: ContextVar[list[int]] = ContextVar("the statements of one answer")

LOOK = {"get": "Status/Audio/Volume"}
SUBJECT = "\x00"  # in a body: where the name of the thing goes
GUESSABLE = {"name", "room", "site", "index"}
DOCUMENT = '{"everything": {"settings": {"Audio/DefaultVolume": 50}}}'
NOTHING = ("",)  # an address that names nothing

# Every operation of the API: which things its address or its body names. {} in a kind's stead: any body.
Try = tuple[tuple[str, ...], Any]
API: dict[tuple[str, str], Try] = {
    ("get", "/alerts"): (NOTHING, None),
    ("post", "/alerts/{id}/seen"): (("alert",), None),
    ("get", "/alert-routes"): (NOTHING, None),
    ("post", "/alert-routes"): (NOTHING, {"name": "x", "address": "file:///x"}),
    ("delete", "/alert-routes/{id}"): (("route",), None),  # no room's: for administrators, and refused to all here
    ("post", "/alert-routes/{id}/test"): (("route",), {}),
    ("get", "/approvals"): (NOTHING, None),
    ("post", "/approvals"): (
        ("room",),
        {"rooms": [SUBJECT], "capabilities": ["observe"], "minutes": 5, "reason": "to look"},
    ),
    ("get", "/approvals/{id}"): (("request",), None),
    ("post", "/approvals/{id}/acknowledge"): (("request",), {}),
    ("post", "/approvals/{id}/approve"): (("request",), {}),
    ("post", "/approvals/{id}/refuse"): (("request",), {"words": "no"}),
    ("post", "/approvals/{id}/withdraw"): (("request",), None),
    ("get", "/asks/{id}"): (("ask",), None),
    ("get", "/connectors"): (NOTHING, None),
    ("post", "/connectors"): (("site",), {"site": SUBJECT}),
    ("get", "/connectors/{id}"): (("connector",), None),
    ("post", "/connectors/{id}/confirm"): (("connector",), None),
    ("post", "/connectors/{id}/disable"): (("connector",), None),
    ("get", "/cuts"): (NOTHING, None),
    ("get", "/cuts/figures"): (NOTHING, None),
    ("get", "/directories"): (NOTHING, None),
    ("post", "/directories/{id}/people"): (("person", "name"), {"person": SUBJECT}),
    ("post", "/directories/{id}/release"): (("person", "name"), {"minutes": 5}),
    ("get", "/findings"): (NOTHING, None),
    ("get", "/findings/{id}"): (("finding",), None),  # for who audits, and refused to all here
    ("post", "/findings/{id}/close"): (("finding",), {"reason": "x"}),
    ("post", "/findings/reports"): (NOTHING, {"target": "x"}),
    ("get", "/grants"): (NOTHING, None),
    ("post", "/grants"): (
        ("person", "name", "room"),
        {"person": SUBJECT, "rooms": [SUBJECT], "capabilities": ["observe"], "minutes": 5, "reason": "x"},
    ),
    ("post", "/grants/break-glass"): (("room",), {"room": SUBJECT, "minutes": 5, "reason": "nobody else is there"}),
    ("get", "/grants/explain"): (NOTHING, None),
    ("get", "/grants/{id}"): (("grant",), None),
    ("delete", "/grants/{id}"): (("grant",), None),
    ("patch", "/grants/{id}"): (("grant",), {"capabilities": ["observe"]}),
    ("post", "/grants/{id}/confirm"): (("grant",), None),
    ("get", "/inventory"): (NOTHING, None),
    ("post", "/inventory/tags"): (("room",), {"csv": f"name,tags\n{SUBJECT},x", "dry_run": True}),
    ("get", "/inventory/views"): (NOTHING, None),
    ("post", "/inventory/views"): (NOTHING, {"name": "x", "filter": {}}),
    ("delete", "/inventory/views/{id}"): (("view",), None),
    ("get", "/invitations"): (NOTHING, None),
    ("post", "/invitations"): (("name",), {"name": SUBJECT}),
    ("delete", "/invitations/{id}"): (("invitation",), None),
    ("get", "/ledger"): (NOTHING, None),
    ("get", "/ledger/checkpoint"): (NOTHING, None),
    ("get", "/ledger/{index}"): (("index",), None),
    ("get", "/locks"): (NOTHING, None),
    ("post", "/locks"): (("room",), {"room": SUBJECT}),
    ("delete", "/locks/{id}"): (("lock",), None),
    ("get", "/bookings"): (NOTHING, None),
    ("get", "/meetings"): (NOTHING, None),
    ("post", "/meetings/explain"): (NOTHING, {"invitation": "x"}),
    ("get", "/people"): (NOTHING, None),
    ("post", "/people"): (("name",), {"name": SUBJECT}),
    ("get", "/people/{id}"): (("person", "name"), None),
    ("delete", "/people/{id}"): (("person", "name"), None),
    ("patch", "/people/{id}"): (("person", "name"), {"active": False}),
    ("delete", "/people/{id}/factors"): (("person", "name"), None),
    ("post", "/people/{id}/reset"): (("person", "name"), {"hours": 1}),
    ("get", "/people/{id}/identities"): (("person", "name"), None),
    ("post", "/people/{id}/identities"): (("person", "name"), {"issuer": "https://id.example", "subject": "1"}),
    ("delete", "/people/{id}/identities"): (("person", "name"), None),
    ("get", "/plans"): (NOTHING, None),
    ("post", "/plans"): (("room",), {"document": f'{{"only": {{"rooms": ["{SUBJECT}"]}}, {DOCUMENT[1:]}'}),
    ("post", "/plans/drift"): (("room",), {"document": f'{{"only": {{"rooms": ["{SUBJECT}"]}}, {DOCUMENT[1:]}'}),
    ("get", "/plans/{id}"): (("plan",), None),
    ("get", "/plans/{id}/rooms"): (("plan",), None),
    ("get", "/plans/{id}/drift"): (("plan",), None),
    ("post", "/plans/{id}/start"): (("plan",), None),
    ("post", "/plans/{id}/resume"): (("plan",), {}),
    ("post", "/plans/{id}/halt"): (("plan",), {}),
    ("post", "/plans/{id}/cancel"): (("plan",), {}),
    ("get", "/restoration"): (NOTHING, None),
    ("post", "/restoration/confirm"): (("grant",), {"grants": [SUBJECT]}),
    ("post", "/restoration/end"): (NOTHING, None),
    ("get", "/roles"): (NOTHING, None),  # roles are the hub's own, and nobody's
    ("post", "/roles"): (("name",), {"name": SUBJECT}),
    ("get", "/roles/{name}"): (("name",), None),
    ("patch", "/roles/{name}"): (("name",), {"words": "x"}),
    ("delete", "/roles/{name}"): (("name",), None),
    ("get", "/rooms"): (NOTHING, None),
    ("put", "/rooms/{room}/tags"): (("room", "room-id"), {"tags": ["x"]}),
    ("get", "/rooms/{room}"): (("room", "room-id"), None),
    ("delete", "/rooms/{room}"): (("room", "room-id"), None),
    ("post", "/rooms/{room}/asks"): (("room", "room-id"), LOOK),
    ("get", "/rooms/{room}/backups"): (("room", "room-id"), None),
    ("post", "/rooms/{room}/backups"): (("room", "room-id"), {"name": "x"}),
    ("get", "/rooms/{room}/backups/{id}"): (("room", "room-id"), None),
    ("delete", "/rooms/{room}/backups/{id}"): (("room", "room-id"), None),
    ("get", "/rooms/{room}/backups/{id}/difference"): (("room", "room-id"), None),
    ("post", "/rooms/{room}/backups/{id}/restore"): (("room", "room-id"), {"seen": "x", "into": SUBJECT}),
    ("get", "/rooms/{room}/calls"): (("room", "room-id"), None),
    ("get", "/rooms/{room}/events"): (("room", "room-id"), None),
    ("post", "/rooms/{room}/bookings"): (("room", "room-id"), {"minutes": 5}),
    ("post", "/rooms/{room}/bookings/{id}/extend"): (("room", "room-id"), {"minutes": 5}),
    ("post", "/rooms/{room}/bookings/{id}/check-in"): (("room", "room-id"), None),
    ("post", "/rooms/{room}/bookings/{id}/end"): (("room", "room-id"), None),
    ("delete", "/rooms/{room}/bookings/{id}"): (("room", "room-id"), None),
    ("get", "/rooms/{room}/meetings"): (("room", "room-id"), None),
    ("get", "/rooms/{room}/meetings/{id}"): (("room", "room-id"), None),
    ("post", "/rooms/{room}/meetings/sync"): (("room", "room-id"), None),
    ("post", "/rooms/{room}/logs"): (("room", "room-id"), None),
    ("get", "/rooms/{room}/security"): (("room", "room-id"), None),
    ("get", "/rooms/{room}/settings"): (("room", "room-id"), None),
    ("patch", "/rooms/{room}/settings"): (("room", "room-id"), {"set": {"Audio/DefaultVolume": 40}}),
    ("get", "/rooms/{room}/settings/history"): (("room", "room-id"), None),
    ("get", "/rooms/{room}/samples"): (("room", "room-id"), None),
    ("get", "/rooms/{room}/status"): (("room", "room-id"), None),
    ("get", "/rooms/{room}/macros"): (("room", "room-id"), None),
    ("get", "/rooms/{room}/macros/{name}"): (("room", "room-id"), None),
    ("put", "/rooms/{room}/macros/{name}"): (("room", "room-id"), {"text": "x"}),
    ("delete", "/rooms/{room}/macros/{name}"): (("room", "room-id"), None),
    ("get", "/rooms/{room}/macros/{name}/versions"): (("room", "room-id"), None),
    ("get", "/rooms/{room}/macros/{name}/versions/{number}"): (("room", "room-id"), None),
    ("get", "/rooms/{room}/macros/{name}/difference"): (("room", "room-id"), None),
    ("post", "/rooms/{room}/macros/{name}/rollback"): (("room", "room-id"), {"version": 1}),
    ("post", "/rooms/{room}/macros/{name}/activate"): (("room", "room-id"), None),
    ("post", "/rooms/{room}/macros/{name}/deactivate"): (("room", "room-id"), None),
    ("get", "/rooms/{room}/panels"): (("room", "room-id"), None),
    ("get", "/rooms/{room}/panels/{name}"): (("room", "room-id"), None),
    ("put", "/rooms/{room}/panels/{name}"): (("room", "room-id"), {"text": "<Extensions><Panel/></Extensions>"}),
    ("delete", "/rooms/{room}/panels/{name}"): (("room", "room-id"), None),
    ("get", "/rooms/{room}/panels/{name}/versions"): (("room", "room-id"), None),
    ("get", "/rooms/{room}/panels/{name}/versions/{number}"): (("room", "room-id"), None),
    ("get", "/rooms/{room}/panels/{name}/difference"): (("room", "room-id"), None),
    ("post", "/rooms/{room}/panels/{name}/rollback"): (("room", "room-id"), {"version": 1}),
    ("get", "/rooms/{room}/macro-engine"): (("room", "room-id"), None),
    ("post", "/rooms/{room}/macro-engine"): (("room", "room-id"), {"do": "start"}),
    ("get", "/rooms/{room}/macro-log"): (("room", "room-id"), None),
    ("post", "/text-checks"): (NOTHING, {"kind": "macro", "text": "x"}),
    ("get", "/service-accounts"): (NOTHING, None),
    ("post", "/service-accounts"): (("name",), {"name": SUBJECT}),
    ("get", "/service-accounts/{id}"): (("person", "name"), None),
    ("delete", "/service-accounts/{id}"): (("person", "name"), None),
    ("patch", "/service-accounts/{id}"): (("person", "name"), {"active": False}),
    ("get", "/sessions"): (NOTHING, None),
    ("delete", "/sessions/{id}"): (("session",), None),
    ("get", "/sites"): (NOTHING, None),
    ("post", "/sites"): (("site",), {"name": SUBJECT}),
    ("get", "/tokens"): (NOTHING, None),
    ("post", "/tokens"): (("person", "name"), {"person": SUBJECT, "minutes": 5}),
    ("delete", "/tokens/{id}"): (("token",), None),
    ("get", "/web-sessions"): (NOTHING, None),
    ("delete", "/web-sessions/{id}"): (("web",), None),
    ("get", "/whoami"): (NOTHING, None),
}
# What a question may name beside its address.
QUERIES: dict[str, dict[str, tuple[str, ...]]] = {
    "/connectors": {"site": ("site",)},
    "/findings": {"q": NOTHING, "source": NOTHING, "severity": NOTHING},
    "/grants": {"person": ("person", "name"), "room": ("room", "room-id")},
    "/grants/explain": {"person": ("person", "name"), "room": ("room", "room-id"), "call": NOTHING, "value": NOTHING},
    "/inventory": {
        "q": NOTHING,
        "site": ("site",),
        "tag": NOTHING,
        "product": NOTHING,
        "software": NOTHING,
        "state": NOTHING,
    },
    "/ledger": {"room": ("room",), "person": ("person",), "kind": NOTHING},
    "/bookings": {"room": ("room", "room-id"), "site": ("site",)},
    "/meetings": {"room": ("room", "room-id"), "site": ("site",), "q": NOTHING, "service": NOTHING},
    "/rooms/{room}/backups/{id}/difference": {"into": ("room", "room-id"), "same_room": NOTHING},
    "/rooms/{room}/settings": {"q": NOTHING, "group": NOTHING},
    "/sessions": {"room": ("room", "room-id")},
    "/tokens": {"person": ("person", "name")},
    "/web-sessions": {"person": ("person", "name")},
}
PLAIN_QUERIES = {
    "cursor",
    "limit",
    "wait",
    "path",
    "only",
    "issuer",
    "subject",
    "day",
    "days",
    "since",
    "old",
    "new",
    "past",
    "states",
    "ended",
    "closed",
}  # they name nothing of anybody's
# The console, in the same way; its bodies are forms.
CONSOLE: dict[tuple[str, str], Try] = {
    ("get", "/"): (NOTHING, None),
    ("get", "/r/{name}"): (("room",), None),
    ("get", "/rooms"): (NOTHING, None),
    ("get", "/rooms.cells"): (NOTHING, None),
    ("get", "/rooms.csv"): (NOTHING, None),
    ("get", "/rooms.json"): (NOTHING, None),
    ("get", "/rooms/stream"): (NOTHING, None),
    ("get", "/meetings"): (NOTHING, None),
    ("get", "/meetings.csv"): (NOTHING, None),
    ("get", "/meetings.json"): (NOTHING, None),
    ("get", "/meetings/explain"): (NOTHING, None),
    ("post", "/meetings/explain"): (NOTHING, {"invitation": "x"}),
    ("get", "/meetings/rules"): (NOTHING, None),
    ("post", "/meetings/rules"): (NOTHING, {"registered": "yes"}),
    ("get", "/alerts"): (NOTHING, None),
    ("get", "/alerts/stream"): (NOTHING, None),
    ("get", "/alerts.csv"): (NOTHING, None),
    ("get", "/alerts.json"): (NOTHING, None),
    ("post", "/alerts/{id}/seen"): (("alert",), {}),
    ("post", "/alerts/routes"): (NOTHING, {"name": "x", "address": "file:///x"}),
    ("post", "/alerts/routes/{id}/{do}"): (("route",), {}),
    ("get", "/findings"): (NOTHING, None),
    ("get", "/findings/{id}"): (("finding",), None),
    ("post", "/findings/{id}/close"): (("finding",), {"reason": "x"}),
    ("get", "/findings.csv"): (NOTHING, None),
    ("get", "/findings.json"): (NOTHING, None),
    ("get", "/inventory"): (NOTHING, None),
    ("get", "/inventory.csv"): (NOTHING, None),
    ("get", "/inventory.json"): (NOTHING, None),
    ("post", "/inventory/tags"): (("room",), {"sheet": f"name,tags\n{SUBJECT},x"}),
    ("post", "/inventory/views"): (NOTHING, {"name": "x", "q": "y"}),
    ("post", "/inventory/views/{id}/forget"): (("view",), {}),
    ("get", "/rooms/{name}"): (("room", "room-id"), None),
    ("get", "/rooms/{name}/now"): (("room", "room-id"), None),
    ("get", "/rooms/{name}/page"): (("room", "room-id"), None),
    ("post", "/rooms/{name}/{action}"): (("room", "room-id"), {"back": "/rooms"}),
    ("get", "/rooms/{name}/backups"): (("room", "room-id"), None),
    ("post", "/rooms/{name}/backups"): (("room", "room-id"), {"name": "x"}),
    ("get", "/rooms/{name}/backups.csv"): (("room", "room-id"), None),
    ("get", "/rooms/{name}/backups.json"): (("room", "room-id"), None),
    ("get", "/rooms/{name}/backups/{id}"): (("room", "room-id"), None),
    ("get", "/rooms/{name}/backups/{id}/backup.json"): (("room", "room-id"), None),
    ("post", "/rooms/{name}/backups/{id}/remove"): (("room", "room-id"), {}),
    ("post", "/rooms/{name}/backups/{id}/restore"): (("room", "room-id"), {"seen": "x", "into": SUBJECT}),
    ("get", "/rooms/{name}/meetings"): (("room", "room-id"), None),
    ("get", "/rooms/{name}/meetings/{id}"): (("room", "room-id"), None),
    ("post", "/rooms/{name}/meetings/sync"): (("room", "room-id"), {}),
    ("get", "/rooms/{name}/phonebook"): (("room", "room-id"), None),
    ("get", "/rooms/{name}/phonebook.csv"): (("room", "room-id"), None),
    ("get", "/rooms/{name}/phonebook.json"): (("room", "room-id"), None),
    ("post", "/rooms/{name}/phonebook"): (("room", "room-id"), {"name": "x"}),
    ("post", "/rooms/{name}/phonebook/favourite"): (("room", "room-id"), {"contact": "1"}),
    ("post", "/rooms/{name}/phonebook/load"): (("room", "room-id"), {"table": "name"}),
    ("post", "/rooms/{name}/phonebook/remove"): (("room", "room-id"), {"contact": "1"}),
    ("post", "/rooms/{name}/phonebook/folders/remove"): (("room", "room-id"), {"folder": "1"}),
    ("post", "/rooms/{name}/cut"): (("room", "room-id"), {"back": "/rooms"}),
    ("get", "/rooms/{name}/stream"): (("room", "room-id"), None),
    ("get", "/rooms/{name}/logs"): (("room", "room-id"), None),
    ("post", "/rooms/{name}/logs/bundle"): (("room", "room-id"), {}),
    ("get", "/rooms/{name}/logs/calls.csv"): (("room", "room-id"), None),
    ("get", "/rooms/{name}/logs/calls.json"): (("room", "room-id"), None),
    ("get", "/rooms/{name}/security"): (("room", "room-id"), None),
    ("post", "/rooms/{name}/security/sessions/{id}/end"): (("room", "room-id"), {}),
    ("post", "/rooms/{name}/security/users"): (("room", "room-id"), {"user": "x", "active": "no"}),
    ("get", "/rooms/{name}/settings"): (("room", "room-id"), None),
    ("get", "/rooms/{name}/settings/done"): (("room", "room-id"), None),
    ("get", "/rooms/{name}/settings/history"): (("room", "room-id"), None),
    ("get", "/rooms/{name}/settings/review"): (("room", "room-id"), None),
    ("post", "/rooms/{name}/settings/apply"): (("room", "room-id"), {"reason": "x"}),
    ("post", "/rooms/{name}/settings/drop"): (("room", "room-id"), {"name": "x"}),
    ("post", "/rooms/{name}/settings/edit"): (("room", "room-id"), {"v:Audio/DefaultVolume": "40"}),
    ("post", "/rooms/{name}/settings/undo"): (("room", "room-id"), {}),
    ("get", "/rooms/{name}/status"): (("room", "room-id"), None),
    ("get", "/rooms/{name}/status/now"): (("room", "room-id"), None),
    ("get", "/rooms/{name}/status/stream"): (("room", "room-id"), None),
    ("get", "/rooms/{name}/status/samples.csv"): (("room", "room-id"), None),
    ("get", "/rooms/{name}/status/samples.json"): (("room", "room-id"), None),
    ("get", "/rooms/{room}/macros"): (("room", "room-id"), None),
    ("get", "/rooms/{room}/macros/edit"): (("room", "room-id"), None),
    ("post", "/rooms/{room}/macros/save"): (("room", "room-id"), {"name": "x", "text": "x", "do": "save"}),
    ("post", "/rooms/{room}/macros/do"): (("room", "room-id"), {"name": "x", "do": "remove"}),
    ("get", "/rooms/{room}/macros/versions"): (("room", "room-id"), None),
    ("get", "/rooms/{room}/panels"): (("room", "room-id"), None),
    ("get", "/rooms/{room}/panels/edit"): (("room", "room-id"), None),
    ("post", "/rooms/{room}/panels/save"): (("room", "room-id"), {"name": "x", "text": "x", "do": "save"}),
    ("post", "/rooms/{room}/panels/do"): (("room", "room-id"), {"name": "x", "do": "remove"}),
    ("get", "/rooms/{room}/panels/versions"): (("room", "room-id"), None),
    ("get", "/rooms/{room}/panels.zip"): (("room", "room-id"), None),
    ("get", "/access"): (NOTHING, None),
    ("get", "/access/stream"): (NOTHING, None),
    ("get", "/access/grants.csv"): (NOTHING, None),
    ("get", "/access/grants.json"): (NOTHING, None),
    ("post", "/access/grants"): (
        ("name", "room"),
        {"person": SUBJECT, "rooms": SUBJECT, "capabilities": "observe", "minutes": "5", "reason": "x"},
    ),
    ("post", "/access/grants/{id}/confirm"): (("grant",), {"back": "/access"}),
    ("post", "/access/grants/{id}/cut"): (("grant",), {"back": "/access"}),
    ("post", "/access/sessions/{id}/cut"): (("session",), {"back": "/access"}),
    ("post", "/access/people/{id}/cut"): (("person", "name"), {"back": "/access"}),
    ("post", "/access/people/{id}/disable"): (("person", "name"), {"back": "/access"}),
    ("post", "/access/people/{id}/enable"): (("person", "name"), {"back": "/access"}),
    ("post", "/access/people/roles"): (("person", "name"), {"person": SUBJECT, "roles": "member"}),
    ("post", "/access/roles"): (("name",), {"name": SUBJECT}),
    ("post", "/access/roles/{name}/remove"): (("name",), {}),
    ("post", "/access/tags"): (("room", "room-id"), {"room": SUBJECT, "tags": "x"}),
    ("post", "/access/locks/{id}/lift"): (("lock",), {"back": "/access"}),
    ("get", "/approvals"): (NOTHING, None),
    ("get", "/approvals/stream"): (NOTHING, None),
    ("get", "/approvals/answered.csv"): (NOTHING, None),
    ("get", "/approvals/answered.json"): (NOTHING, None),
    ("post", "/approvals"): (NOTHING, {}),  # it writes down what was asked: the same deed as the API's, tried there
    ("post", "/approvals/break-glass"): (("room",), {"rooms": SUBJECT, "minutes": "5", "reason": "nobody is there"}),
    ("post", "/approvals/{id}/acknowledge"): (("request",), {}),
    ("post", "/approvals/{id}/approve"): (("request",), {}),
    ("post", "/approvals/{id}/refuse"): (("request",), {"words": "no"}),
    ("post", "/approvals/{id}/withdraw"): (("request",), {}),
    ("get", "/cuts"): (NOTHING, None),
    ("get", "/cuts.csv"): (NOTHING, None),
    ("get", "/cuts.json"): (NOTHING, None),
    ("get", "/fleet"): (NOTHING, None),
    ("post", "/fleet"): (("room",), {"document": f'{{"only": {{"rooms": ["{SUBJECT}"]}}, {DOCUMENT[1:]}'}),
    ("post", "/fleet/drift"): (
        ("room",),
        {"document": f'{{"only": {{"rooms": ["{SUBJECT}"]}}, {DOCUMENT[1:]}'},
    ),
    ("get", "/fleet/{id}"): (("plan",), None),
    ("post", "/fleet/{id}/drift"): (("plan",), {}),
    ("post", "/fleet/{id}/again"): (("plan",), {}),
    ("get", "/fleet/{id}/rooms/{room}"): (("plan",), None),
    ("get", "/fleet/{id}/stream"): (("plan",), None),
    ("post", "/fleet/{id}/start"): (("plan",), {}),
    ("post", "/fleet/{id}/resume"): (("plan",), {}),
    ("post", "/fleet/{id}/halt"): (("plan",), {}),
    ("post", "/fleet/{id}/cancel"): (("plan",), {}),
    ("get", "/settings"): (NOTHING, None),
    ("post", "/settings/factors/{id}/remove"): (("factor",), {}),
    ("post", "/settings/invitations"): (("name",), {"name": SUBJECT, "hours": "1"}),
    ("post", "/settings/invitations/{id}/cut"): (("invitation",), {}),
    ("post", "/settings/passkeys"): (NOTHING, {"passkey": "{}", "name": "x"}),
    ("post", "/settings/passkeys/options"): (NOTHING, {}),
    ("post", "/settings/password"): (NOTHING, {"present": "wrong", "password": "x"}),
    ("post", "/settings/recovery"): (NOTHING, {}),
    ("post", "/settings/totp"): (NOTHING, {}),
    ("post", "/settings/totp/confirm"): (NOTHING, {"code": "000000", "name": "x"}),
    ("post", "/settings/identities"): (NOTHING, {"do": "link", "provider": "none"}),
    ("post", "/settings/scim"): (("name",), {"name": SUBJECT, "days": "5"}),
    ("post", "/settings/scim/{id}/release"): (("person", "name"), {}),
    ("post", "/settings/sessions/{id}/cut"): (("web",), {}),
    ("post", "/settings/sessions/cut-others"): (NOTHING, {}),
    ("post", "/settings/tokens"): (("person", "name"), {"account": SUBJECT, "name": "x", "minutes": "5"}),
    ("post", "/settings/tokens/{id}/cut"): (("token",), {}),
    ("post", "/settings/accounts"): (("name",), {"name": SUBJECT}),
    ("get", "/device"): (NOTHING, None),
    ("post", "/device"): (NOTHING, {"code": "BCDF-GHJK"}),
    ("post", "/device/answer"): (NOTHING, {"code": "BCDF-GHJK", "answer": "no"}),
    ("get", "/restoration"): (NOTHING, None),
    ("post", "/restoration"): (("grant",), {"do": "confirm", "grants": SUBJECT}),
}
CONSOLE_QUERIES = {
    "/meetings": ("q", "room", "site", "service"),
    "/inventory": ("site", "tag", "product"),
    "/access": ("q", "room", "person"),
}
# What is neither: it names nothing that anybody has, or is open to strangers (see test_anonymous).
NOBODYS = {
    "/signin", "/signout", "/language", "/enrol", "/auth/device", "/auth/device/token", "/healthz", "/readyz",
    "/auth/{provider}/start", "/auth/{provider}/callback", "/auth/{provider}/logout",
    "/scim/v2", "/scim/v2/{rest}",  # a directory's alone: what it sees is tried in test_scim
    "/.well-known/security.txt", "/openapi", "/openapi.json", "/openapi/openapi.json", "/openapi/{path}", "/static/{name}",
}  # fmt: skip
TRIES = 3
ELSEWHERE = ("/openapi.json", "/getxml", "/putxml", "/nothing", "/healthz", "/readyz", "/.well-known/security.txt")


@dataclass
class Owner:
    """Somebody, and what is theirs: by kind, as addresses name it."""

    name: str
    things: dict[str, str] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)  # words that nobody else may read
    bearer: dict[str, str] = field(default_factory=dict)
    cookie: dict[str, str] = field(default_factory=dict)  # none: a service account
    csrf: str = ""


@dataclass(frozen=True)
class Told:
    """An answer, as far as anybody can tell it from another."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str
    statements: int = 0

    def without(self, name: str) -> "Told":
        """An answer may repeat what was asked for."""
        if name.isdigit():
            return self  # a number stands anywhere
        forms = {name, quote(name, safe=""), json.dumps(name)[1:-1]}

        def plain(text: str) -> str:
            for form in sorted(forms, key=len, reverse=True):
                text = text.replace(form, "NAME")
            return text

        return Told(self.status, tuple((k, plain(v)) for k, v in self.headers), plain(self.body), self.statements)


@dataclass
class Town:
    """The hub with everybody in it."""

    made: Console
    owners: dict[str, Owner]
    told_apart: list[tuple[object, ...]] = field(default_factory=list)

    @property
    def pairs(self) -> Iterator[tuple[Owner, Owner]]:
        """Everybody who looks, with everybody who has something that is not theirs."""
        for viewer in self.owners.values():
            for owner in self.others(viewer):
                yield viewer, owner

    def others(self, viewer: Owner) -> list[Owner]:
        """Those who have something that is not this one's."""
        return [owner for owner in self.owners.values() if owner is not viewer and owner.things.get("room")]

    async def ask(self, who: dict[str, str], verb: str, path: str, body: Any = None, form: bool = False) -> Told:
        """One request straight through the door. Of a stream, what it begins with."""
        content, kind = b"", ""
        if body is not None:
            content = urlencode(body).encode() if form else json.dumps(body).encode()
            kind = "application/x-www-form-urlencoded" if form else "application/json"
        address, _, query = path.partition("?")
        headers = [(b"host", b"hub"), *((k.lower().encode(), v.encode()) for k, v in who.items())]
        if kind:
            headers.append((b"content-type", kind.encode()))
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": verb.upper(), "scheme": "https",
            "path": _unquoted(address), "raw_path": address.encode(), "query_string": query.encode(), "root_path": "",
            "headers": headers, "client": ("192.0.2.1", 1), "server": ("hub", 443), "extensions": {}, "state": {},
        }  # fmt: skip
        given, over = [{"type": "http.request", "body": content, "more_body": False}], asyncio.Event()
        status, told, said = 0, [], b""

        async def receive() -> dict[str, Any]:
            if given:
                return given.pop(0)
            await over.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            nonlocal status, told, said
            if message["type"] == "http.response.start":
                status, told = message["status"], message["headers"]
            elif message["type"] == "http.response.body":
                said += message.get("body", b"")
                streams = any(v.startswith(b"text/event-stream") for k, v in told if k == b"content-type")
                if not message.get("more_body") or (streams and said.endswith(b"\n\n")):
                    over.set()

        await self.made.hub.parts.db.write(lambda conn: None)  # what is still to be written is not this one's
        with counting() as count:
            async with asyncio.TaskGroup() as group:
                task = group.create_task(self.app(scope, receive, send))
                await over.wait()
                answered, _ = await asyncio.wait([task], timeout=0 if b"\n\n" in said and b"event:" in said else 5)
                if not answered:
                    task.cancel()
            await self.made.hub.parts.db.write(lambda conn: None)  # what was to be written soon is counted too
        headers_told = tuple(sorted((k.decode("latin-1").lower(), v.decode("latin-1")) for k, v in told))
        return Told(status, headers_told, said.decode("utf-8", "replace"), count[0])

    @property
    def app(self) -> Any:
        transport = self.made.http._transport
        return transport.app  # type: ignore[attr-defined]  # an ASGITransport's

    async def reads(self, who: Owner) -> dict[str, Told]:
        """Every address that is read and names nothing, or the viewer's own things."""
        found = {}
        for (verb, path), (kinds, _) in API.items():
            if verb == "get" and (kinds == NOTHING or kinds[0] in who.things):
                address = "/api/v1" + _filled(path, who.things.get(kinds[0], ""))
                found[f"{address}"] = await self.ask(who.bearer, verb, address)
        if who.cookie:
            for (verb, path), (kinds, _) in CONSOLE.items():
                if verb == "get" and (kinds == NOTHING or kinds[0] in who.things):
                    address = _filled(path, who.things.get(kinds[0], ""))
                    found[address] = await self.ask(who.cookie | {"Accept": "text/html"}, verb, address)
        for path in ELSEWHERE:
            found[path] = await self.ask(who.bearer, "get", path)
        return found


@contextmanager
def counting() -> Iterator[list[int]]:
    """How many statements the database was given by who is in here, and by the tasks begun in here.

    What the hub does meanwhile on its own account is not counted: its tasks were begun elsewhere.
    """
    count = [0]
    mine = _COUNTS.set(count)

    def one(*_: Any) -> None:
        if _COUNTS.get(None) is count:
            count[0] += 1

    event.listen(Engine, "before_cursor_execute", one)
    try:
        yield count
    finally:
        event.remove(Engine, "before_cursor_execute", one)
        _COUNTS.reset(mine)


def _unquoted(path: str) -> str:
    from urllib.parse import unquote

    return unquote(path)


def _filled(path: str, name: str) -> str:
    """With the thing's name in the first gap; an action is one that there is."""
    for gap, word in (("{action}", "volume"), ("s/{name}", "s/lights"), ("{number}", "1")):
        path = path.replace(gap, word) if "{room}" in path or gap == "{action}" else path
    return re.sub(r"\{[^}]*\}", lambda _: quote(name, safe=""), path)


def _put(body: Any, name: str) -> Any:
    """A body with the thing's name where it goes."""
    return None if body is None else json.loads(json.dumps(body).replace(json.dumps(SUBJECT)[1:-1], name))


def nowhere(name: str) -> str:
    """A name of the same make and length, of nothing."""
    return "9" * len(name) if name.isdigit() else name[:-8] + "atlantis"[-min(8, len(name)) :]


async def settle(made: Console, name: str, kind: Kind | None) -> Owner:
    """A site with a room; and somebody who has a grant on it, is in it, and has all else that one can have."""
    hub = made.hub
    mark = f"zq{name}"
    owner = Owner(f"{mark}-person")
    connector = await hub.connector(f"{mark}-site")
    rooms = [info(f"{mark}-room", f"{mark}-device")]
    (room,) = await hub.parts.rooms.saw(connector.id, connector.site, rooms)
    site = Site(made, connector, rooms, made._group)
    site.answers["Get Status Audio Volume"] = 50
    await made.relay.events.arrived(site)
    site.leases.beat(1, hub.clock.monotonic())
    await made.relay.events.message(site, Heartbeat(1, []))
    calls = {"Status": {"Call": {"1": {"Status": "Connected", "DisplayName": f"{mark}-caller", "Duration": 5}}}}
    calls["Status"]["Diagnostics"] = {"Message": [{"id": 1, "Level": "Error", "Description": f"{mark}-problem"}]}
    await made.relay.events.message(site, State(f"{mark}-device", calls, True))
    owner.things |= {
        "site": f"{mark}-site", "connector": connector.id, "room": f"{mark}-room", "room-id": room.id,
        "index": str(len(await hub.events()) - 1),
    }  # fmt: skip
    if kind is not None:
        await join(made, owner, mark, kind)
    owner.secrets = {mark, connector.id, connector.site, *owner.things.values()} - {owner.things["index"]}
    return owner


async def join(made: Console, owner: Owner, mark: str, kind: Kind) -> None:
    """The owner themself, with a token, a browser, a grant, an ask and a session."""
    hub = made.hub
    person = (
        await hub.person(owner.name)
        if kind is Kind.PERSON
        else await hub.parts.identity.create_person(owner.name, None, frozenset(), hub.admin, kind)
    )
    token, text = await hub.parts.identity.make_token(person.id, 60, f"{mark}-token", hub.admin)
    owner.bearer = {"Authorization": f"Bearer {text.reveal()}"}
    owner.things |= {"person": person.id, "name": owner.name, "token": token.id}
    if kind is Kind.PERSON:
        opened = await hub.parts.identity.open_web(person.id, Proof(), "192.0.2.1", f"{mark}-agent")
        assert opened is not None
        owner.cookie = {"Cookie": f"{COOKIE}={opened[1].reveal()}"}
        owner.csrf = opened[0].csrf
        owner.things["web"] = opened[0].id
    kept = {"name": f"{mark}-view", "filter": {"q": mark}}
    view = await made.http.post("/api/v1/inventory/views", json=kept, headers=owner.bearer)
    owner.things["view"] = view.json()["id"]
    wanted = {"rooms": ["zq"], "capabilities": ["observe"], "minutes": 5, "reason": f"{mark}-wish"}
    wish = await made.http.post("/api/v1/approvals", json=wanted, headers=owner.bearer)
    if kind is Kind.PERSON:
        assert wish.status_code == 201, wish.text
        owner.things["request"] = wish.json()["id"]
    if "room" in owner.things:
        grant = await hub.parts.grants.make(
            hub.admin, person.id, [owner.things["room"]], frozenset({Capability.OBSERVE, Capability.CALL, Capability.AV_CONTROL}),
            minutes=60, reason=f"{mark}-reason",
        )  # fmt: skip
        owner.things["grant"] = grant.id
        await hub.parts.alerts.look(hub.parts.rooms.ids())
        (alert,) = (await made.http.get("/api/v1/alerts", headers=owner.bearer)).json()["items"]
        owner.things["alert"] = alert["id"]
        asked = await made.http.post(f"/api/v1/rooms/{owner.things['room']}/asks", json=LOOK, headers=owner.bearer)
        assert asked.status_code == 200, asked.text
        owner.things["ask"] = asked.json()["ask"]
        plan = await made.http.post(
            "/api/v1/plans", json={"document": DOCUMENT, "reason": f"{mark}-plan"}, headers=owner.bearer
        )
        assert plan.status_code == 201, plan.text
        owner.things["plan"] = plan.json()["id"]
        owner.things["session"] = next(s.id for s in made.relay.book if s.principal.id == person.id)


@asynccontextmanager
async def town(folder: Path) -> AsyncIterator[Town]:
    async with console(folder) as made:
        owners = {
            "alma": await settle(made, "alma", Kind.PERSON),
            "bert": await settle(made, "bert", Kind.PERSON),
            "robot": await settle(made, "robot", Kind.SERVICE),
        }
        outsider = Owner("zqolga-person")
        await join(made, outsider, "zqolga", Kind.PERSON)
        yield Town(made, owners | {"olga": outsider})


async def test_every_address_is_known_here(tmp_path: Path) -> None:
    async with town(tmp_path) as here:
        document = json.loads((await here.ask(here.owners["alma"].bearer, "get", "/openapi.json")).body)
        prefix = "/api/v1"
        operations = {
            (verb, path.removeprefix(prefix)): {
                one["name"] for one in said.get("parameters", []) if one["in"] == "query"
            }
            for path, verbs in document["paths"].items()
            for verb, said in verbs.items()
        }
        assert set(operations) ^ set(API) == set(), "say in API which things these name"
        for (verb, path), asked in operations.items():
            known = set(QUERIES.get(path, {})) if verb == "get" else set()
            assert asked - PLAIN_QUERIES == known, f"say in QUERIES what {path} may be asked by"
        routed = {re.sub(r":\w+\}", "}", route.path) for route in here.app._inner.framework.routes}
        known = {prefix + path for _, path in API} | {path for _, path in CONSOLE} | NOBODYS
        assert routed ^ known == set(), "say in one of the tables what these name"
    pages = {
        (verb.lower(), re.sub(r":\w+\}", "}", path))
        for route in PAGES
        for path in route.paths
        for verb in map(str, route.http_methods)
    }
    assert {(v, p) for v, p in pages if v in ("get", "post", "put", "patch", "delete")} ^ set(CONSOLE) == set(), (
        "say in CONSOLE which things these name"
    )


async def test_what_is_read_tells_nothing_of_others_whatever_happens_there(tmp_path: Path) -> None:
    async with town(tmp_path) as here:
        before = {name: await here.reads(who) for name, who in here.owners.items()}
        for viewer, owner in here.pairs:
            for address, told in before[_key(here, viewer)].items():
                found = [word for word in owner.secrets if word in told.body or word in str(told.headers)]
                assert found == [], (viewer.name, address)
        own = before["alma"]
        assert own["/api/v1/rooms/zqalma-room"].status == 200  # so much for whether anything is to be seen at all
        assert "zqalma-room" in own["/rooms"].body
        assert "zqalma-agent" in own["/settings"].body
        assert "zqalma-reason" in own["/access"].body

        await happen_elsewhere(here)
        for name, who in here.owners.items():
            after = await here.reads(who)
            for address, told in before[name].items():
                assert plain(after[address]) == plain(told), (name, address)


def _key(here: Town, who: Owner) -> str:
    return next(name for name, one in here.owners.items() if one is who)


def plain(told: Told) -> Told:
    """Without what is new each time: how long somebody has been here is measured by a clock that stands still."""
    return Told(told.status, told.headers, told.body)


async def happen_elsewhere(here: Town) -> None:
    """People, rooms, grants, sessions, locks, tokens, failed sign-ins, and an end of each: of somebody else's."""
    made, hub = here.made, here.made.hub
    fresh = await settle(made, "dora", Kind.PERSON)
    await hub.parts.grants.lock("room", fresh.things["room"], "zqdora-lock", hub.admin)
    await hub.parts.grants.end(fresh.things["grant"], hub.admin)
    await hub.parts.identity.end_token(fresh.things["token"], hub.admin)
    await hub.parts.identity.set_active(fresh.things["person"], False, hub.admin)
    gone = await settle(made, "emil", None)
    await hub.parts.rooms.remove(gone.things["room"], hub.admin)
    await made.http.post(
        "/signin", data={"user": "zqdora-person", "password": "wrong"}, headers={"Origin": "https://hub"}
    )


async def test_what_is_somebody_elses_is_as_unknown_as_what_is_nowhere(tmp_path: Path) -> None:
    async with town(tmp_path) as here:
        lock = await here.made.hub.parts.grants.lock("site", "zqbert-site", "", here.made.hub.admin)
        for owner in here.owners.values():
            owner.things["lock"] = lock.lock.id
        for viewer in here.owners.values():
            for turn, (verb, path, kind, body, page) in enumerate(naming()):
                others = [other for other in here.others(viewer) if other.things.get(kind)]
                if not others or (page and not viewer.cookie):
                    continue
                for other in others if WHOLE else [others[turn % len(others)]]:
                    await alike(here, viewer, verb, path, kind, other.things[kind], body, page)
        assert here.told_apart == []


def naming() -> Iterator[tuple[str, str, str, Any, bool]]:
    """Every way to name a thing: verb, address, kind of thing, body, and whether it is a page."""
    for (verb, path), (kinds, body) in API.items():
        yield from ((verb, "/api/v1" + path, kind, body, False) for kind in kinds)
    for path, asked in QUERIES.items():
        yield from (
            ("get", f"/api/v1{path}?{query}={{}}", kind, None, False) for query in asked for kind in asked[query]
        )
    for (verb, path), (kinds, body) in CONSOLE.items():
        yield from ((verb, path, kind, body, True) for kind in kinds)
    for path, queries in CONSOLE_QUERIES.items():
        yield from (("get", f"{path}?{query}={{}}", kind, None, True) for query in queries for kind in ("room", "name"))


async def alike(here: Town, viewer: Owner, verb: str, path: str, kind: str, name: str, body: Any, page: bool) -> None:
    """The same answer for the other's thing and for none; afterwards the next page says the same too."""
    for _ in range(TRIES):
        first, second = await _answers(here, viewer, verb, path, name, body, page)
        if kind not in GUESSABLE:
            first, second = plain(first), plain(second)
        assert first.status in (200, 201, 303, 400, 403, 404), (viewer.name, verb, path, first)
        if first == second or plain(first) != plain(second):
            break  # only the work may differ by chance: what runs beside writes too
    if first != second:
        here.told_apart.append((viewer.name, verb, path, kind, *_difference(first, second)))


async def _answers(
    here: Town, viewer: Owner, verb: str, path: str, name: str, body: Any, page: bool
) -> tuple[Told, Told]:
    """For the other's thing, and for one that is nowhere."""
    who = viewer.cookie | {"Accept": "text/html", "Origin": "https://hub"} if page else viewer.bearer
    answers = []
    for asked in (name, nowhere(name)):
        given = _put(body, asked)
        if page and verb == "post":
            given = {"csrf": viewer.csrf, **(given or {})}
        told = await here.ask(who, verb, _filled(path, asked), given, form=page)
        if told.status == 303:  # what is said once is said by the next page
            then = await here.ask(who, "get", dict(told.headers)["location"].split("#")[0])
            told = Told(told.status, told.headers, then.body, told.statements)
        # A page may name both: what one asked for oneself stands in one's own list.
        answers.append(told.without(name).without(nowhere(name)).without(_made(told)))
    return answers[0], answers[1]


def _made(told: Told) -> str:
    """The id of what an ask has just made: new each time, and the asker's own."""
    return str(json.loads(told.body)["id"]) if told.status == 201 else SUBJECT


def _difference(one: Told, other: Told) -> tuple[object, ...]:
    """The facts by which they differ."""
    if (one.status, one.headers, one.statements) != (other.status, other.headers, other.statements):
        headers = set(one.headers) ^ set(other.headers)
        return (one.status, other.status, one.statements, other.statements, sorted(headers))
    at = next(n for n in range(len(one.body)) if one.body[n : n + 1] != other.body[n : n + 1])
    return (one.body[max(0, at - 40) : at + 60], other.body[max(0, at - 40) : at + 60])


async def test_a_stream_says_nothing_of_others(tmp_path: Path) -> None:
    async with town(tmp_path) as here:
        alma = here.owners["alma"]
        heard: dict[str, bytes] = {}
        opened = {
            path: asyncio.Event() for path in ("/rooms/stream", "/access/stream", "/api/v1/rooms/zqalma-room/events")
        }

        async def listen(path: str) -> None:
            who = alma.bearer if path.startswith("/api/") else alma.cookie
            query = b"path=Status/Audio" if path.startswith("/api/") else b""
            headers = [(b"host", b"hub"), *((k.lower().encode(), v.encode()) for k, v in who.items())]
            scope = {
                "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "https",
                "path": path, "raw_path": path.encode(), "query_string": query, "root_path": "", "headers": headers,
                "client": ("192.0.2.1", 1), "server": ("hub", 443), "extensions": {}, "state": {},
            }  # fmt: skip

            async def receive() -> dict[str, Any]:
                await asyncio.Event().wait()
                raise AssertionError

            async def send(message: Any) -> None:
                heard[path] = heard.get(path, b"") + message.get("body", b"")
                opened[path].set()

            await here.app(scope, receive, send)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(listen(path)) for path in opened]
            async with asyncio.timeout(10):
                for event_ in opened.values():
                    await event_.wait()
            await happen_elsewhere(here)
            before = dict(heard)
            # Now something of their own, so that whatever was on its way before it has come.
            ended = await here.ask(alma.bearer, "delete", f"/api/v1/grants/{alma.things['grant']}")
            assert ended.status == 204
            async with asyncio.timeout(10):
                while any(b"event: c" not in heard[path][len(before[path]) :] for path in opened):
                    await asyncio.sleep(0.01)
            for task in tasks:
                task.cancel()
        for path, said in heard.items():
            assert [word for word in ("zqbert", "zqrobot", "zqdora", "zqemil") if word.encode() in said] == [], path


@pytest.mark.parametrize("how", ["basic", "protocol"])
async def test_the_xapi_endpoint_knows_only_ones_own(tmp_path: Path, how: str) -> None:
    async with town(tmp_path) as here:

        def of(owner: Owner) -> str:
            return owner.bearer["Authorization"].removeprefix("Bearer ")

        async def upgrade(room: str, token: str) -> tuple[list[Any], int]:
            pair = base64.b64encode(f"{room}:{token}".encode()).decode()
            scope = {"type": "websocket", "path": "/ws", "headers": [], "subprotocols": [], "client": ("192.0.2.1", 1)}
            if how == "basic":
                scope["headers"] = [(b"authorization", f"Basic {pair}".encode())]
            else:
                scope["subprotocols"] = [f"auth-{pair.rstrip('=')}"]
            incoming = [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1000}]
            sent: list[Any] = []

            async def receive() -> Any:
                return incoming.pop(0)

            async def send(message: Any) -> None:
                sent.append(message)

            with counting() as count:
                await here.app(scope, receive, send)
            return sent, count[0]

        for viewer, owner in here.pairs:
            room = owner.things["room"]
            assert await upgrade(room, of(viewer)) == await upgrade(nowhere(room), of(viewer)), viewer.name
            assert (await upgrade(room, "rg_wrong"))[0] == (await upgrade(room, of(viewer)))[0]
        accepted, _ = await upgrade("zqalma-room", of(here.owners["alma"]))
        assert accepted[0]["type"] == "websocket.accept"
