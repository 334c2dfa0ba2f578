"""The server's half of JSON-RPC 2.0 as a device speaks it: a frame in, a request out, and the replies.

Written apart from the client library's codec on purpose: a mistake that both shared would hide from every
test. Facts: ids are numbers or strings and come back as they came; a request without an id is a
notification and is never answered; names in a reply stand in ASCII order; parameters always have names.
"""

import json
from dataclasses import dataclass
from typing import Any, NoReturn

from roomgate.sim.refusal import BadJson, InvalidRequest, Refused

Id = str | int | float | None
_LONGEST_METHOD = 400
_DEEPEST = 64


@dataclass(frozen=True, slots=True)
class Request:
    """One request. ``wants_reply`` is false for a notification."""

    id: Id
    method: str
    params: dict[str, Any]
    wants_reply: bool


class Unreadable(InvalidRequest):
    """JSON, but no request; ``id`` is what could be read of it, None where nothing could."""

    def __init__(self, message: str, id_: Id) -> None:
        super().__init__(message)
        self.id = id_


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")


# Made once: json's own functions make one for each message.
_decode = json.JSONDecoder(parse_constant=_no_constant).decode
_dump = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def parse(frame: str) -> Request:
    """Read one text frame; raises BadJson or Unreadable, and nothing else."""
    try:
        message = _decode(frame)
    except (ValueError, RecursionError):
        raise BadJson("Parse error") from None
    if not isinstance(message, dict):
        raise Unreadable("Invalid request", None)  # batches are not documented for devices
    number = message.get("id")
    if isinstance(number, bool) or not isinstance(number, str | int | float | None):
        raise Unreadable("Invalid request", None)
    method, params = message.get("method"), message.get("params", {})
    if message.get("jsonrpc") != "2.0" or not isinstance(method, str) or not 0 < len(method) <= _LONGEST_METHOD:
        raise Unreadable("Invalid request", number)
    if not isinstance(params, dict) or _depth(params) > _DEEPEST:
        raise Unreadable("Invalid request", number)
    return Request(number, method, params, wants_reply="id" in message)


def _depth(value: Any) -> int:
    level, nodes = 0, [value]
    while nodes and level <= _DEEPEST:
        level += 1
        nodes = [
            inner
            for node in nodes
            if isinstance(node, dict | list)
            for inner in (node.values() if isinstance(node, dict) else node)
        ]
    return level


def build_result(id_: Id, result: Any) -> str:
    return _encode({"id": id_, "jsonrpc": "2.0", "result": result})


def build_error(id_: Id, refused: Refused) -> str:
    error: dict[str, Any] = {"code": refused.number, "message": refused.message}
    if refused.data is not None:
        error["data"] = refused.data
    return _encode({"error": error, "id": id_, "jsonrpc": "2.0"})


def build_feedback(subscription: int, difference: dict[str, Any]) -> str:
    """A notification: the subscription's number and one of Status, Configuration, Event."""
    return _encode({"jsonrpc": "2.0", "method": "xFeedback/Event", "params": {"Id": subscription, **difference}})


def _encode(message: dict[str, Any]) -> str:
    # Escaped beyond ASCII: a lone surrogate in an id would otherwise not survive UTF-8.
    return _dump(message)
