"""The xAPI socket at ``/ws``.

Who is who is settled before the upgrade, by HTTP status: 101, 403 for a wrong user or passphrase, 502 while
the device boots, 503 above the rate limit (as pyxows, CSxAPI and release notes tell it). After 101 the socket
is usable at once.
"""

import asyncio

from roomgate import log
from roomgate.sim.accounts import LoginFailed, SessionsFull
from roomgate.sim.room import Connection, Room
from roomgate.sim.servers.asgi import Receive, Scope, Send, origin_of, read_headers
from roomgate.sim.servers.credentials import credentials
from roomgate.sim.servers.listener import Wire, wire_of
from roomgate.sim.spoiled import Half, spoil_json

_log = log.get("sim")
_SWITCH = ("Configuration", "NetworkServices", "Websocket")


class Socket:
    """The xAPI socket of one room."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        room, origin = self._room, origin_of(scope)
        if scope["path"] not in ("/ws", "/ws/") or room.device.state.read(*_SWITCH) == "Off":
            await _refuse(send, 404)  # which number a device with its socket off gives is not established
            return
        if room.faults.is_booting(room.clock.monotonic()):
            await _refuse(send, 502)
            return
        turn_s = room.gate.turn(room.clock.monotonic())
        if turn_s is None:
            room.journal.write("rate.limited", {"origin": origin})
            await _refuse(send, 503)
            return
        await asyncio.sleep(turn_s)
        await room.stalled()
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
            await self._talk(connection, receive, send, wire_of(scope))
        finally:
            room.disconnect(connection)

    async def _talk(self, connection: Connection, receive: Receive, send: Send, wire: Wire) -> None:
        """Read and write until either side ends it. Cancelling ends both."""
        async with asyncio.TaskGroup() as group:
            reader = group.create_task(self._read(connection, receive))
            writer = group.create_task(self._write(connection, send, wire))
            await asyncio.wait({reader, writer}, return_when=asyncio.FIRST_COMPLETED)
            reader.cancel()
            writer.cancel()

    async def _read(self, connection: Connection, receive: Receive) -> None:
        room = self._room
        while (message := await receive())["type"] == "websocket.receive":
            if room.faults.any:
                await room.resting()
            frame = message.get("text")
            if frame is None:
                frame = (message.get("bytes") or b"").decode("utf-8", "replace")
            replies = room.receive(connection, frame)
            if room.faults.any:
                await room.late()
                mono = room.clock.monotonic()
                for sent in [sent for reply in replies for sent in spoil_json(room.faults, reply, mono)]:
                    connection.send(sent)
            else:
                for reply in replies:
                    connection.send(reply)
            room.settle()

    async def _write(self, connection: Connection, send: Send, wire: Wire) -> None:
        while True:
            frame = await connection.outgoing.get()
            if isinstance(frame, str):
                if self._room.faults.any:
                    await self._room.stalled()
                try:
                    await send({"type": "websocket.send", "text": frame})
                except OSError:
                    return  # gone before it heard of this; the reader notices too
            elif isinstance(frame, Half):
                raw = build_frame(frame.whole)
                wire.break_off(raw[: len(raw) // 2])
                return
            elif frame.code is None:
                return  # the server closes the transport when the application returns: no closing word
            else:
                await send({"type": "websocket.close", "code": frame.code, "reason": ""})
                return


async def _refuse(send: Send, status: int) -> None:
    await send({"type": "websocket.http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
    await send({"type": "websocket.http.response.body", "body": b""})


def build_frame(text: str) -> bytes:
    """One whole text frame as a server sends it, unmasked (RFC 6455, section 5.2)."""
    payload = text.encode("utf-8")
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 1 << 16:
        return bytes((0x81, 126)) + size.to_bytes(2, "big") + payload
    return bytes((0x81, 127)) + size.to_bytes(8, "big") + payload
