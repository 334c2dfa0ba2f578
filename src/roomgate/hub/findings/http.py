"""REST: findings."""

import msgspec
from litestar import Router, get
from litestar.params import FromQuery

from roomgate.access.principal import Right
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


def show_finding(finding: Finding) -> FindingShown:
    return FindingShown(
        finding.id, finding.source, finding.severity, finding.title, finding.evidence, finding.mend,
        finding.first_seen, finding.last_seen,
    )  # fmt: skip


@get("/findings")
async def list_findings(
    parts: Hub, signed: Who, cursor: FromQuery[str | None] = None, limit: FromQuery[int | None] = None
) -> Page[FindingShown]:
    signed.require(Right.AUDIT)
    most = parse_limit(limit)
    found = await parts.findings.page(parse_cursor(cursor), most + 1)
    return build_page(found, most, lambda finding: finding.id, show_finding)


API = Router("/", tags=["findings"], route_handlers=[list_findings])
