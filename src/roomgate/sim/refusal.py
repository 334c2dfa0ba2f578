"""What a device says when it does not do something: the nine codes of its JSON-RPC ("xAPI over WebSocket" guide)."""

from typing import Any

from roomgate.errors import RoomgateError


class Refused(RoomgateError):
    """An error reply. ``number`` is the wire's code, ``data`` what comes beside the sentence."""

    code = "sim.refused"
    number = -32603

    def __init__(self, message: str, *, data: Any = None) -> None:
        super().__init__(message)
        self.data = data


class BadJson(Refused):
    number = -32700


class InvalidRequest(Refused):
    number = -32600


class MethodNotFound(Refused):
    """An unknown method, and an unknown command path."""

    number = -32601


class InvalidParams(Refused):
    """A bad or missing parameter, a bad path, an unknown subscription."""

    number = -32602


class InternalError(Refused):
    number = -32603


class CommandError(Refused):
    """Understood, and could not be done; the message is a sentence for people."""

    number = 1


class Denied(Refused):
    """The account lacks a role for the node."""

    number = -31999


class TooManySubscriptions(Refused):
    number = -31998


class StillStarting(Refused):
    number = -31997
