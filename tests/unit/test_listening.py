import socket
import ssl
from pathlib import Path

import pytest
import trustme

from roomgate.errors import CannotStart
from roomgate.listening import BadCertificate, PortTaken, lasting_port, listen, load_tls


def test_a_free_port_is_had_at_once_and_heard_on() -> None:
    with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname(), 5) as caller:
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getpeername() == caller.getsockname()
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)  # an answer of two writes does not wait


def test_a_port_that_somebody_has_is_named() -> None:
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(PortTaken, match=f"127.0.0.1:{port}") as said:
            listen("127.0.0.1", port)
    assert "another port" in said.value.hint


def test_a_lasting_port_is_free_and_no_outgoing_connection_gets_it() -> None:
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    ports = [lasting_port() for _ in range(20)]
    assert max(ports) < lowest
    assert len(set(ports)) > 10
    listen("127.0.0.1", ports[0]).close()


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-name.invalid"])
def test_an_address_of_another_machine_is_none_to_listen_on(host: str) -> None:
    with pytest.raises(CannotStart, match=host):
        listen(host, 0)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    issued = trustme.CA().issue_cert("localhost")
    certificate, key = tmp_path / "hub.pem", tmp_path / "hub.key"
    issued.cert_chain_pems[0].write_to_path(certificate)
    issued.private_key_pem.write_to_path(key)
    return certificate, key


def test_a_certificate_and_its_key_make_a_server(files: tuple[Path, Path]) -> None:
    context = load_tls(*files)
    assert context.protocol is ssl.PROTOCOL_TLS_SERVER
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("broken", [0, 1])
@pytest.mark.parametrize(
    "content", [b"", b"rubbish", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_what_is_no_certificate_or_key_is_said(files: tuple[Path, Path], broken: int, content: bytes) -> None:
    files[broken].write_bytes(content)
    with pytest.raises(BadCertificate, match=files[broken].name):
        load_tls(*files)


def test_another_certificates_key_is_refused(files: tuple[Path, Path]) -> None:
    trustme.CA().issue_cert("localhost").private_key_pem.write_to_path(files[1])
    with pytest.raises(BadCertificate):
        load_tls(*files)


@pytest.mark.parametrize("gone", [0, 1])
def test_a_file_that_is_missing_is_named(files: tuple[Path, Path], gone: int) -> None:
    files[gone].unlink()
    with pytest.raises(BadCertificate, match=f"{files[gone].name} cannot be read"):
        load_tls(*files)


def test_a_key_with_a_passphrase_is_refused_and_nobody_is_asked(files: tuple[Path, Path]) -> None:
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_private_key(files[1].read_bytes(), None)
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    with pytest.raises(BadCertificate):
        load_tls(*files)
