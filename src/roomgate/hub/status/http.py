"""REST: how a room is, read from its device; and what was measured of it over the last days."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from litestar import Router, get
from litestar.params import FromPath, FromQuery

from roomgate.clock import iso, parse_iso
from roomgate.errors import BadInput, Unreachable
from roomgate.hub.http.asking import Hub, Who, give
from roomgate.hub.relay.asked import Wish
from roomgate.hub.relay.http import RelayHere, raise_unless_done
from roomgate.hub.status.access import STATUS, WITHIN_S, room_for, samples_for
from roomgate.hub.status.advice import advise
from roomgate.hub.status.service import KEPT
from roomgate.hub.status.summary import Summary, build_summary
from roomgate.xapi.call import Verb
from roomgate.xapi.path import Path

LATE = "The room has not answered yet. Ask again in a moment."


class Advice(msgspec.Struct, frozen=True):
    """What to do about messages of this type of the device's."""

    type: str
    words: str


class StatusShown(msgspec.Struct, frozen=True):
    """``summary`` and ``advice`` where no path was asked for; else ``value``: what stands there, as the device says it."""

    room: str
    path: str
    summary: Summary | None
    advice: list[Advice]
    value: Any


class SampleShown(msgspec.Struct, frozen=True):
    """Values by name; what was not known, or is not given by your grants, is left out."""

    at: str
    values: dict[str, float]


class Samples(msgspec.Struct, frozen=True):
    items: list[SampleShown]


@get("/rooms/{room:str}/status", summary="How a room is, or a part of its status as it is")
async def show_status(
    room: FromPath[str], parts: Hub, signed: Who, relay: RelayHere, path: FromQuery[str | None] = None
) -> StatusShown:
    """Asked of the device, and no more of it than your grants give. ``path``: such as Status/Audio, and all below it."""
    wish = STATUS if path is None else Wish(Verb.GET, parse_path(path))
    answer = await relay.relay.ask(signed.principal, room, wish, wait_s=WITHIN_S)
    if answer.outcome == "waiting":
        raise Unreachable(LATE)
    raise_unless_done(answer)
    if path is not None:
        return StatusShown(room, str(wish.path), None, [], answer.result)
    summary = build_summary(answer.result)
    parts.status.saw(parts.rooms.get(room).id, answer.result)
    told = dict.fromkeys(one.type for one in summary.messages)
    return StatusShown(
        room, "", summary, [Advice(type, words) for type in told if (words := advise(type))], None
    )  # fmt: skip


@get("/rooms/{room:str}/samples", summary="What was measured of a room over the last days")
async def list_samples(
    room: FromPath[str], parts: Hub, signed: Who, relay: RelayHere, since: FromQuery[str | None] = None
) -> Samples:
    """Every five minutes, the oldest first; kept for eight days. ``since``: a moment (ISO 8601), else a day ago."""
    now = parts.clock.now()
    id, held = await room_for(signed, parts, relay, room, now)
    begin = parse_since(since, now)
    found = samples_for(await parts.status.samples(id, begin), held)
    return Samples([SampleShown(iso(one.at), one.values) for one in found])


def parse_path(text: str) -> Path:
    """Raises InvalidPath or BadInput."""
    path = Path.parse(text)
    if path.root != "Status":
        raise BadInput("Give a path of the status, such as Status/Audio.")
    return path


def parse_since(text: str | None, now: datetime) -> datetime:
    """Raises BadInput."""
    if text is None:
        return now - timedelta(days=1)
    try:
        moment = parse_iso(text)
    except (ValueError, OverflowError) as bad:
        raise BadInput("since is a moment such as 2026-03-01T00:00:00Z.") from bad
    return max(moment, now - KEPT)


API = Router(
    "/",
    tags=["rooms"],
    route_handlers=[show_status, list_samples],
    dependencies={"relay": give("relay")},
)
