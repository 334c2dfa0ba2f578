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
from roomgate.sim.asked import stamp
from roomgate.sim.diary import Booking
from roomgate.sim.faults import parse_fault
from roomgate.sim.http import (
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
from roomgate.sim.restless import parse_unrest
from roomgate.sim.room import Room

BY = "panel"
_FILES = {"/": "panel.html"} | {
    f"/{name}": name for name in ("panel.js", "panel.css", "tokens.css", "components.css", "mark.svg")
}
_KEEPALIVE_S = 15.0
_SHOWN_BOOKINGS = 4


class Touch(msgspec.Struct, forbid_unknown_fields=True):
    """What a finger can say; each act reads its own fields."""

    booking: str = ""
    feedback: str = ""
    option: int = 0
    call: int = 0
    number: str = ""
    name: str = ""


class Panel:
    """The ASGI application of one room's touch screen."""

    def __init__(self, room: Room) -> None:
        self._room = room

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
                self._touch(request.path, _read_touch(request, is_form))
        except RoomgateError as refused:
            self._room.settle()
            return as_json(409, {"error": refused.message})
        self._room.settle()
        return see_other("/") if by_form else as_json(200, self.state())

    def _touch(self, path: str, touch: Touch) -> None:
        room, now = self._room, self._room.clock.now()
        calls, messages, state = room.device.calls, room.device.messages, room.device.state
        match path:
            case "/join":
                booking = room.device.diary.find(touch.booking)
                if booking is None or not room.device.diary.can_join(booking, now):
                    raise BadInput("This meeting cannot be joined now")
                state.note("panel.join", booking=booking.id, number=booking.number)
                protocol = booking.protocol if booking.protocol in ("Spark", "WebRTC", "H323") else "SIP"
                name = "Private meeting" if booking.privacy == "Private" else booking.title
                calls.place(booking.number, name, protocol, booking.id, BY, now)
            case "/answer":
                messages.answer(touch.feedback, touch.option, BY)
            case "/hang-up":
                state.note("panel.hang-up")
                calls.hang_up(touch.call, BY, now)
            case "/pick-up":
                calls.pick_up(BY, now)
            case "/mute":
                muted = "Off" if state.read("Status", "Audio", "Microphones", "Mute") == "On" else "On"
                state.put("Audio", "Microphones", "Mute", value=muted)
                state.note("panel.mute", microphones=muted)
            case "/dismiss":
                if touch.feedback:
                    messages.dismiss_prompt(touch.feedback, BY)
                else:
                    messages.dismiss_alert(BY)
            case "/ring":
                calls.ring(touch.number or "caller@example.com", touch.name, now)
            case _:
                raise BadInput("No such button")

    def state(self) -> dict[str, Any]:
        """Everything that the screen shows. Times are UTC; the screen writes them in local time."""
        device, now = self._room.device, self._room.clock.now()
        read = device.state.read
        messages = device.messages
        open_ = [one for one in device.diary.bookings if one.closes > now]
        return {
            "room": read("Configuration", "SystemUnit", "Name"),
            "now": stamp(now),
            "bookings": [_booking(one, device.diary.can_join(one, now)) for one in open_[:_SHOWN_BOOKINGS]],
            "calls": [
                {
                    "id": call.id,
                    "name": call.name or call.number,
                    "number": call.number,
                    "status": call.status,
                    "direction": call.direction,
                    "by": call.by,
                    "since": stamp(call.connected or call.began),
                }
                for call in device.calls.ongoing.values()
            ],
            "prompt": None
            if messages.prompt is None
            else {
                "feedback": messages.prompt.feedback,
                "title": messages.prompt.title,
                "text": messages.prompt.text,
                "options": [{"option": number, "text": words} for number, words in messages.prompt.options],
                "began_ms": int(messages.prompt.began.timestamp() * 1000),
                "ends_ms": int(messages.prompt.ends.timestamp() * 1000) if messages.prompt.ends else None,
            },
            "alert": {"title": messages.alert.title, "text": messages.alert.text} if messages.alert else None,
            "line": messages.line.text if messages.line else None,
            "microphones": read("Status", "Audio", "Microphones", "Mute"),
            "camera": read("Status", "Video", "Input", "MainVideoMute"),
            "volume": read("Status", "Audio", "Volume"),
            "standby": read("Status", "Standby", "State"),
        }

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


def _booking(one: Booking, joinable: bool) -> dict[str, Any]:
    private = one.privacy == "Private"
    return {
        "id": one.id,
        "title": "Private meeting" if private else one.title,
        "organizer": "" if private else one.organizer.name,
        "start": stamp(one.time.start_time),
        "end": stamp(one.ends),
        "opens": stamp(one.opens),
        "joinable": joinable,
    }
