"""What the double knows and decides: people, sign-ins, links, enrolments, its record. No network; time is handed in.

A sign-in ends twice over: for requests, and for what is live (a socket, a stream). A cause ends both, at once; each
flaw of the surviving kind leaves one of them, so that exactly one check can see it.
"""

import hashlib
import itertools
import secrets
from dataclasses import dataclass, field
from math import inf

from roomgate.checks.doubles.flaws import Flaw, Flaws
from roomgate.clock import Clock, iso

SLOW_S = 7.0  # how late a slow cut is: within a minute, and more than the 5 s that a best grade allows
WRONG_MOST = 5  # wrong passwords in a row before an account is shut for a while
SHUT_S = 20.0
LINK_S = 20.0  # for how long a link is good from when it is first opened
REST_S = 60.0  # and how long after that it may be opened anew, so that a second run finds what the first one found
CODE_S = 4.0  # an enrolment code's life
MOST_SIGN_INS = 5_000
MOST_RECORD = 20_000

# Which flaw lets requests survive which cause. What is not here is always cut.
SURVIVES = {
    "admin-password": Flaw.SURVIVES_PASSWORD,
    "own-password": Flaw.SURVIVES_PASSWORD,
    "device-password": Flaw.SURVIVES_DEVICE_PASSWORD,
    "deleted": Flaw.SURVIVES_DELETION,
    "disabled": Flaw.SURVIVES_DELETION,
    "scim-disabled": Flaw.SURVIVES_SCIM,
    "role-removed": Flaw.SURVIVES_ROLE,
    "signed-out": Flaw.IGNORES_SIGN_OUT,
}


@dataclass(slots=True)
class Person:
    name: str
    password: str = field(repr=False)
    role: str = "user"  # user, administrator, none
    rooms: frozenset[str] = frozenset()
    active: bool = True
    language: str = "en"


@dataclass(slots=True)
class SignIn:
    """A browser's session; ``person`` is None until it has signed in. ``rooms`` are as they were at its sign-in."""

    id: str
    token: str  # what its forms carry, against forgery
    person: Person | None = None
    rooms: frozenset[str] = frozenset()
    requests_until: float = inf
    live_until: float = inf


