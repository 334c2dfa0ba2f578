"""What passes between a program and its reader of invitations (`reader`, `reader_process`): frames on two pipes.

A frame is its length in four bytes, then MessagePack. Neither end runs anything that the other sent: it is decoded into
these shapes, or refused with `BadFrame`.
"""

import hashlib
import struct

import msgspec

from roomgate.errors import BadInput
from roomgate.meetings.invite import MOST_OCCURRENCES
from roomgate.meetings.meeting import Meeting
from roomgate.meetings.reading import ALL, Given, Numbers, Understood

MOST_ANSWER = 8 * 1024 * 1024
MOST_ASKED = 64 * 1024 * 1024
HEAD = struct.Struct(">I")


class BadFrame(BadInput):
    """What came over the pipe is none of ours."""

    code = "meeting.reader.garbled"
    hint = "Nothing is to be done: the reader is started anew."


class Begin(msgspec.Struct, frozen=True, tag="begin"):
    """The first: the site's zone, and its own rule packs by file name."""

    zone: str
    packs: tuple[tuple[str, bytes], ...] = ()


class Read(msgspec.Struct, frozen=True, tag="read"):
    """``lost``: what is not to be tried again, by `digests`. ``telling``: say what each step is about before it begins."""

    given: Given
    lost: frozenset[tuple[bytes, ...]] = frozenset()
    telling: bool = False


class At(msgspec.Struct, frozen=True, tag="at"):
    numbers: Numbers


class Done(msgspec.Struct, frozen=True, tag="done"):
    meetings: tuple[Meeting, ...]
    bad: dict[int, str]


_asked: "msgspec.msgpack.Decoder[Begin | Read]" = msgspec.msgpack.Decoder(Begin | Read)
_answered: "msgspec.msgpack.Decoder[At | Done]" = msgspec.msgpack.Decoder(At | Done)
_encoder = msgspec.msgpack.Encoder()


def frame(message: Begin | Read | At | Done) -> bytes:
    raw = _encoder.encode(message)
    return HEAD.pack(len(raw)) + raw


def parse_length(head: bytes, most: int) -> int:
    """Raises `BadFrame`."""
    (length,) = HEAD.unpack(head)
    if length > most:
        raise BadFrame(f"a message of {length} bytes")
    return int(length)


def parse_asked(raw: bytes) -> Begin | Read:
    """Raises `BadFrame`."""
    try:
        return _asked.decode(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError) as bad:
        raise BadFrame("a question that cannot be read") from bad


def parse_answer(raw: bytes) -> At | Done:
    """Raises `BadFrame`."""
    try:
        return _answered.decode(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError) as bad:
        raise BadFrame("an answer that cannot be read") from bad


def digests(given: Given, numbers: Numbers) -> tuple[bytes, ...]:
    """What these invitations are, whatever they are called and wherever they come again."""
    first = len(given.files)
    raws = (given.files[one] if one < first else _encoder.encode(given.invitations[one - first]) for one in numbers)
    return tuple(hashlib.sha256(raw).digest() for raw in raws)


def answered(done: Done, given: Given) -> Understood:
    """What the reader says of these invitations, as far as it can be true of them. Raises `BadFrame`."""
    possible = (
        len(done.meetings) <= MOST_OCCURRENCES
        and all(ALL <= number < given.count for number in done.bad)
        and all(one.start.tzinfo and one.end.tzinfo and one.start <= one.end for one in done.meetings)
    )
    if not possible:
        raise BadFrame("an answer that cannot be true")
    return Understood(done.meetings, done.bad)
