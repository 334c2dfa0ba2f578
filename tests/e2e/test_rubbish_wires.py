"""Rubbish on every wire of a running hub, on real sockets: the process stays up, small, and says only our words."""

import contextlib
import random
import socket
import ssl
import time

import pytest

from roomgate.hub.http import reception
from support.hub_program import hub_program

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("rubbish")]

ROUNDS = 150
GROWTH_KIB = 24 * 1024
KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
UPGRADE = (
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + KEY + b"\r\n"
)


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    with hub_program(tmp_path_factory.mktemp("rubbish")) as running:
        yield running


@contextlib.contextmanager
def dialled(hub, timeout_s=15.0):
    port = int(hub.url.rsplit(":", 1)[1])
    trust = ssl.create_default_context(cafile=str(hub.folder / "ca.pem"))
    bare = socket.create_connection(("127.0.0.1", port), timeout=timeout_s)
    with bare, trust.wrap_socket(bare, server_hostname="localhost") as wire:
        yield wire


def heard(wire) -> bytes:
    """All that comes until the hub closes, or has nothing more to say for a moment."""
    said = b""
    with contextlib.suppress(OSError):
        while piece := wire.recv(65536):
            said += piece
            if len(said) > 1 << 20:
                break
    return said


def say(hub, *pieces: bytes, wait_s: float = 0.3) -> bytes:
    with contextlib.suppress(OSError), dialled(hub) as wire:
        for piece in pieces:
            wire.sendall(piece)
        wire.settimeout(wait_s)
        return heard(wire)
    return b""


def request(line: bytes, *headers: bytes, body: bytes = b"") -> bytes:
    return b"\r\n".join([line, b"Host: hub", *headers, b"", b""]) + body


def calm(hub, before_kib: int) -> None:
    """The hub lives, has not grown, and logged nothing that is not a line of ours, and no error."""
    assert hub.process.poll() is None
    with hub.client("") as client:
        assert client.get("/healthz").text == "ok"
    assert hub.rss_kib() - before_kib < GROWTH_KIB
    assert [line for line in hub.logged() if line["level"] in ("error", "critical")] == []


def wounds(dice: random.Random, good: bytes) -> bytes:
    raw = bytearray(good)
    for _ in range(dice.randint(1, 8)):
        at = dice.randint(0, len(raw))
        match dice.randint(0, 3):
            case 0:
                raw[at:at] = dice.randbytes(dice.randint(1, 64))
            case 1:
                del raw[at : at + dice.randint(1, 30)]
            case 2:
                raw[at:at] = dice.choice(
                    [b"\r\n", b"\x00", b"\xff\xfe", b"%00", b"%ff%fe", b" " * 99, "é".encode(), b"\r"]
                )
            case _:
                raw[at:at] = raw[: dice.randint(0, 200)]
    return bytes(raw)


GOOD = {
    "rest": request(b"POST /api/v1/people HTTP/1.1", b"Authorization: Bearer rg_x", b"Content-Length: 12", body=b'{"name":"x"}'),
    "signin": request(
        b"POST /signin HTTP/1.1", b"Content-Type: application/x-www-form-urlencoded", b"Content-Length: 19",
        body=b"user=a&password=b&x",
    ),
    "enrol": request(b"POST /enrol HTTP/1.1", b"Content-Length: 20", body=b'{"code":"A","name":1'),
    "ws": request(b"GET /ws HTTP/1.1", UPGRADE.rstrip(), b"Authorization: Basic b3NsbzpyZ194"),
    "link": request(b"GET /link?connector=connector_x HTTP/1.1", UPGRADE.rstrip()) + b"\x82\x85\x00\x00\x00\x00hello",
    "bytes": b"",
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_rubbish_of_any_length_and_order(hub, name):
    dice = random.Random(name)
    say(hub, GOOD[name])
    before = hub.rss_kib()
    for _ in range(ROUNDS // 6):
        raw = wounds(dice, GOOD[name])
        cut = sorted(dice.randint(0, len(raw)) for _ in range(3))
        say(hub, raw[: cut[0]], raw[cut[0] : cut[1]], raw[cut[1] : cut[2]], raw[cut[2] :], wait_s=0.02)
    say(hub, dice.randbytes(200_000), wait_s=0.05)
    calm(hub, before)


def test_bytes_that_are_no_tls(hub):
    before = hub.rss_kib()
    dice = random.Random(7)
    port = int(hub.url.rsplit(":", 1)[1])
    for size in (0, 1, 5, 300, 70_000) * 6:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as bare:
            bare.sendall(b"\x16\x03\x01" * (size % 2) + dice.randbytes(size))
    calm(hub, before)


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /healthz HTTP/1.1\r\nHost: hub\r\nX: " + b"x" * 200_000 + b"\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: hub\r\n" + b"X: y\r\n" * 50_000 + b"\r\n",
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: hub\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: hub\r\n\r\n" * 4000,
    ],
    ids=["one huge header", "many headers", "a huge address", "thousands at once"],
)
def test_a_head_that_is_too_large_is_refused_and_costs_little(hub, raw):
    say(hub, GOOD["rest"])
    before = hub.rss_kib()
    for _ in range(5):
        said = say(hub, raw)
        assert said.count(b"HTTP/1.1 200") < 4000
        assert b" 500 " not in said
    calm(hub, before)