@dataclass(slots=True)
class DeviceLink:
    code: str
    room: str
    owner: str
    lifetime_s: float = LINK_S
    since: float | None = None
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the record, chained to the one before it: a changed or a missing one shows."""

    when: str
    who: str
    what: str
    room: str
    where: str
    outcome: str
    chain: str


@dataclass(slots=True)
class Code:
    """An enrolment code."""

    ends: float
    used: int = 0


class Service:
    def __init__(self, clock: Clock, flaws: Flaws, operator_token: str = "") -> None:
        self.clock = clock
        self.flaws = flaws
        self.operator_token = operator_token or secrets.token_urlsafe(32)
        self.people: dict[str, Person] = {}
        self.links: dict[str, DeviceLink] = {}
        self.record: list[Line] = []
        self.installed = True
        self._sign_ins: dict[str, SignIn] = {}
        self._wrong: dict[str, tuple[int, float]] = {}
        self._codes: dict[str, Code] = {}
        self._shut = {"requests": inf, "live": inf}  # since when nobody is let to any device
        self._count = itertools.count(1001)
        self._visits = itertools.count(48_210_001)

    def has(self, flaw: Flaw) -> bool:
        return flaw in self.flaws

    @property
    def now(self) -> float:
        return self.clock.monotonic()

    def note(self, who: str, what: str, room: str = "", where: str = "", outcome: str = "done") -> None:
        if self.has(Flaw.KEEPS_NO_RECORD):
            return
        facts = (iso(self.clock.now()), who, what, room, where, outcome)
        self.record.append(Line(*facts, _chained(self.record[-1].chain if self.record else "", facts)))
        del self.record[:-MOST_RECORD]

    def record_is_whole(self) -> bool:
        """Whether every line is chained to the one before it; False for a record that is not kept."""
        pairs = zip(self.record, self.record[1:], strict=False)
        return bool(self.record) and all(
            after.chain
            == _chained(before.chain, (after.when, after.who, after.what, after.room, after.where, after.outcome))
            for before, after in pairs
        )

    # ---- people ------------------------------------------------------------------------------------

    def add_person(self, name: str, password: str, role: str = "user", rooms: frozenset[str] = frozenset()) -> Person:
        person = self.people[name] = Person(name, password, role, rooms)
        return person

    def visit(self, id: str = "") -> SignIn:
        """The browser's session that has this id, or a new one for nobody."""
        if id in self._sign_ins and self.now < self._sign_ins[id].requests_until:
            return self._sign_ins[id]
        return self._new_session(None)

    def known(self, id: str) -> SignIn | None:
        return self._sign_ins.get(id)

    def _new_session(self, person: Person | None) -> SignIn:
        id = str(next(self._visits)) if self.has(Flaw.GUESSABLE_COOKIES) else secrets.token_urlsafe(32)
        made = SignIn(id, secrets.token_urlsafe(24), person, person.rooms if person else frozenset())
        self._sign_ins[id] = made
        while len(self._sign_ins) > MOST_SIGN_INS:
            self._sign_ins.pop(next(iter(self._sign_ins)))
        return made

    def is_shut_out(self, name: str) -> bool:
        """Whether too many wrong passwords were tried on this name."""
        count, since = self._wrong.get(name, (0, 0.0))
        if count and self.now >= since + SHUT_S:
            del self._wrong[name]
            return False
        return count >= WRONG_MOST and not self.has(Flaw.ENDLESS_GUESSES)

    def sign_in(self, name: str, password: str, where: str = "") -> SignIn | None:
        """None for whoever is not let in: it does not say why."""
        person = self.people.get(name)
        good = person is not None and person.active and secrets.compare_digest(person.password, password)
        if person is None or not good or self.is_shut_out(name):
            count, _ = self._wrong.get(name, (0, 0.0))
            self._wrong[name] = (count + 1, self.now)
            while len(self._wrong) > MOST_SIGN_INS:
                self._wrong.pop(next(iter(self._wrong)))
            self.note(name, "sign-in", where=where, outcome="refused")
            return None
        self._wrong.pop(name, None)
        self.note(name, "sign-in", where=where)
        return self._new_session(person)

    def sign_out(self, id: str) -> None:
        found = self._sign_ins.get(id)
        if found is not None and found.person is not None:
            self.note(found.person.name, "sign-out")
            self._end([found], "signed-out")

    def person_of(self, id: str, *, live: bool = False) -> SignIn | None:
        """The sign-in with this id, if somebody is signed in by it and it has not ended."""
        found = self._sign_ins.get(id)
        if found is None or found.person is None:
            return None
        return found if self.now < (found.live_until if live else found.requests_until) else None

    def may_enter(self, found: SignIn, room: str, *, live: bool = False) -> bool:
        """Whether this sign-in leads to this room now."""
        if not self.installed or self.now >= self._shut["live" if live else "requests"]:
            return False
        return room in found.rooms or (self.has(Flaw.CROSSES_USERS) and not live)

    # ---- what ends access --------------------------------------------------------------------------

    def cut(self, name: str, cause: str) -> None:
        """End this person's sign-ins."""
        self._end([one for one in self._sign_ins.values() if one.person and one.person.name == name], cause)

    def _end(self, sign_ins: list[SignIn], cause: str) -> None:
        at = self._cut_at()
        survives = SURVIVES.get(cause)
        for one in sign_ins:
            if survives is None or not self.has(survives):
                one.requests_until = min(one.requests_until, at)
            if not self.has(Flaw.LIVE_SURVIVES):
                one.live_until = min(one.live_until, at)

    def _cut_at(self) -> float:
        return self.now + (SLOW_S if self.has(Flaw.SLOW_CUT) else 0.0)

    def shut_device(self) -> None:
        """The device's password is another one: whoever is connected is cut, and nobody is let in until it is known."""
        at = self._cut_at()
        if not self.has(Flaw.SURVIVES_DEVICE_PASSWORD):
            self._shut["requests"] = at
        if not self.has(Flaw.LIVE_SURVIVES):
            self._shut["live"] = at
        self._end([one for one in self._sign_ins.values() if one.person], "device-password")

    def reopen_device(self) -> None:
        self._shut = {"requests": inf, "live": inf}

    # ---- links -------------------------------------------------------------------------------------

    def issue(self, owner: str, room: str, lifetime_s: float = LINK_S) -> DeviceLink:
        number = next(self._count)
        if self.has(Flaw.NUMBERED_LINKS):
            code = str(number)
        else:
            code = secrets.token_hex(3) if self.has(Flaw.SHORT_LINKS) else secrets.token_urlsafe(16)
        made = self.links[code] = DeviceLink(code, room, owner, lifetime_s)
        return made

    def open_link(self, code: str) -> DeviceLink | None:
        """The link, if it is good now; opening it for the first time begins its life."""
        link = self.links.get(code)
        if link is None or link.revoked or not self.installed:
            return None
        if self.has(Flaw.ENDLESS):
            return link
        if link.since is None or self.now >= link.since + link.lifetime_s + REST_S:
            link.since = self.now
        return link if self.now < link.since + link.lifetime_s else None

    # ---- enrolment ---------------------------------------------------------------------------------

    def issue_code(self) -> str:
        code = secrets.token_urlsafe(16)
        self._codes[code] = Code(self.now + CODE_S)
        while len(self._codes) > MOST_SIGN_INS:
            self._codes.pop(next(iter(self._codes)))
        return code

    def redeem(self, code: str) -> bool:
        """Whether a connector may enrol by it: once, and in time."""
        found = self._codes.get(code)
        if found is None:
            return False
        good = self.has(Flaw.REUSABLE_ENROLMENT) or (found.used == 0 and self.now < found.ends)
        found.used += 1
        return good


def _chained(before: str, facts: tuple[str, ...]) -> str:
    return hashlib.sha256("\0".join((before, *facts)).encode()).hexdigest()
