"""A hub on a temporary database with a clock that is wound by hand, and people in it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.access.capability import Capability
from roomgate.access.grant import Grant
from roomgate.clock import HandClock, iso
from roomgate.hub.config import HubConfig, parse_config
from roomgate.hub.db.migrate import migrate
from roomgate.hub.identity.factor_store import set_strength
from roomgate.hub.identity.person import Person, Proof, Signed
from roomgate.hub.parts import Parts, open_parts
from roomgate.hub.revocation import Revocation
from roomgate.hub.sites.store import ConnectorRecord
from roomgate.ledger.event import Event, Unknown
from roomgate.link.enrolment import build_ask
from roomgate.link.messages import RoomInfo
from roomgate.storage.database import Database

PASSWORD = "four unrelated words here"
CHEAP = {"argon2_time_cost": 1, "argon2_memory_kib": 8, "argon2_parallelism": 1, "alert_after_s": 0}


def config(folder: Path, **more: object) -> HubConfig:
    return parse_config({"data": str(folder), **CHEAP, **more})


def info(name: str, device: str = "", state: str = "fine") -> RoomInfo:
    return RoomInfo(device or f"device-{name}", name, state, product="Room Bar", software="ce11")


def kept_bytes(folder: Path) -> bytes:
    """All that the database's files hold."""
    return b"".join(path.read_bytes() for path in folder.glob("hub.db*"))


@dataclass
class Hub:
    parts: Parts
    clock: HandClock
    admin: Signed
    cookie: str
    heard: list[Revocation] = field(default_factory=list)

    async def person(self, name: str, *roles: str) -> Person:
        return await self.parts.identity.create_person(name, PASSWORD, frozenset(roles), self.admin)

    async def sign_in(self, name: str) -> tuple[Signed, str]:
        """By password; whose role takes more has shown a second factor too."""
        web, secret = await self.parts.identity.sign_in(name, PASSWORD, "192.0.2.1")
        signed = await self.parts.identity.by_cookie(secret.reveal())
        assert signed is not None
        if signed.weak:
            await self.parts.db.write(
                lambda conn: set_strength(conn, web.id, strong=True, how="totp", at=iso(self.clock.now()))
            )
            signed = await self.parts.identity.by_cookie(secret.reveal())
            assert signed is not None
        return signed, secret.reveal()

    async def weak(self, name: str) -> Signed:
        """Signed in by a password alone, as before a first factor."""
        person = await self.parts.identity.get(name)
        opened = await self.parts.identity.open_web(person.id, Proof(), "192.0.2.1")
        assert opened is not None
        signed = await self.parts.identity.by_cookie(opened[1].reveal())
        assert signed is not None
        return signed

    async def token(self, name: str, minutes: float = 60) -> tuple[Signed, str]:
        _, text = await self.parts.identity.make_token(name, minutes, "test", self.admin)
        signed = await self.parts.identity.by_token(text.reveal())
        assert signed is not None
        return signed, text.reveal()

    async def connector(self, site: str = "home") -> ConnectorRecord:
        if await self.parts.sites.site(site) is None:
            await self.parts.sites.create(site, self.admin)
        code = await self.parts.sites.make_code(site, self.admin)
        ask = build_ask(
            Ed25519PrivateKey.generate(), code.reveal(), self.parts.sites.hub_fingerprint, "connector", "0.1"
        )
        answer = await self.parts.sites.enrol(ask, "192.0.2.9")
        return await self.parts.sites.confirm(answer.connector, self.admin)

    async def rooms(self, *names: str) -> ConnectorRecord:
        connector = await self.connector()
        await self.parts.rooms.saw(connector.id, connector.site, [info(name) for name in names])
        return connector

    async def grant(
        self, person: str, room: str, minutes: float = 10, by: Signed | None = None, capability: str = "observe"
    ) -> Grant:
        return await self.parts.grants.make(
            by or self.admin, person, [room], frozenset({Capability(capability)}), minutes=minutes, reason="test"
        )

    async def kinds(self) -> list[str]:
        """The kinds of all ledger entries, in order."""
        return [e.kind for e in await self.events()]

    async def events(self) -> list[Event | Unknown]:
        return [entry.event for entry in await self.parts.record.entries(0, 10_000)]


async def signed_in(parts: Parts, clock: HandClock) -> Hub:
    """With ada, the first administrator, who has shown a second factor."""
    opened = await parts.identity.open_web(
        (await parts.identity.get("ada")).id, Proof("totp", strong=True), "192.0.2.1"
    )
    assert opened is not None
    admin = await parts.identity.by_cookie(opened[1].reveal())
    assert admin is not None
    return Hub(parts, clock, admin, opened[1].reveal())


_empty: list[bytes] = []


async def empty_database(folder: Path) -> bytes:
    """A database with the present schema and nothing in it: made once, since each migration takes its time."""
    if not _empty:
        db = Database.open(folder / "hub.db")
        await migrate(db)
        await db.aclose()
        _empty.append((folder / "hub.db").read_bytes())
    return _empty[0]


@asynccontextmanager
async def running(folder: Path, **more: object) -> AsyncIterator[Hub]:
    """A hub in its folder; what is there already is gone on with."""
    clock = HandClock()
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "hub.db").exists():
        (folder / "hub.db").write_bytes(await empty_database(folder))
    parts = await open_parts(config(folder, **more), clock)
    try:
        await parts.identity.create_first_admin("ada", PASSWORD)
        hub = await signed_in(parts, clock)

        async def hear(revocation: Revocation) -> None:
            hub.heard.append(revocation)

        parts.bus.listen(Revocation, hear)
        yield hub
    finally:
        await parts.aclose()
