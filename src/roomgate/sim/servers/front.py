"""The device's network interface as one application: the xAPI socket, the XML API, the local web page."""

from roomgate.errors import BadInput
from roomgate.sim.local_page import LocalPage
from roomgate.sim.room import Room
from roomgate.sim.servers.asgi import HttpResponse, Receive, Scope, Send, origin_of, read_request, send_response, text
from roomgate.sim.servers.http import Api, is_api
from roomgate.sim.servers.listener import wire_of
from roomgate.sim.servers.websocket import Socket


class Front:
    """The ASGI application of one room's network interface."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._socket = Socket(room)
        self._api = Api(room)
        self._page: LocalPage | None = None  # made for the first who looks: few of ten thousand are looked at

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._room.serves_web or not self._room.admits(origin_of(scope).rpartition(":")[0]):
            wire_of(scope).break_off(b"")  # nobody is there
        elif scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._room.faults.is_booting(self._room.clock.monotonic()):
            await send_response(send, HttpResponse(502, b"Bad gateway\n", headers=(("connection", "close"),)))
            return
        if is_api(scope["path"]):
            await self._api(scope, receive, send)
            return
        try:
            request = await read_request(scope, receive)
        except BadInput as bad:
            await send_response(send, text(400, bad.message))
            return
        self._page = self._page or LocalPage(self._room)
        await send_response(send, self._page.answer(request, origin_of(scope)))
