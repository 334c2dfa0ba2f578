import os

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from roomgate.link.identity import CONNECTOR, HUB, build_certificate, build_private_pem
from roomgate.link.inner_tls import InnerTls
from roomgate.link.messages import LinkBroken

HUB_KEY, CONNECTOR_KEY, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2, 3))


def hub(own: Ed25519PrivateKey = HUB_KEY, peer: Ed25519PrivateKey = CONNECTOR_KEY) -> InnerTls:
    return InnerTls(True, build_certificate(own, HUB), build_private_pem(own), build_certificate(peer, CONNECTOR))


def connector(own: Ed25519PrivateKey = CONNECTOR_KEY, peer: Ed25519PrivateKey = HUB_KEY) -> InnerTls:
    return InnerTls(False, build_certificate(own, CONNECTOR), build_private_pem(own), build_certificate(peer, HUB))


def introduce(server: InnerTls, client: InnerTls) -> None:
    for _ in range(3):
        if said := client.outgoing():
            server.receive(said)
        if said := server.outgoing():
            client.receive(said)


def test_both_ends_prove_themselves_and_talk() -> None:
    server, client = hub(), connector()
    introduce(server, client)
    assert server.established
    assert client.established
    client.send(b"up" * 50_000)
    server.send(b"down")
    wire = client.outgoing()
    assert b"upup" not in wire
    assert b"".join(server.receive(wire)) == b"up" * 50_000
    assert client.receive(server.outgoing()) == [b"down"]


def test_a_hub_with_another_key_is_refused() -> None:
    server, client = hub(own=OTHER), connector()
    with pytest.raises(LinkBroken):
        introduce(server, client)
    assert not client.established


def test_a_connector_with_another_key_is_refused() -> None:
    server, client = hub(), connector(own=OTHER)
    with pytest.raises(LinkBroken):
        introduce(server, client)
    assert not server.established


def test_a_certificate_of_the_pinned_key_under_another_name_is_refused() -> None:
    """The connector's own key does not make it a hub, even if somebody pinned it as one."""
    server = InnerTls(
        True,
        build_certificate(HUB_KEY, CONNECTOR),
        build_private_pem(HUB_KEY),
        build_certificate(CONNECTOR_KEY, CONNECTOR),
    )
    client = InnerTls(
        False,
        build_certificate(CONNECTOR_KEY, CONNECTOR),
        build_private_pem(CONNECTOR_KEY),
        build_certificate(HUB_KEY, CONNECTOR),
    )
    with pytest.raises(LinkBroken):
        introduce(server, client)


def test_nothing_is_said_before_the_handshake() -> None:
    with pytest.raises(LinkBroken):
        hub().send(b"early")


def test_one_changed_byte_breaks_it_for_good() -> None:
    server, client = hub(), connector()
    introduce(server, client)
    client.send(b"x" * 100)
    wire = bytearray(client.outgoing())
    wire[-1] ^= 1
    with pytest.raises(LinkBroken):
        server.receive(bytes(wire))
    assert not server.established
    with pytest.raises(LinkBroken):
        server.receive(b"")


def test_a_certificate_that_does_not_fit_the_key_is_our_error() -> None:
    with pytest.raises(LinkBroken):
        InnerTls(True, build_certificate(HUB_KEY, HUB), build_private_pem(OTHER), build_certificate(OTHER, CONNECTOR))


def test_the_key_leaves_no_open_file() -> None:
    before = len(os.listdir("/proc/self/fd"))
    ends = [hub(), connector()]
    assert len(os.listdir("/proc/self/fd")) == before
    assert len(ends) == 2


@settings(max_examples=20, deadline=None)
@given(st.binary(min_size=1, max_size=400))
def test_rubbish_raises_only_our_error(rubbish: bytes) -> None:
    server = hub()
    try:
        server.receive(rubbish)
    except LinkBroken:
        assert not server.established


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 700), min_size=1, max_size=8))
def test_how_the_stream_is_cut_never_matters(cuts: list[int]) -> None:
    server, client = hub(), connector()
    introduce(server, client)
    said = b"0123456789" * 300
    client.send(said)
    wire, heard, at = client.outgoing(), b"", 0
    while at < len(wire):
        for cut in cuts:
            heard += b"".join(server.receive(wire[at : at + cut]))
            at += cut
    assert heard == said
