"""The device's two documents, and the stream of what changed in them.

One change is one leaf, as a device announces it; a list member that went away is a ghost; an event has no
state and is a change like the others. Beside the changes stand notes: what happened, in the words of the
journal, which is the device's own truth for whoever measures a client.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from roomgate.xapi.path import Path
from roomgate.xapi.tree import Document, expand, lookup, member_id

Part = str | int


@dataclass(frozen=True, slots=True)
class Change:
    """A leaf's new value, an event with its children, or a list member's end (``gone``)."""

    path: Path
    value: Any = None
    gone: bool = False

    def document(self) -> Document:
        """What a feedback notification carries."""
        return expand(self.path, {"ghost": "True"} if self.gone else self.value)


@dataclass(frozen=True, slots=True)
class Note:
    """One line of the journal, without its times."""

    what: str
    facts: dict[str, Any]


@dataclass(slots=True)
class State:
    """Status and configuration, rooted; whoever changes them does it here.

    No node is ever changed in place: a new value makes new nodes from the root down to it and shares all others.
    So rooms that begin alike share what they have in common, and whoever read a document keeps what was read.
    """

    document: Document = field(default_factory=lambda: {"Status": {}, "Configuration": {}})
    _changes: list[Change] = field(default_factory=list)
    _notes: list[Note] = field(default_factory=list)

    def read(self, *parts: Part) -> Any:
        """The value or subtree at rooted ``parts``; None where there is none. Not for changing."""
        return lookup(self.document, parts)

    def put(self, *parts: Part, value: Any, quiet: bool = False) -> None:
        """Set one leaf below Status; a number after a name is a list member. ``quiet`` tells nobody."""
        self._put("Status", parts, value, quiet)

    def configure(self, *parts: Part, value: Any, quiet: bool = False) -> None:
        """Set one leaf below Configuration."""
        self._put("Configuration", parts, value, quiet)

    def _put(self, root: str, parts: tuple[Part, ...], value: Any, quiet: bool) -> None:
        old = self.document[root]
        new = _with(old, parts, value)
        if new is old:
            return
        self.document = {**self.document, root: new or {}}
        if not quiet:
            self._changes.append(Change(Path((root, *parts)), value))

    def drop(self, *parts: Part) -> None:
        """Take out one list member below Status: it goes as a ghost, and an empty list goes with it."""
        *above, name, number = parts
        holder = lookup(self.document["Status"], above)
        members = holder.get(name) if isinstance(holder, dict) else None
        kept = [one for one in members or () if member_id(one) != number]
        if members is None or len(kept) == len(members):
            return
        left = _with(self.document["Status"], (*above, name), kept or None)
        self.document = {**self.document, "Status": left or {}}
        self._changes.append(Change(Path(("Status", *parts)), gone=True))

    def event(self, *words: str, **children: Any) -> None:
        self._changes.append(Change(Path(("Event", *words)), dict(children)))

    def note(self, what: str, **facts: Any) -> None:
        self._notes.append(Note(what, facts))

    def take_changes(self) -> list[Change]:
        """What changed since the last call, in order."""
        taken, self._changes = self._changes, []
        return taken

    def take_notes(self) -> Iterator[Note]:
        taken, self._notes = self._notes, []
        return iter(taken)


def _with(node: Any, parts: tuple[Part, ...], value: Any) -> Any:
    """The node with another value at ``parts``; the very same one if it has it.

    The value None takes the name out, and with it every node above that has nothing left: what is empty is missing.
    """
    if not parts:
        return value
    part, below = parts[0], parts[1:]
    if isinstance(part, int):
        members: list[Any] = node or []
        for position, old in enumerate(members):
            if member_id(old) == part:
                new = _with(old, below, value)
                return members if _same(old, new) else [*members[:position], new, *members[position + 1 :]]
        return [*members, _with({"id": part}, below, value)]
    here: Document = node or {}
    old = here.get(part)
    new = _with(old, below, value)
    if new is None:
        return {name: kept for name, kept in here.items() if name != part} or None
    return node if _same(old, new) else {**here, part: new}


def _same(old: Any, new: Any) -> bool:
    return old is new or (not isinstance(new, dict | list) and type(old) is type(new) and old == new)
