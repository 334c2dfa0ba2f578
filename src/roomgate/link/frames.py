"""Messages cut into chunks, so that what is urgent passes what is big; and put together again, within bounds.

Theory: the sender has four queues. A chunk is always taken from the most urgent queue that has one, and
within a queue messages go out one after another, so their order holds. The receiver may therefore see a
message inside another, but never more than it is willing to hold. A chunk is

    length of the payload (4 bytes) · message number (4 bytes) · 1 if it is the message's last (1 byte) · payload

on a stream that TLS has already made whole and genuine; a cut of that stream has no meaning.
"""

import struct
from collections import deque
from dataclasses import dataclass
from enum import IntEnum

from roomgate.errors import RoomgateError
from roomgate.link.messages import LinkBroken

CHUNK = 64 * 1024  # payload bytes
TOGETHER = 16 * 1024  # bytes of small messages that are sent as one
MAX_MESSAGE = 8 * 1024 * 1024
MAX_OPEN = 256
BULK_BYTES = 4 * CHUNK  # of tunnels, waiting to be sent: whoever has more waits with it
MAX_HELD = 2 * MAX_MESSAGE  # bytes of unfinished messages together

_HEAD = struct.Struct(">IIB")


class LinkBusy(RoomgateError):
    """The link's queue is full: nothing was sent."""

    code = "link.busy"
    hint = "Try again in a moment."


class TooBig(RoomgateError):
    """A message beyond what the other side would accept: nothing was sent."""

    code = "link.too-big"


class Priority(IntEnum):
    URGENT = 0  # a cut and its answer
    SIGNED = 1  # orders, renewals, heartbeats, outcomes
    REST = 2
    BULK = 3  # what tunnels carry: only while nothing else waits, and within an allowance of its own


_ALLOWANCE = {Priority.URGENT: 0, Priority.BULK: 1, Priority.SIGNED: 2, Priority.REST: 2}


@dataclass(slots=True)
class _Waiting:
    number: int
    message: bytes
    at: int = 0


class Sender:
    """The bounded queue of one direction.

    And when full? `put` raises LinkBusy; what is urgent has an allowance of its own, as large again, and when
    even that is used up the link is broken: then silence ends what the cuts would have ended.
    """

    def __init__(self, *, bound_bytes: int = 16 * 1024 * 1024, bound_count: int = 1024) -> None:
        self._bound_bytes = bound_bytes
        self._bound_count = bound_count
        self._queues: tuple[deque[_Waiting], ...] = tuple(deque() for _ in Priority)
        self._bytes = [0, 0, 0]  # held: urgent, bulk, all others
        self._number = 0

    def room_for(self, size: int, priority: Priority) -> bool:
        held = self._bytes[_ALLOWANCE[priority]]
        if priority is Priority.BULK:
            return held == 0 or held + size <= BULK_BYTES
        urgent = priority is Priority.URGENT
        count = len(self._queues[0]) if urgent else len(self._queues[1]) + len(self._queues[2])
        # A message that is bigger than the bound may go alone.
        return count < self._bound_count and (held == 0 or held + size <= self._bound_bytes)

    def put(self, message: bytes, priority: Priority = Priority.REST) -> None:
        """Queue one message. Raises LinkBusy, TooBig; LinkBroken when even urgent messages find no room."""
        if len(message) > MAX_MESSAGE:
            raise TooBig(f"{len(message)} bytes are more than the link carries at once.")
        if not self.room_for(len(message), priority):
            if priority is Priority.URGENT:
                raise LinkBroken("Urgent messages have piled up: the link does not move.")
            raise LinkBusy("The link's queue is full.")
        self._number = (self._number + 1) % 2**32
        self._queues[priority].append(_Waiting(self._number, message))
        self._bytes[_ALLOWANCE[priority]] += len(message)

    def next_chunk(self) -> bytes | None:
        """The bytes to be sent next, or None. What was put before is asked for again each time."""
        for priority in Priority:
            queue = self._queues[priority]
            if not queue:
                continue
            waiting = queue[0]
            payload = waiting.message[waiting.at : waiting.at + CHUNK]
            waiting.at += len(payload)
            last = waiting.at >= len(waiting.message)
            if last:
                queue.popleft()
                self._bytes[_ALLOWANCE[priority]] -= len(waiting.message)
            return _HEAD.pack(len(payload), waiting.number, last) + payload
        return None

    def next_few(self) -> bytes:
        """Small messages go together, since each record and each write has its price; empty where nothing waits.

        A little at a time: so what is urgent waits for that little at most.
        """
        chunks: list[bytes] = []
        size = 0
        while size < TOGETHER and (chunk := self.next_chunk()) is not None:
            chunks.append(chunk)
            size += len(chunk)
        return b"".join(chunks)

    @property
    def urgent(self) -> bool:
        """Whether something urgent waits."""
        return bool(self._queues[Priority.URGENT])

    def __len__(self) -> int:
        return sum(map(len, self._queues))

    def unsent(self, priority: Priority) -> list[bytes]:
        """The messages whose last chunk was not taken: the peer has not got them, and never will from here."""
        return [waiting.message for waiting in self._queues[priority]]


class Receiver:
    """Puts the peer's messages together. Any breach of a bound is LinkBroken."""

    def __init__(self) -> None:
        self._stream = bytearray()
        self._open: dict[int, bytearray] = {}
        self._held = 0

    def feed(self, piece: bytes) -> list[bytes]:
        """Take a piece of the stream, however cut; give the messages that it completes."""
        self._stream += piece
        done: list[bytes] = []
        at = 0
        while len(self._stream) - at >= _HEAD.size:
            length, number, last = _HEAD.unpack_from(self._stream, at)
            if length > CHUNK or last > 1 or (length == 0 and not last):
                raise LinkBroken("The peer sent what is no chunk.")
            if len(self._stream) - at - _HEAD.size < length:
                break
            start = at + _HEAD.size
            at = start + length
            message = self._grow(number, self._stream[start:at])
            if last:
                del self._open[number]
                self._held -= len(message)
                done.append(bytes(message))
        del self._stream[:at]
        return done

    def _grow(self, number: int, payload: bytearray) -> bytearray:
        message = self._open.get(number)
        if message is None:
            if len(self._open) >= MAX_OPEN:
                raise LinkBroken("The peer has too many messages open.")
            message = self._open[number] = bytearray()
        if len(message) + len(payload) > MAX_MESSAGE or self._held + len(payload) > MAX_HELD:
            raise LinkBroken("The peer's message is too big.")
        message += payload
        self._held += len(payload)
        return message
