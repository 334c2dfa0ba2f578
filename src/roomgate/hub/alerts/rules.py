"""Pure: what is wrong, as far as is known, and since when that is worth a word.

Theory: a rule never says "all is well" of what it does not know. Each look gives the conditions that hold and the
kinds that it could judge at all; what is open and was not judged stays as it was. A condition is raised once it
has held for a while and ended once it has been gone for a while, so that what flickers is one alert. What becomes
critical is another alert: the one before it ends, and whoever looks after it, or was told of it, is told.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from roomgate.clock import iso, parse_iso
from roomgate.link.messages import CertificateEnd, Upkeep
from roomgate.redact import foreign
from roomgate.xapi import tree
from roomgate.xapi.tree import Document

MOST_OF_A_ROOM = 20  # conditions of one kind: a device that says more is heard this far
LONGEST_SUBJECT, LONGEST_WORDS = 100, 300
FLAPS, FLAPS_WITHIN_S = 4, 600.0
ENDS_SOON, ENDS_NOW = timedelta(days=30), timedelta(days=7)
CALL_IS_NEWS = timedelta(days=1)
HUB, OF = "hub", " · "  # a subject that is the hub's own; and what parts a connector, or the hub, from a part of it
_FAILED = {
    "not-found": "A call failed: the far end was not found.",
    "not-allowed": "A call failed: it was not allowed.",
    "unreachable": "A call failed: the far end did not answer the network.",
    "incompatible": "A call failed: the far end does not take such calls.",
    "network": "A call failed: a server or network on the way could not carry it.",
    "other": "A call failed.",
}


class Kind(StrEnum):
    """The order is that of what to do first, among alerts of one severity."""

    QUARANTINED = "room.quarantined"
    FINDING = "record.finding"
    PLAN = "plan.halted"
    AWAY = "connector.away"
    OFFLINE = "room.offline"
    CERTIFICATE = "certificate.ends"
    FLAPPING = "connector.flapping"
    CALL = "call.failed"
    PROBLEM = "device.problem"
    PERIPHERAL = "peripheral.lost"


class Severity(StrEnum):
    CRITICAL = "critical"
    WARNING = "warning"


_OF_ROOM = frozenset({Kind.QUARANTINED, Kind.OFFLINE, Kind.CERTIFICATE, Kind.CALL, Kind.PROBLEM, Kind.PERIPHERAL})
_OF_CONNECTOR = frozenset({Kind.AWAY, Kind.FLAPPING, Kind.CERTIFICATE})
_AT_ONCE = frozenset({Kind.QUARANTINED, Kind.FINDING, Kind.PLAN, Kind.FLAPPING, Kind.CERTIFICATE, Kind.CALL})
SETTLES_S = 20.0  # how long at most before a problem of a device is told


@dataclass(frozen=True, slots=True)
class Key:
    """The same room (or none), kind and subject is the same alert. A connector's and the hub's own have no room."""

    room: str
    kind: Kind
    subject: str


@dataclass(frozen=True, slots=True)
class Condition:
    key: Key
    severity: Severity
    words: str


@dataclass(frozen=True, slots=True)
class RoomFacts:
    """What the hub knows of one room now. ``told``: whether ``document`` is news of the link that is up."""

    room: str
    trusted: bool
    linked: bool
    state: str  # fine, offline, quarantined, locked
    words: str = ""
    told: bool = False
    document: Document = field(default_factory=dict)
    upkeep: Upkeep | None = None


@dataclass(frozen=True, slots=True)
class ConnectorFacts:
    connector: str
    linked: bool
    came: int = 0  # how often its link came up within `FLAPS_WITHIN_S`
    certificates: Sequence[CertificateEnd] | None = None  # those that it relies on; None: not known


@dataclass(frozen=True, slots=True)
class Judged:
    """What a look saw: these hold, and of ``room`` and ``subject`` (or all, where it is "") these kinds were looked at."""

    conditions: Sequence[Condition]
    kinds: frozenset[Kind]
    room: str = ""
    subject: str = ""

    def covers(self, key: Key) -> bool:
        mine = self.subject in ("", key.subject) or key.subject.startswith(self.subject + OF)
        return key.kind in self.kinds and key.room == self.room and mine


def judge_room(facts: RoomFacts, now: datetime) -> Judged:
    """While its connector is away or not trusted, nothing is known of a room."""
    if not (facts.trusted and facts.linked):
        return Judged((), frozenset(), facts.room)
    found: list[Condition] = []
    kinds = {Kind.QUARANTINED, Kind.OFFLINE}
    if facts.state == "quarantined":
        words = facts.words or "The device changed; someone at the site must confirm it."
        found.append(_condition(facts.room, Kind.QUARANTINED, "", Severity.CRITICAL, words))
    elif facts.state == "offline":
        words = facts.words or "The device does not answer."
        found.append(_condition(facts.room, Kind.OFFLINE, "", Severity.CRITICAL, words))
    elif facts.told:
        kinds |= {Kind.PROBLEM, Kind.PERIPHERAL}
        found += _problems(facts.room, facts.document)
        found += _peripherals(facts.room, facts.document)
    if facts.upkeep is not None and facts.upkeep.certificates is not None:
        kinds.add(Kind.CERTIFICATE)
        found += _certificates(facts.room, "", facts.upkeep.certificates, now)
    if facts.upkeep is not None and facts.upkeep.call:
        kinds.add(Kind.CALL)
        found += _call(facts.room, facts.upkeep, now)
    return Judged(found, frozenset(kinds), facts.room)


def judge_connector(facts: ConnectorFacts, now: datetime) -> Judged:
    found: list[Condition] = []
    kinds = _OF_CONNECTOR - {Kind.CERTIFICATE}
    if facts.certificates is not None:
        kinds = _OF_CONNECTOR
        found += _certificates("", facts.connector, facts.certificates, now)
    if not facts.linked:
        words = "The connector is not connected: its rooms cannot be reached."
        found.append(_condition("", Kind.AWAY, facts.connector, Severity.CRITICAL, words))
    if facts.came >= FLAPS:
        words = "The connector's link came and went again and again in the last ten minutes."
        found.append(_condition("", Kind.FLAPPING, facts.connector, Severity.WARNING, words))
    return Judged(found, kinds, subject=facts.connector)


def judge_hub(certificates: Iterable[tuple[str, datetime]], now: datetime) -> Judged:
    """The hub's own certificates, by name."""
    own = [CertificateEnd(name, iso(ends)) for name, ends in certificates]
    return Judged(tuple(_certificates("", HUB, own, now)), frozenset({Kind.CERTIFICATE}), subject=HUB)


