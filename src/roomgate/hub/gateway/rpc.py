"""Pure: the device's side of the JSON-RPC conversation of xAPI over WebSocket.

Frames in, wishes out; results in, frames out. Facts from Cisco's guide D15427.02 and captures of devices:
object members come sorted, so ``id`` before ``jsonrpc`` before ``result``; an id is returned as it was
written; a frame without an id is a notification and gets no answer; batches are not known.
"""

from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from roomgate.errors import RoomgateError
from roomgate.xapi.errors import InvalidPath
from roomgate.xapi.path import Path

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
COMMAND_ERROR = 1
PERMISSION_DENIED = -31999
SUBSCRIBER_COUNT_EXCEEDED = -31998
NOT_READY = -31997

NO_MATCH = "No match on Path argument"

RawId = msgspec.Raw | None  # the id's own bytes; None for a notification


class RpcError(RoomgateError):
    """What a device answers with an error object; ``id`` is None where the request's could not be read."""

    code = "xapi.rpc"

    def __init__(self, number: int, message: str, *, id: RawId = None, answer: bool = True, data: Any = None) -> None:
        super().__init__(message)
        self.number = number
        self.id = id
        self.answer = answer  # False: it was a notification, and gets none
        self.data = data


class _Envelope(msgspec.Struct, frozen=True):
    method: Any = None
    params: Any = msgspec.UNSET
    jsonrpc: Any = None
    id: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


# Of two members of one name the last one wins. No harm: what is judged, signed and sent is built anew from
# what was read here, and the asker's own bytes go no further.
_envelope = msgspec.json.Decoder(_Envelope)


@dataclass(frozen=True, slots=True)
class Request:
    """One well-formed request. ``id`` are the bytes to return, None for a notification."""

    id: RawId
    method: str
    params: dict[str, Any]


def parse_request(frame: str | bytes) -> Request:
    """Raises RpcError with the number that a device answers; nothing else, whatever was sent."""
    raw = frame.encode("utf-8", "surrogatepass") if isinstance(frame, str) else frame
    try:
        envelope = _envelope.decode(raw)
    except (msgspec.ValidationError, RecursionError) as bad:
        # JSON, yet no object: a batch for example.
        raise RpcError(INVALID_REQUEST, "Invalid Request") from bad
    except (msgspec.DecodeError, UnicodeDecodeError) as bad:
        raise RpcError(PARSE_ERROR, "Parse error") from bad
    number: RawId = None
    notification = envelope.id is msgspec.UNSET
    if isinstance(envelope.id, msgspec.Raw):
        # A copy: the raw view would keep the whole frame alive.
        number = msgspec.Raw(bytes(envelope.id).strip())
        if bytes(number)[:1] not in b'"-0123456789':
            raise RpcError(INVALID_REQUEST, "Invalid Request")
        try:
            bytes(number).decode()  # what the decoder skips it does not look at, and this goes back as text
        except UnicodeDecodeError as bad:
            raise RpcError(PARSE_ERROR, "Parse error") from bad
    params = {} if envelope.params is msgspec.UNSET else envelope.params
    if not isinstance(envelope.method, str) or envelope.jsonrpc != "2.0" or not isinstance(params, dict):
        raise RpcError(INVALID_REQUEST, "Invalid Request", id=number, answer=not notification)
    return Request(number, envelope.method, params)


@dataclass(frozen=True, slots=True)
class Get:
    path: Path


@dataclass(frozen=True, slots=True)
class Query:
    """As a get, but the answer is rooted, and the path may hold wildcards."""

    path: Path


@dataclass(frozen=True, slots=True)
class Set:
    path: Path
    value: Any


@dataclass(frozen=True, slots=True)
class Command:
    path: Path
    arguments: dict[str, Any]
    body: str | None


@dataclass(frozen=True, slots=True)
class Subscribe:
    path: Path
    present: bool  # NotifyCurrentValue


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    number: int


@dataclass(frozen=True, slots=True)
class Doc:
    path: Path


Meant = Get | Query | Set | Command | Subscribe | Unsubscribe | Doc


def interpret(request: Request) -> Meant:
    """What the request asks for; raises RpcError. Whether the device has it is the catalogue's to say."""
    params = request.params
    if request.method.startswith("xCommand/"):
        arguments = {name: value for name, value in params.items() if name != "body"}
        body = params.get("body")
        if body is not None and not isinstance(body, str):
            raise _bad(request, 'Bad usage: Bad argument to parameter "body".')
        try:
            path = Path.of("Command", *request.method.split("/")[1:])
        except InvalidPath as bad:
            raise RpcError(METHOD_NOT_FOUND, "Method not found.", id=request.id, answer=request.id is not None) from bad
        return Command(path, arguments, body)
    match request.method:
        case "xGet":
            return Get(_path(request, "Path", ("Status", "Configuration")))
        case "xQuery":
            return Query(_path(request, "Query", ("Status", "Configuration"), pattern=True))
        case "xSet":
            if "Value" not in params:
                raise _bad(request, "Bad usage: Missing or invalid parameter(s).")
            return Set(_path(request, "Path", ("Configuration",)), params["Value"])
        case "xFeedback/Subscribe":
            present = params.get("NotifyCurrentValue", False)
            if not isinstance(present, bool):
                raise _bad(request, 'Bad usage: Bad argument to parameter "NotifyCurrentValue".')
            return Subscribe(_path(request, "Query", ("Status", "Configuration", "Event"), pattern=True), present)
        case "xFeedback/Unsubscribe":
            number = params.get("Id")
            if not isinstance(number, int) or isinstance(number, bool):
                raise _bad(request, "Bad usage: Missing or invalid parameter(s).")
            return Unsubscribe(number)
        case "xDoc":
            words = params.get("Path")
            if isinstance(words, list) and words and words[0] == "StatusSchema":
                words = ["Status", *words[1:]]
            return Doc(_path(request, "Path", ("Status", "Configuration", "Event", "Command"), words=words))
        case _:
            raise RpcError(METHOD_NOT_FOUND, "Method not found.", id=request.id, answer=request.id is not None)


def _bad(request: Request, message: str) -> RpcError:
    return RpcError(INVALID_PARAMS, message, id=request.id, answer=request.id is not None)


def _path(
    request: Request, name: str, roots: tuple[str, ...], *, pattern: bool = False, words: Any = msgspec.UNSET
) -> Path:
    words = request.params.get(name) if words is msgspec.UNSET else words
    if not isinstance(words, list) or not words:
        raise _bad(request, "Bad usage: Missing or invalid parameter(s).")
    try:
        path = Path.of(*words)
    except InvalidPath as bad:
        raise _bad(request, NO_MATCH) from bad
    if path.root not in roots or (path.is_pattern and not pattern):
        raise _bad(request, NO_MATCH)
    return path


_encode = msgspec.json.Encoder(order="sorted").encode


def build_reply(id: msgspec.Raw, result: Any) -> bytes:
    return _encode({"id": id, "jsonrpc": "2.0", "result": result})


def build_error(error: RpcError) -> bytes:
    """The error object; ``id`` is null where the request's could not be read."""
    body: dict[str, Any] = {"code": error.number, "message": error.message}
    if error.data is not None:
        body["data"] = error.data
    return _encode({"error": body, "id": error.id, "jsonrpc": "2.0"})


def build_event(number: int, kind: Literal["Status", "Configuration", "Event"], tree: Any) -> bytes:
    """A feedback of subscription ``number``: rooted whatever the depth of the query."""
    return _encode({"jsonrpc": "2.0", "method": "xFeedback/Event", "params": {"Id": number, kind: tree}})
