"""Looking at a room for a plan: its present state by ordinary asks, and what would be said to each change.

Nothing here has a way of its own to a room. What the person may not read is not known, and what would be said is
asked of the very decision and the very policy that the ask itself will meet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import msgspec
from msgspec.structs import replace

from roomgate.access.capability import Classes
from roomgate.access.decision import Ask, Denied, Facts, Room, decide
from roomgate.access.principal import Principal
from roomgate.clock import Clock
from roomgate.errors import RoomgateError, Unreachable
from roomgate.fleet.difference import Step, difference, has_version, noted, upgrade_step
from roomgate.fleet.document import Layer, Upgrade
from roomgate.fleet.reading import Present, absorb, readings
from roomgate.hub.relay.asked import Answer, Wish
from roomgate.hub.relay.service import Along
from roomgate.ids import AskId
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue

VERDICTS = "Command/Roomgate/Allowed/Get"
WITHIN_S = 100.0  # longer than an ask can last
MOST_JUDGED = 1000  # calls in one question to the site
_BEFOREHAND = AskId("judged-beforehand")
# What an answer's rule says of an ask that came to nothing: it was never done, and may be asked again.
AWAY = frozenset({Unreachable.code, "session.lease", "session.cut", "busy", "order.late"})


class Relay(Protocol):
    async def ask(
        self, principal: Principal, room_name: str, wish: Wish, *, wait_s: float = 0, along: Along | None = None
    ) -> Answer: ...

    def let_go(self, ask: AskId) -> None: ...


class FactsSource(Protocol):
    async def facts(self, principal: Principal, room_name: str) -> tuple[Room | None, Facts]: ...


class Away(RoomgateError):
    """The room does not answer now, or its answer was lost: it is looked at again later."""

    code = "fleet.away"


@dataclass(slots=True)
class Visitor:
    """One person's asks of one room."""

    relay: Relay
    principal: Principal
    room: str

    async def ask(self, wish: Wish, along: Along | None = None) -> Answer:
        """Raises Denied, and Away where nothing was sent. ``along`` is one commit with the permit."""
        try:
            return await self.relay.ask(self.principal, self.room, wish, wait_s=WITHIN_S, along=along)
        except Unreachable as away:
            raise Away(away.message) from away


