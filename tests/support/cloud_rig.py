"""A calendar of Microsoft's or Google's and its double beside it, with a clock wound by hand: what the pauses wind."""

import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from roomgate.clock import HandClock
from roomgate.ids import RoomName
from roomgate.meetings.calendars.google import Google
from roomgate.meetings.calendars.google_sign_in import GoogleSignIn
from roomgate.meetings.calendars.google_writer import GoogleWriter
from roomgate.meetings.calendars.graph import Graph
from roomgate.meetings.calendars.graph_sign_in import GraphSignIn
from roomgate.meetings.calendars.graph_writer import GraphWriter
from roomgate.meetings.calendars.http import Web
from roomgate.meetings.invite import Window
from support.google_double import ACCOUNT, KEY_ID, GoogleDouble
from support.graph_double import CLIENT, SECRET, TENANT, GraphDouble

ROOM, OTHER = RoomName("oslo"), RoomName("bergen")
MAILBOX, SECOND, FOREIGN = "oslo@rooms.example", "bergen@rooms.example", "chief@example.com"
WEEK = timedelta(days=7)


def rsa_key(name: str = "one") -> rsa.RSAPrivateKey:
    """A key for each name."""
    return _made(name)


@cache
def _made(name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def private_pem(key: Any) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def certificate_pem(key: Any) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "roomgate")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 7, start, start + timedelta(days=900))
    return made.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()


def key_file(folder: Path, **other: Any) -> Path:
    """A service account's, as Google hands it out."""
    said = {
        "type": "service_account", "project_id": "example-project", "client_email": ACCOUNT,
        "private_key_id": KEY_ID, "private_key": private_pem(rsa_key()), "token_uri": "https://elsewhere.example/token",
    }  # fmt: skip
    file = folder / "account.json"
    file.write_text(json.dumps(said | other))
    return file


@dataclass
class Pauses:
    """What `changed` and `Web` wait with; ``then`` is done at the next pause."""

    clock: HandClock
    then: Any = None

    async def __call__(self, seconds: float) -> None:
        self.clock.advance(seconds)
        if self.then is not None:
            done, self.then = self.then, None
            done()


@dataclass
class Rig:
    double: Any
    calendar: Any
    clock: HandClock
    pauses: Pauses
    web: Web

    @property
    def window(self) -> Window:
        now = self.clock.now()
        return Window(now, now + WEEK)

    async def titles(self, room: RoomName = ROOM) -> list[str]:
        snapshot = await self.calendar.fetch(room, self.window)
        return [one.title for one in sorted(snapshot.invitations, key=lambda one: one.start)]


def graph_rig(folder: Path, **rooms: Any) -> Rig:
    clock = HandClock()
    pauses = Pauses(clock)
    double = GraphDouble(clock=clock)
    for name in (MAILBOX, SECOND):
        double.room(name)
    (folder / "secret").write_text(f"{SECRET}\n")
    web = Web(clock, random.Random(1), transport=double.transport, pause=pauses)
    sign_in = GraphSignIn(TENANT, CLIENT, double.origin, double.origin, secret_file=folder / "secret")
    find = rooms.pop("find", {ROOM: MAILBOX, OTHER: SECOND}.get)
    made = GraphWriter if rooms.pop("writes", True) else Graph
    calendar = made(web, sign_in, find, clock, random.Random(2), graph=double.origin, fresh_s=0, pause=pauses, **rooms)
    return Rig(double, calendar, clock, pauses, web)


def google_rig(folder: Path, **rooms: Any) -> Rig:
    clock = HandClock()
    pauses = Pauses(clock)
    double = GoogleDouble(clock=clock, public_key=rsa_key().public_key())
    for name in (MAILBOX, SECOND):
        double.room(name)
    web = Web(clock, random.Random(1), transport=double.transport, pause=pauses)
    writes = rooms.pop("writes", True)
    sign_in = GoogleSignIn(key_file(folder), writes, double.token_url)
    find = {ROOM: MAILBOX, OTHER: SECOND}.get
    made = GoogleWriter if writes else Google
    calendar = made(web, sign_in, find, clock, random.Random(2), api=double.api, fresh_s=0, pause=pauses, **rooms)
    return Rig(double, calendar, clock, pauses, web)
