import base64

import pytest

from roomgate.xapi.errors import AuthenticationFailed, BadArgument, DeviceUnreachable, RateLimited
from roomgate.xapi.transports.base import Address, Login, refused_upgrade


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.10", "wss://192.0.2.10:443/ws"),
        ("wss://room.example.com", "wss://room.example.com:443/ws"),
        ("wss://room.example.com/", "wss://room.example.com:443/ws"),
        ("wss://room.example.com:8443/other/", "wss://room.example.com:8443/other"),
        ("ws://[2001:db8::1]/ws", "ws://[2001:db8::1]:80/ws"),
    ],
)
def test_addresses(text, address):
    assert str(Address.parse(text)) == address
    assert Address.parse(address) == Address.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://x",
        "wss://",
        "wss://user:secret@x",
        "wss://user@x",
        "wss://x:99999",
        "wss://x/ws?a=b",
        "wss://x/#f",
        "wss://[x",
    ],
)
def test_what_is_no_address(text):
    with pytest.raises(BadArgument) as refused:
        Address.parse(text)
    assert "secret" not in str(refused.value)


def test_a_login_does_not_print_its_password():
    login = Login("daily", "pä:ss")
    assert "pä" not in repr(login)
    assert login.headers() == {"Authorization": "Basic " + base64.b64encode("daily:pä:ss".encode()).decode()}
    assert login.protocol_name().startswith("auth-")
    assert not set(login.protocol_name()) & set("=+/")
    assert Login("daily", "x", subprotocol=True).headers() == {
        "Sec-WebSocket-Protocol": Login("daily", "x").protocol_name()
    }


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, AuthenticationFailed), (403, AuthenticationFailed), (503, RateLimited), (502, DeviceUnreachable),
     (404, DeviceUnreachable), (200, DeviceUnreachable), (301, DeviceUnreachable)],
)  # fmt: skip
def test_what_a_refused_upgrade_means(status, kind):
    assert type(refused_upgrade(status)) is kind


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://room.example.com", "https://room.example.com:443"),
        ("https://room.example.com:8443/", "https://room.example.com:8443"),
        ("ssh://[2001:db8::1]", "ssh://[2001:db8::1]:22"),
        ("room.example.com", "https://room.example.com:443"),
    ],
)
def test_addresses_of_the_other_interfaces(text, address):
    parsed = Address.parse(text, "https", "ssh")
    assert str(parsed) == address
    assert parsed.secure
    assert parsed.path == ""


@pytest.mark.parametrize(
    "text", ["https://x/path", "ssh://x/path", "ssh://user@x", "wss://x", "http://x", "telnet://x"]
)
def test_what_is_no_address_of_theirs(text):
    with pytest.raises(BadArgument):
        Address.parse(text, "https", "ssh")
