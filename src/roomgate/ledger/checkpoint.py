"""Signed checkpoints of a record, in the C2SP forms, so that other people's tools can check ours.

- Signed notes (https://c2sp.org/signed-note): a text, an empty line, signature lines
  ``— name base64(key id ‖ signature)``; a key id is the first 4 bytes of SHA-256(name ‖ LF ‖ type ‖ key).
- Checkpoints (https://c2sp.org/tlog-checkpoint): the text is origin, size and base64 root, a line each.
- Cosignatures (https://c2sp.org/tlog-cosignature): type 0x04, a time and an Ed25519 signature over
  ``cosignature/v1 LF time N LF`` and the text: a witness saw nothing older after this.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from roomgate.errors import RoomgateError
from roomgate.ledger.tree import HASH_BYTES

SIGNATURE = 0x01  # Ed25519 over the text
COSIGNATURE = 0x04  # timestamped Ed25519 cosignature
_LONGEST_NOTE = 64 * 1024
_MOST_SIGNATURES = 32
_DASH = "— "
_NAME = re.compile(r"[^\s+\x00-\x1f\x7f\ud800-\udfff]{1,255}")  # no half characters, which have no bytes
_SIZE = re.compile(r"0|[1-9][0-9]{0,17}")


class BadNote(RoomgateError):
    """This is no signed checkpoint, or not one that this key signed."""

    code = "ledger.bad-note"
    hint = "Check that the file is complete and that the key belongs to this record."


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with the name that it signs under, in the text form ``name+id+key``."""

    name: str
    type: int
    key: bytes

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.key).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{_encode(bytes([self.type]) + self.key)}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text form; raises BadNote."""
        name, _, rest = text.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        body = _decode(encoded)
        if not _NAME.fullmatch(name) or len(body) != 33 or body[0] not in (SIGNATURE, COSIGNATURE):
            raise BadNote("this is no key of a kind that is known here")
        key = cls(name, body[0], body[1:])
        if key.id.hex() != key_id:
            raise BadNote(f"the key of {name} does not match its own id")
        return key

    @classmethod
    def of(cls, name: str, private: Ed25519PrivateKey, type: int = SIGNATURE) -> Self:
        if not _NAME.fullmatch(name):
            raise BadNote("a key's name has no spaces and no plus sign")
        return cls(name, type, private.public_key().public_bytes_raw())

    def check(self, signature: bytes, message: bytes) -> None:
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature, message)
        except (InvalidSignature, ValueError) as bad:
            raise BadNote(f"the signature of {self.name} is wrong") from bad


@dataclass(frozen=True, slots=True)
class SignatureLine:
    name: str
    key_id: bytes
    signature: bytes

    def __str__(self) -> str:
        return f"{_DASH}{self.name} {_encode(self.key_id + self.signature)}"

    @classmethod
    def parse(cls, line: str) -> Self:
        if not line.startswith(_DASH):
            raise BadNote("a signature line begins with a dash")
        name, _, encoded = line[len(_DASH) :].partition(" ")
        body = _decode(encoded)
        if not _NAME.fullmatch(name) or len(body) < 5:
            raise BadNote("a signature line is a name and base64")
        return cls(name, body[:4], body[4:])


@dataclass(frozen=True, slots=True)
class Note:
    """A text, ending with a line feed, and its signature lines."""

    text: str
    signatures: tuple[SignatureLine, ...]

    def __str__(self) -> str:
        return self.text + "\n" + "".join(f"{line}\n" for line in self.signatures)

    @classmethod
    def parse(cls, raw: str) -> Self:
        if len(raw) > _LONGEST_NOTE or any(c < " " and c != "\n" for c in raw):
            raise BadNote("a note is short, plain text")
        text, found, tail = raw.rpartition("\n\n")
        lines = tail.split("\n")
        if not found or lines[-1] or not 2 <= len(lines) <= _MOST_SIGNATURES + 1:
            raise BadNote("a note is a text, an empty line and signature lines")
        return cls(text + "\n", tuple(SignatureLine.parse(line) for line in lines[:-1]))

    def verify(self, key: VerifierKey) -> None:
        """That this key signed the text; unknown signatures are ignored, as the specification asks."""
        mine = [line for line in self.signatures if line.name == key.name and line.key_id == key.id]
        if key.type != SIGNATURE or not mine:
            raise BadNote(f"{key.name} did not sign this")
        for line in mine:
            key.check(line.signature, self.text.encode())

    def cosigned_at(self, key: VerifierKey) -> int:
        """The time, in seconds since 1970, at which this witness signed the text; raises BadNote."""
        mine = [line for line in self.signatures if line.name == key.name and line.key_id == key.id]
        if key.type != COSIGNATURE or not mine:
            raise BadNote(f"the witness {key.name} did not sign this")
        when = 0
        for line in mine:
            when = int.from_bytes(line.signature[:8], "big")
            key.check(line.signature[8:], _cosigned(self.text, when))
        return when

    def with_signature(self, line: SignatureLine) -> "Note":
        others = tuple(s for s in self.signatures if (s.name, s.key_id) != (line.name, line.key_id))
        return Note(self.text, (*others, line))


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a record says of itself at one moment: its name, how many entries, and the root over them."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{_encode(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a note's text. Extension lines are refused: we write none, so one would be a surprise."""
        lines = text.split("\n")
        if len(lines) != 4 or lines[3] or not _NAME.fullmatch(lines[0]) or not _SIZE.fullmatch(lines[1]):
            raise BadNote("a checkpoint is an origin, a size and a root")
        root = _decode(lines[2])
        if len(root) != HASH_BYTES:
            raise BadNote("a root has 32 bytes")
        return cls(lines[0], int(lines[1]), root)

    def sign(self, private: Ed25519PrivateKey) -> Note:
        """The signed note, under the origin's own name."""
        key = VerifierKey.of(self.origin, private)
        return Note(self.text(), (SignatureLine(key.name, key.id, private.sign(self.text().encode())),))


def open_checkpoint(raw: str, key: VerifierKey) -> Checkpoint:
    """Verify, then read: a checkpoint that this key signed for its own origin; raises BadNote."""
    note = Note.parse(raw)
    note.verify(key)
    checkpoint = Checkpoint.parse(note.text)
    if checkpoint.origin != key.name:
        raise BadNote(f"a checkpoint of {checkpoint.origin} signed by {key.name}")
    return checkpoint


def build_name(base: str, restored: int) -> str:
    """A record's name. One that was restored from an older copy is another log than before: ``base/2``, ``base/3``."""
    return base if restored == 0 else f"{base}/{restored + 1}"


def earlier_name(name: str, now: str) -> bool:
    """Whether a record that is called ``now`` was called ``name`` before it was restored."""
    base, _, number = now.rpartition("/")
    if not number.isascii() or not number.isdecimal() or len(number) > 4:
        return False
    return any(name == build_name(base, restored) for restored in range(int(number) - 1))


def cosign(text: str, name: str, private: Ed25519PrivateKey, when: int) -> SignatureLine:
    """A witness's signature line over a checkpoint's text, with the time in seconds since 1970."""
    key = VerifierKey.of(name, private, COSIGNATURE)
    return SignatureLine(name, key.id, when.to_bytes(8, "big") + private.sign(_cosigned(text, when)))


def _cosigned(text: str, when: int) -> bytes:
    return f"cosignature/v1\ntime {when}\n{text}".encode()


def _encode(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _decode(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as bad:
        raise BadNote("this is not base64") from bad
    if _encode(raw) != text:  # spare bits set: the same bytes must have one spelling
        raise BadNote("this is not base64 as it is written here")
    return raw
