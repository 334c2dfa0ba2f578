"""The page of one room in full: its state, what may be asked of it, who may and did."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from litestar import get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Stream

from roomgate.access.capability import Capability
from roomgate.access.decision import Denied
from roomgate.access.principal import Right
from roomgate.errors import NotFound, RoomgateError
from roomgate.hub.channels import Channel, Kind
from roomgate.hub.console.inside import living, show
from roomgate.hub.console.live import PageStream, stream_page
from roomgate.hub.console.naming import people_names
from roomgate.hub.console.notices import Notice
from roomgate.hub.console.visit import Page, Relayed, Visit, Visiting, read_form, refused
from roomgate.hub.console.words import Words
from roomgate.hub.http.asking import Hub, Req
from roomgate.hub.meetings.bookings import MORE, OFFERED
from roomgate.hub.parts import Parts
from roomgate.hub.relay.asked import Answer, Wish
from roomgate.hub.relay.parts import RelayParts
from roomgate.hub.rooms.actions import ACTIONS, BOOKINGS, DEFAULT_VOLUME, JOIN, May
from roomgate.hub.rooms.controls import READS, SHOWN_S, read_heard, read_known, undo_of
from roomgate.hub.rooms.seen import Seen, page_session, room_context, see_room
from roomgate.hub.rooms.timeline import MOST, Line, build_timeline
from roomgate.hub.rooms.view import read_bookings, read_calls, read_scalar
from roomgate.hub.sites.service import fingerprint_of
from roomgate.ids import RoomId
from roomgate.ledger.event import Event, Unknown
from roomgate.xapi.errors import XapiError

READ_WITHIN_S = 2.0  # what the page asks the device is left out when it takes longer
CONSENT_S = 25  # how long a room has to answer
ANSWER_WITHIN_S = 1.0  # then the page says that it is on its way
ASKS_ROOM = (
    "dial",
    "join",
    "mute",
    "hold",
    "picture",
    "share",
    "preset",
    "track",
)  # what somebody in the room may have to allow
PLACES = (*ACTIONS, JOIN)
_ENTRIES = 120
_LOOKS = 3  # so many times further back where reads fill the newest


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


@get("/rooms/{name:str}", include_in_schema=False)
async def show_room(
    name: FromPath[str],
    visit: Visiting,
    parts: Hub,
    relay: Relayed,
    ask: FromQuery[str] = "",
    at: FromQuery[str] = "",
    since: FromQuery[int] = 0,
    was: FromQuery[str] = "",
) -> Page:
    seen = await see_room(visit, parts, relay, name)
    may = seen.may(relay.relay.catalogue)
    linked = parts.rooms.linked(seen.summary.connector)
    reads = await _read(visit, relay, seen, may) if linked and seen.live else {}
    context = await _now(visit, parts, relay, seen, may, await _asked(visit, relay, ask, at, since))
    listed, volume = reads.get("bookings"), reads.get("volume")
    answered = isinstance(listed, Answer) and listed.outcome == "done"
    told = {key: one.result for key, one in reads.items() if isinstance(one, Answer) and one.outcome == "done"}
    context["undo"] = undo_of(at, was)
    return visit.page(
        "room.html",
        places=PLACES,
        known=read_known(told),
        shown_s=SHOWN_S,
        book_minutes=OFFERED,
        more_minutes=MORE,
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
    seen = await see_room(visit, parts, relay, name)
    may = seen.may(relay.relay.catalogue)
    asked = await _asked(visit, relay, ask, at, since)
    return visit.part("room_now.html", **await _now(visit, parts, relay, seen, may, asked))


async def _now(
    visit: Visit, parts: Parts, relay: RelayParts, seen: Seen, may: May, asked: AskedView | None
) -> dict[str, Any]:
    summary = seen.summary
    context = await room_context(visit, parts, relay, seen)
    room = context["room"]
    connector = await parts.sites.connector(summary.connector)
    return {
        **context,
        "link": f"https://{visit.host}/r/{quote(room.name, safe='')}",
        "may": may,
        "asked": asked,
        "undo": None,
        "heard": read_heard(parts.rooms.document(summary.id)),
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
    events: list[Event | Unknown] = []
    lines: list[Line] = []
    before: int | None = None
    for _ in range(_LOOKS):
        entries = await parts.ledger.entries(visit.signed, before=before, limit=_ENTRIES, room=room)
        events += [entry.event for entry in entries]
        ids = {str(getattr(event, "principal", "")) for event in events} - {""}
        lines = build_timeline(events, await people_names(parts, ids), visit.t)
        if len(lines) == MOST or len(entries) < _ENTRIES:
            break
        before = entries[-1].index
    return lines


async def _read(visit: Visit, relay: RelayParts, seen: Seen, may: May) -> dict[str, Answer | Exception]:
    """What only the device knows: its bookings, settings, pictures. All at once, none waited for long."""
    found: dict[str, Answer | Exception] = {}
    try:
        session = await page_session(visit, relay, seen)
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
        for key in may.reads:
            group.create_task(one(key, READS[key][0]), name=f"page.{key}")
    return found


# -- asking --------------------------------------------------------------------------------------------


@post("/rooms/{name:str}/{action:str}", include_in_schema=False, status_code=303)
async def act(
    name: FromPath[str], action: FromPath[str], request: Req, visit: Visiting, parts: Hub, relay: Relayed
) -> Page:
    """Ask the room for one thing, and go back to its page, where it is said what became of it."""
    seen = await see_room(visit, parts, relay, name)
    room, form = seen.summary, await read_form(request)
    here = f"/rooms/{quote(name, safe='')}"
    me = visit.signed.principal
    try:
        session = await page_session(visit, relay, seen) if seen.live else None
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
    undo = undo_of(action, form.text("was"))
    to = f"{here}?{urlencode({'at': action, 'was': undo.value})}" if undo and answer.outcome == "done" else here
    return visit.back(to, build_notice(answer, action, visit.t))


@post("/rooms/{name:str}/cut", include_in_schema=False, status_code=303)
async def cut_room(name: FromPath[str], request: Req, visit: Visiting, parts: Hub, relay: Relayed) -> Page:
    """Everyone out, from outside, at once; and nobody in until it is lifted."""
    seen, form = await see_room(visit, parts, relay, name), await read_form(request)
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
    seen = await see_room(visit, parts, relay, name)
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
            session = await page_session(visit, relay, seen)
        except Denied:
            if not signed.may(Right.SEE):
                raise

    return stream_page(parts.rooms.watch(), look, visit.t.said, enter)


ROUTES = [show_room, room_now, act, cut_room, room_stream]
