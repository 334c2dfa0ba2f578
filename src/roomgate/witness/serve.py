"""Runs a witness: its key, its data folder, TLS."""

import os
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.clock import Clock, SystemClock
from roomgate.errors import BadInput
from roomgate.folder import alone_in
from roomgate.ledger.checkpoint import COSIGNATURE, VerifierKey
from roomgate.listening import listen, load_tls
from roomgate.storage.database import Database
from roomgate.witness.app import Witness
from roomgate.witness.logs import load_logs
from roomgate.witness.memory import Memory, metadata

_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class WitnessConfig:
    """``data`` holds witness.db, witness.key (made if missing) and logs.json; port 0 takes a free one."""

    data: Path
    name: str
    tls_certificate: Path
    tls_key: Path
    host: str = "127.0.0.1"
    port: int = 0
    clock: Clock = field(default_factory=SystemClock)


def ensure_key(data: Path) -> Ed25519PrivateKey:
    """The witness's key, made with mode 0600 the first time."""
    path = data / "witness.key"
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = Ed25519PrivateKey.generate()
        fresh = path.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            out.write(key.private_bytes_raw())
            out.flush()
            os.fsync(out.fileno())
        fresh.rename(path)
        return key
    if len(raw) != _KEY_BYTES:
        raise BadInput(f"{path} is not a witness's key")
    return Ed25519PrivateKey.from_private_bytes(raw)


def ensure_verifier(data: Path, name: str) -> VerifierKey:
    """The witness's public key, to be given to hubs, connectors and verifiers."""
    return VerifierKey.of(name, ensure_key(data), COSIGNATURE)


async def serve(config: WitnessConfig, ready: Callable[[str], None]) -> None:
    """Serve until told to stop by a signal or cancelled; ``ready`` is given the address once it answers.

    logs.json is read for each request, so that a log can be added without a restart. Raises CannotStart where
    the port, the certificate or the data folder cannot be had.
    """
    tls = load_tls(config.tls_certificate, config.tls_key)
    with listen(config.host, config.port) as listener, alone_in(config.data):
        url = f"https://{config.host}:{listener.getsockname()[1]}"
        await _serve(config, tls, listener, lambda: ready(url))


async def _serve(
    config: WitnessConfig, tls: ssl.SSLContext, listener: socket.socket, ready: Callable[[], None]
) -> None:
    key = ensure_key(config.data)
    db = Database.open(config.data / "witness.db", metadata)
    try:
        witness = Witness(config.name, key, lambda: load_logs(config.data / "logs.json"), Memory(db), config.clock)
        settings = uvicorn.Config(
            witness,
            ssl_context_factory=lambda *_: tls,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            limit_concurrency=100,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=2,
        )
        await _Server(settings, ready).run_until_stopped(listener)
    finally:
        await db.aclose()


class _Server(uvicorn.Server):
    """A server that says when it listens and closes its sockets when cancelled."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def run_until_stopped(self, listener: socket.socket) -> None:
        done = False
        try:
            await self.serve(sockets=[listener])
            done = True
        finally:
            if not done and self.started:
                await self.shutdown(sockets=[listener])
