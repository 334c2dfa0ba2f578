"""The connector, put together: one task group; whatever falls in it is started again by `supervise`.

It may be killed at any moment: what it promised is in its database before it acts, the vault and the devices
file are replaced whole, and the hub says at each welcome which ledger entries it has.
"""

import asyncio
import random
import ssl
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sql

from roomgate import log, supervise
from roomgate.access.offered import offered
from roomgate.certificate_ends import load_ends
from roomgate.clock import Clock, Jumps, SystemClock, iso
from roomgate.connector import effects as effects_book
from roomgate.connector import quarantine as quarantine_list
from roomgate.connector import shown_panels as shown_panels_list
from roomgate.connector.acts import Acts
from roomgate.connector.attendance import Attendance
from roomgate.connector.backup_files import PURPOSE, BackupFiles
from roomgate.connector.backup_rounds import HOUR_S, BackupRounds
from roomgate.connector.backups import Backups
from roomgate.connector.bookings import RoomBookings
from roomgate.connector.calendars import SiteCalendars
from roomgate.connector.call_panel import CallPanels
from roomgate.connector.config import BadConfig, ConnectorConfig
from roomgate.connector.consent import Panel
from roomgate.connector.desk import Desk, Sender, Staff
from roomgate.connector.devices import DeviceEntry
from roomgate.connector.diary import DeviceDiary
from roomgate.connector.effects import Effects
from roomgate.connector.enrol import SOFTWARE, Identity, load_identity
from roomgate.connector.fence import Fence
from roomgate.connector.figures import Figures
from roomgate.connector.fleet import Fleet
from roomgate.connector.hub_memory import HubMemory
from roomgate.connector.keeper import Connect, dial_device
from roomgate.connector.local import Door
from roomgate.connector.logs import LogBundle
from roomgate.connector.mirror import Mirrored, letting_out
from roomgate.connector.own import OwnCommands, judge_beforehand
from roomgate.connector.own_accounts import OwnAccounts
from roomgate.connector.own_meetings import RoomMeetings
from roomgate.connector.policy_file import PolicyFile
from roomgate.connector.proof import Prover
from roomgate.connector.quarantine import Quarantine
from roomgate.connector.room_changes import RoomChanges
from roomgate.connector.shown_panels import ShownPanels
from roomgate.connector.site_operator import SiteOperator
from roomgate.connector.spool import Spool
from roomgate.connector.tunnel import Tunnels
from roomgate.connector.unproven import Unproven
from roomgate.connector.unproven import metadata as unproven_table
from roomgate.connector.upkeep import Upkeeps
from roomgate.connector.uplink import Uplink, UplinkConfig
from roomgate.connector.vault import Vault
from roomgate.connector.wishes import Wishes
from roomgate.connector.wishes import metadata as wishes_table
from roomgate.descriptors import Descriptors
from roomgate.errors import RoomgateError
from roomgate.folder import alone_in
from roomgate.ids import RoomName
from roomgate.ledger.checkpoint import BadNote, VerifierKey
from roomgate.ledger.event import ClockJumped, ConnectorStarted
from roomgate.link.messages import CertificateEnd
from roomgate.meetings.calendars.base import Calendar
from roomgate.meetings.reader import Apart
from roomgate.meetings.rules.folder import build_rules, load_files
from roomgate.meetings.sync import Sync
from roomgate.metrics.listener import Listener, split_listen
from roomgate.storage.database import Database
from roomgate.storage.record import Record
from roomgate.storage.record import metadata as record_tables
from roomgate.storage.witnessed import push

MACHINE_EVERY_S = 1.0
WITNESS_EVERY_S = 2.0
RETRY_S = 5.0  # the longest pause of a service after it failed

Listening = Callable[[RoomName, Any], None]

_log = log.get("connector")


def tables() -> sql.MetaData:
    """What is in the connector's database beside its record."""
    merged = sql.MetaData()
    sources = (
        effects_book.metadata,
        quarantine_list.metadata,
        unproven_table,
        wishes_table,
        shown_panels_list.metadata,
    )
    for source in sources:
        for table in source.tables.values():
            table.to_metadata(merged)
    return merged


