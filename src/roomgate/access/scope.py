"""What a token is for: less than its owner may, never more.

A scope is a list of words:

- the name of a capability: that one, of what the owner's grants give; ``rooms``: all of them
- ``read``: to look: the capability observe, and of the owner's rights over the hub those to see and to audit
- ``room:NAME``: in this room alone, and in others that are named so; with no word for a capability, all of them
- ``hub``: the owner's rights over the hub; ``scim``: the right to keep a directory's people, and nothing else

Words add up, but for rooms: where any is named, the grants reach no other. No scope at all is the owner's whole.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Self

from roomgate.access.capability import Capability
from roomgate.access.grant import Grant, Room
from roomgate.access.principal import Right
from roomgate.errors import BadInput

WORDS = ("rooms", "read", "hub", "scim", *(one.value for one in Capability))
MOST_WORDS = 200
_ROOM = "room:"
_LONGEST = 240


@dataclass(frozen=True, slots=True)
class Scope:
    """``words`` as they were given, sorted; the rest is what they come to. ``rooms`` None: in any."""

    words: tuple[str, ...]
    rights: frozenset[Right]
    capabilities: frozenset[Capability]
    rooms: frozenset[str] | None

    @classmethod
    def parse(cls, words: Iterable[str]) -> Self:
        """Raises BadInput: for a word that is none, and for none at all."""
        given = frozenset(words)
        rooms = frozenset(word.removeprefix(_ROOM) for word in given if word.startswith(_ROOM))
        plain = {word for word in given if not word.startswith(_ROOM)}
        if unknown := sorted(plain - set(WORDS)):
            raise BadInput(
                f"A scope has no word {', '.join(unknown)[:200]}.", hint=f"Words: room:NAME, {', '.join(WORDS)}."
            )
        if not given or len(given) > MOST_WORDS or "" in rooms or any(len(word) > _LONGEST for word in given):
            raise BadInput(f"A scope has from 1 to {MOST_WORDS} words, and names its rooms.")

        rights: set[Right] = set()
        if "hub" in plain:
            rights |= set(Right)
        if "scim" in plain:
            rights.add(Right.PROVISION)
        capabilities = {Capability(word) for word in plain if word in set(Capability)}
        if "read" in plain:
            rights |= {Right.SEE, Right.AUDIT}
            capabilities.add(Capability.OBSERVE)
        if "rooms" in plain or (rooms and not capabilities):
            capabilities = set(Capability)
        return cls(tuple(sorted(given)), frozenset(rights), frozenset(capabilities), rooms or None)

    def within(self, other: "Scope | None") -> bool:
        """Whether it is nowhere wider than another; None is the owner's whole."""
        if other is None:
            return True
        narrower = other.rooms is None or (self.rooms is not None and self.rooms <= other.rooms)
        opens_nothing = not self.capabilities
        return self.rights <= other.rights and self.capabilities <= other.capabilities and (narrower or opens_nothing)


def narrow(grants: Iterable[Grant], scope: Scope | None, named: Mapping[str, Room]) -> tuple[Grant, ...]:
    """What is left of the owner's grants for a token of this scope. ``named``: the rooms of the scope that exist."""
    if scope is None:
        return tuple(grants)
    left = []
    for grant in grants:
        capabilities = grant.capabilities & scope.capabilities
        if not capabilities:  # a grant of nothing is none
            continue
        if scope.rooms is None:
            left.append(replace(grant, capabilities=capabilities))
        elif rooms := frozenset(r.id for name, r in named.items() if name in scope.rooms and grant.covers(r)):
            left.append(replace(grant, capabilities=capabilities, rooms=rooms, sites=frozenset(), tags=frozenset()))
    return tuple(left)


def narrowed(rights: frozenset[Right], scope: Scope | None) -> frozenset[Right]:
    """What is left of the owner's rights over the hub."""
    return rights if scope is None else rights & scope.rights
