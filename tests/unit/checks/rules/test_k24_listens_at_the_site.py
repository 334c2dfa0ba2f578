"""What is open and not expected fails; a machine that never answers is not known; destinations are compared."""

import asyncio
import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomgate.checks.outcome import Outcome
from roomgate.checks.ports import OPEN
from roomgate.checks.rules.k24_listens_at_the_site import (
    CHECK,
    INBOUND,
    OUTBOUND,
    is_allowed,
    judge,
    parse_destinations,
)
from roomgate.checks.snapshot import Fact, Snapshot
from support.checks import ONE, target_of
from support.site_looks import finding_of, odd_snapshots


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def text(*ports: int, more: str = "") -> str:
    return f'{ONE}\n[site]\nconnector = "127.0.0.1"\n[K24]\nports = {list(ports)}\n{more}'


@pytest.mark.asyncio
async def test_an_open_port_fails_unless_it_is_expected():
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        port, closed = server.sockets[0].getsockname()[1], free_port()
        one = await finding_of(CHECK, text(port, closed))
        assert (one.outcome, [point.where for point in one.points]) == (Outcome.FAIL, [f"127.0.0.1:{port}"])
        one = await finding_of(CHECK, text(closed, more=f"expected = [{port}]"))
        assert (one.outcome, one.says.split(",")[0]) == (Outcome.PASS, "Of 2 ports")


@pytest.mark.asyncio
async def test_ports_that_refuse_pass():
    assert (await finding_of(CHECK, text(free_port(), free_port()))).outcome is Outcome.PASS


def ports_seen(**state) -> Snapshot:
    fact = Fact(label=INBOUND, t=0, at="", name="ports", subject="10.0.0.5", value=state)
    return Snapshot(look="listeners", steps=(fact,))


def test_silence_is_not_known():
    seen = ports_seen(**{OPEN: [], "closed": 0, "silent": 180, "tried": 180})
    assert judge(seen, target_of(text(1))).outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("allowed", "outcome"),
    [
        ('["hub.example.com:443", "*.time.example", "10.0.0.0/8"]', Outcome.PASS),
        ('["hub.example.com:443", "10.0.0.0/8"]', Outcome.FAIL),
        ("[]", Outcome.INCONCLUSIVE),
    ],
)
async def test_where_it_connects_to(tmp_path, allowed, outcome):
    (tmp_path / "seen.txt").write_text(
        "Proto Local Peer\ntcp 10.0.0.5:5000 hub.example.com:443\ntcp 10.0.0.5:5001 10.0.0.9:443\n"
        "udp 10.0.0.5:123 a.time.example:123\n"
    )
    one = await finding_of(CHECK, text(free_port(), more=f'seen = "seen.txt"\nallowed = {allowed}'), folder=tmp_path)
    assert one.outcome is outcome
    if outcome is Outcome.FAIL:
        assert [point.where for point in one.points] == ["a.time.example:123"]


@pytest.mark.asyncio
async def test_a_file_that_is_not_there_is_no_pass(tmp_path):
    one = await finding_of(CHECK, text(free_port(), more='seen = "gone.txt"\nallowed = ["a"]'), folder=tmp_path)
    assert one.outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("10.0.0.1:443", ["10.0.0.1:443"]),
        ("ESTAB 0 0 [fe80::1]:80 [2001:db8::1]:443 users", ["2001:db8::1:443"]),
        ("Hub.Example.COM:0443", ["hub.example.com:443"]),
        ("no port: here", []),
        ("x:99999999999 y:0 :5", []),
    ],
)
def test_how_a_line_is_read(line, found):
    assert parse_destinations(line) == found


@pytest.mark.parametrize(
    ("destination", "allowed", "yes"),
    [
        ("hub.example.com:443", "hub.example.com", True),
        ("hub.example.com:80", "hub.example.com:443", False),
        ("evil-hub.example.com:443", "hub.example.com", False),
        ("hub.example.com.evil.net:443", "*.example.com", False),
        ("10.1.2.3:443", "10.0.0.0/8:443", True),
        ("11.1.2.3:443", "10.0.0.0/8", False),
        ("2001:db8::1:443", "2001:db8::/32", True),
        ("2001:db8::1:443", "[2001:db8::1]:443", True),
    ],
)
def test_what_is_allowed(destination, allowed, yes):
    assert is_allowed(destination, [allowed]) is yes


@given(st.text())
def test_any_file_can_be_read(text):
    for one in parse_destinations(text):
        host, _, port = one.rpartition(":")
        assert host
        assert 0 < int(port) < 65536


@settings(max_examples=40)
@given(odd_snapshots([INBOUND, OUTBOUND]))
def test_odd_steps_are_judged(snapshot):
    assert judge(snapshot, target_of(text(1))).says


@pytest.mark.parametrize("more", ["ports = [0]", "expected = [70000]", "per_second = 0", "timeout_s = 100"])
def test_the_file_may_be_wrong(more):
    assert CHECK.look.needs(target_of(f'{ONE}\n[site]\nconnector = "127.0.0.1"\n[K24]\n{more}\n'))
    assert "connector" in CHECK.look.needs(target_of(ONE))
