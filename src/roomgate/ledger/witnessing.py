"""The witness protocol's texts, both ends: https://c2sp.org/tlog-witness, ``add-checkpoint``.

A log posts the size that the witness last saw (``old N``), a consistency proof (base64, a line each), an
empty line and its signed checkpoint. The witness answers 200 with its cosignature lines, or 409 with the
size that it knows.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Self

from roomgate.errors import RoomgateError
from roomgate.ledger.checkpoint import COSIGNATURE, BadNote, Note, SignatureLine, VerifierKey
from roomgate.ledger.tree import HASH_BYTES

SIZE_TYPE = "text/x.tlog.size"
LARGEST_BODY = 64 * 1024
_MOST_STEPS = 63


class WitnessRefused(RoomgateError):
    """The witness would not sign this checkpoint."""

    code = "witness.refused"
    hint = "See that the witness knows this log's key; if it does, verify the record."


class WitnessAhead(WitnessRefused):
    """The witness has signed for a longer or for another record: ours was cut short, or grew on an old copy."""

    code = "witness.ahead"
    hint = "Stop, and find out which copy is right: entries that a witness signed for are missing here."

    def __init__(self, message: str, size: int = 0) -> None:
        super().__init__(message)
        self.size = size  # how many entries the witness knows; 0 where it did not say


class BadRequest(RoomgateError):
    """A body that the witness protocol does not know."""

    code = "witness.bad-request"


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """The request: sign this, which follows what you last signed."""

    old: int
    proof: tuple[bytes, ...]
    note: str

    def body(self) -> bytes:
        steps = "".join(base64.b64encode(step).decode() + "\n" for step in self.proof)
        return f"old {self.old}\n{steps}\n{self.note}".encode()

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read a request's body; raises BadRequest. The note is not yet verified."""
        try:
            text = body.decode()
        except UnicodeDecodeError as bad:
            raise BadRequest("the body is not UTF-8") from bad
        top, empty, note = text.partition("\n\n")
        first, *steps = top.split("\n")
        word, _, number = first.partition(" ")
        if not empty or word != "old" or not number.isascii() or not number.isdecimal() or len(number) > 18:
            raise BadRequest("the body begins with “old” and a size")
        if str(int(number)) != number or len(steps) > _MOST_STEPS or len(body) > LARGEST_BODY:
            raise BadRequest("the size is not plain, or the proof too long")
        return cls(int(number), tuple(_step(step) for step in steps), note)


@dataclass(frozen=True, slots=True)
class Cosigned:
    """The witness signed."""

    lines: tuple[SignatureLine, ...]


@dataclass(frozen=True, slots=True)
class LastSaw:
    """The witness last saw another size than the request said: prove from there."""

    size: int


def parse_answer(status: int, content_type: str, body: bytes, note: Note, witness: VerifierKey) -> Cosigned | LastSaw:
    """Read a witness's answer, and check its signature over our note; raises WitnessRefused."""
    text = body[:LARGEST_BODY].decode("utf-8", "replace")
    if status == 409 and content_type.split(";")[0].strip().lower() == SIZE_TYPE:
        number = text.removesuffix("\n")
        if not number.isascii() or not number.isdecimal() or len(number) > 18:
            raise WitnessRefused("the witness told no size")
        return LastSaw(int(number))
    if status == 422:
        raise WitnessAhead("the witness has signed for another history than is here")
    if status != 200:
        raise WitnessRefused(f"the witness answered {status}: {_plain(text)}")
    try:
        lines = tuple(SignatureLine.parse(line) for line in text.removesuffix("\n").split("\n"))
        Note(note.text, lines).cosigned_at(witness)
    except BadNote as bad:
        raise WitnessRefused(f"the witness's answer is no signature of {witness.name}: {bad}") from bad
    return Cosigned(tuple(line for line in lines if (line.name, line.key_id) == (witness.name, witness.id)))


def parse_witness_key(text: str) -> VerifierKey:
    """A witness's public key in text form; raises BadNote for one of another kind."""
    key = VerifierKey.parse(text)
    if key.type != COSIGNATURE:
        raise BadNote(f"the key of {key.name} is not a witness's")
    return key


def _step(text: str) -> bytes:
    try:
        step = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as bad:
        raise BadRequest("a proof is lines of base64") from bad
    if len(step) != HASH_BYTES:
        raise BadRequest("a proof's step has 32 bytes")
    return step


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text[:200]).strip()
