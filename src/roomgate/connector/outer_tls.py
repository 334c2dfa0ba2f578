"""The way to the hub that everybody on the network sees: HTTPS, verified, perhaps through the site's proxy."""

import ssl
from urllib.parse import urlsplit

from roomgate.errors import BadInput


def build_context(ca_pem: bytes | None) -> ssl.SSLContext:
    """Verify against ``ca_pem`` alone, or against the system's authorities if None. Raises BadInput."""
    try:
        context = ssl.create_default_context(cadata=None if ca_pem is None else ca_pem.decode("ascii"))
    except (ssl.SSLError, UnicodeDecodeError) as bad:
        raise BadInput("The file of the hub's certificate authority holds no certificate.") from bad
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def parse_hub(url: str) -> str:
    """The hub's host and port, from an address such as ``https://hub.example.com:8443``; raises BadInput."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as bad:
        raise BadInput("This is no address of a hub.") from bad
    plain = parts.path in ("", "/") and not parts.query and not parts.fragment and "@" not in parts.netloc
    if parts.scheme != "https" or not parts.hostname or not plain:
        raise BadInput("The hub's address is https://, a host, perhaps a port, and nothing else.")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{host}:{port}" if port else host
