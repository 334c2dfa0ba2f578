"""Sites and connectors: a one-time code, a key that came with it, a fingerprint that somebody confirmed."""

import secrets
from datetime import timedelta
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import Connection

from roomgate.access.principal import Right
from roomgate.clock import iso
from roomgate.errors import Conflict, NotFound
from roomgate.hub.change import Change, Changes
from roomgate.hub.identity.person import Signed, check_name
from roomgate.hub.revocation import Cause, SubjectKind
from roomgate.hub.sites import store
from roomgate.hub.sites.store import ConnectorRecord, Site
from roomgate.ids import ConnectorId, PersonId, SiteId, mint
from roomgate.ledger.event import ConnectorEnrolled, ConnectorEnrolling, SiteAdded
from roomgate.link.enrolment import EnrolAnswer, EnrolAsk, EnrolmentRefused, build_answer, check_ask, code_hash
from roomgate.link.signing import fingerprint
from roomgate.redact import Secret, foreign
from roomgate.storage.database import Database

CODE_LIVES = timedelta(minutes=15)
_LETTERS = "23456789abcdefghjkmnpqrstvwxyz"


class Dependants(Protocol):
    """What hangs on a connector: its rooms."""

    def connector_gone(self, change: Change, connector: ConnectorId, by: PersonId | None) -> None: ...

    async def load(self) -> None: ...


class Sites:
    def __init__(self, db: Database, changes: Changes, hub_key: Ed25519PrivateKey, dependants: Dependants) -> None:
        self._db = db
        self._changes = changes
        self._hub_key = hub_key
        self._dependants = dependants

    @property
    def hub_fingerprint(self) -> str:
        """What an operator types at the connector, beside the code."""
        return fingerprint(self._hub_key.public_key())

    async def create(self, name: str, by: Signed) -> Site:
        by.require(Right.SITES)
        name = check_name(name)

        def unit(change: Change) -> Site:
            if store.find_site(change.conn, name) is not None:
                raise Conflict(f"The name {name} is taken.")
            site = Site(SiteId(mint("site")), name, change.at)
            store.add_site(change.conn, site, by.person.id)
            change.record(SiteAdded, site=site.id, name=name, by=by.person.id)
            return site

        return await self._changes.write(unit)

    async def make_code(self, site: str, by: Signed) -> Secret[str]:
        """A one-time code for a site (by id or name); lives for `CODE_LIVES`. Raises NotFound."""
        by.require(Right.SITES)
        code = "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))

        def unit(change: Change) -> None:
            found = store.find_site(change.conn, site)
            if found is None:
                raise NotFound("There is no such site.")
            store.add_code(change.conn, code_hash(code), found.id, iso(change.now + CODE_LIVES), by.person.id)

        await self._changes.write(unit)
        return Secret(code)

    async def enrol(self, ask: EnrolAsk, source: str) -> EnrolAnswer:
        """A connector's question. It stays refused at the link until `confirm`. Raises EnrolmentRefused."""
        check_ask(ask, self._hub_key.public_key())
        id = ConnectorId(mint("connector"))

        def unit(change: Change) -> str:
            site = store.consume_code(change.conn, code_hash(ask.code), id, change.at)
            if site is None or store.find_by_key(change.conn, ask.public_key) is not None:
                raise EnrolmentRefused("The enrolment was refused.")
            store.add_connector(
                change.conn,
                ConnectorRecord(
                    id, site, foreign(ask.name, 100), ask.public_key, "pending", change.at, ask.certificate.encode()
                ),
            )
            change.record(
                ConnectorEnrolling,
                connector=id,
                site=site,
                fingerprint=fingerprint_of(ask.public_key),
                source=source[:80],
            )
            return site

        site = await self._changes.write(unit)
        return build_answer(self._hub_key, ask, id, site)

    async def confirm(self, connector: str, by: Signed) -> ConnectorRecord:
        """Somebody compared the fingerprint. Raises NotFound, Conflict for one that is disabled."""
        by.require(Right.SITES)

        def unit(change: Change) -> ConnectorRecord:
            record = self._get(change.conn, connector)
            if record.state == "disabled":
                raise Conflict("This connector is disabled.", hint="Enrol it again.")
            if record.state == "pending":
                store.set_state(change.conn, record.id, "live", by.person.id)
                change.record(
                    ConnectorEnrolled, connector=record.id, site=record.site, by=by.person.id,
                    fingerprint=fingerprint_of(record.public_key),
                )  # fmt: skip
            return self._get(change.conn, connector)

        return await self._changes.write(unit)

    async def disable(self, connector: str, by: Signed) -> ConnectorRecord:
        """For good: its rooms are gone, everything in them falls. Another enrolment makes another connector."""
        by.require(Right.SITES)

        def unit(change: Change) -> ConnectorRecord:
            record = self._get(change.conn, connector)
            if record.state != "disabled":
                store.set_state(change.conn, record.id, "disabled")
                change.revoke(
                    Cause.CONNECTOR_DISABLED, SubjectKind.CONNECTOR, record.id, by=by.person.id,
                    reason="The connector was disabled.",
                )  # fmt: skip
                self._dependants.connector_gone(change, record.id, by.person.id)
            return self._get(change.conn, connector)

        record = await self._changes.write(unit)
        await self._dependants.load()
        return record

    async def connector(self, id: str) -> ConnectorRecord | None:
        return await self._db.read(lambda conn: store.find_connector(conn, id))

    async def connectors(self, site: str | None = None, after: str = "", limit: int = 100) -> list[ConnectorRecord]:
        return await self._db.read(lambda conn: store.list_connectors(conn, site, after, limit))

    async def sites(self, after: str = "", limit: int = 100) -> list[Site]:
        return await self._db.read(lambda conn: store.list_sites(conn, after, limit))

    async def site(self, id_or_name: str) -> Site | None:
        return await self._db.read(lambda conn: store.find_site(conn, id_or_name))

    def subject_in(self, conn: Connection, kind: str, subject: str) -> str | None:
        """The id of a site (by id or name) or connector that a lock names, or None."""
        if kind == "site":
            site = store.find_site(conn, subject)
            return site.id if site else None
        connector = store.find_connector(conn, subject) if kind == "connector" else None
        return connector.id if connector else None

    def _get(self, conn: Connection, id: str) -> ConnectorRecord:
        record = store.find_connector(conn, id)
        if record is None:
            raise NotFound("There is no such connector.")
        return record


def fingerprint_of(public_key: bytes) -> str:
    """Of a connector's raw Ed25519 key: what its own operator sees."""
    return fingerprint(Ed25519PublicKey.from_public_bytes(public_key))
