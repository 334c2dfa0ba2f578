"""Only what is named is sent to: no plugin of the library that runs, reads or speaks to this machine is reachable."""

import pytest

from roomgate.hub.alerts.address import BadAddress, is_public, parse_address


@pytest.mark.parametrize(
    ("text", "url", "masked"),
    [
        ("https://hooks.example.com/a/b?+X-Key=1", "jsons://hooks.example.com/a/b?+X-Key=1", "jsons://hooks.example.com/…"),
        ("https://h.example/?+Authorization=Bearer%20x%2By", "jsons://h.example/?+Authorization=Bearer%20x%2By", "jsons://h.example/…"),
        ("http://h:81/", "json://h:81/", "json://h/…"),
        ("mailtos://u:p@corp.example?to=a@b.c", "mailtos://u:p@corp.example?to=a%40b.c", "mailtos://corp.example/…"),
        ("slack://A1/B2/C3", "slack://A1/B2/C3", "slack://…/…"),
        ("matrix://u:p@m.example/%23room", "matrix://u:p@m.example/%23room?discovery=no", "matrix://m.example/…"),
    ],
)  # fmt: skip
def test_what_is_taken(text: str, url: str, masked: str) -> None:
    found = parse_address(text)
    assert (found.url, found.masked) == (url, masked)
    assert parse_address(found.url) == found


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "file:///etc/passwd", "dbus://", "syslog://", "exec://h", "windows://", "gnome://", "macosx://", "python://x",
        "json://", "jsons://h?attach=/etc/passwd", "slack://a/b/c?template=/etc/passwd", "msteams://h/a?template=x",
        "json://h?verify=no", "json://h?redirect=yes", "json://h?rto=9999", "mailto://h?pgpkey=/x", "json://h\\@127.0.0.1",
        "json://h, dbus://", "json://h\ndbus://", "json://ä.example", "json://[::1", "matrix://h/#room", "json://" + "a" * 1000, "json://h?+A=b%0d%0aEvil:%201", "mailto://h?name=a%0aBcc:%20x@y.z",
    ],
)  # fmt: skip
def test_what_is_refused(text: str) -> None:
    with pytest.raises(BadAddress):
        parse_address(text)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("192.0.2.1", False), ("8.8.8.8", True), ("127.0.0.1", False), ("10.1.2.3", False), ("169.254.169.254", False),
        ("100.64.0.1", False), ("0.0.0.0", False), ("224.0.0.1", False), ("::1", False), ("fe80::1%eth0", False),
        ("fc00::1", False), ("::ffff:127.0.0.1", False), ("64:ff9b::a00:1", False), ("2002:7f00:1::", False),
        ("2606:4700::1111", True), ("nonsense", False),
    ],
)  # fmt: skip
def test_what_is_a_public_address(address: str, public: bool) -> None:
    assert is_public(address) is public
