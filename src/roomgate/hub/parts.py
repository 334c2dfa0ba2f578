"""The hub's parts, put together once: what every route, page and task of it is given."""

import os
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from roomgate import log
from roomgate.access.capability import Capability
from roomgate.certificate_ends import load_ends
from roomgate.clock import Clock, Jumps, iso, parse_iso
from roomgate.errors import RoomgateError
from roomgate.hub.alerts.routes import AlertRoutes
from roomgate.hub.alerts.sender import Sender
from roomgate.hub.alerts.service import Alerts
from roomgate.hub.approvals.break_glass import BreakGlass
from roomgate.hub.approvals.service import Approvals
from roomgate.hub.bus import Bus
from roomgate.hub.change import Changes
from roomgate.hub.config import HubConfig
from roomgate.hub.cuts.service import Cuts
from roomgate.hub.db.migrate import migrate
from roomgate.hub.dependants import Falling
from roomgate.hub.extensions.service import Extensions
from roomgate.hub.findings.service import Findings
from roomgate.hub.fleet.service import Fleet
from roomgate.hub.grants.service import Grants
from roomgate.hub.identity.factors import Factors
from roomgate.hub.identity.invitations import Invitations
from roomgate.hub.identity.oidc.service import SignOn
from roomgate.hub.identity.passwords import Passwords
from roomgate.hub.identity.pending import Pending
from roomgate.hub.identity.scim.service import Directories
from roomgate.hub.identity.sealing import Seal
from roomgate.hub.identity.service import Identity
from roomgate.hub.identity.signin import SignIn
from roomgate.hub.inventory.service import Inventory
from roomgate.hub.ledger.service import HubLedger, Witness
from roomgate.hub.restoration.service import ORIGIN, Restorations
from roomgate.hub.roles.service import Roles
from roomgate.hub.rooms.service import Rooms
from roomgate.hub.sites.service import Sites
from roomgate.hub.status.service import RoomStatus
from roomgate.ledger.checkpoint import VerifierKey
from roomgate.ledger.event import ClockJumped
from roomgate.storage.database import Database
from roomgate.storage.record import Record

_log = log.get("hub")


class KeyUnreadable(RoomgateError):
    """A key file is there and cannot be used; nothing is made in its place."""

    code = "hub.key-unreadable"
    hint = "Restore the key from the backup of the data folder."


@dataclass(frozen=True, slots=True)
class Keys:
    """``order`` signs orders and renewals and proves the hub on the link; ``ledger`` signs checkpoints."""

    order: Ed25519PrivateKey
    ledger: Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class Parts:
    config: HubConfig
    clock: Clock
    keys: Keys
    db: Database
    record: Record
    bus: Bus
    changes: Changes
    passwords: Passwords
    identity: Identity
    directories: Directories
    sign_on: SignOn
    factors: Factors
    signin: SignIn
    invitations: Invitations
    sites: Sites
    rooms: Rooms
    grants: Grants
    ledger: HubLedger
    findings: Findings
    jumps: Jumps
    restorations: Restorations
    approvals: Approvals
    break_glass: BreakGlass
    roles: Roles
    cuts: Cuts
    inventory: Inventory
    status: RoomStatus
    extensions: Extensions
    fleet: Fleet
    alerts: Alerts
    alert_routes: AlertRoutes

    async def aclose(self) -> None:
        self.passwords.close()
        await self.db.aclose()

    async def expire(self) -> None:
        """End what is over: grants, requests, tokens, web sessions, invitations."""
        await self.grants.expire()
        await self.approvals.expire()
        await self.identity.expire()
        await self.invitations.expire()
        self.cuts.sweep()

    async def look_at_clock(self) -> None:
        """A wall clock that was set is told in the log and on the record. It prolongs nothing: see `Ends`."""
        if by_s := round(self.jumps.look()):
            _log.warning("clock.jumped", by_s=by_s)
            await self.record.add(ClockJumped(at=iso(self.clock.now()), by_s=by_s))


