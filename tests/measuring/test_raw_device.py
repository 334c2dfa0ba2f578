"""The sockets by hand, against bytes out of a book; and what is told when a device lies."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from support.cli import BookHub, Certificates, Said, book_hub
from support.raw_device import Ended, Pipe, Place, Silent, WebSocket, accept_of, http_request
from support.truth import check_truth
from support.truth_teller import Room, Teller


class Canned(Pipe):
    """A pipe whose other end has said everything already, a few bytes at a time."""

    def __init__(self, *said: bytes) -> None:
        self.buffer, self.said, self.sent = b"", list(said), b""

    def send(self, data: bytes) -> None:
        self.sent += data

    def more(self, wait_s: float) -> None:
        if wait_s <= 0:
            raise Silent
        if not self.said:
            raise Ended
        self.buffer += self.said.pop(0)

    def close(self) -> None:
        self.said.clear()


def text(data: bytes, first: int = 0x81) -> bytes:
    size = len(data)
    if size > 65535:
        return bytes([first, 127]) + size.to_bytes(8, "big") + data
    return bytes([first, size] if size < 126 else [first, 126, size >> 8, size & 255]) + data


def read(frame: bytes) -> bytes:
    """What a masked frame of less than 126 bytes holds."""
    mask, data = frame[2:6], frame[6:]
    return bytes(one ^ mask[n % 4] for n, one in enumerate(data))


# ---- WebSocket ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536])
def test_a_text_of_any_length_is_read(size):
    whole = text(b"x" * size)
    assert WebSocket(Canned(whole[:1], whole[1:3], whole[3:])).receive() == "x" * size


def test_a_text_in_pieces_is_one():
    assert WebSocket(Canned(text(b"ab", 0x01), text(b"c", 0x00), text(b"d", 0x80))).receive() == "abcd"


def test_a_ping_is_answered_and_not_told():
    pipe = Canned(text(b"hello", 0x89), text(b"told"))
    assert WebSocket(pipe).receive() == "told"
    assert (pipe.sent[0], read(pipe.sent)) == (0x8A, b"hello")


def test_what_is_sent_is_masked():
    pipe = Canned()
    WebSocket(pipe).send("für alle".encode())
    assert (pipe.sent[0], pipe.sent[1]) == (0x81, 0x80 | 9)
    assert read(pipe.sent) == "für alle".encode()


@pytest.mark.parametrize("size", [126, 70000])
def test_what_is_sent_says_how_long_it_is(size):
    pipe = Canned()
    WebSocket(pipe).send(b"x" * size)
    head = 4 if size < 65536 else 10
    assert int.from_bytes(pipe.sent[2:head], "big") == size
    assert len(pipe.sent) == head + 4 + size


def test_the_end_is_told_with_its_code():
    line = WebSocket(Canned(text(b"\x03\xe8", 0x88)))
    with pytest.raises(Ended, match="1000"):
        line.receive()
    assert line.closed == 1000


@pytest.mark.parametrize("said", [b"\x81\x81\0\0\0\0x", b"\x82\x01x", b"\x81\x05x"])
def test_what_a_server_may_not_send_is_an_end(said):
    with pytest.raises(Ended):
        WebSocket(Canned(said)).receive()


def test_the_accepted_key_is_that_of_the_rfc():
    assert accept_of("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


# ---- HTTP --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nbody",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbod\r\n1\r\ny\r\n0\r\n\r\n",
    ],
)
def test_an_answer_is_read_to_its_end(said):
    head = Canned(said[:20], said[20:]).answer()
    assert (head.status, head.text) == (200, "body")


def test_an_answer_that_is_cut_is_an_end():
    with pytest.raises(Ended):
        Canned(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nbody").answer()


def test_a_request_says_how_long_its_body_is():
    assert (
        http_request("POST", "/", {"Host": "a"}, b"body")
        == b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody"
    )
    assert http_request("GET", "/", {"Host": "a"}) == b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


# ---- a device out of a book --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[BookHub, Room]]:
    certificates = Certificates.make(tmp_path_factory.mktemp("device"))
    with book_hub(certificates) as device:
        port = urlsplit(device.address).port
        assert port is not None
        yield device, Room(Place("127.0.0.1", port, str(certificates.ca)), ("admin", "correct horse"))


GET = {"http": {"method": "GET", "path": "/getxml?location=/Status/Audio/Volume", "auth": "session"}}
VOLUME = "<Status><Audio><Volume>{}</Volume></Audio></Status>"


def told(room: Room, **answers: object) -> list[str]:
    source = "C[DOC] 3" if "answer" in answers else "I 3"
    entry = {"id": "http/one", "source": source, "says": "So.", "generations": ["26"], "as": ["Admin"], "request": GET}
    return Teller(room, check_truth({**entry, **answers}, "http"), "26").differences()


def device_says(device: BookHub, status: int = 200, server: str = "nginx", body: str = VOLUME.format(50)) -> None:
    def say(said: Said) -> tuple[int, dict[str, str], bytes]:
        if said.path.endswith("/begin"):
            return 204, {"Set-Cookie": "SecureSessionId=abc; Path=/"}, b""
        return status, {"X-Server": server, "Server": server}, body.encode()

    device.by = say


def test_a_true_answer_is_silence(book):
    device, room = book
    device_says(device)
    assert told(room, answer={"status": 200, "xml": VOLUME.format("?integer")}) == []
    assert device.asked[-1].headers["Cookie"] == "SecureSessionId=abc"


@pytest.mark.parametrize(
    ("lie", "said"),
    [
        ({"status": 401}, "status is 401, not 200"),
        ({"body": VOLUME.format("loud")}, "'loud'"),
        ({"body": "Unauthorized"}, "no XML"),
        ({"server": "Apache"}, "Apache"),
    ],
)
def test_a_lie_is_told(book, lie, said):
    device, room = book
    device_says(device, **lie)
    answer = {"status": 200, "headers": {"X-Server": "nginx"}, "xml": VOLUME.format("?integer")}
    differences = told(room, answer=answer)
    assert len(differences) == 1
    assert said in differences[0]


def test_of_several_readings_one_has_to_hold(book):
    device, room = book
    device_says(device, status=302)
    both = {"refused": {"status": 401}, "sent away": {"status": 302}}
    assert told(room, readings=both) == []
    neither = {"refused": {"status": 401}, "found": {"status": 200}}
    assert told(room, readings=neither) == ["refused: status is 302, not 401", "found: status is 302, not 200"]


def test_what_is_not_prepared_is_told(book):
    device, room = book
    device_says(device, status=500)
    differences = told(room, prepare=[GET], answer={"status": 500})
    assert differences[0].startswith("not prepared: step 1: answered 500")
