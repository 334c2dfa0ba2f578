"""The touch screen in the room, as a small web page.

It plays a physical screen that hangs on the device by a cable, so it has a listener of its own on loopback and
is not on the device's network interface; plain HTTP is enough for a wire that leaves nobody's machine. The
same listener takes the acts of the world: somebody calls the room, something breaks, something never rests.
"""

import asyncio
import json
from typing import Any

import msgspec

from roomgate.errors import BadInput, RoomgateError
from roomgate.sim.faults import parse_fault
from roomgate.sim.restless import parse_unrest
from roomgate.sim.room import Room
from roomgate.sim.screen import show
from roomgate.sim.servers.asgi import (
    HttpRequest,
    HttpResponse,
    Receive,
    Scope,
    Send,
    as_json,
    head,
    read_request,
    see_other,
    send_response,
    static,
    text,
)
from roomgate.sim.touch import Touch, press

_FILES = {"/": "panel.html"} | {
    f"/{name}": name for name in ("panel.js", "panel.css", "tokens.css", "components.css", "mark.svg")
}
_KEEPALIVE_S = 15.0


class Panel:
    """The ASGI application of one room's touch screen."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._turn = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            request = await read_request(scope, receive)
        except BadInput as bad:
            await send_response(send, text(400, bad.message))
            return
        if not _is_local(request):
            await send_response(send, text(421, "This listener is for the room's own screen"))
        elif request.method == "GET" and request.path == "/events":
            await self._stream(receive, send)
        else:
            await send_response(send, self._answer(request))

    def _answer(self, request: HttpRequest) -> HttpResponse:
        if request.method == "GET":
            if request.path == "/state":
                return as_json(200, self.state())
            return static(_FILES[request.path]) if request.path in _FILES else text(404, "Nothing here")
        if request.method != "POST":
            return text(405, "GET or POST")
        is_form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
        by_form = is_form and "origin" in request.headers
        if not request.is_same_origin or not (by_form or request.headers.get("x-panel") == "1"):
            return text(403, "Refused: this did not come from the screen")
        try:
            if request.path == "/fault":
                self._room.break_down(parse_fault(request.body))
            elif request.path == "/unrest":
                self._room.stir(parse_unrest(request.body))
            else:
                press(self._room.device, request.path, _read_touch(request, is_form), self._room.clock.now())
        except RoomgateError as refused:
            self._room.settle()
            return as_json(409, {"error": refused.message})
        self._room.settle()
        return see_other("./") if by_form else as_json(200, self.state())

    def state(self) -> dict[str, Any]:
        """Everything that the screen shows. ``turn`` grows: an answer that comes late is older than what is shown."""
        self._turn += 1
        return {"turn": self._turn} | show(self._room.device, self._room.clock.now())

    async def _stream(self, receive: Receive, send: Send) -> None:
        """Server-sent events: the whole state now and after each change, until the browser leaves."""
        await send(head(HttpResponse(200, type="text/event-stream")))
        async with asyncio.TaskGroup() as group:
            gone = group.create_task(_until_gone(receive))
            feed = group.create_task(self._feed(send))
            await asyncio.wait({gone, feed}, return_when=asyncio.FIRST_COMPLETED)
            gone.cancel()
            feed.cancel()

    async def _feed(self, send: Send) -> None:
        with self._room.watch() as changed:
            while True:
                changed.clear()
                data = f"data: {json.dumps(self.state())}\n\n".encode()
                await send({"type": "http.response.body", "body": data, "more_body": True})
                try:
                    async with asyncio.timeout(_KEEPALIVE_S):
                        await changed.wait()
                except TimeoutError:
                    pass  # the clock and the Join buttons move on, so the state is worth sending again


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _is_local(request: HttpRequest) -> bool:
    """Whether the browser meant this listener by its own name: a page elsewhere may point a name at loopback."""
    return request.headers.get("host", "").rpartition(":")[0] in ("127.0.0.1", "localhost", "[::1]")


def _read_touch(request: HttpRequest, is_form: bool) -> Touch:
    try:
        if is_form:
            return msgspec.convert(request.form(), Touch, strict=False)
        return msgspec.json.decode(request.body or b"{}", type=Touch)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as bad:
        raise BadInput(f"not understood: {bad}") from bad