def judge_findings(found: Iterable[tuple[str, str, str]], *, all_of_them: bool) -> Judged:
    """Of the comparison of the records: id, severity, title of each that is open. Notes are no alerts.

    Where these are not all of them, what is missing may be open all the same.
    """
    conditions = [
        _condition("", Kind.FINDING, id, Severity.CRITICAL if severity == "critical" else Severity.WARNING, title)
        for id, severity, title in found
        if severity in ("critical", "warning")
    ]
    return Judged(conditions, frozenset({Kind.FINDING}) if all_of_them else frozenset())


def judge_plans(halted: Iterable[tuple[str, str, str]], *, all_of_them: bool) -> Judged:
    """Id, name and words of each plan that has stopped; as with findings."""
    conditions = [
        _condition("", Kind.PLAN, id, Severity.WARNING, f"{name}: {words}" if words else name)
        for id, name, words in halted
    ]
    return Judged(conditions, frozenset({Kind.PLAN}) if all_of_them else frozenset())


def forgotten_call(room: str) -> Judged:
    """Nothing is known of the room's last call, and what was is no news any more."""
    return Judged((), frozenset({Kind.CALL}), room)


def gone(room: str = "", connector: str = "") -> Judged:
    """A room or a connector that is no more: nothing of it holds."""
    return Judged((), _OF_ROOM, room) if room else Judged((), _OF_CONNECTOR, subject=connector)


