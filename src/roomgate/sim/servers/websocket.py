"""The device's network side: one HTTPS listener with the xAPI socket at ``/ws`` and the local web page.

Who is who is settled before the upgrade, by HTTP status: 101, 403 for a wrong user or passphrase, 502 while
the device boots, 503 above the rate limit (as pyxows, CSxAPI and release notes tell it). After 101 the socket
is usable at once.
"""

import asyncio
import base64
import binascii
from typing import Any

from roomgate import log
from roomgate.errors import BadInput
from roomgate.sim.accounts import LoginFailed, SessionsFull
from roomgate.sim.local_page import LocalPage
from roomgate.sim.room import Connection, Cut, Room
from roomgate.sim.servers.asgi import Receive, Scope, Send, read_headers, read_request, send_response, text

_log = log.get("sim")
_PROTOCOL = "auth-"


class Server:
    """The ASGI application of one room's network interface."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._page = LocalPage(room)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._room.faults.is_booting(self._room.clock.monotonic()):
            await send_response(send, text(502, "Bad gateway"))
            return
        try:
            request = await read_request(scope, receive)
        except BadInput as bad:
            await send_response(send, text(400, bad.message))
            return
        await send_response(send, self._page.answer(request, _origin(scope)))

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        room, origin = self._room, _origin(scope)
        if scope["path"] not in ("/ws", "/ws/"):
            await _refuse(send, 404)
            return
        if room.faults.is_booting(room.clock.monotonic()):
            await _refuse(send, 502)
            return
        if not room.gate.admit(room.clock.monotonic()):
            room.journal.write("rate.limited", {"origin": origin})
            await _refuse(send, 503)
            return
        user, passphrase, protocol = credentials(read_headers(scope), scope.get("subprotocols", []))
        try:
            account, login = room.log_in(user, passphrase, "WebSocket", origin)
        except LoginFailed:
            room.settle()
            _log.warning("sim.login-failed", room=room.name, account=user[:60])
            await _refuse(send, 403)
            return
        except SessionsFull:
            room.settle()
            await _refuse(send, 503)
            return
        room.settle()
        connection = room.connect(account, login)
        try:
            await send({"type": "websocket.accept", "subprotocol": protocol, "headers": []})
            await self._talk(connection, receive, send)
        finally:
            room.disconnect(connection)

    async def _talk(self, connection: Connection, receive: Receive, send: Send) -> None:
        """Read and write until either side ends it. Cancelling ends both."""
        async with asyncio.TaskGroup() as group:
            reader = group.create_task(self._read(connection, receive))
            writer = group.create_task(self._write(connection, send))
            await asyncio.wait({reader, writer}, return_when=asyncio.FIRST_COMPLETED)
            reader.cancel()
            writer.cancel()

    async def _read(self, connection: Connection, receive: Receive) -> None:
        room = self._room
        while (message := await receive())["type"] == "websocket.receive":
            frame = message.get("text")
            if frame is None:
                frame = (message.get("bytes") or b"").decode("utf-8", "replace")
            replies = room.receive(connection, frame)
            if room.faults.delay_s:
                await asyncio.sleep(room.faults.delay_s)
            if not room.faults.silent:
                for reply in replies:
                    connection.send(reply)
            room.settle()

    async def _write(self, connection: Connection, send: Send) -> None:
        while True:
            frame = await connection.outgoing.get()
            if not isinstance(frame, Cut):
                await send({"type": "websocket.send", "text": frame})
            elif frame.code is None:
                return  # the server closes the transport when the application returns: no closing word
            else:
                await send({"type": "websocket.close", "code": frame.code, "reason": ""})
                return


def credentials(headers: dict[str, str], protocols: list[str]) -> tuple[str, str, str | None]:
    """User, passphrase, and the sub-protocol to echo; empty words where nothing readable was offered.

    Basic authentication, or ``auth-`` and base64url of ``user:passphrase`` without padding as a WebSocket
    sub-protocol, for browsers, which cannot set headers.
    """
    kind, _, packed = headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic":
        return (*_unpack(packed.strip(), b"+/"), None)
    for protocol in protocols:
        if protocol.startswith(_PROTOCOL):
            return (*_unpack(protocol.removeprefix(_PROTOCOL), b"-_"), protocol)
    return "", "", None


def _unpack(packed: str, alphabet: bytes) -> tuple[str, str]:
    try:
        padded = packed + "=" * (-len(packed) % 4)
        plain = base64.b64decode(padded.encode("ascii"), altchars=alphabet, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return "", ""
    user, _, passphrase = plain.partition(":")
    return user, passphrase


async def _refuse(send: Send, status: int) -> None:
    await send({"type": "websocket.http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
    await send({"type": "websocket.http.response.body", "body": b""})


def _origin(scope: Scope) -> str:
    client: Any = scope.get("client")
    return f"{client[0]}:{client[1]}" if client else ""
