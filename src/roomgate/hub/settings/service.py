"""What can be done with the settings of one room: each reading and each change is an ask like any other.

Changes are made one by one, in order. One that is refused or fails stops nobody; behind one whose outcome is unknown
nothing more is tried: the device may be restarting. What became of each is told, always.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from roomgate.access.capability import Capability
from roomgate.access.decision import Denied
from roomgate.access.principal import Right
from roomgate.errors import RoomgateError, Unreachable
from roomgate.hub.identity.person import Signed
from roomgate.hub.relay.asked import Answer, Wish
from roomgate.hub.relay.http import raise_unless_done
from roomgate.hub.settings.change import Planned, Step
from roomgate.hub.settings.history import Changed, build_history, contained, outcomes_of
from roomgate.hub.settings.setting import ROOT, Setting, build_settings
from roomgate.storage.record import Record
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.errors import XapiError
from roomgate.xapi.schema import Catalogue

Ask = Callable[[Wish, float], Awaitable[Answer]]
"""Asks one room for one thing as one person, and waits so many seconds at most; raises as `Relay.ask`."""

READ_S = 10.0
CHANGE_S = 40.0  # the room may be asked, or the site prove that it still gets in
MOST_CHANGES = 100
MOST_TOLD = 50
LOST = "No answer came in time: look at the device before you change it again."


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the site's policy says beforehand: allowed, consent, refused, or unasked where it could not be asked."""

    verdict: str
    rule: str = ""
    words: str = ""


class _Said(msgspec.Struct, frozen=True):
    verdict: str
    rule: str = ""
    words: str = ""


WHOLE = Wish(Verb.GET, ROOT)  # all settings that hub and site let this person see


def document_of(answer: Answer) -> Any:
    """What came of asking for the `WHOLE`; raises as `raise_unless_done`, and Unreachable where nothing came in time."""
    if answer.outcome == "waiting":
        raise Unreachable("The room has not answered yet.", hint="Open the page again in a moment.")
    raise_unless_done(answer)
    return answer.result


async def read_settings(ask: Ask, held: Collection[frozenset[Capability]], catalogue: Catalogue) -> list[Setting]:
    """Those settings, each with what the catalogue and these grants say of it. Raises also as the ask does."""
    return build_settings(document_of(await ask(WHOLE, READ_S)), held, catalogue)


async def judge(ask: Ask, calls: Sequence[Call]) -> list[Verdict]:
    """The site's verdicts on these changes, in their order. Nothing is done, and nothing raised."""
    wanted = [{"verb": "set", "path": str(call.path), "arguments": dict(call.arguments)} for call in calls]
    unasked = [Verdict("unasked") for _ in calls]
    if not calls:
        return unasked
    wish = Wish(Verb.COMMAND, "Roomgate.Allowed.Get", {}, msgspec.json.encode(wanted).decode())
    try:
        answer = await ask(wish, READ_S)
        said = msgspec.convert(answer.result["Verdicts"], list[_Said]) if answer.outcome == "done" else []
    except (RoomgateError, XapiError, msgspec.ValidationError, TypeError, KeyError):
        return unasked
    if len(said) != len(calls):
        return unasked
    return [Verdict(one.verdict, one.rule, one.words[:300]) for one in said]


async def apply_changes(ask: Ask, planned: Sequence[Planned], reason: str, told: Callable[[Step], None]) -> None:
    """Make the changes; ``told`` hears of each as soon as it is known, and of those that were not tried.

    Cancelling stops behind the one that is on its way, whose outcome then only the record knows.
    """
    stopped = False
    for one in planned:
        step = Step(one, "untried") if stopped else await _change(ask, one, reason)
        stopped = stopped or step.outcome == "unknown"
        told(step)


async def _change(ask: Ask, planned: Planned, reason: str) -> Step:
    call = planned.edit.call
    try:
        answer = await ask(Wish(Verb.SET, call.path, dict(call.arguments), reason=reason), CHANGE_S)
    except Denied as no:
        return Step(planned, "refused", no.rule, no.message)
    except (RoomgateError, XapiError) as fault:  # it was not sent
        return Step(planned, "failed", fault.code, fault.message)
    if answer.outcome == "waiting":
        return Step(planned, "unknown", "answer.late", LOST, answer.ask)
    return Step(planned, answer.outcome, answer.rule, answer.words, answer.ask)


async def read_history(record: Record, signed: Signed, room: str, name: str) -> list[Changed]:
    """The latest changes of one setting: everybody's with the right to audit, otherwise one's own."""
    person = None if signed.may(Right.AUDIT) else signed.principal.id
    entries = await record.entries(
        limit=MOST_TOLD, kind="permit", room=room, person=person, contains=contained(name), newest_first=True
    )
    events = [entry.event for entry in entries]
    orders = [order for event in events if (order := getattr(event, "order", ""))]
    known = [entry.event for entry in await record.find(orders)]
    return build_history(events, outcomes_of(known), name)
