"""Sign-ins that have begun and are not done: who gave the right password, and which challenge was set.

Each is bound to a cookie of its own from before the sign-in, lives for five minutes in memory, and is bounded in
number. Whoever gave a right password and a stranger who was set a challenge are counted apart: strangers cannot
push out people who are about to come in.
"""

import hashlib
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field

from roomgate.clock import Clock
from roomgate.ids import PersonId
from roomgate.redact import Secret

LIVES_S = 300.0
MOST_PROVEN = 2_000
MOST_STRANGERS = 20_000
_CHALLENGE_BYTES = 32


@dataclass(frozen=True, slots=True)
class Proven:
    """The right password of an account was given; ``password`` is its hash, which must hold still at the end."""

    person: PersonId
    password: str | None


@dataclass(slots=True)
class _Lane:
    """The newest of a kind, by the digest of their cookie."""

    clock: Clock
    most: int
    kept: OrderedDict[str, tuple[float, Proven | bytes]] = field(default_factory=OrderedDict)

    def put(self, key: str, what: Proven | bytes) -> None:
        self.kept.pop(key, None)
        self.kept[key] = (self.clock.monotonic() + LIVES_S, what)
        while len(self.kept) > self.most:
            self.kept.popitem(last=False)

    def find(self, key: str) -> Proven | bytes | None:
        until, what = self.kept.get(key, (0.0, None))
        if what is not None and until <= self.clock.monotonic():
            self.kept.pop(key, None)
            return None
        return what

    def take(self, key: str) -> Proven | bytes | None:
        what = self.find(key)
        self.kept.pop(key, None)
        return what


class Pending:
    def __init__(self, clock: Clock) -> None:
        self._proven = _Lane(clock, MOST_PROVEN)
        self._challenges = _Lane(clock, MOST_STRANGERS)

    def begin(self, proven: Proven) -> Secret[str]:
        """The cookie by which this sign-in goes on: always a new one."""
        cookie = Secret(secrets.token_urlsafe(32))
        self._proven.put(_key(cookie.reveal()), proven)
        return cookie

    def find(self, cookie: str) -> Proven | None:
        found = self._proven.find(_key(cookie))
        return found if isinstance(found, Proven) else None

    def challenge(self, cookie: str) -> tuple[Secret[str], bytes]:
        """A new challenge, which takes the place of one before it; under the cookie of a sign-in that has begun."""
        kept = Secret(cookie) if self.find(cookie) is not None else Secret(secrets.token_urlsafe(32))
        challenge = secrets.token_bytes(_CHALLENGE_BYTES)
        self._challenges.put(_key(kept.reveal()), challenge)
        return kept, challenge

    def take_challenge(self, cookie: str) -> bytes | None:
        """The challenge that was set; each serves one try."""
        found = self._challenges.take(_key(cookie))
        return found if isinstance(found, bytes) else None

    def end(self, cookie: str) -> None:
        """This sign-in is done."""
        self._proven.take(_key(cookie))
        self._challenges.take(_key(cookie))


def _key(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()
