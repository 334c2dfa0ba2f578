"""A small device with a terminal over SSH, for tests of the wire; or, told to, something much worse."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Self

import asyncssh

from roomgate.xapi.transports.base import Address
from support.echo_device import LOGIN

BANNER = "\r\nWelcome to Board East\r\n*r Login successful\r\n\r\nOK\r\n\r\n"


@lru_cache(maxsize=2)
def _made(number: int) -> asyncssh.SSHKey:
    return asyncssh.generate_private_key("ssh-ed25519", comment=f"device {number}")


def key(number: int = 0) -> asyncssh.SSHKey:
    """The device's own, or another; made once for all tests."""
    return _made(number)


class _Door(asyncssh.SSHServer):
    """Lets the one account in, by keyboard-interactive or by password."""

    def __init__(self, device: "SshDevice") -> None:
        self.device = device

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.device.connections.append(conn)

    def begin_auth(self, username: str) -> bool:
        self.device.users.append(username)
        return True

    def password_auth_supported(self) -> bool:
        return "password" in self.device.ways

    def kbdint_auth_supported(self) -> bool:
        return "keyboard-interactive" in self.device.ways

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        self.device.attempts.append("public key")
        return False

    def validate_password(self, username: str, password: str) -> bool:
        self.device.attempts.append(password)
        return (username, password) == (LOGIN.user, LOGIN.password)

    def get_kbdint_challenge(self, username: str, lang: str, submethods: str) -> Any:
        return "", "", "", [("Password: ", False)]

    def validate_kbdint_response(self, username: str, responses: Any) -> Any:
        self.device.attempts.append(responses[0])
        if (username, responses[0]) == (LOGIN.user, LOGIN.password):
            return True
        return ("", "", "", [("Password again: ", False)]) if self.device.asks_again else False


@dataclass
class SshDevice:
    """Answers lines by ``says``, an empty document where it has nothing to say. ``greets`` is what it says first."""

    ways: tuple[str, ...] = ("keyboard-interactive", "password")
    asks_again: bool = False
    greets: str = BANNER
    says: dict[str, dict[str, Any] | str] = field(default_factory=dict)
    attempts: list[str] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    connections: list[asyncssh.SSHServerConnection] = field(default_factory=list)
    sessions: list[asyncssh.SSHServerProcess[str]] = field(default_factory=list)
    acceptor: asyncssh.SSHAcceptor | None = None

    @property
    def address(self) -> Address:
        assert self.acceptor is not None
        return Address.parse(f"ssh://localhost:{self.acceptor.get_port()}", "ssh")

    @property
    def pin(self) -> str:
        return key().get_fingerprint()

    async def talk(self, process: asyncssh.SSHServerProcess[str]) -> None:
        self.sessions.append(process)
        try:
            process.stdout.write(self.greets)
            while line := await process.stdin.readline():
                await self.hear(process, line.rstrip("\n"))
        except (asyncssh.Error, OSError):
            pass
        finally:
            process.exit(0)

    async def hear(self, process: asyncssh.SSHServerProcess[str], line: str) -> None:
        if length := re.fullmatch(r"\{(\d+)\} ", line):
            whole = (await process.stdin.readexactly(int(length[1]))).rstrip("\n")
            line, _, body = whole.partition("\n")
            self.bodies.append(body)
        self.lines.append(line)
        asked, _, tag = line.partition(' | resultId="')
        said = self.says.get(asked, {})
        if asked == "bye":
            process.exit(0)
        elif isinstance(said, str):
            process.stdout.write(said)
        elif tag:
            document = {**said, "ResultId": tag.rstrip('"')}
            process.stdout.write(json.dumps(document, indent=2) + "\r\n** end\r\n\r\nOK\r\n")
        else:
            process.stdout.write("\r\nOK\r\n")

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Self]:
        self.acceptor = await asyncssh.create_server(
            lambda: _Door(self),
            "127.0.0.1",
            0,
            server_host_keys=[key()],
            process_factory=self.talk,
            line_editor=False,
            config=None,
            gss_host=None,
        )
        try:
            yield self
        finally:
            self.acceptor.close()
            for connection in self.connections:
                connection.abort()
            await asyncio.wait_for(self.acceptor.wait_closed(), 5)