def order(kind: str, severity: str) -> tuple[int, int]:
    """What to do first sorts first; a kind of another version of the hub comes last."""
    kinds = [one.value for one in Kind]
    return (0 if severity == Severity.CRITICAL else 1, kinds.index(kind) if kind in kinds else len(kinds))


def _condition(room: str, kind: Kind, subject: str, severity: Severity, words: str) -> Condition:
    """Devices, connectors and people wrote these words: they are bounded, and a line each."""
    key = Key(room, kind, foreign(subject, LONGEST_SUBJECT))
    return Condition(key, severity, foreign(words, LONGEST_WORDS))


def _members(document: Document, *path: str) -> Iterator[Mapping[str, Any]]:
    found = tree.lookup(document, path)
    members = found if isinstance(found, list) else [found] if isinstance(found, dict) else []
    for member in members[:MOST_OF_A_ROOM]:
        if isinstance(member, dict) and not tree.is_ghost(member):
            yield member


def _problems(room: str, document: Document) -> Iterator[Condition]:
    """By type where the site lets the type out, else one for all."""
    worst: dict[str, Condition] = {}
    for note in _members(document, "Status", "Diagnostics", "Message"):
        level = str(note.get("Level", "")).lower()
        if level not in ("error", "critical"):
            continue
        severity = Severity.CRITICAL if level == "critical" else Severity.WARNING
        said = str(note.get("Description") or "The device reports a problem.")
        one = _condition(room, Kind.PROBLEM, str(note.get("Type") or ""), severity, said)
        if one.key.subject not in worst or severity is Severity.CRITICAL:
            worst[one.key.subject] = one
    yield from worst.values()


def _certificates(room: str, of: str, told: Sequence[CertificateEnd], now: datetime) -> Iterator[Condition]:
    """The end is part of the subject: a new certificate for the same purpose is another one."""
    for one in told[:MOST_OF_A_ROOM]:
        try:
            ends = parse_iso(one.ends)
        except ValueError:
            continue
        if ends - now > ENDS_SOON:
            continue
        severity = Severity.CRITICAL if ends - now <= ENDS_NOW else Severity.WARNING
        words = (
            "A certificate ends within 7 days."
            if severity is Severity.CRITICAL
            else "A certificate ends within 30 days."
        )
        words = "A certificate has ended." if ends <= now else words
        subject = f"{foreign(one.name, LONGEST_SUBJECT // 2)} {ends:%Y-%m-%d}"
        yield _condition(room, Kind.CERTIFICATE, f"{of}{OF}{subject}" if of else subject, severity, words)


def _call(room: str, told: Upkeep, now: datetime) -> Iterator[Condition]:
    """The last call, where it failed of late. A newer failure is the same alert."""
    try:
        fresh = now - parse_iso(told.call_at) < CALL_IS_NEWS
    except ValueError:
        fresh = False
    if told.call != "fine" and fresh:
        yield _condition(room, Kind.CALL, "", Severity.WARNING, _FAILED.get(told.call, _FAILED["other"]))


def _peripherals(room: str, document: Document) -> Iterator[Condition]:
    seen = set()
    for one in _members(document, "Status", "Peripherals", "ConnectedDevice"):
        if str(one.get("Status", "")) != "LostConnection":
            continue
        name = str(one.get("Name") or one.get("Type") or "A device of the room")
        subject = str(one.get("ID") or one.get("SerialNumber") or tree.member_id(one) or name)
        if subject not in seen:
            seen.add(subject)
            yield _condition(room, Kind.PERIPHERAL, subject, Severity.WARNING, f"{name} is not connected any more.")


def _is_worse(now: Condition, before: Condition) -> bool:
    return now.severity is Severity.CRITICAL and before.severity is not Severity.CRITICAL


