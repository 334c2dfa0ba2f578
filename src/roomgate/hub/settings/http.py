"""REST: the settings of one room, and the changes of one."""

from collections.abc import Sequence

import msgspec
from litestar import Router, get, patch
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from roomgate.access.capability import Capability
from roomgate.access.principal import Right
from roomgate.errors import BadInput, NotFound, PreconditionFailed
from roomgate.hub.console.naming import people_names
from roomgate.hub.http.asking import Hub, Who, give
from roomgate.hub.http.paging import Page, build_page, parse_cursor, parse_limit
from roomgate.hub.http.problem import NO_SUCH_ROOM
from roomgate.hub.identity.person import Signed
from roomgate.hub.parts import Parts
from roomgate.hub.relay.asked import Answer, Wish
from roomgate.hub.relay.parts import RelayParts
from roomgate.hub.settings import service
from roomgate.hub.settings.change import Edit, Planned, Step, plan_changes
from roomgate.hub.settings.groups import group_settings, settings_in
from roomgate.hub.settings.setting import HIDDEN, Scalar, Setting, is_secret, known_leaves, matches, parse_change
from roomgate.xapi.values import Literals, ValueSpace

RelayHere = NamedDependency[RelayParts]


class SettingShown(msgspec.Struct, frozen=True):
    """``space`` says what it takes; ``needs`` the classes that your grants lack to change it."""

    path: str
    value: Scalar
    default: str | None
    space: str
    kind: str = msgspec.field(name="class")
    writable: bool = False
    masked: bool = False
    needs: list[str] = []


class Changes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``set``: new values by path, made in this order. ``expect``: what those paths must still hold, else nothing is done."""

    set: dict[str, Scalar]
    expect: dict[str, Scalar] = {}
    dry_run: bool = False
    reason: str = ""


class StepShown(msgspec.Struct, frozen=True):
    """``outcome``: done, refused, failed, unknown, untried behind an unknown one; planned of a dry run. ``verdict`` is
    the site's, of a dry run: allowed, consent, refused, unasked. A secret's values are not told."""

    path: str
    before: Scalar | None
    after: Scalar
    masked: bool
    outcome: str
    rule: str
    words: str
    verdict: str | None
    warnings: list[str]
    ask: str | None


class Applied(msgspec.Struct, frozen=True):
    """``complete``: whether all of it is as it was asked for."""

    items: list[StepShown]
    complete: bool


class ChangeShown(msgspec.Struct, frozen=True):
    """``before`` is null where the ledger does not know it. ``name`` is the person's, or their id once they are gone."""

    at: str
    person: str
    name: str
    before: str | None
    after: str
    outcome: str
    reason: str
    order: str


class History(msgspec.Struct, frozen=True):
    items: list[ChangeShown]


def asking(relay: RelayParts, signed: Signed, room: str) -> service.Ask:
    async def ask(wish: Wish, within_s: float) -> Answer:
        return await relay.relay.ask(signed.principal, room, wish, wait_s=within_s)

    return ask


async def held_by(parts: Parts, signed: Signed, name: str) -> list[frozenset[Capability]]:
    """What each of somebody's grants gives in a room now; nothing for a room that is not there."""
    room, facts = await parts.grants.facts(signed.principal, name)
    if room is None:
        return []
    return [grant.capabilities for grant in facts.open(signed.principal.id, room, parts.clock.now())]


async def read(parts: Parts, relay: RelayParts, signed: Signed, room: str) -> list[Setting]:
    """Raises as an ask does."""
    held = await held_by(parts, signed, room)
    return await service.read_settings(asking(relay, signed, room), held, relay.relay.catalogue)


def space_words(space: ValueSpace) -> str:
    """What it takes, for people; of words that the tables do not know to the last, no more than that."""
    return "one of the device's own words" if isinstance(space, Literals) and space.open else str(space)


def show_setting(one: Setting) -> SettingShown:
    return SettingShown(
        f"{one.path}", HIDDEN if one.secret and one.value else one.value, one.default, space_words(one.space), one.kind.value,
        one.writable, one.secret, [lack.value for lack in one.missing],
    )  # fmt: skip


