"""What ends the connector's own way to a device, and what may."""

import pytest

from roomgate.access.branch import ends, may_cut
from roomgate.access.offered import offered
from roomgate.xapi.call import Verb


def change(path, value):
    return offered().canonical(Verb.SET, f"Configuration/{path}", {"Value": value})


@pytest.mark.parametrize(
    ("path", "value", "kept"),
    [
        ("NetworkServices/HTTP/Mode", "Off", "HTTP+HTTPS"),
        ("NetworkServices/Websocket", "Off", "FollowHTTPService"),
        ("NetworkServices/HTTPS/VerifyClientCertificate", "On", "Off"),
        ("Security/Session/MaxSessionsPerUser", 1, 2),
        ("Security/Session/MaxTotalSessions", 2, 3),
    ],
)
def test_what_ends_it_for_certain_is_known_by_its_value(path, value, kept):
    assert ends(change(path, value))
    assert ends(change(path, kept)) == ""
    assert may_cut(change(path, kept))


@pytest.mark.parametrize(
    ("path", "value", "risky"),
    [
        ("NetworkServices/HTTPS/Server/MinimumTLSVersion", "TLSv1.3", True),
        ("Network/1/IPv4/Assignment", "Static", True),
        ("Network/1/IEEE8021X/Mode", "On", True),
        ("Network/1/RemoteAccess/Allow", "192.0.2.7", True),
        ("NetworkServices/Wifi/Allowed", "False", True),
        ("Security/Fips/Mode", "On", True),
        ("Network/1/QoS/Mode", "Off", False),
        ("NetworkServices/HTTP/Proxy/Mode", "Off", False),
        ("NetworkServices/SSH/Mode", "Off", False),
        ("Audio/DefaultVolume", 40, False),
    ],
)
def test_what_may_end_it_goes_behind_the_fence(path, value, risky):
    assert may_cut(change(path, value)) is risky
    assert ends(change(path, value)) == ""


def test_only_changes_are_judged():
    reading = offered().canonical(Verb.GET, "Configuration/NetworkServices/Websocket")
    assert (ends(reading), may_cut(reading)) == ("", False)
    assert not may_cut(offered().canonical(Verb.COMMAND, "Audio.Volume.Set", {"Level": 1}))
