"""The page of the cuts: how fast access ended, by day and by cause."""

from litestar import get

from roomgate.clock import iso
from roomgate.hub.console import export
from roomgate.hub.console.visit import Page, Visit, Visiting
from roomgate.hub.cuts.figures import build_figures, by_cause, by_day
from roomgate.hub.cuts.plot import build_plot
from roomgate.hub.cuts.store import Cut
from roomgate.hub.http.asking import Hub

DAYS = 30
MOST_LINES = 25
_MOST = 10_000
COLUMNS = ("at", "cause", "sessions", "channels", "p50_ms", "p99_ms", "most_ms", "connectors_ms", "silent", "sequence")


def cause_word(visit: Visit, cause: str) -> str:
    """The cause in the reader's words, or as it is where there are none yet."""
    key = f"cause.{cause}"
    return visit.t(key) if visit.t.has(key) else cause


@get("/cuts", include_in_schema=False)
async def show_cuts(visit: Visiting, parts: Hub) -> Page:
    found = await parts.cuts.of_days(visit.signed, DAYS)
    latest = list(reversed(found))[:MOST_LINES]
    return visit.page(
        "cuts.html", days=DAYS, plot=build_plot(by_day(found)), all=build_figures("", found),
        causes=[(cause_word(visit, one.name), one) for one in by_cause(found)],
        latest=[(cut, cause_word(visit, cut.cause), build_figures("", [cut])) for cut in latest],
        more=max(0, len(found) - len(latest)),
    )  # fmt: skip


def table(cuts: list[Cut]) -> list[list[str]]:
    """As spreadsheets have it."""
    rows = []
    for cut in cuts:
        of = build_figures("", [cut])
        heard = [ms for ms in cut.connectors.values() if ms is not None]
        rows.append(
            [
                iso(cut.at), cut.cause, str(cut.sessions), str(of.channels), f"{of.p50:g}", f"{of.p99:g}",
                f"{of.most:g}", f"{max(heard):g}" if heard else "", str(len(cut.connectors) - len(heard)),
                str(cut.sequence),
            ]
        )  # fmt: skip
    return rows


@get("/cuts.csv", include_in_schema=False)
async def cuts_csv(visit: Visiting, parts: Hub) -> Page:
    return export.csv_page(COLUMNS, table(await parts.cuts.page(visit.signed, limit=_MOST)), "cuts")


@get("/cuts.json", include_in_schema=False)
async def cuts_json(visit: Visiting, parts: Hub) -> Page:
    return export.json_page(COLUMNS, table(await parts.cuts.page(visit.signed, limit=_MOST)))


ROUTES = [show_cuts, cuts_csv, cuts_json]
