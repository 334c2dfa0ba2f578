"""Pure: what is wrong, as far as is known, and since when that is worth a word.

Theory: a rule never says "all is well" of what it does not know. Each look gives the conditions that hold and the
kinds that it could judge at all; what is open and was not judged stays as it was. A condition is raised once it
has held for a while and ended once it has been gone for a while, so that what flickers is one alert.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from roomgate.redact import foreign
from roomgate.xapi import tree
from roomgate.xapi.tree import Document

MOST_OF_A_ROOM = 20  # conditions of one kind: a device that says more is heard this far
LONGEST_SUBJECT, LONGEST_WORDS = 100, 300
FLAPS, FLAPS_WITHIN_S = 4, 600.0


class Kind(StrEnum):
    """The order is that of what to do first, among alerts of one severity."""

    QUARANTINED = "room.quarantined"
    FINDING = "record.finding"
    PLAN = "plan.halted"
    AWAY = "connector.away"
    OFFLINE = "room.offline"
    FLAPPING = "connector.flapping"
    PROBLEM = "device.problem"
    PERIPHERAL = "peripheral.lost"


class Severity(StrEnum):
    CRITICAL = "critical"
    WARNING = "warning"


_OF_ROOM = frozenset({Kind.QUARANTINED, Kind.OFFLINE, Kind.PROBLEM, Kind.PERIPHERAL})
_OF_CONNECTOR = frozenset({Kind.AWAY, Kind.FLAPPING})
_AT_ONCE = frozenset({Kind.QUARANTINED, Kind.FINDING, Kind.PLAN, Kind.FLAPPING})
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


@dataclass(frozen=True, slots=True)
class ConnectorFacts:
    connector: str
    linked: bool
    came: int = 0  # how often its link came up within `FLAPS_WITHIN_S`


@dataclass(frozen=True, slots=True)
class Judged:
    """What a look saw: these hold, and of ``room`` and ``subject`` (or all, where it is "") these kinds were looked at."""

    conditions: Sequence[Condition]
    kinds: frozenset[Kind]
    room: str = ""
    subject: str = ""

    def covers(self, key: Key) -> bool:
        return key.kind in self.kinds and key.room == self.room and self.subject in ("", key.subject)


def judge_room(facts: RoomFacts) -> Judged:
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
    return Judged(found, frozenset(kinds), facts.room)


def judge_connector(facts: ConnectorFacts) -> Judged:
    found = []
    if not facts.linked:
        words = "The connector is not connected: its rooms cannot be reached."
        found.append(_condition("", Kind.AWAY, facts.connector, Severity.CRITICAL, words))
    if facts.came >= FLAPS:
        words = "The connector's link came and went again and again in the last ten minutes."
        found.append(_condition("", Kind.FLAPPING, facts.connector, Severity.WARNING, words))
    return Judged(found, _OF_CONNECTOR, subject=facts.connector)


def judge_findings(found: Iterable[tuple[str, str, str]]) -> Judged:
    """Of the comparison of the records: id, severity, title of each that is open. Notes are no alerts."""
    conditions = [
        _condition("", Kind.FINDING, id, Severity.CRITICAL if severity == "critical" else Severity.WARNING, title)
        for id, severity, title in found
        if severity in ("critical", "warning")
    ]
    return Judged(conditions, frozenset({Kind.FINDING}))


def judge_plans(halted: Iterable[tuple[str, str, str]]) -> Judged:
    """Id, name and words of each plan that has stopped."""
    conditions = [
        _condition("", Kind.PLAN, id, Severity.WARNING, f"{name}: {words}" if words else name)
        for id, name, words in halted
    ]
    return Judged(conditions, frozenset({Kind.PLAN}))


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
            elif self.open[key] != one:
                self._coming[key] = (now - self.wait_s(key.kind), one)
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
        for key in ripe:
            one = self._coming.pop(key)[1]
            (changed if key in self.open else raised).append(one)
            self.open[key] = one
        for key in over:
            del self._going[key], self.open[key]
            self._drop(key)
        return News(tuple(raised), tuple(changed), tuple(over))

    def rooms(self) -> frozenset[str]:
        """That something is open or coming of."""
        return frozenset(room for room, _ in self._by_place if room)

    def connectors(self) -> frozenset[str]:
        return frozenset(key.subject for key in (*self.open, *self._coming) if key.kind in _OF_CONNECTOR)

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
