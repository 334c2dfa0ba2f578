"""The pages of rooms: all of them at a glance, and one in full."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

from litestar import get, post
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Stream

from roomgate.access.capability import Capability
from roomgate.access.decision import Denied
from roomgate.access.grant import Grant, Lock
from roomgate.access.principal import Right
from roomgate.clock import iso
from roomgate.errors import NotFound, RoomgateError
from roomgate.hub.channels import Channel, Kind, Session
from roomgate.hub.console import export
from roomgate.hub.console.inside import living, people_inside, show
from roomgate.hub.console.live import PageStream, mark_of, stream_page
from roomgate.hub.console.naming import people_names, site_names
from roomgate.hub.console.notices import Notice
from roomgate.hub.console.visit import Page, Relayed, Visit, Visiting, read_form, refused
from roomgate.hub.console.words import Words
from roomgate.hub.http.asking import Hub, Req
from roomgate.hub.http.problem import NO_SUCH_ROOM
from roomgate.hub.parts import Parts
from roomgate.hub.relay.asked import Answer, Wish
from roomgate.hub.relay.parts import RelayParts
from roomgate.hub.relay.standing import stand
from roomgate.hub.rooms.actions import ACTIONS, BOOKINGS, DEFAULT_VOLUME, JOIN, May, build_may
from roomgate.hub.rooms.state import RoomSummary
from roomgate.hub.rooms.timeline import Line, build_timeline
from roomgate.hub.rooms.view import (
    RoomListView,
    RoomView,
    build_list,
    build_room,
    lock_on,
    read_bookings,
    read_calls,
    read_scalar,
)
from roomgate.hub.sites.service import fingerprint_of
from roomgate.ids import RoomId
from roomgate.xapi.errors import XapiError
from roomgate.xapi.schema import Catalogue

READ_WITHIN_S = 2.0  # what the page asks the device is left out when it takes longer
CONSENT_S = 25  # how long a room has to answer
ANSWER_WITHIN_S = 1.0  # then the page says that it is on its way
ASKS_ROOM = ("dial", "join", "mute")  # what somebody in the room may have to allow
PLACES = (*ACTIONS, JOIN)
MOST_ROOMS = 60  # on the page until somebody asks for all: the first paint is light
_ENTRIES = 120

AllQuery = Annotated[str, QueryParameter(name="all")]
StateQuery = Annotated[str, QueryParameter(name="state")]  # Litestar keeps the name `state` for itself


# -- all rooms -----------------------------------------------------------------------------------------


@get("/", include_in_schema=False)
async def home(visit: Visiting) -> Page:
    return visit.back("/rooms")


@get("/r/{name:str}", include_in_schema=False)
async def room_link(name: FromPath[str], visit: Visiting) -> Page:
    """The link that people share. Whether there is such a room, its page says."""
    return visit.back(f"/rooms/{quote(name, safe='')}")


@get("/rooms", include_in_schema=False)
async def list_rooms(
    visit: Visiting,
    parts: Hub,
    relay: Relayed,
    q: FromQuery[str] = "",
    kind: StateQuery = "",
    site: FromQuery[str] = "",
    view: FromQuery[str] = "",
    everything: AllQuery = "",
) -> Page:
    most = None if everything else MOST_ROOMS
    rooms = _views(visit, parts, await _around(visit, parts, relay))
    shown = _build(parts, rooms, find=q[:200], state=kind[:20], site=site[:80], view=view[:20], most=most)
    return visit.page("rooms.html", list=shown, mark=mark_of({room.id: room for room in rooms}))


@get("/rooms.cells", include_in_schema=False)
async def cells(visit: Visiting, parts: Hub, relay: Relayed, id: FromQuery[list[str]]) -> Page:
    """Some rooms again, as they are now, with the counts of all."""
    shown = await _list(visit, parts, relay)
    wanted = set(id)
    return visit.part("cells.html", list=shown, rooms=[room for room in shown.rooms if room.id in wanted])


@get("/rooms.csv", include_in_schema=False)
async def rooms_csv(visit: Visiting, parts: Hub, relay: Relayed) -> Page:
    return export.csv_page(_COLUMNS, _table(await _list(visit, parts, relay)), "rooms")


@get("/rooms.json", include_in_schema=False)
async def rooms_json(visit: Visiting, parts: Hub, relay: Relayed) -> Page:
    return export.json_page(_COLUMNS, _table(await _list(visit, parts, relay)))


@get("/rooms/stream", include_in_schema=False)
async def rooms_stream(visit: Visiting, parts: Hub, relay: Relayed) -> Stream:
    signed = visit.signed

    known: _Around | None = None

    async def look(news: frozenset[RoomId] | None) -> dict[str, object]:
        """Of thousands of rooms only those that were told of, while what is around them is as it was."""
        nonlocal known
        before, known = known, await _around(visit, parts, relay)
        only = (news or frozenset()) if known == before else None
        shown: dict[str, object] = {room.id: room for room in _views(visit, parts, known, only)}
        return {id: None for id in news or () if id not in shown} | shown  # those that are gone were news too

    async def enter(stream: PageStream) -> Channel:
        own = frozenset(r.grant.id for r in await parts.grants.of_person(signed.person.id))
        return relay.channels.open_page(signed.principal, stream.cut, own)

    return stream_page(parts.rooms.watch(), look, visit.t.said, enter, mark_of)


_COLUMNS = ("name", "site", "state", "words", "product", "software", "people_inside", "in_call_since", "id")


def _table(shown: RoomListView) -> list[list[str]]:
    return [
        [
            r.name, r.site_name, r.kind, r.words, r.product, r.software, str(r.inside),
            iso(r.call_since) if r.call_since else "", r.id,
        ]
        for r in sorted(shown.rooms, key=lambda r: r.name)
    ]  # fmt: skip


async def _list(visit: Visit, parts: Parts, relay: RelayParts) -> RoomListView:
    return _build(parts, _views(visit, parts, await _around(visit, parts, relay)))


def _build(parts: Parts, rooms: list[RoomView], **asked: Any) -> RoomListView:
    """``asked``: as `build_list` takes it."""
    linked = {connector: parts.rooms.linked(connector) for connector in {room.connector for room in rooms}}
    return build_list(rooms, linked, **asked)


@dataclass(frozen=True, slots=True)
class _Around:
    """What a list of rooms shows beside what connectors tell: nobody is told when it changes."""

    granted: frozenset[RoomId]
    inside: Mapping[RoomId, int]
    names: Mapping[str, str]
    locks: tuple[Lock, ...]


async def _around(visit: Visit, parts: Parts, relay: RelayParts) -> _Around:
    signed = visit.signed
    granted = frozenset() if signed.may(Right.SEE) else await parts.grants.live_rooms(signed.principal)
    locks = tuple(record.lock for record in await parts.grants.locks())
    return _Around(granted, people_inside(relay.book), await site_names(parts), locks)


def _views(visit: Visit, parts: Parts, around: _Around, only: frozenset[RoomId] | None = None) -> list[RoomView]:
    sees = visit.signed.may(Right.SEE)
    return [
        build_room(one, around.names.get(one.site, one.site), around.inside.get(one.id, 0), around.locks, sees=sees)
        for one in parts.rooms.list_for(visit.signed, around.granted, only)
    ]


# -- one room ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AskedView:
    """What was asked a moment ago, and what has become of it. ``left``: seconds that the room still has."""

    id: str
    at: str
    waiting: bool
    left: int
    since: int  # seconds of the epoch, to come back with
    notice: Notice


@dataclass(frozen=True, slots=True)
class GrantLine:
    id: str
    name: str
    may: str
    reason: str
    start: datetime
    until: datetime
    paused: bool
    may_cut: bool


@dataclass(frozen=True, slots=True)
class _Seen:
    """A room that this person may see, and what they may do there now."""

    summary: RoomSummary
    live: tuple[Grant, ...]
    locks: tuple[Lock, ...]

    @property
    def locked(self) -> bool:
        return bool(lock_on(self.summary, self.locks))

    def may(self, catalogue: Catalogue) -> May:
        return build_may(() if self.locked else self.live, catalogue)


async def _seen(visit: Visit, parts: Parts, relay: RelayParts, name: str) -> _Seen:
    """Raises NotFound alike for a room that is not there and one that is not theirs, and Denied for a locked one.

    Whoever has the right to see looks at every room, locked or not.
    """
    signed = visit.signed
    room, facts = await parts.grants.facts(signed.principal, name)
    if room is None:
        raise NotFound(NO_SUCH_ROOM)
    if not signed.may(Right.SEE):
        stand(signed.principal, room, facts, visit.now, relay.relay.catalogue, None)
    live = [g for g in facts.grants if room.id in g.rooms and g.live(visit.now)]
    return _Seen(parts.rooms.get(room.id), tuple(live), facts.locks)


@get("/rooms/{name:str}", include_in_schema=False)
async def show_room(
    name: FromPath[str],
    visit: Visiting,
    parts: Hub,
    relay: Relayed,
    ask: FromQuery[str] = "",
    at: FromQuery[str] = "",
    since: FromQuery[int] = 0,
) -> Page:
    seen = await _seen(visit, parts, relay, name)
    may = seen.may(relay.relay.catalogue)
    linked = parts.rooms.linked(seen.summary.connector)
    reads = await _read(visit, relay, seen, may) if linked and seen.live else {}
    context = await _now(visit, parts, relay, seen, may, await _asked(visit, relay, ask, at, since))
    listed, volume = reads.get("bookings"), reads.get("volume")
    answered = isinstance(listed, Answer) and listed.outcome == "done"
    return visit.page(
        "room.html",
        places=PLACES,
        bookings=read_bookings(listed.result, visit.now) if isinstance(listed, Answer) and answered else [],
        bookings_fault="" if answered else visit.t("meet.locked" if seen.locked else "meet.silent"),
        default_volume=read_scalar(volume.result, "DefaultVolume") if isinstance(volume, Answer) else None,
        **context,
    )


@get("/rooms/{name:str}/now", include_in_schema=False)
async def room_now(
    name: FromPath[str],
    visit: Visiting,
    parts: Hub,
    relay: Relayed,
    ask: FromQuery[str] = "",
    at: FromQuery[str] = "",
    since: FromQuery[int] = 0,
) -> Page:
    """The parts of the page that change by themselves."""
    seen = await _seen(visit, parts, relay, name)
    may = seen.may(relay.relay.catalogue)
    asked = await _asked(visit, relay, ask, at, since)
    return visit.part("room_now.html", **await _now(visit, parts, relay, seen, may, asked))


async def _now(
    visit: Visit, parts: Parts, relay: RelayParts, seen: _Seen, may: May, asked: AskedView | None
) -> dict[str, Any]:
    summary = seen.summary
    names = await site_names(parts)
    inside = people_inside(relay.book).get(summary.id, 0)
    room = build_room(summary, names.get(summary.site, summary.site), inside, seen.locks)
    connector = await parts.sites.connector(summary.connector)
    return {
        "room": room,
        "link": f"https://{visit.host}/r/{quote(room.name, safe='')}",
        "may": may,
        "asked": asked,
        "calls": [
            call if call.title else type(call)(visit.t("call.unnamed"), call.how)
            for call in read_calls(parts.rooms.document(summary.id))
        ],
        "granted": await _who(visit, parts, summary.id),
        "inside": show(living(relay.book, summary.id), visit.signed),
        "linked": parts.rooms.linked(summary.connector),
        "fingerprint": fingerprint_of(connector.public_key) if connector and visit.signed.may(Right.SEE) else "",
        "line": await _line(visit, parts, room.name),
    }


async def _who(visit: Visit, parts: Parts, room: RoomId) -> list[GrantLine]:
    signed = visit.signed
    every = signed.may(Right.SEE) or signed.may(Right.GIVE) or signed.may(Right.CUT)
    cuts = signed.may(Right.GIVE) or signed.may(Right.CUT)
    records = [
        r for r in await parts.grants.of_room(room)
        if (every or r.grant.person == signed.person.id) and r.grant.until > visit.now
    ]  # fmt: skip
    names = await people_names(parts, (r.grant.person for r in records))
    lines = [
        GrantLine(
            r.grant.id, names[r.grant.person], capability_words(r.grant.capabilities, visit.t), r.grant.reason,
            r.grant.start, r.grant.until, r.paused is not None, cuts or r.grant.person == signed.person.id,
        )
        for r in records
    ]  # fmt: skip
    return sorted(lines, key=lambda line: line.until)


def capability_words(capabilities: frozenset[Capability], t: Words) -> str:
    words = ", ".join(t(f"can-short.{one}") for one in Capability if one in capabilities)
    return words[:1].upper() + words[1:]


async def _line(visit: Visit, parts: Parts, room: str) -> list[Line] | None:
    """None for whoever may not read the record."""
    if not visit.signed.may(Right.AUDIT):
        return None
    entries = await parts.ledger.entries(visit.signed, limit=_ENTRIES, room=room)
    events = [entry.event for entry in entries]
    ids = {str(getattr(event, "principal", "")) for event in events} - {""}
    return build_timeline(events, await people_names(parts, ids), visit.t)


async def _session(visit: Visit, relay: RelayParts, seen: _Seen) -> Session:
    """The one session of this sign-in in this room: its pages look and ask in it. Raises Denied."""
    me = visit.signed.principal
    for session in relay.book:
        mine = session.kind is Kind.PAGE and session.room.id == seen.summary.id and session.principal == me
        if mine and relay.book.lives(session):
            return session
    return await relay.relay.open_session(me, seen.summary.name, Kind.PAGE)


async def _read(visit: Visit, relay: RelayParts, seen: _Seen, may: May) -> dict[str, Answer | Exception]:
    """What only the device knows: its bookings, its settings. Both at once, neither waited for long."""
    found: dict[str, Answer | Exception] = {}
    try:
        session = await _session(visit, relay, seen)
    except Denied:
        return {}  # locked: whoever may see it all the same sees what the hub knows

    async def one(key: str, wish: Wish) -> None:
        try:
            found[key] = await relay.relay.ask(
                visit.signed.principal, seen.summary.name, wish, session=session, wait_s=READ_WITHIN_S
            )
        except (RoomgateError, XapiError) as fault:
            found[key] = fault

    async with asyncio.TaskGroup() as group:
        if may.bookings:
            group.create_task(one("bookings", BOOKINGS), name="page.bookings")
        if may.read_settings:
            group.create_task(one("volume", DEFAULT_VOLUME), name="page.settings")
    return found


# -- asking --------------------------------------------------------------------------------------------


@post("/rooms/{name:str}/{action:str}", include_in_schema=False, status_code=303)
async def act(
    name: FromPath[str], action: FromPath[str], request: Req, visit: Visiting, parts: Hub, relay: Relayed
) -> Page:
    """Ask the room for one thing, and go back to its page, where it is said what became of it."""
    seen = await _seen(visit, parts, relay, name)
    room, form = seen.summary, await read_form(request)
    here = f"/rooms/{quote(name, safe='')}"
    me = visit.signed.principal
    try:
        session = await _session(visit, relay, seen) if seen.live else None
        if action == JOIN:
            which, why = form.text("booking") or "next", form.text("reason")
            answer = await relay.relay.join(me, room.name, which, why, session=session, wait_s=ANSWER_WITHIN_S)
        elif action in ACTIONS:
            wish = ACTIONS[action](form)
            answer = await relay.relay.ask(me, room.name, wish, session=session, wait_s=ANSWER_WITHIN_S)
        else:
            raise NotFound("There is no such page.")
    except Denied as no:
        # Whoever sees this page knows of the room: the answer is not that of an unknown one.
        told = no if no.some_grant else Denied(no.rule, visit.t("room.no-grant"), some_grant=True)
        return visit.back(here, refused(visit.t, told, action))
    except (RoomgateError, XapiError) as fault:
        if action != JOIN and action not in ACTIONS:
            raise
        return visit.back(here, refused(visit.t, fault, action))
    if answer.outcome == "waiting":
        return visit.back(f"{here}?ask={answer.ask}&at={action}&since={int(visit.now.timestamp())}")
    return visit.back(here, build_notice(answer, action, visit.t))


@post("/rooms/{name:str}/cut", include_in_schema=False, status_code=303)
async def cut_room(name: FromPath[str], request: Req, visit: Visiting, parts: Hub, relay: Relayed) -> Page:
    """Everyone out, from outside, at once; and nobody in until it is lifted."""
    seen, form = await _seen(visit, parts, relay, name), await read_form(request)
    await parts.grants.lock("room", seen.summary.id, visit.t("cut.reason"), visit.signed)
    told = Notice("ok", visit.t("cut.done"), visit.t("cut.room", room=seen.summary.name))
    return visit.back(form.text("back") or f"/rooms/{quote(name, safe='')}", told)


async def _asked(visit: Visit, relay: RelayParts, id: str, at: str, since: int) -> AskedView | None:
    """What has become of an ask of this person's. An id that is not theirs says nothing."""
    if not id or at not in PLACES:
        return None
    try:
        answer = await relay.relay.answer(id[:80], visit.signed.principal, False)
    except NotFound:
        return None
    left = max(0, min(CONSENT_S, CONSENT_S - (int(visit.now.timestamp()) - since)))
    return AskedView(answer.ask, at, answer.outcome == "waiting", left, since, build_notice(answer, at, visit.t))


