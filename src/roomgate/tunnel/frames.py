"""Pure: what the two ends of a tunnel say to each other, and how many bytes may be on their way.

Theory: a tunnel carries several connections. The near end (the command line) opens them, the far end (the
connector) dials the device for each. A frame is

    what it is (1 byte) · the connection's number (4 bytes) · payload

and nothing on the way looks into one. Of each connection at most `WINDOW` bytes are on their way in one
direction: whoever sends waits until the other end says that it has passed some on. So no end, and nothing
between them, ever holds more than the windows; a peer that sends more has broken the rule, and the tunnel ends.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from roomgate.errors import RoomgateError

PIECE = 60 * 1024  # bytes of one connection in one frame: with what is put around it, one chunk of the link
WINDOW = 512 * 1024
MOST_CONNECTIONS = 16  # in one tunnel: a browser takes six for a page
MOST_HELD = MOST_CONNECTIONS * WINDOW  # what can be on its way in one direction of a tunnel
GIVE_BACK = WINDOW // 4

_HEAD = struct.Struct(">BI")
_COUNT = struct.Struct(">I")
LARGEST = _HEAD.size + PIECE


class TunnelBroken(RoomgateError):
    """The other end did what it may not do: the tunnel is shut."""

    code = "tunnel.broken"


class What(IntEnum):
    OPEN = 1  # the near end has a new connection
    DATA = 2
    TAKEN = 3  # so many bytes were passed on: as many more may be sent
    FINISHED = 4  # this direction is over; the other goes on
    BROKEN = 5  # the connection is gone


class Frame(NamedTuple):
    what: What
    connection: int
    payload: bytes

    @property
    def number(self) -> int:
        """Of `What.TAKEN`; raises TunnelBroken."""
        if len(self.payload) != _COUNT.size:
            raise TunnelBroken("A frame has no number where one belongs.")
        return int(_COUNT.unpack(self.payload)[0])


def build_frame(what: What, connection: int, payload: bytes = b"") -> bytes:
    return _HEAD.pack(what, connection) + payload


def build_taken(connection: int, count: int) -> bytes:
    return build_frame(What.TAKEN, connection, _COUNT.pack(count))


def parse_frame(raw: bytes) -> Frame:
    """Raises TunnelBroken."""
    if not _HEAD.size <= len(raw) <= LARGEST:
        raise TunnelBroken("What came is no frame of a tunnel.")
    kind, connection = _HEAD.unpack_from(raw)
    try:
        what = What(kind)
    except ValueError as unknown:
        raise TunnelBroken("What came is no frame of a tunnel.") from unknown
    return Frame(what, connection, raw[_HEAD.size :])


@dataclass(slots=True)
class Windows:
    """The two windows of one connection, as one end sees them."""

    may_send: int = WINDOW
    unread: int = 0  # came, and was not passed on
    owed: int = 0  # passed on, and the other end was not told

    def sent(self, count: int) -> None:
        assert count <= self.may_send, "whoever sends looks at the window first"
        self.may_send -= count

    def taken(self, count: int) -> None:
        """The other end has passed on so many; raises TunnelBroken where it was not sent as many."""
        self.may_send += count
        if self.may_send > WINDOW:
            raise TunnelBroken("The other end took more than it was sent.")

    def came(self, count: int) -> None:
        """Raises TunnelBroken for more than was allowed."""
        self.unread += count
        if self.unread + self.owed > WINDOW:
            raise TunnelBroken("The other end sent more than it may.")

    def passed_on(self, count: int) -> int:
        """How many to give back now; 0: not yet."""
        self.unread -= count
        self.owed += count
        if self.owed < GIVE_BACK:
            return 0
        owed, self.owed = self.owed, 0
        return owed
