"""The same wire over the ``websockets`` library: what the contract suite compares picows with."""

import asyncio
import ssl
from collections.abc import Callable

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from roomgate.xapi.errors import CertificateChanged, DeviceGone, DeviceUnreachable
from roomgate.xapi.transports.base import (
    CLOSE_WITHIN_S,
    MAX_FRAME_BYTES,
    PING_EVERY_S,
    PONG_WITHIN_S,
    Address,
    Login,
    Wire,
    refused_upgrade,
)
from roomgate.xapi.transports.trust import Trust


class _PlainWire:
    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def send(self, frame: bytes | str) -> None:
        try:
            await self._connection.send(frame, text=True)
        except ConnectionClosed as ended:
            raise DeviceGone("the connection ended") from ended

    async def read(self, hear: Callable[[bytes], None]) -> None:
        try:
            while True:
                hear(await self._connection.recv(decode=False))
        except ConnectionClosed as ended:
            code = ended.rcvd.code if ended.rcvd else 0
            raise DeviceGone(f"closed by the device ({code})") from ended

    async def close(self) -> None:
        await self._connection.close()


class _ConnectOnce(connect):
    """A connect that follows no redirect: the account goes to the address that was named, or nowhere."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


async def dial(address: Address, login: Login, trust: Trust, *, timeout_s: float = 15.0) -> Wire:
    """As `websocket.dial`."""
    try:
        async with asyncio.timeout(timeout_s):
            context = trust.context(address)
            connection = await _ConnectOnce(
                str(address),
                ssl=context,
                additional_headers={} if login.subprotocol else login.headers(),
                subprotocols=[Subprotocol(login.protocol_name())] if login.subprotocol else None,
                compression=None,
                proxy=None,
                open_timeout=None,
                ping_interval=PING_EVERY_S,
                ping_timeout=PONG_WITHIN_S,
                close_timeout=CLOSE_WITHIN_S,
                max_size=MAX_FRAME_BYTES,
                max_queue=64,
            )
    except InvalidStatus as refused:
        raise refused_upgrade(refused.response.status_code) from refused
    except InvalidHandshake as refused:
        raise DeviceUnreachable(f"{address.host} does not speak WebSocket") from refused
    except ssl.SSLCertVerificationError as bad:
        raise CertificateChanged(f"{address.host} shows a certificate that is not trusted") from bad
    except (OSError, EOFError) as bad:
        raise DeviceUnreachable(f"Nobody answers at {address.host}:{address.port}") from bad
    return _PlainWire(connection)
