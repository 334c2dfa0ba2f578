"""Taking what is ours off the site's devices, so that a connector can be uninstalled and nothing stays behind.

What a connector may have put on a device: bookings, the panel with a call's controls, and (made for it by the site)
its two accounts. Sessions and subscriptions end with their connections. This is done while the connector itself is
stopped, so that nothing is put there again meanwhile, and needs no hub.

The daily account is deleted first and the privileged one last, by itself; a device that keeps an account, such as its
last administrator, is told, never worked around. A room in quarantine is not logged in to.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from roomgate.clock import Clock, iso
from roomgate.connector.app import tables
from roomgate.connector.config import ConnectorConfig
from roomgate.connector.devices import DeviceEntry, device_id, load_devices
from roomgate.connector.diary import DAYS, parse_held
from roomgate.connector.enrol import load_identity
from roomgate.connector.keeper import Connect, dial_device
from roomgate.connector.quarantine import Quarantine
from roomgate.connector.shown_panels import ShownPanels
from roomgate.connector.vault import Vault
from roomgate.errors import RoomgateError
from roomgate.folder import alone_in
from roomgate.ids import DeviceId
from roomgate.ledger.event import DeviceLeft, PrivilegedUsed
from roomgate.meetings.controls_panel import PANEL_ID
from roomgate.redact import Secret
from roomgate.storage.database import Database
from roomgate.storage.record import Record
from roomgate.storage.record import metadata as record_tables
from roomgate.xapi import tree
from roomgate.xapi.call import Verb
from roomgate.xapi.client import Client
from roomgate.xapi.errors import AuthenticationFailed, DeviceGone, UnknownPath, XapiError
from roomgate.xapi.schema import Catalogue

DEVICE_S = 30.0
AT_ONCE = 20
Progress = Callable[[str], None]


@dataclass(slots=True)
class Left:
    """One room. ``removed`` is what was taken away, ``remains`` what is still there, each in words."""

    room: str
    removed: list[str] = field(default_factory=list)
    remains: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not self.remains


class Leaving:
    """The work on each device; every use of the privileged account is in the record before it."""

    def __init__(
        self, vault: Vault, record: Record, quarantine: Quarantine, shown: ShownPanels, clock: Clock, connect: Connect
    ) -> None:
        self._vault = vault
        self._record = record
        self._quarantine = quarantine
        self._shown = shown
        self._clock = clock
        self._connect = connect
        self._catalogue = Catalogue.shipped()

    async def leave(self, device: DeviceId, entry: DeviceEntry, *, accounts: bool) -> Left:
        """Take everything of ours off one device; what fails is told in the answer, nothing is tried twice."""
        left = Left(entry.name)
        if (why := self._quarantine.of(device)) is not None:
            left.remains.append(f"everything: the room is in quarantine ({why.reason})")
        else:
            try:
                async with asyncio.timeout(DEVICE_S):
                    await self._bookings_and_panel(device, entry, left)
                    if accounts:
                        await self._accounts(entry, left)
            except (XapiError, RoomgateError, TimeoutError) as fault:
                left.remains.append(f"unknown: {fault or 'the device took too long'}")
        await self._record.add(
            DeviceLeft(
                at=iso(self._clock.now()), room=entry.name, device=device, removed=tuple(left.removed),
                remains=tuple(left.remains),
            )
        )  # fmt: skip
        return left

    async def _bookings_and_panel(self, device: DeviceId, entry: DeviceEntry, left: Left) -> None:
        ours = 0
        async with self._connect(entry, entry.daily, self._secret(entry, entry.daily)) as client:
            if await self._has_panel(client):
                if device in self._shown:
                    await self._do(client, "UserInterface/Extensions/Panel/Remove", {"PanelId": PANEL_ID})
                    left.removed.append("the panel of a call")
                else:
                    left.remains.append(f"a panel {PANEL_ID} that this connector did not put there")
            if device in self._shown:
                await self._shown.drop(device, entry.name)
            ours = await self._our_bookings(client)
        if ours:
            async with self._as_privileged(entry, "Bookings Put") as client:
                await self._do(client, "Bookings/Put", {}, json.dumps({"Bookings": []}))
            left.removed.append(f"{ours} booking{'s' if ours > 1 else ''}")

    async def _accounts(self, entry: DeviceEntry, left: Left) -> None:
        own = self._secret(entry, entry.privileged)
        for name in dict.fromkeys((entry.daily, entry.privileged)):
            try:
                async with self._as_privileged(entry, "UserManagement User Delete") as client:
                    words: dict[str, object] = {"Username": name, "YourPassphrase": own.reveal()}
                    await self._do(client, "UserManagement/User/Delete", words)
            except DeviceGone:
                # A device ends the sessions of a deleted account, the one that asked for it among them.
                if not await self._is_refused(entry, name):
                    left.remains.append(f"the account {name}: the device hung up before it answered")
                    return
                left.removed.append(f"the account {name}")
            except XapiError as no:
                left.remains.append(f"the account {name}: {no}")
                if name == entry.daily:
                    return  # the other one is needed as long as this one is there
            else:
                left.removed.append(f"the account {name}")

    async def _is_refused(self, entry: DeviceEntry, account: str) -> bool:
        """Whether the account is let in no more: tried once."""
        try:
            async with self._connect(entry, account, self._secret(entry, account)):
                return False
        except AuthenticationFailed:
            return True

    @asynccontextmanager
    async def _as_privileged(self, entry: DeviceEntry, what: str) -> AsyncIterator[Client]:
        await self._record.add(PrivilegedUsed(at=iso(self._clock.now()), room=entry.name, what=what))
        async with self._connect(entry, entry.privileged, self._secret(entry, entry.privileged)) as client:
            yield client

    async def _has_panel(self, client: Client) -> bool:
        try:
            answer = await self._do(client, "UserInterface/Extensions/List", {})
        except UnknownPath:
            return False
        rows = tree.lookup(answer, ("Extensions", "Panel"))
        return isinstance(rows, list) and any(isinstance(row, dict) and row.get("PanelId") == PANEL_ID for row in rows)

    async def _our_bookings(self, client: Client) -> int:
        try:
            answer = await self._do(client, "Bookings/List", {"Days": DAYS})
        except UnknownPath:
            return 0
        rows = answer.get("Booking", []) if isinstance(answer, dict) else []
        held = [parse_held(row) for row in rows] if isinstance(rows, list) else []
        return sum(one is not None and one.ours for one in held)

    async def _do(self, client: Client, path: str, arguments: dict[str, object], body: str | None = None) -> Any:
        return await client.call(self._catalogue.canonical(Verb.COMMAND, f"Command/{path}", arguments, body))

    def _secret(self, entry: DeviceEntry, account: str) -> Secret[str]:
        return self._vault.get(entry.name, account)


async def leave(
    config: ConnectorConfig,
    *,
    accounts: bool,
    clock: Clock,
    connect: Connect = dial_device,
    progress: Progress = lambda room: None,
) -> list[Left]:
    """Every room of the site's file, some at a time; gives them in the order of the file.

    Raises CannotStart while the connector runs, and what a connector that is started raises of its files.
    """
    with alone_in(config.data):
        identity = load_identity(config.identity)
        vault = Vault.open(config.data)
        entries = load_devices(config.devices)
        db = Database.open(config.database, record_tables)
        try:
            await db.write(tables().create_all)
            record = Record(db, identity.origin, identity.key)
            quarantine = await Quarantine.open(db, record, clock)
            shown = await ShownPanels.open(db, record, clock)
            leaving = Leaving(vault, record, quarantine, shown, clock, connect)
            left: dict[str, Left] = {}
            turns = asyncio.Semaphore(AT_ONCE)

            async def one(entry: DeviceEntry) -> None:
                async with turns:
                    left[entry.name] = await leaving.leave(
                        device_id(identity.connector, entry.name), entry, accounts=accounts
                    )
                    progress(entry.name)

            async with asyncio.TaskGroup() as group:
                for entry in entries:
                    group.create_task(one(entry), name=f"leave.{entry.name}")
            return [left[entry.name] for entry in entries]
        finally:
            await db.aclose()
