"""The call history: who was called or called, when, how it ended; kept, acknowledged, deleted.

Entries that were deleted leave no trace here but the journal's, as on a device. The newest 500 are kept.
"""

from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from roomgate.sim.asked import Answer, Asked, Commands, stamp
from roomgate.sim.refusal import CommandError
from roomgate.sim.state import State

RATE = 6000
_KEPT_ENTRIES = 500


class Entry(msgspec.Struct):
    """One line of the call history."""

    history_id: int
    call_id: int
    number: str
    name: str
    direction: str
    protocol: str
    booking: str
    began: datetime
    ended: datetime
    cause: str
    occurrence: str
    by: str
    acknowledged: bool = True

    @property
    def duration_s(self) -> int:
        return int((self.ended - self.began).total_seconds())

    def is_about(self, wanted: str, text: str) -> bool:
        """Whether the entry passes a filter of `CallHistory Get` and holds the text."""
        if wanted == "UnacknowledgedMissed":
            fits = self.occurrence == "Missed" and not self.acknowledged
        else:
            fits = wanted in ("All", self.occurrence)
        return fits and (not text or text in self.number.lower() or text in self.name.lower())


@dataclass(slots=True)
class History:
    """All entries of a room, the oldest first."""

    state: State
    entries: list[Entry] = field(default_factory=list)
    last_id: int = 0

    def remember(self, entry: Entry) -> None:
        """Keep an entry, under the next number of its own, unless `Configuration CallHistory Mode` is Off."""
        if self.state.read("Configuration", "CallHistory", "Mode") == "Off":
            return
        self.last_id = entry.history_id = max(self.last_id, *(one.history_id for one in self.entries), 0) + 1
        self.entries = [*self.entries[-_KEPT_ENTRIES + 1 :], entry]
        self._updated()

    def get(self, asked: Asked) -> Answer:
        one = asked.number("CallHistoryId", 0)
        found = [entry for entry in reversed(self._wanted(asked)) if one in (0, entry.history_id)]
        offset, limit = asked.number("Offset", 0), asked.number("Limit", 65534)
        full = asked.text("DetailLevel") == "Full"
        rows = [_row(n, entry, asked.now, full) for n, entry in enumerate(found[offset : offset + limit])]
        return {**({"Entry": rows} if rows else {}), "ResultInfo": {"Limit": limit, "Offset": offset}}

    def recents(self, asked: Asked) -> Answer:
        newest: dict[str, Entry] = {}
        count: dict[str, int] = {}
        for entry in reversed(self._wanted(asked)):
            newest.setdefault(entry.number, entry)
            count[entry.number] = count.get(entry.number, 0) + 1
        found = list(newest.values())
        if asked.text("Order") == "OccurrenceFrequency":
            found.sort(key=lambda entry: -count[entry.number])
        offset, limit = asked.number("Offset", 0), asked.number("Limit", 65534)
        full = asked.text("DetailLevel") == "Full"
        rows = [
            _recent(n, entry, asked.now, count[entry.number], full)
            for n, entry in enumerate(found[offset : offset + limit])
        ]
        return {**({"Entry": rows} if rows else {}), "ResultInfo": {"Limit": limit, "Offset": offset}}

    def acknowledge(self, asked: Asked) -> Answer:
        for entry in self._with_duplicates(asked, "AcknowledgeConsecutiveDuplicates"):
            entry.acknowledged = True
        self._updated()
        return {}

    def acknowledge_all(self, _: Asked) -> Answer:
        for entry in self.entries:
            entry.acknowledged = True
        self._updated()
        return {}

    def delete(self, asked: Asked) -> Answer:
        gone = {entry.history_id for entry in self._with_duplicates(asked, "DeleteConsecutiveDuplicates")}
        self._delete(gone, asked)
        return {}

    def delete_all(self, asked: Asked) -> Answer:
        wanted = asked.text("Filter", "All")
        self._delete({entry.history_id for entry in self.entries if wanted in ("All", entry.occurrence)}, asked)
        return {}

    def _delete(self, gone: set[int], asked: Asked) -> None:
        self.entries = [entry for entry in self.entries if entry.history_id not in gone]
        self.state.note("history.deleted", entries=len(gone), by=asked.account.name)
        self._updated()

    def _updated(self) -> None:
        self.state.event("CallHistory", "Updated")

    def _wanted(self, asked: Asked) -> list[Entry]:
        wanted, text = asked.text("Filter", "All"), asked.text("SearchString").lower()
        return [entry for entry in self.entries if entry.is_about(wanted, text)]

    def _with_duplicates(self, asked: Asked, flag: str) -> list[Entry]:
        """The entry that was named, and, if ``flag`` says so, its neighbours with the same number."""
        number = asked.number("CallHistoryId", 0)
        at = next((n for n, entry in enumerate(self.entries) if entry.history_id == number), None)
        if at is None:
            raise CommandError("No such entry")
        first = last = at
        if asked.flag(flag):
            same = self.entries[at].number
            while first > 0 and self.entries[first - 1].number == same:
                first -= 1
            while last + 1 < len(self.entries) and self.entries[last + 1].number == same:
                last += 1
        return self.entries[first : last + 1]


