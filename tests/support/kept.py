"""A site's fleet over devices that run: everything of the connector but the link."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.clock import Clock, SystemClock
from roomgate.connector import quarantine as quarantines
from roomgate.connector.fleet import Fleet
from roomgate.connector.keeper import Connect, Keeper, dial_device
from roomgate.connector.mirror import Mirrored
from roomgate.connector.quarantine import Quarantine
from roomgate.connector.vault import Vault
from roomgate.ids import ConnectorId, RoomName
from roomgate.redact import Secret
from roomgate.sim.app import RoomReady
from roomgate.storage.database import Database
from roomgate.storage.record import Record
from roomgate.storage.record import metadata as record_tables
from support.waiting import until


@dataclass
class KeptSite:
    fleet: Fleet
    vault: Vault
    record: Record
    db: Database
    file: Path
    told: list[tuple[str, str, str, bool]] = field(default_factory=list)
    sent: list[Any] = field(default_factory=list)

    def keeper(self, name: str) -> Keeper:
        found = self.fleet.by_name(RoomName(name))
        assert found is not None
        return found

    async def kinds(self) -> list[str]:
        await self.db.write(lambda conn: None)  # whatever was to be written soon, is written now
        return [entry.event.kind for entry in await self.record.entries(0, 1000)]


def listed(rooms: Iterable[RoomReady]) -> str:
    """The devices file of these rooms."""
    return "\n".join(
        f'[[room]]\nname = "{room.name}"\nhost = "{room.host}"\nport = {room.port}\npin = "{room.pin}"\n'
        f'[room.accounts]\ndaily = "{room.user}"\nprivileged = "{room.privileged_user}"\n'
        for room in rooms
    )


def filled(folder: Path, rooms: Iterable[RoomReady]) -> Vault:
    vault = Vault.init(folder)
    for room in rooms:
        vault.put(room.name, room.user, Secret(room.password))
        vault.put(room.name, room.privileged_user, Secret(room.privileged_password))
    return vault


@asynccontextmanager
async def kept(
    folder: Path, rooms: list[RoomReady], *, clock: Clock | None = None, connect: Connect = dial_device
) -> AsyncIterator[KeptSite]:
    """The fleet runs while the block lasts; all rooms are connected when it begins."""
    clock = clock or SystemClock()
    file = folder / "devices.toml"
    file.write_text(listed(rooms))
    db = Database.open(folder / "connector.db", record_tables)
    try:
        await db.write(quarantines.metadata.create_all)
        record = Record(db, "roomgate.connector/test", Ed25519PrivateKey.generate())
        vault = filled(folder / "data", rooms)
        site: KeptSite

        async def on_condition(room: Any, condition: Any, reason: str, cut: bool) -> None:
            site.told.append((room.name, condition.value, reason, cut))

        mirrored = Mirrored(lambda state: bool(site.sent.append(state)) or True)
        fleet = Fleet(
            connector=ConnectorId("connector_test"),
            file=file,
            vault=vault,
            quarantine=await Quarantine.open(db, record, clock),
            record=record,
            clock=clock,
            mirrored=mirrored,
            on_condition=on_condition,
            connect=connect,
            check_s=0.05,
            part_s=0.05,
        )
        site = KeptSite(fleet, vault, record, db, file)
        fleet.load()
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(fleet.run()), group.create_task(mirrored.run())]
            mirrored.up()
            await until(lambda: all(k.condition.value != "offline" for k in fleet.keepers()), within_s=15)
            yield site
            for task in tasks:
                task.cancel()
    finally:
        await db.aclose()
