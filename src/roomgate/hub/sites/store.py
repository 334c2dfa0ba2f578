"""The SQL of sites, connectors and enrolment codes."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from roomgate.hub.db.schema import connectors, enrolment_codes, sites
from roomgate.ids import ConnectorId, SiteId


@dataclass(frozen=True, slots=True)
class Site:
    id: SiteId
    name: str
    created: str


@dataclass(frozen=True, slots=True)
class ConnectorRecord:
    """A connector, and the raw Ed25519 public key and the certificate (PEM) that it enrolled with."""

    id: ConnectorId
    site: SiteId
    name: str
    public_key: bytes
    state: str  # pending, live, disabled
    created: str
    certificate: bytes


def _connector(row: Row[Any]) -> ConnectorRecord:
    return ConnectorRecord(
        ConnectorId(row.id), SiteId(row.site), row.name, bytes(row.public_key), row.state, row.created,
        bytes(row.certificate),
    )  # fmt: skip


def add_site(conn: Connection, site: Site, by: str) -> None:
    conn.execute(insert(sites), {"id": site.id, "name": site.name, "created": site.created, "created_by": by})


def find_site(conn: Connection, id_or_name: str) -> Site | None:
    row = conn.execute(select(sites).where((sites.c.id == id_or_name) | (sites.c.name == id_or_name))).first()
    return Site(SiteId(row.id), row.name, row.created) if row else None


def list_sites(conn: Connection, after: str, limit: int) -> list[Site]:
    query = select(sites).where(sites.c.id > after).order_by(sites.c.id).limit(limit)
    return [Site(SiteId(row.id), row.name, row.created) for row in conn.execute(query)]


def add_code(conn: Connection, hash: str, site: SiteId, until: str, by: str) -> None:
    conn.execute(insert(enrolment_codes), {"hash": hash, "site": site, "until": until, "created_by": by})


def consume_code(conn: Connection, hash: str, connector: ConnectorId, now: str) -> SiteId | None:
    """The one conditional update by which a code is used: whoever comes second changes no row."""
    consumed = (
        update(enrolment_codes)
        .where(enrolment_codes.c.hash == hash, enrolment_codes.c.used_by.is_(None), enrolment_codes.c.until > now)
        .values(used_by=connector)
        .returning(enrolment_codes.c.site)
    )
    site = conn.execute(consumed).scalar_one_or_none()
    return SiteId(site) if site is not None else None


def add_connector(conn: Connection, record: ConnectorRecord) -> None:
    conn.execute(
        insert(connectors),
        {
            "id": record.id, "site": record.site, "name": record.name, "public_key": record.public_key,
            "state": record.state, "created": record.created, "certificate": record.certificate,
        },
    )  # fmt: skip


def find_connector(conn: Connection, id: str) -> ConnectorRecord | None:
    row = conn.execute(select(connectors).where(connectors.c.id == id)).first()
    return _connector(row) if row else None


def find_by_key(conn: Connection, public_key: bytes) -> ConnectorRecord | None:
    row = conn.execute(select(connectors).where(connectors.c.public_key == public_key)).first()
    return _connector(row) if row else None


def list_connectors(conn: Connection, site: str | None, after: str, limit: int) -> list[ConnectorRecord]:
    query = select(connectors).where(connectors.c.id > after).order_by(connectors.c.id).limit(limit)
    if site is not None:
        query = query.where(connectors.c.site == site)
    return [_connector(row) for row in conn.execute(query)]


def set_state(conn: Connection, id: ConnectorId, state: str, confirmed_by: str | None = None) -> None:
    columns = {"state": state} | ({"confirmed_by": confirmed_by} if confirmed_by else {})
    conn.execute(update(connectors).where(connectors.c.id == id).values(**columns))