@get("/rooms/{room:str}/settings", summary="The settings of a room's device that you may see")
async def list_settings(
    room: FromPath[str],
    signed: Who,
    parts: Hub,
    relay: RelayHere,
    q: FromQuery[str | None] = None,
    group: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[SettingShown]:
    """``q``: words in name or value. ``group``: the first word of the name, or a group of the console. Each page is read anew."""
    most, after = parse_limit(limit), parse_cursor(cursor)
    found = await read(parts, relay, signed, room)
    if q:
        found = [one for one in found if matches(one, q)]
    if group:
        of_word = [one for one in found if one.path.words[0].lower() == group.lower()]
        found = of_word or settings_in(group_settings(found), group)
    if after:
        names = [str(one.path) for one in found]
        if after not in names:
            raise BadInput("The list has changed: begin again without a cursor.")
        found = found[names.index(after) + 1 :]
    return build_page(found[: most + 1], most, lambda one: str(one.path), show_setting)


@patch("/rooms/{room:str}/settings", summary="Change several settings of a room's device")
async def change_settings(
    room: FromPath[str], data: JSONBody[Changes], signed: Who, parts: Hub, relay: RelayHere
) -> Applied:
    """One ask for each, in order. 412, and nothing done, where a value is not the expected one. What became of each is told."""
    edits = parse_changes(data, relay)
    ask = asking(relay, signed, room)
    planned = plan_changes(edits, await read(parts, relay, signed, room), relay.relay.catalogue)
    if others := [one for one in planned if one.conflict]:
        told = "; ".join(f"{one.name} is {one.shown_before}, not {one.edit.seen}" for one in others)
        raise PreconditionFailed(f"Changed meanwhile: {told}."[:500], hint="Nothing was done. Look, and ask again.")
    if data.dry_run:
        verdicts = await service.judge(ask, [one.edit.call for one in planned])
        return _planned(planned, verdicts)
    steps: list[Step] = []
    await service.apply_changes(ask, planned, data.reason, steps.append)
    return Applied([_step(step) for step in steps], all(step.outcome == "done" for step in steps))


def parse_changes(data: Changes, relay: RelayParts) -> list[Edit]:
    """Raises BadInput, or XapiError for what nobody can set."""
    catalogue = relay.relay.catalogue
    if not 1 <= len(data.set) <= service.MOST_CHANGES:
        raise BadInput(f"From 1 to {service.MOST_CHANGES} settings are changed at once.")
    calls = [parse_change(name, value, catalogue) for name, value in data.set.items()]
    if len({call.path for call in calls}) < len(calls):
        raise BadInput("A setting is named twice.")
    expected = {parse_change(name, value, catalogue).path: str(value) for name, value in data.expect.items()}
    if lone := expected.keys() - {call.path for call in calls}:
        raise BadInput(f"{next(iter(lone))} is expected and not set.")
    known = known_leaves(catalogue)
    if any(is_secret(known[path.words]) for path in expected):
        raise BadInput("Nobody can say what a secret is expected to be.")
    return [Edit(call, expected.get(call.path)) for call in calls]


def _planned(planned: Sequence[Planned], verdicts: Sequence[service.Verdict]) -> Applied:
    items = [
        _shown(one, "planned", verdict.rule, verdict.words, verdict.verdict, None)
        for one, verdict in zip(planned, verdicts, strict=True)
    ]
    return Applied(items, False)


def _step(step: Step) -> StepShown:
    return _shown(step.planned, step.outcome, step.rule, step.words, None, step.ask or None)


def _shown(one: Planned, outcome: str, rule: str, words: str, verdict: str | None, ask: str | None) -> StepShown:
    before = HIDDEN if one.secret and one.before else one.before
    after = HIDDEN if one.secret else one.edit.value
    return StepShown(
        str(one.edit.call.path), before, after, one.secret, outcome, rule, words, verdict, list(one.warnings), ask
    )


@get("/rooms/{room:str}/settings/history", summary="Who changed a setting from outside, when, from what to what")
async def show_history(
    room: FromPath[str], signed: Who, parts: Hub, relay: RelayHere, path: FromQuery[str] = ""
) -> History:
    """``path``: the setting's. Everybody's changes with the right to audit, otherwise one's own; the newest first."""
    name = await known_room(parts, relay, signed, room)
    setting = path.removeprefix("Configuration/")[:200]
    if not setting:
        raise BadInput("Say which setting: ?path=Audio/DefaultVolume.")
    told = await service.read_history(parts.record, signed, name, setting)
    names = await people_names(parts, (one.person for one in told))
    return History(
        [ChangeShown(o.at, o.person, names[o.person], o.before, o.after, o.outcome, o.reason, o.order) for o in told]
    )


async def known_room(parts: Parts, relay: RelayParts, signed: Signed, name: str) -> str:
    """The name of a room that somebody may know of; raises Denied or NotFound, alike for an unknown one."""
    if not signed.may(Right.SEE):
        await relay.relay.require_room(signed.principal, name)
    room, _ = await parts.grants.facts(signed.principal, name)
    if room is None:
        raise NotFound(NO_SUCH_ROOM)
    return room.name


API = Router(
    "/",
    tags=["settings"],
    route_handlers=[list_settings, change_settings, show_history],
    dependencies={"relay": give("relay")},
)
