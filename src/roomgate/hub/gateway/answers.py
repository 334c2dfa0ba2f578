"""Pure: what becomes of an ask, in a device's own words and numbers."""

from typing import Any

import msgspec

from roomgate.access.decision import Denied
from roomgate.errors import RoomgateError, Unreachable
from roomgate.hub.gateway import rpc
from roomgate.hub.gateway.rpc import RpcError
from roomgate.hub.relay.asked import Answer
from roomgate.xapi import tree
from roomgate.xapi.errors import BadArgument, InvalidPath, UnknownPath, XapiError

_UNKNOWN = "It cannot be known whether this was done: look at the room before you ask again."
_WAITING = "Nobody in the room answered within 25 seconds: refused."


def build_result(meant: rpc.Meant, answer: Answer) -> Any:
    """The result of an ask that was done; raises RpcError for every other outcome."""
    if answer.outcome != "done":
        raise refusal(answer)
    match meant:
        case rpc.Set():
            return True
        case rpc.Command():
            return answer.result if isinstance(answer.result, dict) and answer.result else {"status": "OK"}
        case rpc.Query(path=path):
            if path.is_pattern:
                return answer.result or {}
            return {} if answer.result is None else tree.expand(path, answer.result)
        case rpc.Get() if answer.result is None:
            raise RpcError(rpc.INVALID_PARAMS, rpc.NO_MATCH)
        case _:
            return answer.result


def refusal(answer: Answer) -> RpcError:
    """A refusal of the room is a command that failed, with its sentence; one of the site's policy, a missing role."""
    match answer.outcome:
        case "waiting":
            return RpcError(rpc.COMMAND_ERROR, answer.words or _WAITING)
        case "unknown":
            return RpcError(rpc.COMMAND_ERROR, answer.words or _UNKNOWN)
        case "failed" if answer.rule == Unreachable.code:
            return RpcError(rpc.NOT_READY, answer.words)
        case "failed":
            return RpcError(answer.code or rpc.COMMAND_ERROR, answer.words or "The device could not do it.")
        case _ if answer.rule.startswith("consent"):
            return RpcError(rpc.COMMAND_ERROR, answer.words or "The room refused.")
        case _:
            return RpcError(rpc.PERMISSION_DENIED, answer.words or "Permission denied")


def from_fault(fault: Exception) -> RpcError:
    """The error object for what was raised before anything was sent."""
    match fault:
        case RpcError():
            return fault
        case UnknownPath() | InvalidPath():
            return RpcError(rpc.METHOD_NOT_FOUND, "Method not found.", data={"Reason": fault.message})
        case BadArgument():
            return RpcError(rpc.INVALID_PARAMS, f"Bad usage: {fault.message}")
        case Denied():
            return RpcError(rpc.PERMISSION_DENIED, fault.message or "Permission denied")
        case Unreachable():
            return RpcError(rpc.NOT_READY, fault.message)
        case RoomgateError() | XapiError():
            return RpcError(rpc.INTERNAL_ERROR, fault.message)
        case _:
            return RpcError(rpc.INTERNAL_ERROR, "Internal error")


def with_id(error: RpcError, id: msgspec.Raw) -> bytes:
    error.id = id
    return rpc.build_error(error)
