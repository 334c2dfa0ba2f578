"""A hub: the real parts over a database in memory, and the people whose sign-ins were made before the case begins."""

import asyncio
import tempfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import MetaData

from roomgate.access.capability import Capability
from roomgate.access.principal import Kind
from roomgate.clock import HandClock
from roomgate.hub.app import EXPIRE_EVERY_S, every
from roomgate.hub.db.migrate import migrate
from roomgate.hub.gateway.socket import Gateway
from roomgate.hub.identity.person import Proof, Signed
from roomgate.hub.parts import Parts, ensure_keys, open_parts
from roomgate.hub.relay.extension import link_ender, open_relay
from roomgate.hub.relay.link import LinkEndpoint
from roomgate.hub.relay.parts import RelayParts
from roomgate.hub.relay.tunnel import TunnelEndpoint
from roomgate.hub.revocation import Revocation
from roomgate.link.enrolment import build_ask
from roomgate.link.messages import RoomInfo
from support.cutting.database import MemoryDatabase
from support.cutting.loop import run
from support.cutting.site import identity, site_tables
from support.cutting.wires import Net, Plain
from support.hub import PASSWORD, config

ROOMS = ("oslo", "rome")
CAPABILITIES = ("observe", "call", "in-call", "ui", "av-control", "web")
SITE_KEY = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
HOURS = 8 * 60  # minutes that everything lives for: the wall clock may be an hour off


@dataclass(eq=False)
class Hub:
    """One run of the hub's program."""

    parts: Parts
    relay: RelayParts
    endpoint: LinkEndpoint
    gateway: Gateway
    tunnels: TunnelEndpoint
    db: MemoryDatabase
    net: Net
    tasks: list[asyncio.Task[Any]] = field(default_factory=list)
    clients: set[asyncio.Task[Any]] = field(default_factory=set)  # what it serves to people
    up: bool = True

    @classmethod
    async def start(cls, folder: Path, db: MemoryDatabase, clock: HandClock, net: Net) -> "Hub":
        parts = await open_parts(config(folder, web_idle_s=8 * 3600), clock, db)
        relay = open_relay(parts)
        endpoint = LinkEndpoint(
            parts.sites, parts.keys.order, relay.events, clock, parts.ledger.kept_size,
            checkpoint=relay.events.checkpoint, tls=Plain,
        )  # fmt: skip
        parts.bus.listen(Revocation, link_ender(endpoint.close))
        gateway = Gateway(relay.relay, relay.channels, parts.identity)
        tunnels = TunnelEndpoint(relay.relay, relay.channels, parts.identity, parts.record, clock)
        made = cls(parts, relay, endpoint, gateway, tunnels, db, net)
        loop = asyncio.get_running_loop()
        for work in (relay.relay.run, relay.streams.keep, every(EXPIRE_EVERY_S, parts.expire)):
            made.tasks.append(loop.create_task(work()))
        net.endpoint = endpoint
        return made

    def serve(self, work: Any) -> asyncio.Task[Any]:
        """Something that it does for a client: it dies with the hub."""
        task = asyncio.get_running_loop().create_task(work)
        self.clients.add(task)
        task.add_done_callback(self.clients.discard)
        return task

    async def kill(self) -> MemoryDatabase:
        """As kill -9; gives the disk as it was left."""
        self.up = False
        self.net.endpoint = None
        self.net.broken()
        self.db.kill()
        dying = [*self.tasks, *self.clients, *self.net.tasks]
        for task in dying:
            task.cancel()
        if dying:
            await asyncio.wait(dying)
        self.parts.passwords.close()
        return self.db.again()


@dataclass(frozen=True)
class Template:
    """A hub and a site as they are when a case begins: made once, copied for each."""

    folder: Path
    hub: bytes
    site: bytes
    cookies: dict[str, str]
    tokens: dict[str, str]
    grants: dict[str, str]
    ids: dict[str, str]  # people, credentials, connector, site, rooms


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="roomgate-cutting-")


@cache
def template() -> Template:
    folder = Path(_folder().name)
    ensure_keys(config(folder).keys)
    clock = HandClock()
    return run(clock, lambda: _make(folder, clock))


async def _make(folder: Path, clock: HandClock) -> Template:
    db = MemoryDatabase()
    await migrate(db)
    parts = await open_parts(config(folder), clock, db)
    cookies: dict[str, str] = {}
    tokens: dict[str, str] = {}
    grants: dict[str, str] = {}
    ids: dict[str, str] = {}

    async def web(name: str, person: str, proof: Proof | None = None) -> Signed:
        opened = await parts.identity.open_web(parts_ids[person], proof or Proof("passkey", strong=True), "192.0.2.1")
        assert opened is not None
        cookies[name], ids[name] = opened[1].reveal(), opened[0].id
        signed = await parts.identity.by_cookie(cookies[name])
        assert signed is not None
        return signed

    parts_ids: dict[str, Any] = {"ada": (await parts.identity.create_first_admin("ada", PASSWORD)).id}
    ada = await web("ada", "ada")
    for name, roles in (("eva", {"administrator"}), ("mia", {"member"}), ("bob", {"member"})):
        parts_ids[name] = (await parts.identity.create_person(name, PASSWORD, frozenset(roles), ada)).id
    eva = await web("eva", "eva")
    for person in ("mia", "bob"):
        await web(f"{person}.web1", person)
        outside = Proof("oidc", strong=True, issuer="https://id.example", outside=person, outside_session="sid")
        await web(f"{person}.web2", person, outside)
        for n in (1, 2):
            token, text = await parts.identity.make_token(person, HOURS, f"t{n}", ada)
            tokens[f"{person}.tok{n}"], ids[f"{person}.tok{n}"] = text.reveal(), token.id

    site = await parts.sites.create("home", ada)
    code = await parts.sites.make_code("home", ada)
    ask = build_ask(SITE_KEY, code.reveal(), parts.sites.hub_fingerprint, "connector", "0.1")
    connector = await parts.sites.confirm((await parts.sites.enrol(ask, "192.0.2.9")).connector, ada)
    seen = [RoomInfo(f"dev_{name}", name, "fine", product="Room Bar", software="ce11") for name in ROOMS]
    for room in await parts.rooms.saw(connector.id, connector.site, seen):
        ids[room.name] = room.id
    held = frozenset(map(Capability, CAPABILITIES))
    for person in ("mia", "bob"):
        for room in ROOMS:
            giver = eva if (person, room) == ("mia", "oslo") else ada
            made = await parts.grants.make(giver, person, [room], held, minutes=HOURS, reason="test")
            grants[f"{person}.{room}"] = made.id
    directory = await parts.identity.create_person("directory", None, frozenset({"provisioner"}), ada, Kind.SERVICE)
    _, text = await parts.identity.make_token("directory", HOURS, "scim", ada)
    tokens["directory"] = text.reveal()
    await parts.directories.hand_over("mia", directory.id, ada)
    ids |= {"site": site.id, "connector": connector.id, **parts_ids}
    parts.passwords.close()
    await db.aclose()

    site_db = MemoryDatabase()
    tables: MetaData = site_tables()
    await site_db.write(tables.create_all)
    return Template(folder, db.image(), site_db.image(), cookies, tokens, grants, ids)


@cache
def papers(connector: str, site: str) -> Any:
    hub_key = ensure_keys(config(template().folder).keys).order.public_key()
    return identity(connector, site, SITE_KEY, hub_key)