class Connector:
    """The parts of one connector, ready to `run`."""

    def __init__(
        self,
        config: ConnectorConfig,
        identity: Identity,
        vault: Vault,
        record: Record,
        effects: Effects,
        quarantine: Quarantine,
        unproven: Unproven,
        wishes: Wishes,
        shown_panels: ShownPanels,
        clock: Clock,
        connect: Connect,
    ) -> None:
        """Raises BadPolicy or BadConfig: a connector does not start with files that it cannot read."""
        self._config = config
        self._identity = identity
        self._record = record
        self._effects = effects
        self._clock = clock
        self._policy = PolicyFile(config.policy)
        self._witness = _witness(config)

        catalogue = offered()
        self.desk = Desk(effects, lambda: self._policy.policy)
        self.mirrored = Mirrored(self.desk.send)
        self.spool = Spool(record, self.desk.send)
        self.fleet = Fleet(
            connector=identity.connector,
            file=config.devices,
            vault=vault,
            quarantine=quarantine,
            record=record,
            clock=clock,
            mirrored=self.mirrored,
            on_condition=self.desk.on_condition,
            lets_out=letting_out(config.measures),
            connect=connect,
            check_s=config.devices_check_s,
        )
        self.upkeep = Upkeeps(self.fleet.rooms, self.desk.send, clock, config.tells, self._own_ends)
        self.backups = Backups(BackupFiles(config.backups, vault.subkey(PURPOSE)), record, clock)
        self.rounds: BackupRounds | None = None
        if config.backup_every_h:
            period_s = config.backup_every_h * HOUR_S
            self.rounds = BackupRounds(
                self.backups,
                self.fleet.rooms,
                clock,
                period_s,
                config.backup_keep,
                random.Random(),  # noqa: S311 (spreads load, guards nothing)
            )
        self.reader: Apart | None = None
        self.sync: Sync | None = None
        self.calendars = SiteCalendars(config, clock, random.Random())  # noqa: S311 (spreads load, guards nothing)
        self.changes: RoomChanges | None = None
        self.attendance: Attendance | None = None
        panel = Panel(catalogue)
        diary = DeviceDiary(self.fleet.by_name, record, clock)
        listeners: list[Listening] = []
        if self.calendars.calendar is not None:
            listeners = self._keep_calendar(self.calendars.calendar, diary, wishes, panel)
        bookings = RoomBookings(self.sync, diary, frozenset(config.meeting_domains), clock, listeners)
        meetings = RoomMeetings(self.sync, diary.state, clock)
        self.call_panels = CallPanels(
            shown_panels,
            lambda room: self.sync.meetings(room) if self.sync else (),
            record,
            clock,
            wanted=config.call_panel,
        )
        ca_pem = config.hub_ca.read_bytes() if config.hub_ca else None
        self.uplink = Uplink(UplinkConfig(identity, ca_pem, config.proxy, config.heartbeat_s), self.desk, clock)
        hub_memory = HubMemory(config.data / "hub.checkpoint")
        self.tunnels = Tunnels(self._entry, self.uplink, panel, record, clock)
        self.fence = Fence(record, clock, catalogue, unproven, config.fence_s)
        self.acts = Acts(
            site=identity.site,
            rooms=self.fleet,
            policy=lambda: self._policy.policy,
            bookings=bookings,
            record=record,
            effects=effects,
            panel=panel,
            catalogue=catalogue,
            clock=clock,
            sender=Sender(self.desk.send),
            leases=self.uplink,
            own=OwnCommands(
                {
                    "Allowed Get": judge_beforehand,
                    "Backup Get": self.backups.get,
                    "Backup List": self.backups.list_,
                    "Backup Make": self.backups.make,
                    "Backup Remove": self.backups.remove,
                    "Accounts List": OwnAccounts(self._accounts).list,
                    "Logs Collect": LogBundle(record, clock, lambda room: passwords_of(vault, room)).collect,
                    "Meetings Explain": meetings.explain,
                    "Meetings List": meetings.list,
                    "Meetings Sync": meetings.sync,
                    "Tunnel Get": self.tunnels.look,
                    "Tunnel Open": self.tunnels.open,
                }
            ),
            lasting=self.tunnels,
            fence=self.fence,
        )
        self.desk.attend(
            Staff(
                self.fleet,
                self.acts,
                self.tunnels,
                self.spool,
                self.mirrored,
                self.upkeep,
                bookings,
                self.uplink,
                hub_memory,
                self._record,
                clock,
                self.call_panels,
            )
        )
        self.prover = Prover(
            self.fleet.keepers,
            self.acts.occupied,
            clock,
            live_s=config.proof_live_s,
            idle_s=config.proof_idle_s,
        )
        self.door = Door(
            config.socket,
            SiteOperator(
                connector=identity.connector,
                fleet=self.fleet,
                acts=self.acts,
                end_all=self.desk.end_all,
                effects=effects,
                policy=lambda: self._policy.policy,
                vault=vault,
                record=record,
                spool=self.spool,
                backups=self.backups,
                bookings=diary.state,
                clock=clock,
                link_up=lambda: self.uplink.up,
            ),
        )

    def _keep_calendar(self, calendar: Calendar, diary: DeviceDiary, wishes: Wishes, panel: Panel) -> "list[Listening]":
        """Gives who is to hear of the devices' events."""
        rules, clock = self._config.bookings, self._clock
        self.changes = RoomChanges(calendar, wishes, rules, self.fleet.by_name, panel, clock)
        self.reader = Apart(self._config.time_zone, _packs(self._config))
        self.sync = Sync(
            calendar,
            diary,
            clock,
            reader=self.reader,
            house=rules.house,
            about=self.changes,
        )
        self.changes.attend(self.sync)
        if rules.check_in is None:
            return [self.changes.hear]
        self.attendance = Attendance(
            rules.check_in, self.sync, wishes, self.fleet.rooms, panel, clock, self.changes.wake
        )
        return [self.changes.hear, self.attendance.hear]

    def _accounts(self, device: str) -> tuple[str, ...]:
        keeper = self.fleet.by_device(device)
        return () if keeper is None else (keeper.entry.daily, keeper.entry.privileged)

    def _own_ends(self) -> list[CertificateEnd]:
        """Of the files that this connector trusts others by; its own identity has no end."""
        named = [("hub_ca", self._config.hub_ca), ("witness_ca", self._config.witness_ca)]
        named += [(f"ca of {keeper.name}", keeper.entry.ca) for keeper in self.fleet.keepers()]
        named += [(f"ca of the calendar {one.name}", one.settings.get("ca")) for one in self._config.calendars]
        files = {file: name for name, file in reversed(named) if file is not None}
        found = load_ends((name, file) for file, name in files.items())
        return [CertificateEnd(name, iso(ends)) for name, ends in found]

    def _entry(self, device: str) -> DeviceEntry | None:
        keeper = self.fleet.by_device(device)
        return keeper.entry if keeper is not None else None

    async def run(self, ready: Callable[["Connector"], None]) -> None:
        """Until cancelled. ``ready`` is called when the local door is open and the rooms are being dialled."""
        self.fleet.load()
        self.uplink.inherit({effect.session for effect in self._effects.all()})
        await self._record.add(
            ConnectorStarted(at=iso(self._clock.now()), version=SOFTWARE, policy=self._policy.policy.digest)
        )
        services: dict[str, Callable[[], Awaitable[None]]] = {
            "acts": self.acts.run,
            "tunnels": self.tunnels.run,
            "fence": lambda: self.fence.run(self.fleet, self.acts.tell),
            "proofs": self.prover.run,
            "mirror": self.mirrored.run,
            "upkeep": self.upkeep.run,
            "call-panels": self.call_panels.run,
            "spool": self.spool.run,
            "policy": self._watch_policy,
            "machine": self._watch_machine,
            "uplink": self.uplink.run,
        }
        if self.sync is not None:
            services["meetings"] = self.sync.run
        if self.changes is not None:
            services["room changes"] = self.changes.run
        if self.attendance is not None:
            services["attendance"] = self.attendance.run
        if self.rounds is not None:
            services["backups"] = self.rounds.run
        if at := split_listen(self._config.metrics_listen):
            occupied = self.acts.occupied
            figures = Figures(self.fleet, self.uplink, self._record, self.spool, self._effects, occupied)
            services["metrics"] = Listener(*at, figures.scrape).run
        if self._witness is not None:
            services["witness"] = self._push
        async with asyncio.TaskGroup() as group:
            # These two end the program where they cannot do their work: another connector on this folder, say.
            group.create_task(self.door.run(lambda: ready(self)), name="local")
            group.create_task(self.fleet.run(), name="fleet")
            for name, service in services.items():
                group.create_task(supervise.keep(name, service, most_s=RETRY_S), name=name)

    async def _watch_policy(self) -> None:
        """A policy that changed is in force for the next order; what lives by the old one ends, and may ask anew."""
        while True:
            await asyncio.sleep(self._config.devices_check_s)
            if self._policy.look():
                await self.desk.end_all("policy.changed", "the site's policy changed")

    async def _watch_machine(self) -> None:
        """A wall clock that was set is told in log and record (what counts here is the monotonic one), and a
        want of descriptors in the log."""
        jumps, descriptors = Jumps(self._clock), Descriptors()
        while True:
            await asyncio.sleep(MACHINE_EVERY_S)
            descriptors.look()
            if by_s := round(jumps.look()):
                _log.warning("clock.jumped", by_s=by_s)
                await self._record.add(ClockJumped(at=iso(self._clock.now()), by_s=by_s))

    async def _push(self) -> None:
        """Have the record signed by the witness whenever it grew."""
        assert self._witness is not None
        done = 0
        while True:
            if await self._record.size() > done:
                done = await push(self._record, self._witness.url, self._witness.key, self._witness.tls)
            await asyncio.sleep(WITNESS_EVERY_S)


