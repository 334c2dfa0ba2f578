import socket
import ssl
import threading

import pytest
from cryptography import x509

from roomgate.cli.demo.certificates import Authority


def test_what_it_issues_is_trusted_on_loopback_by_whoever_trusts_it(tmp_path):
    authority = Authority(tmp_path, ("192.0.2.1",))
    certificate, key = authority.issue("hub")
    assert key.stat().st_mode & 0o777 == 0o600
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)

    def meet(client: ssl.SSLContext, name: str) -> None:
        ours, theirs = socket.socketpair()

        def serve() -> None:
            try:
                server.wrap_socket(theirs, server_side=True).close()
            except OSError:
                theirs.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            client.wrap_socket(ours, server_hostname=name).close()
        finally:
            ours.close()
            thread.join(10)

    trusting = ssl.create_default_context(cafile=str(authority.ca))
    for name in ("localhost", "127.0.0.1", "::1", "192.0.2.1"):
        meet(trusting, name)
    for client, name in ((ssl.create_default_context(), "localhost"), (trusting, "hub.example.com")):
        with pytest.raises(ssl.SSLCertVerificationError):
            meet(client, name)


def test_the_authority_s_key_is_nowhere_on_the_disk_and_signs_no_other_authority(tmp_path):
    authority = Authority(tmp_path)
    certificate, _ = authority.issue("hub")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ca.pem", "hub.key", "hub.pem"]
    own = x509.load_pem_x509_certificate(authority.ca.read_bytes())
    theirs = x509.load_pem_x509_certificate(certificate.read_bytes())
    assert own.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 0
    assert theirs.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