# -- over time ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class News:
    """What a look changed: to be raised, to be said otherwise, to be ended."""

    raised: tuple[Condition, ...] = ()
    changed: tuple[Condition, ...] = ()
    ended: tuple[Key, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.raised or self.changed or self.ended)


class Tracker:
    """What is open, and what may become so. ``after_s``: how long a room or connector is away before that is told."""

    def __init__(self, after_s: float) -> None:
        self._after_s = after_s
        self.open: dict[Key, Condition] = {}
        self._coming: dict[Key, tuple[float, Condition]] = {}
        self._going: dict[Key, float] = {}
        self._by_place: dict[tuple[str, str], set[Key]] = {}  # open and coming, by room, or by a connector's subject

    def restore(self, open: Iterable[Condition]) -> None:
        """What was open when the program ended stays so until it is known to be over."""
        for one in open:
            self.open[one.key] = one
            self._place(one.key).add(one.key)

    def wait_s(self, kind: Kind) -> float:
        """How long it holds before it is told; and how long it is gone before that is."""
        if kind in _AT_ONCE:
            return 0.0
        return self._after_s if kind in (Kind.OFFLINE, Kind.AWAY) else min(SETTLES_S, self._after_s)

    def absorb(self, judged: Judged, now: float) -> None:
        """Take in what was seen. `due` says what comes of it."""
        hold = {one.key: one for one in judged.conditions}
        for key, one in hold.items():
            self._going.pop(key, None)
            if key not in self.open:
                since = self._coming[key][0] if key in self._coming else now
                self._coming[key] = (since, one)
                self._place(key).add(key)
            elif self.open[key] == one:
                self._coming.pop(key, None)
            else:
                waits = self.wait_s(key.kind)
                since = self._coming.get(key, (now, one))[0] if _is_worse(one, self.open[key]) else now - waits
                self._coming[key] = (since, one)
        for key in [key for key in self._known(judged) if key not in hold and judged.covers(key)]:
            self._coming.pop(key, None)
            if key in self.open:
                self._going.setdefault(key, now)
            else:
                self._drop(key)

    def due(self, now: float) -> News:
        """What has held, or been gone, for long enough; each is told once."""
        ripe = [key for key, (since, _) in self._coming.items() if now - since >= self.wait_s(key.kind)]
        over = [key for key, since in self._going.items() if now - since >= self.wait_s(key.kind)]
        raised: list[Condition] = []
        changed: list[Condition] = []
        ended: list[Key] = []
        for key in ripe:
            one = self._coming.pop(key)[1]
            worse = key in self.open and _is_worse(one, self.open[key])
            (changed if key in self.open and not worse else raised).append(one)
            ended += [key] if worse else []
            self.open[key] = one
        for key in over:
            del self._going[key], self.open[key]
            self._drop(key)
        return News(tuple(raised), tuple(changed), (*ended, *over))

    def rooms(self) -> frozenset[str]:
        """That something is open or coming of."""
        return frozenset(room for room, _ in self._by_place if room)

    def connectors(self) -> frozenset[str]:
        found = {
            key.subject.split(OF)[0]
            for key in (*self.open, *self._coming)
            if not key.room and key.kind in _OF_CONNECTOR
        }
        return frozenset(found - {HUB})

    def _place(self, key: Key) -> set[Key]:
        return (
            self._by_place.setdefault((key.room, ""), set())
            if key.room
            else self._by_place.setdefault(("", key.kind), set())
        )

    def _known(self, judged: Judged) -> list[Key]:
        places = [(judged.room, "")] if judged.room else [("", kind) for kind in sorted(judged.kinds)]
        return [key for place in places for key in self._by_place.get(place, ())]

    def _drop(self, key: Key) -> None:
        place = (key.room, "") if key.room else ("", str(key.kind))
        keys = self._by_place.get(place, set())
        keys.discard(key)
        if not keys:
            self._by_place.pop(place, None)
