"""SSH to a device, over asyncssh: its terminal as a stream of JSON documents.

Nothing of the user's own SSH set-up is read: no known hosts, no agent, no keys, no configuration. The device proves
itself by the key that was pinned, before the account is sent.
"""

import asyncio
import collections
import logging
from collections.abc import Callable

import asyncssh
from asyncssh.auth import KbdIntPrompts, KbdIntResponse

from roomgate.xapi.errors import (
    AuthenticationFailed,
    BadArgument,
    CertificateChanged,
    DeviceGone,
    DeviceUnreachable,
    ProtocolError,
)
from roomgate.xapi.transports.base import (
    CLOSE_WITHIN_S,
    PING_EVERY_S,
    Address,
    Carrier,
    Login,
)
from roomgate.xapi.transports.host_key import HostKey
from roomgate.xapi.tshell import DocumentStream, Greeting

# What the device may send before it is read; asyncssh holds no more than that.
_WINDOW_BYTES = 256 * 1024
_READ_BYTES = 64 * 1024
_log = logging.getLogger("roomgate.xapi")


class _Account(asyncssh.SSHClient):
    """Whom the connection believes, and one attempt to sign in, by whichever of two ways the device asks for."""

    def __init__(self, login: Login, host_key: HostKey | None) -> None:
        self._login = login
        self._host_key = host_key
        self._tried = False

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        return self._host_key is None or self._host_key.fits(key.public_data)

    def kbdint_auth_requested(self) -> str | None:
        return None if self._tried else ""

    def kbdint_challenge_received(
        self, name: str, instructions: str, lang: str, prompts: KbdIntPrompts
    ) -> KbdIntResponse | None:
        if not prompts:
            return []
        if self._tried:
            return None  # asked again: it was wrong
        self._tried = True
        return [self._login.password] * len(prompts)  # jsxapi answers every prompt with it

    def password_auth_requested(self) -> str | None:
        if self._tried:
            return None
        self._tried = True
        return self._login.password


class _SshWire:
    def __init__(self, connection: asyncssh.SSHClientConnection, process: asyncssh.SSHClientProcess[bytes]) -> None:
        self._connection = connection
        self._process = process
        self._stream = DocumentStream()
        self._unread: collections.deque[bytes] = collections.deque()
        self._ended: str | None = None

    async def send(self, frame: bytes) -> None:
        if self._ended is not None:
            raise DeviceGone(self._ended)
        try:
            self._process.stdin.write(frame)
            await self._process.stdin.drain()
        except Exception as broken:  # asyncssh hands on whatever it tripped over in what a peer sent
            raise DeviceGone("the connection ended") from broken

    async def read(self, hear: Callable[[bytes], None]) -> None:
        while True:
            hear(await self.receive())

    async def receive(self) -> bytes:
        while not self._unread:
            if self._ended is not None:
                raise DeviceGone(self._ended)
            try:
                heard = await self._process.stdout.read(_READ_BYTES)
                self._unread.extend(self._stream.feed(heard))
            except ProtocolError as bad:
                self._ended = str(bad)
                self._connection.abort()
                raise
            except Exception:  # as above
                heard = b""
            if not heard and not self._unread:
                self._ended = self._ended or "the connection ended"
        return self._unread.popleft()

    async def close(self) -> None:
        self._ended = self._ended or "the connection was closed here"
        await _hang_up(self._connection)


async def dial(
    address: Address,
    login: Login,
    host_key: HostKey | None,
    *,
    timeout_s: float = 15.0,
    unsafe_accept_any_host_key: bool = False,
) -> Carrier[bytes, bytes]:
    """Connect, sign in and switch the terminal to JSON, once: a wrong password is one attempt.

    Raises AuthenticationFailed, CertificateChanged (for another host key) or DeviceUnreachable, and BadArgument
    where neither a key is pinned nor any one accepted. Cancelling leaves nothing open.
    """
    if (host_key is None) != unsafe_accept_any_host_key:
        raise BadArgument("Pin the device's host key, pin='SHA256:…', or say unsafe_accept_any_host_key; not both")
    if host_key is None:
        _log.warning("any host key accepted from %s: anybody can pose as this device", address.host)
    account = _Account(login, host_key)
    connection: asyncssh.SSHClientConnection | None = None
    try:
        async with asyncio.timeout(timeout_s):
            connection = await _connect(address, account, login.user, host_key)
            process = await connection.create_process(
                encoding=None, stderr=asyncssh.DEVNULL, window=_WINDOW_BYTES, term_type=None
            )
            await _greet(process)
            wire = _SshWire(connection, process)
            connection = None
            return wire
    except asyncssh.PermissionDenied as bad:
        raise AuthenticationFailed("The device refused the user or password") from bad
    except asyncssh.HostKeyNotVerifiable as bad:
        raise CertificateChanged(f"{address.host} shows a host key that is not the pinned one") from bad
    except ProtocolError as bad:
        raise DeviceUnreachable(f"{address.host} has no device's terminal: {bad}") from bad
    except Exception as bad:  # asyncssh hands on whatever it tripped over in what a peer sent
        raise DeviceUnreachable(f"Nobody answers over SSH at {address.host}:{address.port}") from bad
    finally:
        if connection is not None:
            connection.abort()


async def _connect(
    address: Address, account: _Account, user: str, host_key: HostKey | None
) -> asyncssh.SSHClientConnection:
    return await asyncssh.connect(
        address.host,
        address.port,
        username=user,
        client_factory=lambda: account,
        known_hosts=([], [], []),  # nobody is known but whom the account accepts
        server_host_key_algs=list(host_key.signatures) if host_key is not None and host_key.kind else (),
        x509_trusted_certs=None,
        x509_trusted_cert_paths=None,
        config=None,
        client_keys=None,
        agent_path=None,
        public_key_auth=False,
        host_based_auth=False,
        gss_kex=False,
        gss_auth=False,
        preferred_auth=("keyboard-interactive", "password"),
        compression_algs=None,
        keepalive_interval=PING_EVERY_S,
        keepalive_count_max=1,
    )


async def _greet(process: asyncssh.SSHClientProcess[bytes]) -> None:
    """Read up to where calls may be sent."""
    greeting = Greeting()
    while not greeting.ready:
        heard = await process.stdout.read(_READ_BYTES)
        if not heard:
            raise ProtocolError("it hung up before it was ready")
        if said := greeting.feed(heard):
            process.stdin.write(said)


async def _hang_up(connection: asyncssh.SSHClientConnection) -> None:
    connection.close()
    try:
        async with asyncio.timeout(CLOSE_WITHIN_S):
            await connection.wait_closed()
    except Exception:  # as above, or it took too long
        connection.abort()