def build_notice(answer: Answer, at: str, t: Words) -> Notice:
    """What became of it, in a sentence, with the code for support."""
    said = t.said(answer.words)
    match answer.outcome:
        case "done":
            return Notice("ok", t("said.done"), t(f"done.{at}"), answer.order or "", at)
        case "waiting":
            return Notice("void", t("ask.way"), t("ask.waiting" if at in ASKS_ROOM else "ask.sent"), "", at)
        case "refused":
            return Notice("bad", t("said.refused"), said or t("refused.site"), answer.rule, at)
        case "unknown":
            return Notice("warn", t("said.unknown"), said or t("refused.unknown"), answer.rule, at)
        case _:
            return Notice("bad", t("said.failed"), said or t("refused.failed"), answer.rule, at)


# -- live ----------------------------------------------------------------------------------------------


@get("/rooms/{name:str}/stream", include_in_schema=False)
async def room_stream(name: FromPath[str], visit: Visiting, parts: Hub, relay: Relayed) -> Stream:
    """Being on this page is being in the room, for whoever has a grant there."""
    seen = await _seen(visit, parts, relay, name)
    room, signed = seen.summary, visit.signed

    async def look(_: frozenset[RoomId] | None) -> dict[str, object]:
        grants = [(r.grant.id, r.version, r.paused) for r in await parts.grants.of_room(room.id)]
        locks = [record.lock.id for record in await parts.grants.locks()]
        newest: list[int] = []
        if signed.may(Right.AUDIT):
            newest = [e.index for e in await parts.ledger.entries(signed, limit=1, room=room.name)]
        sessions = [session.id for session in living(relay.book, room.id)]
        return {"now": (parts.rooms.summary(room.id), grants, locks, newest, sessions)}

    async def enter(stream: PageStream) -> Channel:
        if session is None:
            return relay.channels.open_page(signed.principal, stream.cut)
        return relay.channels.open(Kind.PAGE, session, stream.cut)

    session = None
    if seen.live:
        try:
            session = await _session(visit, relay, seen)
        except Denied:
            if not signed.may(Right.SEE):
                raise

    return stream_page(parts.rooms.watch(), look, visit.t.said, enter)


ROUTES = [
    home, room_link, list_rooms, cells, rooms_csv, rooms_json, rooms_stream, show_room, room_now, act, cut_room,
    room_stream,
]  # fmt: skip
