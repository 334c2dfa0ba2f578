"""Backups of rooms, as the hub asks for them. It keeps none: they are at the site, and only what somebody may read comes.

Everything here is an ordinary ask of one person in one room, so grants, site policy and both ledgers see each. A
restore is shown before it is done: `Backups.difference` says what would change, and `Backups.restore` does that and
nothing else. If the room has changed meanwhile, it does nothing and asks to look again.
"""

from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from roomgate.errors import BadInput, PreconditionFailed, Unreachable
from roomgate.fleet.backup import Opened, Shown
from roomgate.fleet.from_backup import read_document, steps_of, to_be_judged, write_document
from roomgate.fleet.restoring import Difference, compare
from roomgate.hub.backups.applying import Ask, Outcome, Restoring
from roomgate.hub.relay.asked import Wish
from roomgate.redact import foreign
from roomgate.xapi.call import Verb
from roomgate.xapi.schema import Catalogue

NOW = "now"  # what a backup would hold at this moment
LONGEST_NAME = 120
ANSWER_WITHIN_S = 25.0  # a room with many macros takes its time

T = TypeVar("T")


class NotUnderstood(Unreachable):
    """The site answered, and not in our words."""

    code = "backup.answer"
    hint = "Compare the versions of hub and connector."


class Made(Shown, frozen=True, forbid_unknown_fields=True):
    """``unchanged``: the room is as its newest backup says, and that is the one shown; nothing was kept."""

    unchanged: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What restoring would do: ``refused`` says of each change that the site would not allow, and why."""

    backup: Opened
    difference: Difference
    document: str
    refused: dict[str, str]  # by "kind name"
    asks: frozenset[str]  # those of which the room would be asked

    @property
    def seen(self) -> str:
        """What a restore has to name: it does this difference or none."""
        return self.difference.digest


class _Listed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    backups: list[Shown]


class _Verdict(msgspec.Struct, frozen=True):
    verdict: str
    rule: str = ""
    words: str = ""


class _Verdicts(msgspec.Struct, frozen=True):
    Verdicts: list[_Verdict]


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

    async def difference(self, from_: Ask, id: str, into: Ask, room: str, *, same_room: bool) -> Plan:
        """What restoring the backup to ``room`` would change now. ``into`` asks there, ``from_`` where the backup is."""
        kept, now = await self.get(from_, id), await self.get(into, NOW)
        found = compare(kept.contents, now.contents, self._catalogue, same_room=same_room)
        document = write_document(room, found)
        refused, asks = await self._judged(into, document, room)
        return Plan(kept, found, document, refused, asks)

    async def restore(
        self, from_: Ask, id: str, into: Ask, room: str, *, same_room: bool, seen: str, restoring: Restoring
    ) -> list[Outcome]:
        """Have ``restoring`` do what was shown, and tell of each step; the room is kept as it was before.

        Raises PreconditionFailed where it would be something else now.
        """
        plan = await self.difference(from_, id, into, room, same_room=same_room)
        if plan.seen != seen:
            raise PreconditionFailed("The room or the backup is not as it was shown.", hint="Look at it again.")
        await self.make(into)
        return await restoring.apply(plan.document, room)

    async def _judged(self, into: Ask, document: str, room: str) -> tuple[dict[str, str], frozenset[str]]:
        """What the site's policy says to each step beforehand."""
        part = read_document(document).room.get(room)
        steps = steps_of(part) if part else []
        if not steps:
            return {}, frozenset()
        body = msgspec.json.encode(to_be_judged(steps)).decode()
        told = _read(await into(Wish(Verb.COMMAND, "Command/Roomgate/Allowed/Get", {}, body)), _Verdicts).Verdicts
        if len(told) != len(steps):
            raise NotUnderstood("The site did not judge every step.")
        refused: dict[str, str] = {}
        asks: set[str] = set()
        for step, one in zip(steps, told, strict=True):
            if one.verdict == "consent":
                asks.add(step.what)
            elif one.verdict != "allowed":
                refused.setdefault(step.what, foreign(one.words or one.rule or "refused", 300))
        return refused, frozenset(asks)


def _wish(what: str, reason: str = "", **arguments: str) -> Wish:
    return Wish(Verb.COMMAND, f"Command/Roomgate/Backup/{what}", arguments, reason=reason)


def _read(answer: Any, kind: type[T]) -> T:
    try:
        return msgspec.convert(answer, kind)
    except (msgspec.ValidationError, RecursionError) as bad:
        raise NotUnderstood(f"The site's answer is not understood: {bad}"[:300]) from bad
