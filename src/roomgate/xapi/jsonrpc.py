"""The JSON-RPC 2.0 conversation with a device, without a socket: calls to frames, frames to facts.

Shapes after Cisco's guide "xAPI over WebSocket" (D15427.02) and captures of RoomOS 11 devices: one
JSON document a frame, named parameters, replies matched by id. Where versions differ (``status`` in
results, how an empty list answers) both readings come out alike.
"""

from typing import Any

import msgspec

from roomgate.xapi.call import Call, Value, Verb
from roomgate.xapi.errors import (
    WIRE_CODES,
    BadArgument,
    DeviceFault,
    NothingThere,
    PermissionDenied,
    ProtocolError,
    UnknownPath,
    XapiError,
)
from roomgate.xapi.messages import Feedback, Reply
from roomgate.xapi.tree import Document

MAX_FRAME_BYTES = 8 * 1024 * 1024
_KINDS = ("Status", "Configuration", "Event")
_MAX_FORGOTTEN = 1024


class _Frame(msgspec.Struct, frozen=True):
    """The envelope; a result stays undecoded until it is known whose it is."""

    id: int | str | None = None
    method: str | None = None
    params: Any = None
    result: msgspec.Raw = msgspec.Raw()
    error: msgspec.Raw = msgspec.Raw()


class _Error(msgspec.Struct, frozen=True):
    # All optional: feedback that the account may not have is refused with {} (jsxapi issue 18).
    code: int | None = None
    message: str = ""
    data: Any = None


_frames = msgspec.json.Decoder(_Frame)
_errors = msgspec.json.Decoder(_Error)
_anything = msgspec.json.Decoder()
_encode = msgspec.json.Encoder().encode


class Conversation:
    """One connection's requests and what is open of them. Not to be shared between connections."""

    __slots__ = ("_forgotten", "_next", "_open")

    def __init__(self) -> None:
        self._next = 1
        self._open: dict[int, Verb | None] = {}
        self._forgotten: dict[int, None] = {}

    def request(self, call: Call, *, rooted: bool = False, current: bool = False) -> tuple[int, bytes]:
        """A call's number and frame.

        ``rooted`` asks for a get's answer from the root (xQuery), which a pattern always does;
        ``current`` asks for the present value as the first feedback of a subscription.
        """
        parts = list(call.path.parts)
        params: dict[str, Any]
        match call.verb:
            case Verb.GET if rooted or call.path.is_pattern:
                method, params = "xQuery", {"Query": parts}
            case Verb.GET:
                method, params = "xGet", {"Path": parts}
            case Verb.SET:
                method, params = "xSet", {"Path": parts, "Value": _plain(call.argument("Value"))}
            case Verb.SUBSCRIBE:
                method, params = "xFeedback/Subscribe", {"Query": parts, "NotifyCurrentValue": current}
            case Verb.COMMAND:
                method = "xCommand/" + "/".join(map(str, parts[1:]))
                params = {name: _plain(value) for name, value in call.arguments}
                if call.body is not None:
                    params["body"] = call.body
        return self._frame(call.verb, method, params)

    def unsubscribe(self, subscription: int) -> tuple[int, bytes]:
        """The number and frame that end a subscription."""
        return self._frame(None, "xFeedback/Unsubscribe", {"Id": subscription})

    def forget(self, number: int) -> None:
        """Nobody waits for this reply any more; when it comes late, it is passed over."""
        if self._open.pop(number, _ABSENT) is not _ABSENT:
            self._forgotten[number] = None
            while len(self._forgotten) > _MAX_FORGOTTEN:
                del self._forgotten[next(iter(self._forgotten))]

    def receive(self, frame: bytes) -> Reply | Feedback | None:
        """What a frame says; None for what nobody asked to know (a late reply, an unknown notification).

        Raises ProtocolError for anything that is not the protocol, a reply to no request included.
        """
        if len(frame) > MAX_FRAME_BYTES:
            raise ProtocolError("a frame of more than 8 MiB")
        try:
            message = _frames.decode(frame)
            if message.method is not None:
                return _feedback(message) if message.method == "xFeedback/Event" else None
            return self._reply(message)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as bad:
            raise ProtocolError("a frame that does not parse") from bad

    def _frame(self, verb: Verb | None, method: str, params: dict[str, Any]) -> tuple[int, bytes]:
        number = self._next
        frame = _encode({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        if len(frame) > MAX_FRAME_BYTES:
            raise BadArgument("a call of more than 8 MiB")
        self._next += 1
        self._open[number] = verb
        return number, frame

    def _reply(self, message: _Frame) -> Reply | None:
        number = message.id
        has_result, has_error = bool(bytes(message.result)), bool(bytes(message.error))
        if has_result == has_error:
            raise ProtocolError("a reply with neither or both of result and error")
        if not isinstance(number, int):
            raise ProtocolError("a reply without our id")
        if number in self._forgotten:
            del self._forgotten[number]
            return None
        if number not in self._open:
            raise ProtocolError("a reply to no request")
        verb = self._open.pop(number)
        if has_error:
            return Reply(number, error=_error(_errors.decode(message.error), verb))
        result = _anything.decode(message.result)
        return Reply(number, None if verb is Verb.GET and result in ([], {}) else result)


_ABSENT = object()


def _plain(value: Value | None) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _feedback(message: _Frame) -> Feedback:
    params = message.params
    if not isinstance(params, dict):
        raise ProtocolError("feedback without parameters")
    subscription = params.get("Id")
    kinds = [kind for kind in _KINDS if kind in params]
    if isinstance(subscription, bool) or not isinstance(subscription, int) or len(kinds) != 1:
        raise ProtocolError("feedback without an Id or a root")
    document: Document = {kinds[0]: params[kinds[0]]}
    return Feedback(subscription, kinds[0], document)


def _error(error: _Error, verb: Verb | None) -> XapiError:
    text = " ".join(error.message.split())[:500]
    if error.code is None:
        kind: type[XapiError] = PermissionDenied if verb is Verb.SUBSCRIBE else DeviceFault
    else:
        kind = WIRE_CODES.get(error.code, DeviceFault)
    if kind is BadArgument and "path" in text.lower():
        # -32602 is the device's one code for a bad parameter and for a path that matches nothing.
        kind = NothingThere if verb is Verb.GET else UnknownPath
    return kind(text, data=error.data)
