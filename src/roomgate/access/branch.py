"""Pure: which changes of a setting could cut the branch that the connector sits on, its own way to the device.

Some end it for certain: they are refused, whatever the policy says, and are made at the site alone. Others may end
it, or may not: the connector makes them only behind its fence, which takes them back where it must.
"""

from roomgate.access.capability import Words, longest
from roomgate.xapi.call import Call, Verb

_SESSIONS = ("Security", "Session")
_NO_SOCKET = "it would end the site's own connection to the device, and the way to take it back"
_ENDS: dict[Words, dict[str, str]] = {
    ("NetworkServices", "HTTP", "Mode"): {"Off": _NO_SOCKET},
    ("NetworkServices", "Websocket"): {"Off": _NO_SOCKET},
    ("NetworkServices", "HTTPS", "VerifyClientCertificate"): {"On": "the connector has no certificate to show"},
}
# How many sessions the connector needs: its lasting one and a fresh one of each account, or of one account.
_LEAST: dict[Words, int] = {(*_SESSIONS, "MaxSessionsPerUser"): 2, (*_SESSIONS, "MaxTotalSessions"): 3}
_MAY_CUT: frozenset[Words] = frozenset(
    {
        ("Network",),
        ("NetworkServices", "HTTP"),
        ("NetworkServices", "HTTPS"),
        ("NetworkServices", "Websocket"),
        ("NetworkServices", "Wifi"),
        ("Security", "Fips"),
        ("Security", "Xapi"),
        _SESSIONS,
    }
)
_HARMLESS: frozenset[Words] = frozenset({("Network", "QoS"), ("NetworkServices", "HTTP", "Proxy")})


def ends(call: Call) -> str:
    """Why this change would cut the connector off for certain, as the rest of a sentence; "" where it would not."""
    if call.verb is not Verb.SET:
        return ""
    words, value = call.path.words, call.argument("Value")
    if (why := _ENDS.get(words, {}).get(str(value))) is not None:
        return why
    least = _LEAST.get(words, 0)
    if isinstance(value, int) and value < least:
        return f"the connector needs {least} sessions at the device itself"
    return ""


def may_cut(call: Call) -> bool:
    """Whether this change may cut the connector off, so that it is made behind the fence."""
    words = call.path.words
    return call.verb is Verb.SET and longest(_MAY_CUT, words) is not None and longest(_HARMLESS, words) is None
