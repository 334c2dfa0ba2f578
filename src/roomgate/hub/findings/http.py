"""REST: findings, one of them, an end to it, and the reports of exposure checks."""

import msgspec
from litestar import Router, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from roomgate.hub.findings.filter import Filter, after, fitting, write_place
from roomgate.hub.findings.report import CheckReport, ReportTaken
from roomgate.hub.findings.store import Finding
from roomgate.hub.http.asking import Hub, Who
from roomgate.hub.http.paging import Page, build_page, parse_cursor, parse_limit


class FindingShown(msgspec.Struct, frozen=True):
    id: str
    source: str
    severity: str
    title: str
    evidence: dict[str, str]
    mend: str
    first_seen: str
    last_seen: str
    closed: str | None  # when somebody had dealt with it; null: it is open
    closed_by: str | None
    reason: str | None


class Dealt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``reason``: what was done about it."""

    reason: str


def show_finding(finding: Finding) -> FindingShown:
    return FindingShown(
        finding.id, finding.source, finding.severity, finding.title, finding.evidence, finding.mend,
        finding.first_seen, finding.last_seen, finding.closed, finding.closed_by, finding.reason,
    )  # fmt: skip


@get("/findings")
async def list_findings(
    parts: Hub,
    signed: Who,
    q: FromQuery[str] = "",
    source: FromQuery[str] = "",
    severity: FromQuery[str] = "",
    closed: FromQuery[bool] = False,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[FindingShown]:
    """What to do first at the top: by severity (critical, warning, note), the newest first. With ``closed`` those that
    were dealt with, in the same order. Takes the right to audit."""
    most, place = parse_limit(limit), parse_cursor(cursor)
    wanted = Filter.of(q=q, source=source, severity=severity)
    found = await (parts.findings.closed_for if closed else parts.findings.list_for)(signed, wanted)
    left = after(fitting(found, wanted), place) if place else fitting(found, wanted)
    return build_page(left[: most + 1], most, write_place, show_finding)


@get("/findings/{id:str}")
async def show_one(parts: Hub, signed: Who, id: FromPath[str]) -> FindingShown:
    return show_finding(await parts.findings.get(id, signed))


@post("/findings/{id:str}/close", status_code=200)
async def close_finding(parts: Hub, signed: Who, id: FromPath[str], data: JSONBody[Dealt]) -> FindingShown:
    """Say that it has been dealt with, and how. It comes back if it is seen again. Takes the rights to audit and cut."""
    return show_finding(await parts.findings.close(id, data.reason, signed))


@post("/findings/reports", status_code=200)
async def take_report(parts: Hub, signed: Who, data: JSONBody[CheckReport]) -> ReportTaken:
    """Take what `roomgate check run --json` printed. Failed checks and those that could not be judged become findings;
    a later report of the same target closes what passes by then. Takes the rights to audit and to cut."""
    return await parts.findings.take_report(data, signed)


API = Router("/", tags=["findings"], route_handlers=[list_findings, show_one, close_finding, take_report])
