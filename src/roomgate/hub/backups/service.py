"""Backups of rooms, as the hub asks for them. It keeps none: they are at the site, and only what somebody may read comes.

Everything here is an ordinary ask of one person in one room, so grants, site policy and both ledgers see each. A
restore is shown before it is done: `Backups.difference` says what would change, and `Backups.restorable` gives the
document of a plan that does that and nothing else. If the room has changed meanwhile, there is none.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from roomgate.errors import BadInput, Conflict, PreconditionFailed, Unreachable
from roomgate.fleet.backup import Opened, Shown
from roomgate.fleet.from_backup import write_document
from roomgate.fleet.restoring import Difference, compare
from roomgate.hub.relay.asked import Wish
from roomgate.redact import foreign
from roomgate.xapi.call import Verb
from roomgate.xapi.schema import Catalogue

NOW = "now"  # what a backup would hold at this moment
LONGEST_NAME = 120
ANSWER_WITHIN_S = 25.0  # a room with many macros takes its time

Ask = Callable[[Wish], Awaitable[Any]]  # one person, in one room: gives the result, raises whatever became of it else
T = TypeVar("T")


class NotUnderstood(Unreachable):
    """The site answered, and not in our words."""

    code = "backup.answer"
    hint = "Compare the versions of hub and connector."


class Made(Shown, frozen=True, forbid_unknown_fields=True):
    """``unchanged``: the room is as its newest backup says, and that is the one shown; nothing was kept."""

    unchanged: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """What restoring would do, and the document that says so."""

    backup: Opened
    difference: Difference
    document: str

    @property
    def seen(self) -> str:
        """What a restore has to name: it does this difference or none."""
        return self.difference.digest


class _Listed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    backups: list[Shown]


class Backups:
    """What can be done with them; each method takes the asking of somebody in a room."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    async def list_(self, ask: Ask) -> list[Shown]:
        """The newest first."""
        return _read(await ask(_wish("List")), _Listed).backups

    async def make(self, ask: Ask, name: str = "", reason: str = "") -> Made:
        """Raises BadInput for a name that is too long."""
        if len(name.strip()) > LONGEST_NAME:
            raise BadInput(f"A backup's name has at most {LONGEST_NAME} characters.")
        arguments = {"Name": foreign(name.strip(), LONGEST_NAME)} if name.strip() else {}
        return _read(await ask(_wish("Make", reason, **arguments)), Made)

    async def get(self, ask: Ask, id: str) -> Opened:
        """As much of it as the asker may read."""
        return _read(await ask(_wish("Get", Id=id)), Opened)

    async def remove(self, ask: Ask, id: str, reason: str = "") -> None:
        await ask(_wish("Remove", reason, Id=id))

    async def difference(self, from_: Ask, id: str, into: Ask, room: str, *, same_room: bool) -> Comparison:
        """What restoring the backup to ``room`` would change now. ``into`` asks there, ``from_`` where the backup is."""
        kept, now = await self.get(from_, id), await self.get(into, NOW)
        found = compare(kept.contents, now.contents, self._catalogue, same_room=same_room)
        return Comparison(kept, found, write_document(room, found, f"{kept.name or id} to {room}"[:LONGEST_NAME]))

    async def restorable(
        self, from_: Ask, id: str, into: Ask, room: str, *, same_room: bool, seen: str, reason: str = ""
    ) -> str:
        """The document that restores what was shown; the room is kept in a backup as it is before.

        Raises PreconditionFailed where it would be something else now, Conflict where nothing differs.
        """
        found = await self.difference(from_, id, into, room, same_room=same_room)
        if found.seen != seen:
            raise PreconditionFailed("The room or the backup is not as it was shown.", hint="Look at it again.")
        if not found.document:
            raise Conflict("The room is as the backup says.")
        await self.make(into, reason=reason)
        return found.document


def _wish(what: str, reason: str = "", **arguments: str) -> Wish:
    return Wish(Verb.COMMAND, f"Command/Roomgate/Backup/{what}", arguments, reason=reason)


def _read(answer: Any, kind: type[T]) -> T:
    try:
        return msgspec.convert(answer, kind)
    except (msgspec.ValidationError, RecursionError) as bad:
        raise NotUnderstood(f"The site's answer is not understood: {bad}"[:300]) from bad