def callback(number: str, protocol: str) -> str:
    """The address that calls back, with its scheme."""
    bare = ":" in number or protocol not in ("SIP", "Spark")
    return number if bare else f"{'sip' if protocol == 'SIP' else 'spark'}:{number}"


def _acknowledged(entry: Entry) -> str:
    return "Acknowledged" if entry.acknowledged else "NotAcknowledged"


def _recent(position: int, entry: Entry, now: datetime, count: int, full: bool) -> Answer:
    row: Answer = {
        "id": position,
        "CallbackNumber": callback(entry.number, entry.protocol),
        "DisplayName": entry.name or entry.number,
        "LastOccurrenceStartTime": stamp(entry.began),
        "LastOccurrenceDaysAgo": (now - entry.began).days,
        "LastOccurrenceHistoryId": entry.history_id,
        "OccurrenceType": entry.occurrence,
        "IsAcknowledged": _acknowledged(entry),
        "OccurrenceCount": count,
    }
    if full:
        row |= {
            "RemoteNumber": entry.number,
            "Direction": entry.direction,
            "Protocol": _protocol(entry),
            "CallType": "Video",
            "LastOccurrenceDuration": entry.duration_s,
        }
    return row


def _protocol(entry: Entry) -> str:
    return "Sip" if entry.protocol == "SIP" else entry.protocol


def _row(position: int, entry: Entry, now: datetime, full: bool) -> Answer:
    row: Answer = {
        "id": position,
        "CallHistoryId": entry.history_id,
        "CallbackNumber": callback(entry.number, entry.protocol),
        "DisplayName": entry.name or entry.number,
        "StartTime": stamp(entry.began).removesuffix("Z"),
        "DaysAgo": (now - entry.began).days,
        "OccurrenceType": entry.occurrence,
        "IsAcknowledged": _acknowledged(entry),
    }
    if full:
        row |= {
            "CallId": entry.call_id,
            "RemoteNumber": entry.number,
            "Direction": entry.direction,
            "Protocol": _protocol(entry),
            "CallRate": RATE,
            "CallType": "Video",
            "EncryptionType": "AES-128",
            "BookingId": entry.booking,
            "Duration": entry.duration_s,
            "StartTimeUTC": stamp(entry.began),
            "EndTime": stamp(entry.ended).removesuffix("Z"),
            "EndTimeUTC": stamp(entry.ended),
            "DisconnectCause": entry.cause,
            "DisconnectCauseType": entry.cause,
            "DisconnectCauseCode": 0,
            "DisconnectCauseOrigin": "Internal",
            "RoomAnalytics": {"PeopleCount": 0},
        }
    return row


COMMANDS: Commands[History] = {
    "CallHistory/Get": History.get,
    "CallHistory/Recents": History.recents,
    "CallHistory/AcknowledgeMissedCall": History.acknowledge,
    "CallHistory/AcknowledgeAllMissedCalls": History.acknowledge_all,
    "CallHistory/DeleteEntry": History.delete,
    "CallHistory/DeleteAll": History.delete_all,
}