def pour(wire, head: bytes, until: float) -> None:
    wire.sendall(head)
    while time.monotonic() < until:
        wire.sendall(b"x" * 4096)


def test_a_header_that_never_ends_is_shed_while_it_comes(hub):
    before = hub.rss_kib()
    with dialled(hub) as wire, pytest.raises(OSError):
        pour(wire, b"GET / HTTP/1.1\r\nX: ", time.monotonic() + reception.CLOSE_WITHIN_S + 5)
    calm(hub, before)


def test_a_strangers_body_is_small(hub):
    for path in (b"/signin", b"/enrol", b"/api/v1/people", b"/healthz"):
        head = request(b"POST " + path + b" HTTP/1.1", b"Content-Length: 100000")
        assert b" 413 " in say(hub, head, b"x" * 100_000).split(b"\r\n")[0], path


def test_a_stranger_who_is_slow_is_shed_and_in_time(hub):
    with dialled(hub, reception.HEAD_WITHIN_S + 10) as silent, dialled(hub, reception.HEAD_WITHIN_S + 10) as slow:
        began = time.monotonic()
        slow.sendall(b"GET / HTTP/1.1\r\nHost: h")
        assert heard(slow) == b""
        assert heard(silent) == b""
        took = time.monotonic() - began
        assert reception.HEAD_WITHIN_S - 1 < took < reception.HEAD_WITHIN_S + 8


def test_a_big_message_of_somebody_unproven_ends_the_socket(hub):
    before = hub.rss_kib()
    with dialled(hub, 5) as wire:  # no connector of this name: refused before the upgrade
        wire.sendall(request(b"GET /link?connector=connector_x HTTP/1.1", UPGRADE.rstrip()))
        wire.sendall(b"\x82\xff" + (1 << 20).to_bytes(8, "big") + b"\0\0\0\0")
        with contextlib.suppress(OSError):
            for _ in range(64):
                wire.sendall(b"x" * 16384)
        assert b"101" not in heard(wire)[:20]
    calm(hub, before)


GUARDED = {
    "no request": b"\x00\x01 rubbish\r\n\r\n",
    "a socket that is refused": request(b"GET /ws HTTP/1.1", UPGRADE.rstrip()),
    "a link that is refused": request(b"GET /link?connector=x HTTP/1.1", UPGRADE.rstrip()),
    "a socket that there is none of": request(b"GET /nothing HTTP/1.1", UPGRADE.rstrip()),
    "health": request(b"GET /healthz HTTP/1.1"),
    "readiness": request(b"GET /readyz HTTP/1.1"),
    "the sign-in page": request(b"GET /signin HTTP/1.1"),
    "a room link": request(b"GET /r/oslo HTTP/1.1"),
    "somebody unknown": request(b"GET /api/v1/people HTTP/1.1", b"Authorization: Bearer rg_canary_secret"),
    "a wrong sign-in": request(
        b"POST /signin HTTP/1.1", b"Content-Type: application/x-www-form-urlencoded", b"Content-Length: 31",
        body=b"user=ada&password=canary-secret",
    ),
    "a body that is too large": request(b"POST /enrol HTTP/1.1", b"Content-Length: 40000", body=b"x" * 40_000),
    "an enrolment that is none": request(b"POST /enrol HTTP/1.1", b"Content-Length: 22", body=b'{"code":"canary-secret"'),
    "a method that there is none of": request(b"BREW /pot HTTP/1.1"),
    "another method": request(b"OPTIONS /healthz HTTP/1.1"),
}  # fmt: skip


@pytest.mark.parametrize("name", GUARDED)
def test_every_answer_carries_its_guards_and_no_secret(hub, name):
    said = say(hub, GUARDED[name])
    head, _, body = said.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    assert lines[0].startswith(b"http/1.1 ")
    fields = {}
    for line in lines[1:]:
        key, _, value = line.partition(b": ")
        fields.setdefault(key, []).append(value)
    for guard, _ in reception.GUARDS:
        assert len(fields.get(guard, [])) == 1, (guard, fields)
    assert fields[b"cache-control"] == [b"no-store"]
    assert fields[b"x-content-type-options"] == [b"nosniff"]
    assert b"default-src 'none'" in fields[b"content-security-policy"][0]
    assert b"frame-ancestors 'none'" in fields[b"content-security-policy"][0]
    assert b"server" not in fields
    assert b"canary" not in said + body


def test_no_secret_that_was_sent_is_in_the_log(hub):
    assert "canary" not in hub.log.read_text()
