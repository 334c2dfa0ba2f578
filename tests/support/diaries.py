"""A booking list in memory, as a device keeps it."""

from collections.abc import Sequence

from roomgate.ids import RoomName
from roomgate.meetings.booking import Booking
from roomgate.meetings.plan import Held


class MemoryDiary:
    """Counts its puts, and fails where it is told to."""

    def __init__(self) -> None:
        self.lists: dict[RoomName, tuple[Held, ...]] = {}
        self.puts: list[tuple[RoomName, tuple[Booking, ...]]] = []
        self.broken: dict[RoomName, Exception] = {}

    async def put(self, room: RoomName, entries: Sequence[Booking]) -> None:
        if room in self.broken:
            raise self.broken[room]
        self.puts.append((room, tuple(entries)))
        self.lists[room] = tuple(Held.of(entry) for entry in entries)

    async def current(self, room: RoomName) -> tuple[Held, ...] | None:
        if room in self.broken:
            raise self.broken[room]
        return self.lists.get(room, ())
