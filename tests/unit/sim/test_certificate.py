import ssl
from pathlib import Path

from roomgate.clock import HandClock
from roomgate.sim.certificate import ensure_certificate


def test_the_certificate_is_made_once_and_its_key_is_private(tmp_path: Path) -> None:
    first = ensure_certificate(tmp_path, "Birch", HandClock().now())
    again = ensure_certificate(tmp_path, "Birch", HandClock().now())
    assert first == again
    assert len(first.pin) == 64
    assert first.key.stat().st_mode & 0o077 == 0
    context = ssl.create_default_context(cafile=first.certificate)
    assert len(context.get_ca_certs()) == 1