def passwords_of(vault: Vault, room: str) -> list[str]:
    """All that the vault holds for a room: it must never stand in anything that leaves the site."""
    return [vault.get(room, account).reveal() for account in vault.rooms().get(room, {})]


def _packs(config: ConnectorConfig) -> list[tuple[str, bytes]]:
    """The site's own rule packs, for the reader of invitations. Raises `BadPack`: with half of a site's rules none are
    right.
    """
    if config.rules is None:
        return []
    files = load_files(config.rules)
    for told in build_rules(files).passed_over:
        _log.warning("rules.passed-over", told=told)
    return files


@dataclass(frozen=True, slots=True)
class _Witness:
    url: str
    key: VerifierKey
    tls: ssl.SSLContext


def _witness(config: ConnectorConfig) -> _Witness | None:
    if config.witness_url is None or config.witness_vkey is None:
        return None
    try:
        key = VerifierKey.parse(config.witness_vkey)
        tls = ssl.create_default_context(cafile=str(config.witness_ca) if config.witness_ca else None)
    except (BadNote, OSError) as bad:
        raise BadConfig(f"witness_vkey, witness_ca: {bad}") from bad
    return _Witness(config.witness_url, key, tls)


async def serve(
    config: ConnectorConfig,
    ready: Callable[[Connector], None] = lambda _: None,
    *,
    clock: Clock | None = None,
    connect: Connect = dial_device,
) -> None:
    """Run the connector until cancelled; then everything is written and closed.

    Raises BadIdentity (not enrolled), VaultDamaged, BadPolicy, BadConfig, DamagedData, or CannotStart where the
    data folder cannot be used or another connector serves it.
    """
    with alone_in(config.data):
        await _serve(config, ready, clock or SystemClock(), connect)


