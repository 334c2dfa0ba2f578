"""Capability classes: which class of right each xAPI action needs.

The rules are data (``data/capabilities.json``): the longest prefix, compared word by word with indices
left out, decides; no match means refused.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache, lru_cache
from importlib import resources
from typing import Self

from roomgate.xapi.call import Call, Verb
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue


class Capability(StrEnum):
    OBSERVE = "observe"
    CALL = "call"
    IN_CALL = "in-call"
    AV_CONTROL = "av-control"
    PRIVACY = "privacy"
    UI = "ui"
    MACROS = "macros"
    USERS = "users"
    SECURITY = "security"
    NETWORK = "network"
    SYSTEM = "system"
    PROVISIONING = "provisioning"
    BOOKINGS = "bookings"
    LOGS = "logs"
    CONFIGURE = "configure"  # ours: writing a configuration (of no stricter class)
    WEB = "web"  # ours: the tunnel to the device's own page


Words = tuple[str, ...]
_MOST_KNOWN = 20_000
_LOOKING = frozenset({"Explain", "Get", "List", "Search", "Show"})  # last words of commands that change nothing


@dataclass(frozen=True, slots=True)
class Need:
    """What a call needs: all of ``every``, and one of ``some`` where there are any.

    A read of a whole subtree needs the class of at least one leaf in it; the leaves that the grants do
    not cover are left out of the answer.
    """

    every: frozenset[Capability]
    some: frozenset[Capability] = frozenset()

    def met_by(self, held: frozenset[Capability]) -> bool:
        if not self.every and not self.some:
            return False  # a call that no rule classifies is refused
        return self.every <= held and (not self.some or bool(self.some & held))


@dataclass(frozen=True, slots=True, eq=False)
class Classes:
    """The shipped rules. Compared by identity: what follows from them is worked out once and kept."""

    rules: Mapping[str, Mapping[Words, Capability]]  # root → prefix → class
    sets: Mapping[str, frozenset[Words]]  # relieving, intrusive, never …: prefixes, a root first unless Command
    # The rules never change, so what was worked out once holds; bounded, since people choose the words.
    _known: dict[tuple[str, Words], Capability | None] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    @cache
    def shipped(cls) -> Self:
        text = resources.files("roomgate.access").joinpath("data/capabilities.json").read_text("utf-8")
        data = json.loads(text)
        roots = {"Command": "commands", "Configuration": "configuration", "Status": "status", "Event": "events"}
        return cls(
            rules={
                root: {tuple(rule["prefix"].split()): Capability(rule["class"]) for rule in data[key]}
                for root, key in roots.items()
            },
            sets={name: frozenset(tuple(p.split()) for p in prefixes) for name, prefixes in data["sets"].items()},
        )

    def of(self, path: Path) -> Capability | None:
        """The class of one node, or None: then nobody may."""
        key = (path.root, path.words)
        if key not in self._known:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[key] = self._longest(*key)
        return self._known[key]

    def _longest(self, root: str, words: Words) -> Capability | None:
        rules = self.rules[root]
        for length in range(len(words), -1, -1):
            if found := rules.get(words[:length]):
                return found
        return None

    def told(self, path: Path, catalogue: Catalogue) -> Capability | None:
        """The class of something that a device told: a leaf, or a list's member that went away.

        None, so nobody may have it, for what the catalogue does not know, as a newer firmware may send.
        """
        return _told(self, catalogue, path.parts)

    def told_parts(self, parts: tuple[str | int, ...], catalogue: Catalogue) -> Capability | None:
        """The same, by the parts of the path."""
        return _told(self, catalogue, parts)

    def need(self, call: Call, catalogue: Catalogue) -> Need:
        """What the call needs. An empty `Need` is never met."""
        match call.verb:
            case Verb.COMMAND:
                found = self.of(call.path)
                return Need(frozenset({found}) if found else frozenset())
            case Verb.SET:
                found = self.of(call.path)
                return Need(frozenset({found, Capability.CONFIGURE}) if found else frozenset())
            case Verb.GET | Verb.SUBSCRIBE:
                return Need(frozenset(), _below(self, catalogue, call.path))

    def listed(self, name: str, call: Call) -> Words | None:
        """The prefix of the set ``name`` that the call falls under, or None.

        Sets hold commands, or configurations where they begin with that word; a read is in none.
        """
        if not call.acts:
            return None
        words: Words = call.path.words if call.verb is Verb.COMMAND else ("Configuration", *call.path.words)
        return longest(self.sets[name], words)

    def intrusive(self, call: Call) -> bool:
        """Heard, seen or felt in the room: needs the notice, and what the site's policy asks for.

        To list what there is, such as a camera's presets, is none of it.
        """
        return bool(self.listed("intrusive", call)) and not self.relieving(call) and not self._looks(call)

    def relieving(self, call: Call) -> bool:
        """Hang up, mute, stop: the safe direction, never held up."""
        return bool(self.listed("relieving", call))

    def counted(self, call: Call) -> bool:
        """Whether it takes one of the uses of a grant that may be used so and so often.

        What only looks takes none, nor what relieves: somebody must always be able to hang up.
        """
        return call.acts and not self._looks(call) and not self.relieving(call)

    def _looks(self, call: Call) -> bool:
        return call.verb is Verb.COMMAND and call.path.words[-1] in _LOOKING and not self.listed("outbound", call)

    def never(self, call: Call) -> Words | None:
        """The entry of the never-list that forbids the call, or None."""
        return self.listed("never", call)


@lru_cache(maxsize=4096)
def _below(classes: Classes, catalogue: Catalogue, path: Path) -> frozenset[Capability]:
    """The classes of all leaves at or below a node. The whole of Status has hundreds, and is read often."""
    found = {classes.of(Path((leaf.path.root, *leaf.path.words))) for leaf in catalogue.leaves(path)}
    return frozenset(c for c in found if c)


@lru_cache(maxsize=20_000)
def _told(classes: Classes, catalogue: Catalogue, parts: tuple[str | int, ...]) -> Capability | None:
    path = Path((parts[0], *(part for part in parts[1:] if isinstance(part, str))))
    return classes.of(path) if catalogue.leaves(path) else None


def longest(prefixes: frozenset[Words], words: Words) -> Words | None:
    """The longest of ``prefixes`` that ``words`` begin with."""
    return next((start for n in range(len(words), -1, -1) if (start := words[:n]) in prefixes), None)
