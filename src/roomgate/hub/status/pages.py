"""The page of one room's status: in words first, then as plots, then all that the device tells, as a tree.

While the page is open, its stream watches what the page shows at the top; what it hears is kept on a board, and the
page's parts are made of that. The device is asked for its whole status once, when the page is opened.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

from litestar import get
from litestar.params import FromPath, FromQuery
from litestar.response import Stream

from roomgate.access.capability import Capability, Classes
from roomgate.clock import iso
from roomgate.errors import NotFound, RoomgateError
from roomgate.hub.channels import Channel, Kind, Session
from roomgate.hub.console import export
from roomgate.hub.console.live import PageStream, stream_page
from roomgate.hub.console.visit import Page, Relayed, Visit, Visiting
from roomgate.hub.http.asking import Hub
from roomgate.hub.parts import Parts
from roomgate.hub.relay.asked import Wish
from roomgate.hub.relay.parts import RelayParts
from roomgate.hub.rooms.seen import Seen, ask_room, page_session, room_context, see_room, told_of_room
from roomgate.hub.rooms.state import Watch
from roomgate.hub.status.access import STATUS, samples_for
from roomgate.hub.status.advice import advise
from roomgate.hub.status.board import Board
from roomgate.hub.status.outline import build_outline
from roomgate.hub.status.sampling import NAMES
from roomgate.hub.status.series import DAYS, build_plots
from roomgate.hub.status.service import KEPT
from roomgate.hub.status.summary import build_summary
from roomgate.ids import RoomId
from roomgate.xapi import tree
from roomgate.xapi.call import Verb
from roomgate.xapi.errors import XapiError
from roomgate.xapi.path import Path

# What the page shows above and keeps current. The connector hears of each already, so no device is asked for more.
WATCHED = tuple(
    Path.parse(text)
    for text in (
        "Status/Call",
        "Status/MediaChannels",
        "Status/Diagnostics/Message",
        "Status/RoomAnalytics",
        "Status/Peripherals/ConnectedDevice",
        "Status/SIP/Registration",
        "Status/Webex/Status",
        "Status/Standby",
        "Status/Audio/Volume",
        "Status/Audio/Microphones",
        "Status/SystemUnit/Hardware",
    )
)
_BRANCHES = frozenset(path.words[0] for path in WATCHED)
COLUMNS = ("at", *NAMES)


@get("/rooms/{name:str}/status", include_in_schema=False)
async def show_status(
    name: FromPath[str], visit: Visiting, parts: Hub, relay: Relayed, path: FromQuery[str] = "", q: FromQuery[str] = ""
) -> Page:
    """``path``: the part of the status that the tree shows; ``q``: only what has these words."""
    seen = await see_room(visit, parts, relay, name)
    part = parse_part(path)
    fault, value = "", None
    try:
        value = await _ask(visit, parts, relay, seen, part)
    except (RoomgateError, XapiError) as no:
        fault = visit.t.said(str(told_of_room(visit, no)))
    outline = None if value is None else build_outline(value, part.words if part else (), q[:200])
    samples = await parts.status.samples(seen.summary.id, visit.now - timedelta(days=DAYS))
    plots = build_plots(samples_for(samples, seen.capabilities), visit.now)
    context = await _shown(visit, parts, relay, seen)
    return visit.page(
        "status.html",
        fault=fault,
        outline=outline,
        plots=plots,
        find=q[:200],
        part=str(part or ""),
        days=DAYS,
        **context,
    )


@get("/rooms/{name:str}/status/now", include_in_schema=False)
async def status_now(name: FromPath[str], visit: Visiting, parts: Hub, relay: Relayed) -> Page:
    """The parts of the page that change by themselves."""
    seen = await see_room(visit, parts, relay, name)
    status = _told(visit, parts, relay, seen)
    branches = [] if status is None else build_outline(status).top.branches
    live = [one for one in branches if one.name in _BRANCHES and not one.more]
    return visit.part("status_now.html", branches=live, **await _shown(visit, parts, relay, seen))


def parse_part(text: str) -> Path | None:
    """A path of the status that stands in an address; None for the whole. Raises NotFound."""
    try:
        path = Path.parse(text[:500]) if text else None
    except XapiError:
        path = None
    if text and (path is None or path.root != "Status" or path.is_pattern):
        raise NotFound("There is no such page.")
    return path if path is not None and len(path.parts) > 1 else None


async def _ask(visit: Visit, parts: Parts, relay: RelayParts, seen: Seen, part: Path | None) -> Any:
    """What the device answers; None for somebody who may only look at the room. Raises as `ask_room`."""
    if not seen.capabilities:
        return None
    status = await ask_room(visit, relay, seen, STATUS if part is None else Wish(Verb.GET, part))
    if part is None:
        parts.status.boards.begin(await page_session(visit, relay, seen), status)
        parts.status.saw(seen.summary.id, status)
    return {} if status is None else status


def _told(visit: Visit, parts: Parts, relay: RelayParts, seen: Seen) -> Any:
    """What this person's page was told and has heard since; None where it was told nothing."""
    for session in relay.book:
        mine = session.kind is Kind.PAGE and session.room.id == seen.summary.id
        if mine and session.principal == visit.signed.principal and relay.book.lives(session):
            board = parts.status.boards.get(session)
            return board.status(session, relay.relay.catalogue) if board is not None else None
    return None