async def _serve(config: ConnectorConfig, ready: Callable[[Connector], None], clock: Clock, connect: Connect) -> None:
    identity = load_identity(config.identity)
    if config.hub is not None and config.hub.rstrip("/") != identity.hub:
        raise BadConfig(f"hub: this connector is enrolled with {identity.hub}; enrol anew for another")
    vault = Vault.open(config.data)
    db = Database.open(config.database, record_tables)
    try:
        await db.write(tables().create_all)
        record = Record(db, identity.origin, identity.key)
        effects = await Effects.open(db)
        quarantine = await Quarantine.open(db, record, clock)
        unproven = await Unproven.open(db)
        wishes = await Wishes.open(db, record)
        shown_panels = await ShownPanels.open(db, record, clock)
        connector = Connector(
            config, identity, vault, record, effects, quarantine, unproven, wishes, shown_panels, clock, connect
        )
        try:
            await _alone(connector.run(ready))
        finally:
            await connector.calendars.aclose()
            if connector.reader is not None:
                await connector.reader.aclose()
    finally:
        await db.aclose()


async def _alone(work: Coroutine[Any, Any, None]) -> None:
    """What ends a group comes out as itself, so that the command line can say it in words."""
    try:
        await work
    except* RoomgateError as many:
        fault: BaseException = many
        while isinstance(fault, BaseExceptionGroup):
            fault = fault.exceptions[0]
        raise fault from None
