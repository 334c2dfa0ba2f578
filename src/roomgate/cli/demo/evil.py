"""The hub turned evil: played with the keys from its folder, over the real link, while the real hub is stopped.

There is no test hook in the hub: whoever has its folder can do this much, and the site's policy bounds it.
"""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sql
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from roomgate.clock import SystemClock
from roomgate.errors import RoomgateError
from roomgate.hub.relay.link import HubLinkSession, LinkEndpoint
from roomgate.ids import ConnectorId, SiteId, mint
from roomgate.link.messages import Outcome, RoomInfo, ToHub
from roomgate.link.order import Order, Renewal
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.path import Path as XapiPath


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing that the evil hub wants done."""

    words: str
    call: Call


WISHES = (
    Wish(
        "wipe the device", Call(Verb.COMMAND, XapiPath.parse("Command/SystemUnit/FactoryReset"), (("Confirm", "Yes"),))
    ),
    Wish(
        "run a macro on it",
        Call(Verb.COMMAND, XapiPath.parse("Command/Macros/Macro/Save"), (("Name", "ear"),), "listen()"),
    ),
    Wish(
        "make itself an account",
        Call(
            Verb.COMMAND,
            XapiPath.parse("Command/UserManagement/User/Add"),
            (("Passphrase", "x" * 16), ("Role", ("Admin",)), ("Username", "ear")),
        ),
    ),
    Wish(
        "answer calls by itself",
        Call(Verb.SET, XapiPath.parse("Configuration/Conference/AutoAnswer/Mode"), (("Value", "On"),)),
    ),
    Wish(
        "answer its own prompt",
        Call(Verb.COMMAND, XapiPath.parse("Command/UserInterface/Message/Prompt/Response"), (("OptionId", 1),)),
    ),
    Wish("read the network", Call(Verb.GET, XapiPath.parse("Status/Network/1/CDP"))),
)


@dataclass(frozen=True, slots=True)
class Stolen:
    """The connector, as the stolen database knows it."""

    id: ConnectorId
    site: SiteId
    certificate: bytes
    state: str = "live"


@dataclass(slots=True)
class EvilHub:
    """A server at the hub's address that speaks the real link with the hub's own key."""

    key: Ed25519PrivateKey
    enrolled: Stolen
    room: str
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    link: HubLinkSession | None = None
    device: RoomInfo | None = None
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    # the directory of connectors, and the handler of the link

    async def connector(self, id: ConnectorId) -> Stolen | None:
        return self.enrolled if id == self.enrolled.id else None

    async def ledger_size(self, id: ConnectorId) -> int:
        """It claims to have none of the site's ledger, and confirms none: so the site keeps all of it."""
        return 0

    async def arrived(self, link: HubLinkSession) -> None:
        self.link = link
        self.device = next((r for r in link.hello.rooms if r.name == self.room), None)

    async def message(self, link: HubLinkSession, message: ToHub) -> None:
        if isinstance(message, Outcome):
            self.outcomes[message.order] = message
            self.news.set()
        if link.last_heartbeat:
            self.ready.set()

    async def gone(self, link: HubLinkSession) -> None:
        self.link = None

    # its orders

    def renew(self, session: str) -> None:
        assert self.link is not None
        heartbeat = self.link.last_heartbeat
        self.link.send_signed(lambda nonce, number: Renewal(nonce, number, heartbeat, [session]))

    def draft(self, session: str, call: Call, nonce: bytes, number: int) -> Order:
        """An order as the real hub would write it."""
        assert self.device is not None
        return Order(
            id=mint("ord"), link=nonce, sequence=number, session=session, site=self.enrolled.site,
            connector=self.enrolled.id, room=self.room, device=self.device.device, verb=call.verb.value,
            path=list(call.path.parts),
            arguments=[(n, list(v) if isinstance(v, tuple) else v) for n, v in call.arguments],
            body=call.body, digest=call.digest(), principal="person_nobody", principal_name="somebody trusted",
            principal_kind="person", grant="grant_none", reason="routine maintenance", held=["observe", "network"],
        )  # fmt: skip

    def order(self, session: str, call: Call) -> str:
        """Sign and send; gives the order's id."""
        assert self.link is not None
        sent: list[Order] = []

        def make(nonce: bytes, number: int) -> Order:
            sent.append(self.draft(session, call, nonce, number))
            return sent[-1]

        self.link.send_signed(make)
        return sent[-1].id

    async def answer(self, order: str, within_s: float = 5.0) -> Outcome:
        async with asyncio.timeout(within_s):
            while order not in self.outcomes:
                self.news.clear()
                await self.news.wait()
        return self.outcomes[order]

    async def play(self) -> list[tuple[str, str, Outcome]]:
        """Send every wish; gives words, order id and outcome of each."""
        async with asyncio.timeout(15):
            await self.ready.wait()
        session = mint("ses")
        self.renew(session)
        played = []
        for wish in WISHES:
            order = self.order(session, wish.call)
            played.append((wish.words, order, await self.answer(order)))
        return played


def load_evil(hub: Path, connector: str, room: str) -> EvilHub:
    """Take the keys and the connector's certificate from the stopped hub's folder."""
    key = load_pem_private_key((hub / "keys" / "order.pem").read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise RoomgateError("The hub's order key is of another kind.")
    engine = sql.create_engine(f"sqlite:///{hub / 'hub.db'}")
    with engine.connect() as db:
        row: Any = db.execute(sql.text("SELECT * FROM connectors WHERE id = :id"), {"id": connector}).mappings().one()
    engine.dispose()
    return EvilHub(key, Stolen(ConnectorId(connector), SiteId(row["site"]), row["certificate"]), room)


async def serve_evil(evil: EvilHub, port: int, certificate: Path, key: Path) -> None:
    """Listen where the hub listened, until `EvilHub.over` is set; then leave the port free."""
    server = uvicorn.Server(
        uvicorn.Config(
            LinkEndpoint(evil, evil.key, evil, SystemClock(), evil.ledger_size), host="127.0.0.1", port=port,
            log_config=None, lifespan="off", ws="websockets-sansio", ssl_certfile=str(certificate),
            ssl_keyfile=str(key), timeout_graceful_shutdown=1,
        )
    )  # fmt: skip
    async with asyncio.TaskGroup() as group:
        group.create_task(server.serve())
        await evil.over.wait()
        if evil.link is not None:
            await evil.link.close()
        server.should_exit = True
