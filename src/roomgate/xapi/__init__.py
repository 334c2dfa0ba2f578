"""A client library for the xAPI of RoomOS devices; imports nothing else of ours.

    async with xapi.connect("wss://room.example.com/ws", user="…", password="…", pin="…") as room:
        await room.status.Audio.Volume()
        await room.command("Dial", Number="123@example.com")

What needs a network library is loaded when it is first asked for (PEP 562), so the nouns stay light.
"""

import importlib
from typing import TYPE_CHECKING, Any

from roomgate.xapi.call import Call, Verb
from roomgate.xapi.errors import (
    AuthenticationFailed,
    BadArgument,
    CertificateChanged,
    CommandFailed,
    DeviceFault,
    DeviceGone,
    DeviceUnreachable,
    FeedbackLost,
    InvalidPath,
    NoAnswer,
    NotAllSet,
    NotOnThisTransport,
    NotReady,
    OutcomeUnknown,
    PermissionDenied,
    ProtocolError,
    RateLimited,
    TooManySubscriptions,
    UnexpectedType,
    UnknownPath,
    XapiError,
)
from roomgate.xapi.path import Path

if TYPE_CHECKING:
    from roomgate.xapi.client import Client
    from roomgate.xapi.dial import connect, reconnecting
    from roomgate.xapi.messages import Feedback
    from roomgate.xapi.reconnect import Reconnecting
    from roomgate.xapi.schema import Catalogue
    from roomgate.xapi.subscription import Subscription
    from roomgate.xapi.transports.feedback_receiver import FeedbackReceiver

_LAZY = {
    "Catalogue": "schema",
    "Client": "client",
    "Feedback": "messages",
    "FeedbackReceiver": "transports.feedback_receiver",
    "Subscription": "subscription",
    "Reconnecting": "reconnect",
    "connect": "dial",
    "reconnecting": "dial",
}

__all__ = [
    "AuthenticationFailed",
    "BadArgument",
    "Call",
    "Catalogue",
    "CertificateChanged",
    "Client",
    "CommandFailed",
    "DeviceFault",
    "DeviceGone",
    "DeviceUnreachable",
    "Feedback",
    "FeedbackLost",
    "FeedbackReceiver",
    "InvalidPath",
    "NoAnswer",
    "NotAllSet",
    "NotOnThisTransport",
    "NotReady",
    "OutcomeUnknown",
    "Path",
    "PermissionDenied",
    "ProtocolError",
    "RateLimited",
    "Reconnecting",
    "Subscription",
    "TooManySubscriptions",
    "UnexpectedType",
    "UnknownPath",
    "Verb",
    "XapiError",
    "connect",
    "reconnecting",
]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)
    globals()[name] = value
    return value
