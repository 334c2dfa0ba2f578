"""REST: sites and connectors; and the question by which a connector enrols."""

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from roomgate.access.principal import Right
from roomgate.errors import NotFound
from roomgate.hub.http.asking import Hub, Req, Who, source_of
from roomgate.hub.http.paging import Page, build_page, parse_cursor, parse_limit
from roomgate.hub.sites.service import CODE_LIVES, fingerprint_of
from roomgate.hub.sites.store import ConnectorRecord, Site
from roomgate.link.enrolment import parse_ask


class SiteShown(msgspec.Struct, frozen=True):
    id: str
    name: str
    created: str


class NewSite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str


class ConnectorShown(msgspec.Struct, frozen=True):
    """``fingerprint`` is what its own operator sees; compare the two before you confirm."""

    id: str
    site: str
    name: str
    state: str
    fingerprint: str
    linked: bool
    created: str


class NewConnector(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Asks for a one-time code by which a connector enrols at this site (id or name)."""

    site: str


class Code(msgspec.Struct, frozen=True):
    """Both go to the site: `roomgate connector enrol` asks for them. ``code`` is shown this once."""

    code: str
    hub_fingerprint: str
    hub: str
    minutes: int


def show_site(site: Site) -> SiteShown:
    return SiteShown(site.id, site.name, site.created)


def show_connector(record: ConnectorRecord, linked: bool) -> ConnectorShown:
    key = fingerprint_of(record.public_key)
    return ConnectorShown(record.id, record.site, record.name, record.state, key, linked, record.created)


@get("/sites")
async def list_sites(
    parts: Hub, signed: Who, cursor: FromQuery[str | None] = None, limit: FromQuery[int | None] = None
) -> Page[SiteShown]:
    signed.require(Right.SEE, Right.SITES)
    most = parse_limit(limit)
    found = await parts.sites.sites(parse_cursor(cursor), most + 1)
    return build_page(found, most, lambda site: site.id, show_site)


@post("/sites")
async def add_site(parts: Hub, signed: Who, data: JSONBody[NewSite]) -> SiteShown:
    return show_site(await parts.sites.create(data.name, signed))


@get("/connectors")
async def list_connectors(
    parts: Hub,
    signed: Who,
    site: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[ConnectorShown]:
    signed.require(Right.SEE, Right.SITES)
    most = parse_limit(limit)
    at = await parts.sites.site(site) if site is not None else None
    if site is not None and at is None:
        raise NotFound("There is no such site.")
    found = await parts.sites.connectors(at.id if at else None, parse_cursor(cursor), most + 1)
    return build_page(found, most, lambda c: c.id, lambda c: show_connector(c, parts.rooms.linked(c.id)))


@get("/connectors/{id:str}")
async def show_one(parts: Hub, signed: Who, id: FromPath[str]) -> ConnectorShown:
    signed.require(Right.SEE, Right.SITES)
    record = await parts.sites.connector(id)
    if record is None:
        raise NotFound("There is no such connector.")
    return show_connector(record, parts.rooms.linked(record.id))


@post("/connectors")
async def make_code(parts: Hub, signed: Who, data: JSONBody[NewConnector]) -> Code:
    code = await parts.sites.make_code(data.site, signed)
    minutes = int(CODE_LIVES.total_seconds() // 60)
    return Code(code.reveal(), parts.sites.hub_fingerprint, parts.config.public_url, minutes)


@post("/connectors/{id:str}/confirm", status_code=200)
async def confirm(parts: Hub, signed: Who, id: FromPath[str]) -> ConnectorShown:
    record = await parts.sites.confirm(id, signed)
    return show_connector(record, parts.rooms.linked(record.id))


@post("/connectors/{id:str}/disable", status_code=200)
async def disable(parts: Hub, signed: Who, id: FromPath[str]) -> ConnectorShown:
    record = await parts.sites.disable(id, signed)
    return show_connector(record, linked=False)


@post("/enrol", include_in_schema=False, status_code=200)
async def enrol(parts: Hub, request: Req) -> Response[bytes]:
    """Open to anybody with a code: the proof and the code are its authentication."""
    answer = await parts.sites.enrol(parse_ask(await request.body()), source_of(request))
    return Response(msgspec.json.encode(answer), media_type="application/json")


API = Router(
    "/",
    tags=["sites"],
    route_handlers=[list_sites, add_site, list_connectors, show_one, make_code, confirm, disable],
)
