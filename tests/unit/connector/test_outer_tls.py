import ssl

import pytest

from roomgate.connector.outer_tls import build_context, parse_hub
from roomgate.errors import BadInput


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://hub.example.com", "hub.example.com"),
        ("https://hub.example.com:8443/", "hub.example.com:8443"),
        ("https://[::1]:8443", "[::1]:8443"),
    ],
)
def test_a_hubs_address(url: str, host: str) -> None:
    assert parse_hub(url) == host


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hub",
        "http://hub.example.com",
        "wss://h",
        "https://",
        "https://h/x",
        "https://a@h",
        "https://h:x",
        "https://h?q",
    ],
)
def test_anything_else_is_refused(url: str) -> None:
    with pytest.raises(BadInput):
        parse_hub(url)


def test_certificates_and_names_are_always_checked() -> None:
    context = build_context(None)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


@pytest.mark.parametrize("pem", [b"rubbish", "é".encode()])
def test_rubbish_is_no_authority(pem: bytes) -> None:
    with pytest.raises(BadInput):
        build_context(pem)
