import subprocess
import sys

import pytest

import roomgate.xapi as xapi

NAMES = {
    "AuthenticationFailed", "BadArgument", "Call", "Catalogue", "CertificateChanged", "Client", "CommandFailed",
    "DeviceFault", "DeviceGone", "DeviceUnreachable", "Feedback", "FeedbackLost", "FeedbackReceiver", "InvalidPath",
    "NoAnswer", "NotAllSet", "NotOnThisTransport", "NotReady", "OutcomeUnknown", "Path", "PermissionDenied",
    "ProtocolError", "RateLimited", "Reconnecting", "Subscription", "TooManySubscriptions", "UnexpectedType",
    "UnknownPath", "Verb", "XapiError", "connect", "reconnecting",
}  # fmt: skip


def test_the_exported_names():
    assert set(xapi.__all__) == NAMES
    assert all(getattr(xapi, name) is not None for name in NAMES)
    with pytest.raises(AttributeError):
        xapi.nothing  # noqa: B018


def test_the_nouns_load_no_network_library():
    code = (
        "import sys, roomgate.xapi.path, roomgate.xapi.schema, roomgate.xapi.tree;"
        "print(*(sorted({'picows', 'websockets', 'asyncio', 'ssl', 'msgspec'} & set(sys.modules))))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True, env={"PYTHONPATH": ":".join(sys.path)}
    )
    assert out.stdout.split() == []
