"""A device spoken to by hand: TLS, then HTTP and WebSocket (RFC 6455) as bytes, with no client library between."""

import base64
import hashlib
import os
import socket
import ssl
import struct
import time
from dataclasses import dataclass, field

WAIT_S = 10.0
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Ended(Exception):
    """The device closed the connection."""


class Silent(Exception):
    """Nothing came in the time that was given."""


@dataclass(frozen=True)
class Place:
    """Where a device listens, and the certificate that it has to show."""

    host: str
    port: int
    ca: str


@dataclass(frozen=True)
class Head:
    """The status line and headers of an answer, and what came behind them."""

    status: int
    headers: dict[str, str]
    rest: bytes

    @property
    def text(self) -> str:
        return self.rest.decode("utf-8", "replace")


class Pipe:
    """Bytes over TLS; every wait has an end."""

    def __init__(self, place: Place, newest: ssl.TLSVersion | None = None) -> None:
        context = ssl.create_default_context(cafile=place.ca)
        if newest is not None:
            context.maximum_version = newest
        plain = socket.create_connection((place.host, place.port), WAIT_S)
        try:
            self.tls = context.wrap_socket(plain, server_hostname=place.host)
        except BaseException:
            plain.close()
            raise
        self.buffer = b""

    def send(self, data: bytes) -> None:
        try:
            self.tls.settimeout(WAIT_S)
            self.tls.sendall(data)
        except (OSError, ssl.SSLError) as end:
            raise Ended(str(end)) from end

    def more(self, wait_s: float) -> None:
        """Adds what has come to the buffer; raises `Ended` or `Silent`."""
        try:
            self.tls.settimeout(max(wait_s, 0.001))
            data = self.tls.recv(65536)
        except TimeoutError as nothing:
            raise Silent from nothing
        except (OSError, ssl.SSLError) as end:
            raise Ended(str(end)) from end
        if not data:
            raise Ended
        self.buffer += data

    def take(self, size: int, until: float) -> bytes:
        while len(self.buffer) < size:
            self.more(until - time.monotonic())
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def head(self, wait_s: float = WAIT_S) -> Head:
        until = time.monotonic() + wait_s
        while b"\r\n\r\n" not in self.buffer:
            self.more(until - time.monotonic())
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        fields = [line.partition(":") for line in lines]
        headers = {name.strip().lower(): value.strip() for name, _, value in fields}
        return Head(int(first.split(" ")[1]), headers, b"")

    def answer(self, wait_s: float = WAIT_S) -> Head:
        """A whole answer: as long as it says, or to the end of the connection."""
        until = time.monotonic() + wait_s
        head = self.head(wait_s)
        if head.status in (101, 204, 304):
            return head
        if "content-length" in head.headers:
            return Head(head.status, head.headers, self.take(int(head.headers["content-length"]), until))
        try:
            while True:
                self.more(until - time.monotonic())
        except Ended:
            body = _unchunk(self.buffer) if "chunked" in head.headers.get("transfer-encoding", "") else self.buffer
            return Head(head.status, head.headers, body)

    def close(self) -> None:
        self.tls.close()


def _unchunk(body: bytes) -> bytes:
    whole = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size.split(b";")[0] or b"0", 16)
        whole, body = whole + body[:length], body[length + 2 :]
    return whole


def http_request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    if body or method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def accept_of(key: str) -> str:
    return base64.b64encode(hashlib.sha1(f"{key}{_GUID}".encode(), usedforsecurity=False).digest()).decode()


def upgrade_request(place: Place, path: str, headers: dict[str, str], key: str) -> bytes:
    fixed = {"Host": f"{place.host}:{place.port}", "Upgrade": "websocket", "Connection": "Upgrade"}
    return http_request("GET", path, {**fixed, "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key, **headers})


def new_key() -> str:
    return base64.b64encode(os.urandom(16)).decode()


@dataclass
class WebSocket:
    """A socket that is open: text frames out and in, and the few control frames."""

    pipe: Pipe
    pongs: list[bytes] = field(default_factory=list)
    closed: int | None = None

    @classmethod
    def open(cls, place: Place, headers: dict[str, str], path: str = "/ws") -> "WebSocket":
        pipe = Pipe(place)
        pipe.send(upgrade_request(place, path, headers, new_key()))
        head = pipe.head()
        if head.status != 101:
            pipe.close()
            raise Ended(f"the upgrade was refused: {head.status}")
        return cls(pipe)

    def send(self, data: bytes, opcode: int = 1) -> None:
        """One whole frame, masked as a client has to."""
        size = len(data)
        if size < 126:
            length = struct.pack("!B", 0x80 | size)
        elif size < 65536:
            length = struct.pack("!BH", 0x80 | 126, size)
        else:
            length = struct.pack("!BQ", 0x80 | 127, size)
        mask = os.urandom(4)
        whole = int.from_bytes(data, "big") ^ int.from_bytes((mask * (size // 4 + 1))[:size], "big")
        self.pipe.send(bytes([0x80 | opcode]) + length + mask + whole.to_bytes(size, "big"))

    def receive(self, wait_s: float = WAIT_S) -> str:
        """The next text; raises `Silent`, or `Ended` when there will be none."""
        until, text = time.monotonic() + wait_s, b""
        while True:
            first, second = self.pipe.take(2, until)
            size = second & 127
            if second & 128:
                raise Ended("a server's frame is masked")
            if size > 125:
                size = int.from_bytes(self.pipe.take(2 if size == 126 else 8, until), "big")
            data = self.pipe.take(size, until)
            match first & 15:
                case 0 | 1:
                    text += data
                    if first & 128:
                        return text.decode()
                case 8:
                    self.closed = int.from_bytes(data[:2], "big") if data else 1005
                    raise Ended(f"closed with {self.closed}")
                case 9:
                    self.send(data, 10)
                case 10:
                    self.pongs.append(data)
                    return ""
                case other:
                    raise Ended(f"a frame of kind {other}")

    def close(self) -> None:
        """Says goodbye and hears it answered, so that the device has nothing left to say to us."""
        try:
            if self.closed is None:
                self.send((1000).to_bytes(2, "big"), 8)
                while True:
                    self.receive()
        except (Ended, Silent):
            pass
        finally:
            self.pipe.close()
