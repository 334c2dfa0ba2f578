"""All rooms of the site: one supervised keeper for each line of the site's own file.

The file is looked at twice a second. A room that was taken out, or whose device, pin or accounts are others
now, is cut first and let go then. A file that cannot be read changes nothing and is complained of once.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from roomgate import log, supervise
from roomgate.clock import Clock
from roomgate.connector.config import BadConfig
from roomgate.connector.devices import DeviceEntry, device_id, load_devices
from roomgate.connector.keeper import Connect, Keeper, dial_device
from roomgate.connector.mirror import LetsOut, Mirror, Mirrored, lets_out_by_default
from roomgate.connector.quarantine import Quarantine
from roomgate.connector.room import Room, RoomCondition
from roomgate.connector.vault import Vault
from roomgate.ids import ConnectorId, DeviceId, RoomName
from roomgate.link.messages import RoomInfo
from roomgate.storage.record import Record

AT_ONCE = 32  # dials of the whole fleet
TELL_S = 10.0  # for all that a change of condition entails: sessions cut, effects undone, the hub told

RETRY_S = 15.0  # the longest pause between dials of one device: what is back is found within twenty seconds
PART_S = 2.0  # for the last words on the panel, before the connection ends

# (room, condition, a stable reason, whether every session in it has to be cut)
OnCondition = Callable[[Room, RoomCondition, str, bool], Awaitable[None]]

_log = log.get("fleet")
_Signature = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _News:
    condition: RoomCondition
    reason: str
    cut: bool
    last: bool = False  # the room goes


@dataclass(slots=True, eq=False)
class _Kept:
    keeper: Keeper
    task: asyncio.Task[None] | None = None
    news: list[_News] = field(default_factory=list)
    telling: bool = False


class Fleet:
    """The keepers, and what is told of them."""

    def __init__(
        self,
        *,
        connector: ConnectorId,
        file: Path,
        vault: Vault,
        quarantine: Quarantine,
        record: Record,
        clock: Clock,
        mirrored: Mirrored,
        on_condition: OnCondition,
        lets_out: LetsOut = lets_out_by_default,
        connect: Connect = dial_device,
        check_s: float = 0.5,
        part_s: float = PART_S,
    ) -> None:
        self._connector = connector
        self._file = file
        self._vault = vault
        self._quarantine = quarantine
        self._record = record
        self._clock = clock
        self._mirrored = mirrored
        self._on_condition = on_condition
        self._lets_out = lets_out
        self._connect = connect
        self._check_s = check_s
        self._part_s = part_s
        self._dialling = asyncio.Semaphore(AT_ONCE)
        self._kept: dict[DeviceId, _Kept] = {}
        self._leaving: dict[DeviceId, _Kept] = {}
        self._entries: tuple[DeviceEntry, ...] = ()
        self._group: asyncio.TaskGroup | None = None
        self._read: _Signature | None = None
        self._seen: _Signature | None = None
        self._complained = ""

    # -- what others ask ------------------------------------------------------------------------------

    def keepers(self) -> list[Keeper]:
        return [kept.keeper for kept in self._kept.values()]

    def rooms(self) -> list[Room]:
        return [kept.keeper for kept in self._kept.values()]

    def by_device(self, device: str) -> Keeper | None:
        """Also a room that is just being let go, so that what was begun in it can be ended."""
        kept = self._kept.get(DeviceId(device)) or self._leaving.get(DeviceId(device))
        return kept.keeper if kept else None

    def by_name(self, name: RoomName) -> Keeper | None:
        return self.by_device(device_id(self._connector, name))

    def info(self, room: Room) -> RoomInfo:
        """What the hub is told of a room: its own name, and how it is."""
        words = room.words if isinstance(room, Keeper) else ""
        product = room.fact("Status/SystemUnit/ProductPlatform") if isinstance(room, Keeper) else ""
        software = room.fact("Status/SystemUnit/Software/DisplayName") if isinstance(room, Keeper) else ""
        return RoomInfo(room.device, room.name, room.condition.value, words, product, software)

    def infos(self) -> list[RoomInfo]:
        """The whole list, for the hub: a room that is missing here is gone for good, with the grants on it.

        So a room whose device is just being exchanged is on it, as one that is away.
        """
        wanted = {device_id(self._connector, entry.name) for entry in self._entries}
        between = [kept.keeper for device, kept in self._leaving.items() if device in wanted]
        away = RoomCondition.OFFLINE.value
        return [
            *(self.info(keeper) for keeper in self.keepers()),
            *(msgspec.structs.replace(self.info(keeper), state=away) for keeper in between),
        ]

    # -- the work -------------------------------------------------------------------------------------

    def load(self) -> None:
        """Read the file for the first time, before anything runs; raises BadConfig."""
        self._seen = self._read = _signature(self._file)
        self._apply(load_devices(self._file))

    async def run(self) -> None:
        """Keep all rooms, for ever. Cancelling hangs up on every device."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                for kept in self._kept.values():
                    self._start(kept)
                while True:
                    await asyncio.sleep(self._check_s)
                    self.look()
        finally:
            self._group = None

    def look(self) -> None:
        """Apply the file if it has changed and is not being written just now: two looks see the same."""
        signature = _signature(self._file)
        stable, self._seen = signature == self._seen, signature
        if not stable or signature == self._read:
            return
        self._read = signature
        try:
            entries = load_devices(self._file)
        except BadConfig as bad:
            if str(bad) != self._complained:
                _log.error("devices.bad", file=self._file.name, error=str(bad)[:1000])
                self._complained = str(bad)
            return
        self._complained = ""
        self._apply(entries)

    def _apply(self, entries: tuple[DeviceEntry, ...]) -> None:
        self._entries = entries
        wanted = {device_id(self._connector, entry.name): entry for entry in entries}
        for device, kept in list(self._kept.items()):
            if device not in wanted:
                self._let_go(kept, "room.removed")
            elif wanted[device] != kept.keeper.entry:
                self._let_go(kept, "device.changed")
        for device, entry in wanted.items():
            if device not in self._kept and device not in self._leaving:
                self._take_on(device, entry)

    def _take_on(self, device: DeviceId, entry: DeviceEntry) -> None:
        keeper = Keeper(
            device,
            entry,
            vault=self._vault,
            quarantine=self._quarantine,
            record=self._record,
            clock=self._clock,
            told=self._told,
            changed=self._mirrored.changed,
            mirror=Mirror(self._lets_out),
            dialling=self._dialling,
            connect=self._connect,
        )
        kept = _Kept(keeper)
        self._kept[device] = kept
        self._mirrored.add(device, keeper.mirror)
        if self._group is not None:
            self._start(kept)
            self._tell(kept, _News(keeper.condition, "room.added", cut=False))

    def _start(self, kept: _Kept) -> None:
        assert self._group is not None
        name = f"keeper.{kept.keeper.name}"
        kept.task = self._group.create_task(supervise.keep(name, kept.keeper.run, most_s=RETRY_S), name=name)

    def _let_go(self, kept: _Kept, reason: str) -> None:
        """From now on nothing is begun in the room; its sessions are cut, then its connection ends."""
        device = kept.keeper.device
        _log.info("room.let-go", room=kept.keeper.name, reason=reason)
        del self._kept[device]
        self._mirrored.remove(device)
        kept.keeper.retire("The site took this room out of its list, or put another device in its place.")
        if self._group is None:
            return
        self._leaving[device] = kept
        self._tell(kept, _News(RoomCondition.OFFLINE, reason, cut=True, last=True))

    # -- telling --------------------------------------------------------------------------------------

    def _told(self, keeper: Keeper, condition: RoomCondition, reason: str, cut: bool) -> None:
        kept = self._kept.get(keeper.device)
        if kept is not None and kept.keeper is keeper:
            self._tell(kept, _News(condition, reason, cut))

    def _tell(self, kept: _Kept, news: _News) -> None:
        """In order for each room, no room behind another. What is only news, newer news replaces."""
        kept.news = [*(old for old in kept.news if old.cut or old.last), news]
        if not kept.telling and self._group is not None:
            kept.telling = True
            self._group.create_task(self._tell_all(kept), name=f"tell.{kept.keeper.name}")

    async def _tell_all(self, kept: _Kept) -> None:
        try:
            while kept.news:
                news = kept.news.pop(0)
                try:
                    async with asyncio.timeout(TELL_S):
                        await self._on_condition(kept.keeper, news.condition, news.reason, news.cut)
                except Exception as fault:  # the edge: the connection must end whatever went wrong in telling
                    _log.error("fleet.tell", room=kept.keeper.name, error=f"{type(fault).__name__}: {fault}"[:300])
                if news.condition is RoomCondition.QUARANTINED or news.last:
                    await asyncio.sleep(self._part_s)
                    kept.keeper.part()
                if news.last:
                    self._gone(kept)
        finally:
            kept.telling = False

    def _gone(self, kept: _Kept) -> None:
        """The last word on a room was said. Another device in its place may be spoken to now."""
        if kept.task is not None:
            kept.task.cancel()
        del self._leaving[kept.keeper.device]
        self._apply(self._entries)


def _signature(file: Path) -> _Signature | None:
    try:
        stat = file.stat()
    except OSError:
        return None
    return (stat.st_ino, stat.st_mtime_ns, stat.st_size)
