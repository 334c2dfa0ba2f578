"""Pure: why somebody may make a call in a room, or may not, in people's words. The decision itself is `access.decide`."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from roomgate.access.capability import Classes, Need
from roomgate.access.decision import Ask, Denied, Facts, decide
from roomgate.access.grant import Room
from roomgate.access.principal import Principal
from roomgate.clock import iso
from roomgate.errors import BadInput
from roomgate.hub.grants.store import GrantRecord, LockRecord
from roomgate.ids import AskId
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.schema import Catalogue


class GrantLine(msgspec.Struct, frozen=True):
    """One grant on the room. ``state``: counts, paused, later, over, not-booked or spent."""

    grant: str
    gives: list[str]
    enough: bool  # for this call, when it counts
    state: str
    until: str
    uses_left: int | None


class Verdict(msgspec.Struct, frozen=True):
    """``rule`` is what decided, ``words`` and ``hint`` say it; the rest is what it was decided by."""

    person: str
    room: str
    call: str
    allowed: bool
    rule: str
    words: str
    hint: str
    grant: str | None
    until: str | None
    needs: list[str]  # all of these classes, or for a reading one of them
    missing: list[str]  # of those, what no grant that counts now gives
    asks_room: bool  # it is felt in the room: the site may ask the people there first
    never: str | None  # the entry of the never-list; only the site's own policy can open it
    booked: bool  # the room is known to have a booking now
    locks: list[str]
    grants: list[GrantLine]


def explain(
    principal: Principal,
    room: Room,
    facts: Facts,
    grants: Sequence[GrantRecord],
    locks: Sequence[LockRecord],
    call: Call,
    now: datetime,
    catalogue: Catalogue,
) -> Verdict:
    """``grants`` and ``locks`` are those on this room, or on the person."""
    classes = Classes.shipped()
    need = classes.need(call, catalogue)
    given = {one for g in facts.open(principal.id, room, now) for one in g.capabilities}
    wanted = sorted(need.every or need.some)
    lacking = [one.value for one in wanted if one not in given]
    never = classes.never(call)
    rule, words, hint, grant, until = "", "", "", None, None
    try:
        permit = decide(Ask(AskId("explain"), principal, room, call), facts, now, catalogue)
    except Denied as no:
        rule, words, hint = no.rule, no.message, no.hint
    else:
        rule, grant, until = permit.rule, permit.by, iso(permit.until)
        words = "A grant covers it." if rule == "grant" else "A grant covers it, and this takes one of its uses."
    return Verdict(
        principal.name,
        room.name,
        str(call.path),
        grant is not None,
        rule,
        words,
        hint,
        grant,
        until,
        [one.value for one in wanted],
        lacking if need.every or not need.met_by(frozenset(given)) else [],
        classes.intrusive(call),
        " ".join(never) if never else None,
        facts.booked,
        [f"{one.lock.kind}: {one.lock.reason}" for one in locks],
        [_line(one, facts, need, now, counted=classes.counted(call)) for one in grants],
    )


def _line(record: GrantRecord, facts: Facts, need: Need, now: datetime, *, counted: bool) -> GrantLine:
    grant = record.grant
    left = None if grant.most_uses is None else max(0, grant.most_uses - record.used)
    return GrantLine(
        grant.id, sorted(grant.capabilities), need.met_by(grant.capabilities),
        state_of(record, facts, now, counted=counted), iso(grant.until), left,
    )  # fmt: skip


def state_of(record: GrantRecord, facts: Facts, now: datetime, *, counted: bool = True) -> str:
    """Whether a grant counts now, and if not, why. ``counted``: for what takes a use."""
    grant = record.grant
    if grant.paused:
        return "paused"
    if now < grant.start:
        return "later"
    if now >= grant.until:
        return "over"
    if grant.only_booked and not facts.booked:
        return "not-booked"
    return "spent" if counted and not facts.left(grant) else "counts"


def parse_call(call: str, value: str | None, catalogue: Catalogue) -> Call:
    """A call as people write it. A command's arguments do not change its class, so they are left out.

    Raises XapiError for what the catalogue does not know: then nobody may.
    """
    root = call.replace("/", " ").split(" ")[0].lower().removeprefix("x")
    if root not in ("status", "configuration"):
        if value is not None:
            raise BadInput("A command is judged by its name alone.", hint='For example "Audio Volume Set".')
        return Call(Verb.COMMAND, catalogue.command(call).path)
    if value is None:
        return catalogue.canonical(Verb.GET, call)
    return catalogue.canonical(Verb.SET, call, {"Value": value})
