"""The page of findings: what to do first; and one finding with its evidence, the next step and an end to it."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from litestar import get, post
from litestar.params import FromPath, FromQuery, QueryParameter

from roomgate.clock import parse_iso
from roomgate.errors import RoomgateError
from roomgate.hub.console import export
from roomgate.hub.console.naming import people_names
from roomgate.hub.console.notices import Notice
from roomgate.hub.console.visit import Page, Visit, Visiting, read_form, refused
from roomgate.hub.findings.filter import COLUMNS, SEVERITIES, Filter, row
from roomgate.hub.findings.service import ACKNOWLEDGED, LONGEST_REASON, may_close
from roomgate.hub.findings.store import Finding
from roomgate.hub.http.asking import Hub, Req
from roomgate.hub.parts import Parts

HERE = "/findings"
MOST_CLOSED = 25
MOST_LINES = 100  # until somebody asks for all: the first paint is light
SIGNS = {"critical": "bad", "warning": "warn"}
AllQuery = Annotated[str, QueryParameter(name="all")]


def source_word(visit: Visit, source: str) -> str:
    """Who found it, in the reader's words, or as it is where there are none yet."""
    key = f"findings.source-{source}"
    return visit.t(key) if visit.t.has(key) else source


def severity_word(visit: Visit, severity: str) -> str:
    key = f"findings.sev-{severity}"
    return visit.t(key) if visit.t.has(key) else severity


def about(finding: Finding) -> str:
    """What a line of the list says beside the title: what was seen, in short."""
    return finding.evidence.get("says") or finding.evidence.get("why") or finding.evidence.get("said") or ""


@get(HERE, include_in_schema=False)
async def show_findings(
    visit: Visiting,
    parts: Hub,
    q: FromQuery[str] = "",
    source: FromQuery[str] = "",
    severity: FromQuery[str] = "",
    everything: AllQuery = "",
) -> Page:
    wanted = Filter.of(q=q, source=source, severity=severity)
    every = await parts.findings.list_for(visit.signed)
    found = await parts.findings.list_for(visit.signed, wanted) if wanted.query else every
    shown = found if everything else found[:MOST_LINES]
    closed = await parts.findings.closed_for(visit.signed, wanted)
    people = await _closers(parts, closed[:MOST_CLOSED])
    return visit.page(
        "findings.html", wanted=wanted, total=len(every), of=len(found),
        lines=[_line(visit, one, people) for one in shown], more=len(found) - len(shown),
        closed=[_line(visit, one, people) for one in closed[:MOST_CLOSED]], older=len(closed) > MOST_CLOSED,
        sources=[(name, source_word(visit, name)) for name in sorted({one.source for one in (*every, *closed)})],
        severities=[(name, severity_word(visit, name)) for name in SEVERITIES],
    )  # fmt: skip


async def _closers(parts: Parts, found: Sequence[Finding]) -> dict[str, str]:
    return await people_names(parts, {one.closed_by for one in found if one.closed_by})


def _line(visit: Visit, one: Finding, people: Mapping[str, str]) -> dict[str, object]:
    return {
        "id": one.id, "title": one.title, "sign": SIGNS.get(one.severity, "void"), "about": about(one),
        "severity": severity_word(visit, one.severity), "source": source_word(visit, one.source), "mend": one.mend,
        "first": parse_iso(one.first_seen), "last": parse_iso(one.last_seen), "evidence": one.evidence,
        "closed": parse_iso(one.closed) if one.closed else None, "reason": one.reason or "",
        "by": people.get(one.closed_by or "", ""),
    }  # fmt: skip


@get(HERE + "/{id:str}", include_in_schema=False)
async def show_finding(id: FromPath[str], visit: Visiting, parts: Hub) -> Page:
    one = await parts.findings.get(id, visit.signed)
    return visit.page(
        "finding.html", one=_line(visit, one, await _closers(parts, [one])),
        may_close=may_close(visit.signed) and one.source != ACKNOWLEDGED,
        elsewhere=one.source == ACKNOWLEDGED, longest=LONGEST_REASON,
    )  # fmt: skip


@post(HERE + "/{id:str}/close", include_in_schema=False, status_code=303)
async def close_finding(id: FromPath[str], request: Req, visit: Visiting, parts: Hub) -> Page:
    form = await read_form(request)
    try:
        closed = await parts.findings.close(id, form.text("reason"), visit.signed)
    except RoomgateError as fault:
        return visit.back(f"{HERE}/{id}", refused(visit.t, fault))
    return visit.back(HERE, Notice("ok", visit.t("said.done"), visit.t("findings.closed", title=closed.title)))


async def _table(visit: Visit, parts: Parts, wanted: Filter) -> list[list[str]]:
    """The open ones, then those that were dealt with."""
    found = [
        *await parts.findings.list_for(visit.signed, wanted),
        *await parts.findings.closed_for(visit.signed, wanted),
    ]
    people = await _closers(parts, found)
    return [row(one, people) for one in found]


@get("/findings.csv", include_in_schema=False)
async def findings_csv(
    visit: Visiting, parts: Hub, q: FromQuery[str] = "", source: FromQuery[str] = "", severity: FromQuery[str] = ""
) -> Page:
    """What the page lists, with the same filter."""
    return export.csv_page(
        COLUMNS, await _table(visit, parts, Filter.of(q=q, source=source, severity=severity)), "findings"
    )


@get("/findings.json", include_in_schema=False)
async def findings_json(
    visit: Visiting, parts: Hub, q: FromQuery[str] = "", source: FromQuery[str] = "", severity: FromQuery[str] = ""
) -> Page:
    return export.json_page(COLUMNS, await _table(visit, parts, Filter.of(q=q, source=source, severity=severity)))


ROUTES = [show_findings, show_finding, close_finding, findings_csv, findings_json]
