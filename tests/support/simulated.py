"""A simulated device in memory, and the real simulator in the test's own loop."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from roomgate.clock import Clock
from roomgate.sim.app import RoomConfig, RoomReady, SimConfig, serve
from roomgate.sim.device import Device
from roomgate.sim.profile import get_profile
from roomgate.sim.session import Session

NINE = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
DAILY, ADMIN = ["User", "Integrator"], ["Admin"]


@dataclass
class Talk:
    """One account's conversation with a device that has no network; time moves when told."""

    device: Device
    session: Session
    now: datetime = NINE
    feedback: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def open(
        cls, roles: list[str], *, device: Device | None = None, profile: str = "26", name: str = "daily"
    ) -> "Talk":
        device = device or Device.new("Birch", get_profile(profile), NINE)
        account = device.accounts.by_name.get(name) or device.accounts.add(name, "correct horse", roles)
        login = device.accounts.open(name, "WebSocket", "test", NINE)
        return cls(device, Session(device, account, login.id))

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        """The reply to one request; what follows it is kept as feedback."""
        frame = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        first, *rest = [json.loads(one) for one in self.session.receive(frame, self.now)]
        self.feedback += [one["params"] for one in rest]
        self.settle()
        return dict(first)

    def result(self, method: str, **params: Any) -> Any:
        reply = self.send(method, **params)
        assert "error" not in reply, reply
        return reply["result"]

    def code(self, method: str, **params: Any) -> int:
        return int(self.send(method, **params)["error"]["code"])

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.device.tick(self.now)
        self.settle()

    def settle(self) -> None:
        changes = self.device.state.take_changes()
        self.feedback += [json.loads(one)["params"] for one in self.session.notify(changes)]

    def heard(self) -> list[dict[str, Any]]:
        taken, self.feedback = self.feedback, []
        return taken

    def notes(self, what: str) -> list[dict[str, Any]]:
        return [note.facts for note in self.device.state.take_notes() if note.what == what]


@lru_cache
def pems(name: str, password: bytes = b"") -> tuple[str, str, str]:
    """A certificate, its key, and its SHA-256 fingerprint."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), 1, NINE, NINE + timedelta(days=9))
    certificate = builder.sign(key, hashes.SHA256())
    cipher = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, cipher)
    public = certificate.public_bytes(serialization.Encoding.PEM)
    return public.decode(), private.decode(), certificate.fingerprint(hashes.SHA256()).hex()


@asynccontextmanager
async def simulator(
    folder: Path, *names: str, profile: str = "26", within_s: float = 60.0, clock: Clock | None = None, sip: str = ""
) -> AsyncIterator[list[RoomReady]]:
    """The real simulator on free ports, in this loop; it is gone when the block ends."""
    started: asyncio.Future[list[RoomReady]] = asyncio.get_running_loop().create_future()
    rooms = tuple(RoomConfig(name, profile=profile) for name in names or ("Birch",))
    async with asyncio.timeout(within_s), asyncio.TaskGroup() as group:
        running = group.create_task(serve(SimConfig(folder, rooms, sip=sip), started.set_result, clock=clock))
        yield await started
        running.cancel()


def tls_of(room: RoomReady) -> ssl.SSLContext:
    """A context that trusts this room's own certificate and no other."""
    return ssl.create_default_context(cafile=room.ca)


async def touch(room: RoomReady, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Press something on the room's screen (or play the world); the screen's state after it."""
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(room.panel.rstrip("/") + path, json=body, headers={"X-Panel": "1"})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())
