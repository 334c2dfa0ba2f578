"""REST: how fast access ended."""

import msgspec
from litestar import Router, get
from litestar.params import FromQuery

from roomgate.clock import iso
from roomgate.errors import BadInput
from roomgate.hub.cuts.figures import Figures, by_cause, by_day
from roomgate.hub.cuts.store import Cut
from roomgate.hub.http.asking import Hub, Who
from roomgate.hub.http.paging import Page, build_page, parse_cursor, parse_limit

MOST_DAYS = 90


class CutShown(msgspec.Struct, frozen=True):
    """Milliseconds from just before the commit: of each closed channel by kind, and until each connector said it."""

    sequence: int
    cause: str
    at: str
    sessions: int
    channels: dict[str, list[float]]
    connectors: dict[str, float | None]
    took_ms: int


class FiguresShown(msgspec.Struct, frozen=True):
    name: str
    cuts: int
    channels: int
    p50_ms: float
    p99_ms: float
    most_ms: float


class CutFigures(msgspec.Struct, frozen=True):
    days: list[FiguresShown]
    causes: list[FiguresShown]


def show_cut(cut: Cut) -> CutShown:
    return CutShown(cut.sequence, cut.cause, iso(cut.at), cut.sessions, cut.channels, cut.connectors, cut.took_ms)


def show_figures(one: Figures) -> FiguresShown:
    return FiguresShown(one.name, one.cuts, one.channels, one.p50, one.p99, one.most)


@get("/cuts", summary="Cuts, and how fast each channel fell")
async def list_cuts(
    parts: Hub, signed: Who, cursor: FromQuery[str | None] = None, limit: FromQuery[int | None] = None
) -> Page[CutShown]:
    """The newest first; those that ended something, of the last 90 days."""
    most, place = parse_limit(limit), parse_cursor(cursor)
    if place and not (place.isascii() and place.isdigit()):
        raise BadInput("This cursor is not one of ours.")
    found = await parts.cuts.page(signed, int(place) if place else None, most + 1)
    return build_page(found, most, lambda cut: str(cut.sequence), show_cut)


@get("/cuts/figures", summary="How fast channels fell, by day and by cause")
async def cut_figures(parts: Hub, signed: Who, days: FromQuery[int] = 30) -> CutFigures:
    """Days are of UTC; those without a cut are left out."""
    if not 1 <= days <= MOST_DAYS:
        raise BadInput(f"days is from 1 to {MOST_DAYS}.")
    found = await parts.cuts.of_days(signed, days)
    return CutFigures([show_figures(one) for one in by_day(found)], [show_figures(one) for one in by_cause(found)])


API = Router("/", tags=["cuts"], route_handlers=[list_cuts, cut_figures])