def ensure_keys(folder: Path) -> Keys:
    """Load the keys, or make them, mode 0600, on the first start. Raises KeyUnreadable."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Keys(_ensure_key(folder / "order.pem"), _ensure_key(folder / "ledger.pem"))


def _ensure_key(path: Path) -> Ed25519PrivateKey:
    if not path.exists():
        key = Ed25519PrivateKey.generate()
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(pem)
            out.flush()
            os.fsync(out.fileno())
        return key
    try:
        loaded = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as bad:
        raise KeyUnreadable(f"{path.name}: {bad}") from bad
    if not isinstance(loaded, Ed25519PrivateKey):
        raise KeyUnreadable(f"{path.name} is no Ed25519 key.")
    return loaded


async def open_parts(config: HubConfig, clock: Clock, db: Database | None = None) -> Parts:
    """Open the data folder (made where it is missing), bring the schema up, know what lives.

    ``db``: the database, where it is not the file that the configuration names. It is closed with the parts.
    """
    keys = ensure_keys(config.keys)
    witness = None
    if config.witness_url:
        tls = ssl.create_default_context(cafile=config.witness_ca or None)
        witness = Witness(config.witness_url, VerifierKey.parse(config.witness_key), tls)

    db = db or Database.open(config.database)
    passwords = Passwords(config.argon2)
    try:
        await migrate(db)
        bus = Bus()
        record = Record(db, ORIGIN, keys.ledger)
        changes = Changes(db, record, bus, clock)
        findings = Findings(db, changes, clock)
        identity = Identity(db, changes, clock, passwords, idle_s=config.web_idle_s, absolute_s=config.web_absolute_s)
        directories = Directories(db, changes, clock, identity, findings, config.group_roles)
        sign_on = SignOn(config.providers, config.public_url, db, changes, clock, identity)
        factors = Factors(db, changes, clock, identity, Seal(keys.order))
        signin = SignIn(db, changes, identity, factors, Pending(clock))
        invitations = Invitations(db, changes, clock, identity, factors, passwords)
        rooms = Rooms(db, changes, clock, findings)
        sites = Sites(db, changes, keys.order, rooms)
        second_person = frozenset(map(Capability, config.second_person))
        grants = Grants(db, changes, clock, identity, rooms, sites, second_person)
        approvals = Approvals(db, changes, clock, identity, grants)
        break_glass = BreakGlass(db, changes, clock, identity, grants, findings)
        identity.bind(Falling(grants, approvals))
        rooms.bind(grants)
        restorations = Restorations(db, changes, record, identity)
        await restorations.load()  # first: it says by which name the record goes on
        newest = await record.entries(limit=1, newest_first=True)
        since = parse_iso(newest[0].event.at) if newest else None
        await identity.load(since)
        await invitations.load(since)
        await rooms.load()
        await grants.load(since)
        await approvals.load(since)
        await break_glass.load()
    except BaseException:
        passwords.close()
        await db.aclose()
        raise
    files = [(name, Path(file)) for name in ("certificate", "ca", "witness_ca") if (file := getattr(config, name))]
    alerts = Alerts(db, clock, rooms, grants, findings, config.alert_after_s, lambda: load_ends(files))
    sender = Sender(config.alert_hosts)
    status = RoomStatus(db, clock, rooms)
    ledger = HubLedger(db, record, clock, findings, witness)
    return Parts(
        config=config,
        clock=clock,
        keys=keys,
        db=db,
        record=record,
        bus=bus,
        changes=changes,
        passwords=passwords,
        identity=identity,
        factors=factors,
        signin=signin,
        invitations=invitations,
        sign_on=sign_on,
        directories=directories,
        sites=sites,
        rooms=rooms,
        grants=grants,
        ledger=ledger,
        findings=findings,
        jumps=Jumps(clock, since),
        restorations=restorations,
        approvals=approvals,
        break_glass=break_glass,
        roles=Roles(db, changes, identity),
        cuts=Cuts(db, clock),
        inventory=Inventory(db, clock, rooms, grants, status),
        status=status,
        extensions=Extensions(db, clock, Seal(keys.order)),
        fleet=Fleet(db, changes, clock, identity, rooms, grants, sites, Seal(keys.order)),
        alerts=alerts,
        alert_routes=AlertRoutes(db, changes, clock, alerts, Seal(keys.order), sender, config.public_url),
    )