class Looks:
    """Looks at rooms, for one hub."""

    def __init__(self, relay: Relay, grants: FactsSource, clock: Clock, catalogue: Catalogue) -> None:
        self.relay = relay
        self._grants = grants
        self._clock = clock
        self.catalogue = catalogue

    def visit(self, principal: Principal, room: str) -> Visitor:
        return Visitor(self.relay, principal, room)

    async def steps(
        self, visitor: Visitor, wanted: Layer, upgrade: Upgrade | None, reason: str, *, noting: bool = False
    ) -> list[Step]:
        """What is to be done in the room, without verdicts. Raises Away, and Denied for a room that is not theirs.

        ``noting``: also what differs and is nothing to do.
        """
        if upgrade is not None:
            return upgrade_step(upgrade, await self.software(visitor, reason))
        present = Present()
        for reading in readings(wanted, self.catalogue):
            wish = Wish(reading.verb, reading.path, reading.arguments, reason=reason)
            result = await self._read(visitor, wish)
            if result is not None:
                absorb(present, reading, result, wanted)
        return difference(wanted, present, self.catalogue) + (noted(wanted, present) if noting else [])

    async def software(self, visitor: Visitor, reason: str) -> str:
        """The version that the device says it has; empty where it does not say."""
        found = await self._read(visitor, Wish(Verb.GET, "Status/SystemUnit/Software/Version", reason=reason))
        return found if isinstance(found, str) else ""

    async def troubles(self, visitor: Visitor, reason: str) -> frozenset[str]:
        """What the device complains of now, by kind."""
        found = await self._read(visitor, Wish(Verb.GET, "Status/Diagnostics/Message", reason=reason))
        rows = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
        return frozenset(str(one.get("Type")) for one in rows if one.get("Level") in ("Error", "Critical"))

    async def after_upgrade(self, visitor: Visitor, step: Step, version: str, reason: str) -> str | None:
        """What the device complains of that it did not before, in a sentence; empty: it is well. None: it is not back
        with other software, or nobody can tell. Raises Away and Denied."""
        found = await self.software(visitor, reason)
        if not (has_version(found, version) if version else found and step.before and found != step.before):
            return None
        new = await self.troubles(visitor, reason) - set(step.troubles)
        return f"It is back, and complains: {', '.join(sorted(new))}." if new else ""

    async def _read(self, visitor: Visitor, wish: Wish) -> Any:
        """What was answered; None where the person, the site or the device says no to this reading."""
        try:
            answer = await visitor.ask(wish)
        except Denied as no:
            if no.rule == "capability":
                return None
            raise
        if answer.outcome == "done":
            visitor.relay.let_go(answer.ask)  # of thousands of rooms nobody comes back for it
            return answer.result
        if answer.outcome in ("waiting", "unknown") or answer.rule in AWAY:
            raise Away(answer.words or "The room does not answer.")
        return None

    async def judged(self, visitor: Visitor, steps: Sequence[Step], reason: str) -> list[Step]:
        """The steps with what would be said to each: first by the hub's own decision, then by the site. Raises Away."""
        room, facts = await self._grants.facts(visitor.principal, visitor.room)
        if room is None:
            raise Denied("room.gone", "There is no such room.")
        made = list(steps)
        asked: list[int] = []
        said: dict[str, Denied | None] = {}
        for number, step in enumerate(made):
            if not step.due:
                continue
            call, key = _kind(step.verb, step.path, self.catalogue)
            if key not in said:  # one decision for all that are decided alike
                said[key] = self._decided(Ask(_BEFOREHAND, visitor.principal, room, call, reason), facts)
            no = said[key]
            if no is None:
                asked.append(number)
            else:
                made[number] = replace(step, verdict="refused", rule=no.rule, words=no.message)
        for start in range(0, len(asked), MOST_JUDGED):
            some = asked[start : start + MOST_JUDGED]
            for number, said in zip(some, await self._site(visitor, [made[n] for n in some], reason), strict=False):
                if verdict := _verdict(said):
                    made[number] = replace(made[number], **verdict)
        return made

    def _decided(self, ask: Ask, facts: Facts) -> Denied | None:
        try:
            decide(ask, facts, self._clock.now(), self.catalogue)
        except Denied as no:
            return no
        return None

    async def _site(self, visitor: Visitor, steps: Sequence[Step], reason: str) -> list[Any]:
        """What the site would say; nothing where it does not tell, and then each is told as not asked."""
        calls = [{"verb": one.verb, "path": one.path, "arguments": one.arguments} for one in steps]
        body = msgspec.json.encode(calls).decode()
        result = await self._read(visitor, Wish(Verb.COMMAND, VERDICTS, body=body, reason=reason))
        rows = result.get("Verdicts") if isinstance(result, dict) else None
        return rows if isinstance(rows, list) else []


@lru_cache(maxsize=8192)
def _kind(verb: str, path: str, catalogue: Catalogue) -> tuple[Call, str]:
    """The call as far as a decision looks at it, and by what two calls are decided alike: a text, soon compared."""
    call, classes = Call(Verb(verb), Path.parse(path)), Classes.shipped()
    need = classes.need(call, catalogue)
    return call, f"{sorted(need.every)} {sorted(need.some)} {classes.counted(call)}"


_ALLOWED = {"verdict": "allowed", "rule": "", "words": ""}


def _verdict(said: Any) -> dict[str, str]:
    """What is not understood is no promise: it counts as not asked."""
    if said == _ALLOWED:  # nearly every time
        return _ALLOWED
    if not isinstance(said, dict) or said.get("verdict") not in ("allowed", "consent", "refused"):
        return {}
    return {name: str(said.get(name, ""))[:300] for name in ("verdict", "rule", "words")}
