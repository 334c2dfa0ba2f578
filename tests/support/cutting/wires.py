"""The link's way: two pipes in memory between the hub's endpoint and the connector's uplink.

The endpoint is the real ASGI application and the uplink the real one; TLS alone is left out. A wire can be slow
(order holds), parted (what is sent waits, as TCP keeps it; each end finds out by itself), or broken (both are told).
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from roomgate.connector.enrol import Identity
from roomgate.errors import Unreachable
from roomgate.hub.relay.link import LinkEndpoint
from roomgate.link.frames import Priority, Receiver, Sender
from roomgate.link.messages import LinkBroken, ToConnector, decode_at_connector

PING_S = 10.0  # silence after which the connector's socket gives up: its pings are not answered


class Plain:
    """In place of the inner TLS session: bytes as they are."""

    established = True

    def __init__(self, *_: object) -> None:
        self._out = bytearray()

    def receive(self, data: bytes) -> list[bytes]:
        return [data]

    def send(self, data: bytes) -> None:
        self._out += data

    def outgoing(self) -> bytes:
        said = bytes(self._out)
        self._out.clear()
        return said


class Pipe:
    """One direction. What was put in first arrives first."""

    def __init__(self, net: "Net", arrive: Callable[[Any], None]) -> None:
        self._net = net
        self._arrive = arrive
        self.last = 0.0
        self._held: list[Any] = []
        self.open = True

    def put(self, item: Any) -> None:
        if not self.open:
            return
        if self._net.parted:
            self._held.append(item)
            return
        loop = asyncio.get_running_loop()
        # Timers of one moment have no order of their own.
        self.last = max(self.last + 1e-5, loop.time() + self._net.delay())
        loop.call_at(self.last, self._deliver, item)

    def release(self) -> None:
        held, self._held = self._held, []
        for item in held:
            self.put(item)

    def _deliver(self, item: Any) -> None:
        if self._net.parted:
            self._held.append(item)
        elif self.open:
            self._arrive(item)


@dataclass(eq=False)
class Net:
    """The network between one connector and its hub."""

    dice: Random | None = None
    slow_s: float = 0.0
    parted: bool = False
    endpoint: LinkEndpoint | None = None  # None: the hub is down
    wire: "MemoryWire | None" = None
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    recorded: list[Any] = field(default_factory=list)  # what the hub sent, to be sent again by somebody
    _partings: int = 0

    def delay(self) -> float:
        base = 0.001 if self.dice is None else self.dice.uniform(0.0005, 0.02)
        return base + self.slow_s

    def behind(self, now: float) -> bool:
        """Whether something is still on its way that was sent while the link was slow."""
        wire = self.wire
        return wire is not None and max(wire.to_hub.last, wire.from_hub.last) > now + 0.1

    def part(self) -> None:
        """Nothing arrives any more; each end finds out by itself."""
        self.parted = True
        self._partings += 1
        if self.wire is not None:
            asyncio.get_running_loop().call_later(PING_S, self._silent, self.wire, self._partings)

    def mend(self) -> None:
        """What waited arrives, if its connection still stands."""
        self.parted = False
        if self.wire is not None:
            self.wire.to_hub.release()
            self.wire.from_hub.release()

    def _silent(self, wire: "MemoryWire", parting: int) -> None:
        if self.parted and self._partings == parting:
            wire.fail(LinkBroken("No pong came."))

    def broken(self) -> None:
        """Both ends are told at once."""
        if self.wire is not None:
            self.wire.fail(LinkBroken("The connection to the hub was lost."))

    async def dial(
        self,
        identity: Identity,
        heard: Callable[[ToConnector, int], None],
        *,
        ca_pem: bytes | None,
        proxy: str | None,
        within_s: float,
    ) -> "MemoryWire":
        await asyncio.sleep(self.delay())
        endpoint = self.endpoint
        if endpoint is None or self.parted:
            raise Unreachable("The hub cannot be reached.")
        wire = self.wire = MemoryWire(self, heard)
        scope = {
            "type": "websocket",
            "query_string": b"connector=" + identity.connector.encode(),
            "client": ("192.0.2.7", 1),
        }
        task = asyncio.get_running_loop().create_task(endpoint(scope, wire.receive, wire.send))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        task.add_done_callback(lambda _: wire.to_hub_ended())
        return wire


class MemoryWire:
    """The connector's end, as `wire.Wire` is; and the hub's, as a web server is."""

    def __init__(self, net: Net, heard: Callable[[ToConnector, int], None]) -> None:
        self.sender = Sender()
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.to_hub = Pipe(net, self._hub_hears)
        self.from_hub = Pipe(net, self._connector_hears)
        self._net = net
        self._heard = heard
        self._receiver = Receiver()
        self._work = asyncio.Event()
        self._inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._inbox.put_nowait({"type": "websocket.connect"})

    # the connector's side

    def fail(self, why: LinkBroken) -> None:
        if not self.ended.done():
            self.ended.set_exception(why)
            self.ended.exception()
        self._gone()

    def wake(self) -> None:
        self._work.set()

    async def carry(self, message: bytes) -> None:
        if self.ended.done():
            raise LinkBroken("The link has ended.")
        self.sender.put(message, Priority.BULK)  # so little is said here that there is always room
        self.wake()

    async def write(self, before: Callable[[], None]) -> None:
        while True:
            before()
            few = self.sender.next_few()
            if not few:
                self._work.clear()
                await self._work.wait()
                continue
            self.to_hub.put({"type": "websocket.receive", "bytes": few})
            await asyncio.sleep(0)

    async def close(self) -> None:
        self._gone()

    def _gone(self) -> None:
        """The hub is told, if anything reaches it."""
        if not self._net.parted:
            self._inbox.put_nowait({"type": "websocket.disconnect", "code": 1006})
        self.to_hub.open = self.from_hub.open = False

    def _connector_hears(self, data: bytes | None) -> None:
        if self.ended.done():
            return
        if data is None:
            self.fail(LinkBroken("The hub closed the link."))
            return
        try:
            for raw in self._receiver.feed(data):
                message = decode_at_connector(raw)
                self._net.recorded.append(message)
                self._heard(message, len(raw))
        except LinkBroken as why:
            self.fail(why)

    # the hub's side

    def _hub_hears(self, event: dict[str, Any]) -> None:
        self._inbox.put_nowait(event)

    async def receive(self) -> dict[str, Any]:
        return await self._inbox.get()

    async def send(self, event: dict[str, Any]) -> None:
        if event["type"] == "websocket.send":
            self.from_hub.put(bytes(event["bytes"]))
        elif event["type"] == "websocket.close":
            self.from_hub.put(None)

    def to_hub_ended(self) -> None:
        self.from_hub.put(None)
