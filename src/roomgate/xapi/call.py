"""One xAPI action in its one canonical form: what is judged, signed, sent and recorded."""

import hashlib
import json
from dataclasses import dataclass, field
from enum import StrEnum

from roomgate.xapi.path import Path

# Arguments whose values are secrets, in RoomOS 26.4.1's command schema; a DTMF string may carry a PIN.
SECRET_ARGUMENTS = frozenset(
    {"Passphrase", "NewPassphrase", "OldPassphrase", "YourPassphrase", "Password", "AuthenticationPassword"}
    | {"PrivacyPassword", "Pin", "Passcode", "HostKey", "MeetingPasscode", "ActivationCode", "Secret"}
    | {"PrivateKeyPassword", "ChallengePassword", "Key", "Header", "DTMFString"}
)

_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, check_circular=False).encode

Scalar = str | int
Value = Scalar | tuple[Scalar, ...]  # a tuple is a repeated argument


class Verb(StrEnum):
    GET = "get"
    SET = "set"
    COMMAND = "command"
    SUBSCRIBE = "subscribe"


@dataclass(frozen=True, slots=True)
class Call:
    """A get, set, command or subscription. Arguments are sorted by name, names in the device's spelling.

    A set carries its value as the single argument ``Value``. ``body`` is the multi-line text that 16
    commands take. Made by `Catalogue.canonical` from what somebody asked; the asker's own text never
    goes further. One that no catalogue checked is marked: not ``validated``.
    """

    verb: Verb
    path: Path
    arguments: tuple[tuple[str, Value], ...] = ()
    body: str | None = None
    validated: bool = field(default=True, compare=False)

    @property
    def acts(self) -> bool:
        """Whether it may change something: what is asked again by mistake is then done twice."""
        return self.verb in (Verb.COMMAND, Verb.SET)

    def argument(self, name: str) -> Value | None:
        return dict(self.arguments).get(name)

    def canonical(self) -> bytes:
        """The bytes that are hashed and signed: JSON, sorted, no spaces, UTF-8."""
        return _encode([self.verb.value, self.path.parts, self.arguments, self.body]).encode()

    def digest(self) -> str:
        """SHA-256 of the canonical bytes, in hex."""
        return hashlib.sha256(self.canonical()).hexdigest()

    def __str__(self) -> str:
        """For people, logs and the record: secret arguments as dots, a body as its length."""
        shown = " ".join(f"{n}={'•••' if n in SECRET_ARGUMENTS else v}" for n, v in self.arguments)
        if self.body is not None:
            shown = f"{shown} ({len(self.body)} characters)".strip()
        return f"{self.path} {shown}".strip() + ("" if self.validated else " (unvalidated)")
