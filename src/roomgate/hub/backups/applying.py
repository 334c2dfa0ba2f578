"""Bringing one room to what a document says: ordinary asks, one after the other, and each outcome told."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from roomgate.access.decision import Denied
from roomgate.errors import NotFound, OutcomeUnknown, RoomgateError, Unreachable
from roomgate.fleet.from_backup import Step, read_document, steps_of
from roomgate.hub.relay.asked import Wish
from roomgate.hub.rooms.seen import NotDone
from roomgate.xapi.errors import XapiError

Ask = Callable[[Wish], Awaitable[Any]]  # one person, in one room: gives the result, raises whatever became of it else
CAP = "cap"  # the site's rule for too many commands in a minute
DONE, NOT_DONE, NOT_TRIED = "done", "not done", "not tried"
STOPPED = "Not tried: the step before it had no answer, or the site takes no more in this minute. Look, and go on."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one step; ``what`` is its kind and name."""

    what: str
    outcome: str  # done, not done, not tried
    words: str = ""


class Restoring(Protocol):
    """Whoever brings a room to what a document says, for one person and their reason."""

    async def apply(self, document: str, room: str) -> list[Outcome]:
        """One outcome for each setting, panel and macro. Raises BadInput for a document that cannot be read."""


@dataclass(frozen=True, slots=True)
class OneByOne:
    """`Restoring` by the asks of one person in that room. Where nobody knows what became of a step, it goes no further."""

    ask: Ask
    reason: str = ""

    async def apply(self, document: str, room: str) -> list[Outcome]:
        part = read_document(document).room.get(room)
        told: dict[str, Outcome] = {}
        stopped = False
        for step in steps_of(part) if part else []:
            before = told.get(step.what)
            if before is not None and before.outcome != DONE:
                continue  # a macro that could not be saved is not switched on
            if stopped:
                told[step.what] = Outcome(step.what, NOT_TRIED, STOPPED)
                continue
            told[step.what], stopped = await _do(self.ask, step, self.reason)
        return list(told.values())


async def _do(ask: Ask, step: Step, reason: str) -> tuple[Outcome, bool]:
    """What became of it, and whether nothing more is to be tried."""
    try:
        await ask(Wish(step.verb, step.path, step.arguments, step.body, reason))
    except Denied as no:
        return Outcome(step.what, NOT_DONE, no.message), no.rule == CAP
    except NotDone as no:
        gone = no.answer.rule in (CAP, Unreachable.code) or no.answer.outcome == "unknown"
        return Outcome(step.what, NOT_DONE, no.message), gone
    except (NotFound, Unreachable, OutcomeUnknown) as gone_:
        return Outcome(step.what, NOT_DONE, gone_.message), True
    except (RoomgateError, XapiError) as fault:
        return Outcome(step.what, NOT_DONE, fault.message), False
    return Outcome(step.what, DONE), False