def _let_out(parts: Parts, relay: RelayParts, seen: Seen) -> Any:
    """What the site lets out unasked, as far as these grants give it; for who has none, what anybody may observe."""
    held = seen.capabilities or frozenset({Capability.OBSERVE})
    classes, catalogue = Classes.shipped(), relay.relay.catalogue
    document = parts.rooms.document(seen.summary.id)
    kept = tree.prune(document, None, lambda leaf: classes.told(leaf, catalogue) in held)
    return tree.lookup(kept, ("Status",)) or {}


async def _shown(visit: Visit, parts: Parts, relay: RelayParts, seen: Seen) -> dict[str, Any]:
    """What the head of the page says."""
    told = _told(visit, parts, relay, seen)
    summary = build_summary(_let_out(parts, relay, seen) if told is None else told)
    return {
        **await room_context(visit, parts, relay, seen),
        "s": summary,
        "asked": told is not None,
        "held": bool(seen.capabilities),
        "linked": parts.rooms.linked(seen.summary.connector),
        "advice": {one.type: advise(one.type, visit.t) for one in summary.messages},
    }


# -- live ----------------------------------------------------------------------------------------------


@get("/rooms/{name:str}/status/stream", include_in_schema=False)
async def status_stream(name: FromPath[str], visit: Visiting, parts: Hub, relay: Relayed) -> Stream:
    """As the room's own page: being here is being in the room, for whoever has a grant there."""
    seen = await see_room(visit, parts, relay, name)
    room = seen.summary.id
    session = await page_session(visit, relay, seen) if seen.capabilities else None
    board = await _begun(visit, parts, relay, seen, session) if session is not None else None
    heard: list[asyncio.Task[None]] = []

    async def look(_: frozenset[RoomId] | None) -> dict[str, object]:
        return {"now": (parts.rooms.summary(room), board.version if board is not None else 0)}

    @contextmanager
    def watching() -> Iterator[Watch]:
        with parts.rooms.watch() as watch:
            try:
                yield watch
            finally:
                for task in heard:
                    task.cancel()

    async def enter(stream: PageStream) -> Channel:
        if session is None:
            return relay.channels.open_page(visit.signed.principal, stream.cut)
        channel = relay.channels.open(Kind.PAGE, session, stream.cut)
        if board is not None:
            for path in WATCHED:
                if task := relay.relay.background(_hear(relay, channel, path, board), "status.hear"):
                    heard.append(task)
        return channel

    return stream_page(watching(), look, visit.t.said, enter)


async def _begun(visit: Visit, parts: Parts, relay: RelayParts, seen: Seen, session: Session) -> Board | None:
    """The session's board. Where the page had no answer, the device may have one by now; None where it has not."""
    if parts.status.boards.get(session) is None:
        with suppress(RoomgateError, XapiError):
            await _ask(visit, parts, relay, seen, None)
    return parts.status.boards.get(session)


async def _hear(relay: RelayParts, channel: Channel, path: Path, board: Board) -> None:
    """Keep the board current on one path, until the page goes; what is not given or not there is left out."""
    try:
        watch = await relay.relay.watch(channel, path)
    except (RoomgateError, XapiError):
        return
    try:
        async for one in watch:
            if one.kind == "status":
                board.absorb(path, one.document, one.present)
    finally:
        watch.close()


# -- exports -------------------------------------------------------------------------------------------


async def _table(visit: Visit, parts: Parts, relay: RelayParts, name: str) -> list[list[str]]:
    seen = await see_room(visit, parts, relay, name)
    found = samples_for(await parts.status.samples(seen.summary.id, visit.now - KEPT), seen.capabilities)
    return [[iso(one.at), *(f"{one.values[key]:g}" if key in one.values else "" for key in NAMES)] for one in found]


@get("/rooms/{name:str}/status/samples.csv", include_in_schema=False)
async def samples_csv(name: FromPath[str], visit: Visiting, parts: Hub, relay: Relayed) -> Page:
    return export.csv_page(COLUMNS, await _table(visit, parts, relay, name), "samples")


@get("/rooms/{name:str}/status/samples.json", include_in_schema=False)
async def samples_json(name: FromPath[str], visit: Visiting, parts: Hub, relay: Relayed) -> Page:
    return export.json_page(COLUMNS, await _table(visit, parts, relay, name))


ROUTES = [show_status, status_now, status_stream, samples_csv, samples_json]
