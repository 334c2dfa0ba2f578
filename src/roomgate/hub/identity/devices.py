"""Signing in from a device without a browser: a short code is shown there and typed at the console (RFC 8628).

Theory: whoever begins gets two things: a *code* for the person's eyes, and a *secret* of their own, by which
alone the outcome is fetched. The person types the code where they are signed in, sees what would be given to
whom, and says yes or no; a code answers one of them, once. The token is made at the moment of the yes, by the
service that makes all tokens, so that whatever cuts its owner from then on cuts it too; here it only waits to be
fetched. All of it is in memory and lives ten minutes. Pure: it is given the clock.
"""

import secrets
from dataclasses import dataclass, field

from roomgate.access.scope import Scope
from roomgate.clock import Clock
from roomgate.errors import BadInput, NotFound, RoomgateError
from roomgate.hub.identity.guessing import Guessing, TooManyTries
from roomgate.hub.identity.person import Forbidden, Signed
from roomgate.hub.identity.store import hashed
from roomgate.redact import Secret, foreign

LIVES_S = 600.0
POLL_S = 3.0  # how often whoever waits may ask
USUAL_MINUTES = 12 * 60.0
LONGEST_MINUTES = 30 * 24 * 60.0
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels, so no words; no digits, so none that look like a letter
LENGTH = 8
MOST_PER_SOURCE = 10
MOST = 1000
_EARLY_S = 0.5  # a poll is not called early for a hurried clock


class CodeRefused(NotFound):
    """The same for a code that never was, is over, or was answered."""

    code = "device.code"
    hint = "Codes live for ten minutes and are good once: begin anew, and type the new one."


class DeviceRefused(RoomgateError):
    """The person said no, or the code is over: there is nothing to wait for any more."""

    code = "device.refused"
    hint = "Run `roomgate login` again."


@dataclass(slots=True)
class Begun:
    """A sign-in on its way. ``machine`` is what it calls itself: nobody has checked that."""

    code: str
    machine: str
    source: str
    minutes: float
    scope: Scope | None
    ends: float  # monotonic
    polled: float = float("-inf")
    answered: bool = False
    token: Secret[str] | None = None


@dataclass(slots=True)
class Devices:
    """All that are on their way at this hub."""

    clock: Clock
    _by_secret: dict[str, Begun] = field(default_factory=dict)  # by the secret's hash
    _by_code: dict[str, Begun] = field(default_factory=dict)
    _guessing: Guessing = field(init=False)

    def __post_init__(self) -> None:
        self._guessing = Guessing(self.clock)

    def begin(self, machine: str, minutes: float, scope: Scope | None, source: str) -> tuple[Begun, Secret[str]]:
        """A sign-in, and the secret by which its outcome is fetched. Raises BadInput, TooManyTries."""
        if not 0 < minutes <= LONGEST_MINUTES:
            raise BadInput(f"A sign-in lasts for more than 0 and at most {LONGEST_MINUTES:.0f} minutes.")
        self._sweep()
        if (
            len(self._by_secret) >= MOST
            or sum(one.source == source for one in self._by_secret.values()) >= MOST_PER_SOURCE
        ):
            raise TooManyTries(60.0)
        code = self._fresh_code()
        secret = Secret(secrets.token_urlsafe(32))
        begun = Begun(
            code, foreign(machine.strip(), 80) or "a machine without a name", source, minutes, scope,
            self.clock.monotonic() + LIVES_S,
        )  # fmt: skip
        self._by_secret[hashed(secret.reveal())] = self._by_code[code] = begun
        return begun, secret

    def find(self, typed: str, person: str, source: str) -> Begun:
        """What a person's typed code stands for. Raises CodeRefused, TooManyTries: codes cannot be tried out."""
        keys = (f"person {person}", f"source {source}")
        self._guessing.require(*keys)
        self._sweep()
        begun = self._by_code.get(parse_code(typed))
        if begun is None:
            self._guessing.failed(*keys)
            raise CodeRefused("There is no such code.")
        return begun

    def take(self, typed: str, person: str, source: str) -> Begun:
        """The same, to be answered now: the code is used up, whatever the answer. `answer` comes next."""
        begun = self.find(typed, person, source)
        del self._by_code[begun.code]
        return begun

    def answer(self, begun: Begun, token: Secret[str] | None) -> None:
        """The token is there to be fetched; or it was a no."""
        begun.answered, begun.token = True, token

    def fetch(self, secret: str) -> Secret[str] | None:
        """The token, once; None while nobody has answered. Raises DeviceRefused, TooManyTries for a hurried poller."""
        self._sweep()
        key, now = hashed(secret), self.clock.monotonic()
        begun = self._by_secret.get(key)
        if begun is None:
            raise DeviceRefused("This sign-in is over.")
        early = now - begun.polled < POLL_S - _EARLY_S
        begun.polled = now
        if early:
            raise TooManyTries(POLL_S)
        if not begun.answered:
            return None
        del self._by_secret[key]
        if begun.token is None:  # a no, or a yes that could not be carried out: the same to whoever waits
            raise DeviceRefused("This sign-in was refused.")
        return begun.token

    def _fresh_code(self) -> str:
        while True:
            code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
            if code not in self._by_code:
                return code

    def _sweep(self) -> None:
        now = self.clock.monotonic()
        for key in [key for key, one in self._by_secret.items() if one.ends <= now]:
            self._by_code.pop(self._by_secret.pop(key).code, None)


def require_confirmable(by: Signed) -> None:
    """Who may say yes: a person at a browser, with a second factor where their rights take one. Raises Forbidden."""
    if by.web is None:
        raise Forbidden("Only somebody who is signed in with a browser says yes to a device.")
    by.require_strong()


def parse_code(typed: str) -> str:
    """A code as people type it: small letters, a dash, spaces."""
    return "".join(letter for letter in typed.upper()[:40] if letter.isalpha())


def show_code(code: str) -> str:
    return f"{code[:4]}-{code[4:]}"
