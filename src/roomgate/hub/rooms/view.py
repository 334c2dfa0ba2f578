"""Pure: rooms and their bookings as pages show them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from heapq import nsmallest
from typing import Any
from urllib.parse import quote, urlencode

from roomgate.access.grant import Lock
from roomgate.clock import parse_iso
from roomgate.hub.meetings.address import shown_address
from roomgate.hub.rooms.state import RoomState, RoomSummary
from roomgate.ids import RoomId
from roomgate.redact import foreign
from roomgate.xapi import tree
from roomgate.xapi.tree import Document

KINDS = {
    RoomState.TROUBLE: "bad",
    RoomState.WARN: "warn",
    RoomState.UNKNOWN: "void",
    RoomState.CALL: "call",
    RoomState.FINE: "ok",
}
INSIDE = "inside"
RESERVED = frozenset({"stream"})
MOST_KEPT = 50_000
AHEAD = timedelta(hours=24)
_AWAKE = ("Off", "Halfwake")


@dataclass(frozen=True, slots=True)
class RoomView:
    """``kind`` is the sign of its state: ok, call, warn, bad, void. ``locked`` is the lock's id, or empty."""

    id: RoomId
    name: str
    href: str
    site: str
    site_name: str
    connector: str
    kind: str
    words: str
    product: str
    software: str
    volume: int | None
    muted: bool | None
    standby: str | None
    call_since: datetime | None
    booked: bool
    booked_until: datetime | None
    inside: int
    locked: str
    text: str  # what the search looks in

    @property
    def asleep(self) -> bool:
        return self.standby is not None and self.standby not in _AWAKE


@dataclass(frozen=True, slots=True)
class SiteView:
    id: str
    name: str
    linked: bool
    rooms: tuple[RoomView, ...]


@dataclass(frozen=True, slots=True)
class RoomListView:
    """``rooms`` are those that the filters leave, the worst first; ``sites`` the same by site, by name."""

    rooms: tuple[RoomView, ...]
    sites: tuple[SiteView, ...]
    all_sites: tuple[tuple[str, str], ...]  # id and name, by name
    total: int
    inside: int
    tally: tuple[tuple[str, int], ...]
    find: str
    state: str
    site: str
    view: str
    more: int = 0  # rooms that the filters leave and the page does not show yet

    @property
    def all_href(self) -> str:
        """The same, and all of it."""
        asked = {"q": self.find, "state": self.state, "site": self.site, "view": self.view, "all": "1"}
        return "/rooms?" + urlencode({key: text for key, text in asked.items() if text})


@dataclass(frozen=True, slots=True)
class BookingView:
    """One entry of the device's own list. Without a number nobody can be dialled: people meet in person."""

    id: str
    title: str
    organizer: str
    number: str = field(repr=False)  # may hold a passcode: it is for dialling, `address` is for showing
    start: datetime
    end: datetime

    @property
    def address(self) -> str:
        return shown_address(self.number)


@dataclass(frozen=True, slots=True)
class CallView:
    title: str
    how: str


def room_href(name: str, id: str) -> str:
    """Where a room's page is. One whose name is taken by another address is shown under its id."""
    return f"/rooms/{id if name in RESERVED else quote(name, safe='')}"


def lock_on(summary: RoomSummary, locks: Iterable[Lock]) -> str:
    """The id of a lock on the room, its site or its connector; or nothing."""
    at = {"room": summary.id, "site": summary.site, "connector": summary.connector}
    return next((lock.id for lock in locks if lock.kind in at and at[lock.kind] == lock.subject), "")


def hide(summary: RoomSummary) -> RoomSummary:
    """A locked room for whoever may not look at it: that it is locked, and nothing of how it is."""
    return replace(
        summary, state=RoomState.UNKNOWN, words="Locked.", volume=None, muted=None, standby=None, call_since=None,
        booked=None, booked_until=None,
    )  # fmt: skip


def build_room(summary: RoomSummary, site_name: str, inside: int, locks: Iterable[Lock], sees: bool = True) -> RoomView:
    """``sees``: whether the reader may look at a room that is locked; others learn that it is, and nothing more."""
    lock = lock_on(summary, locks)
    name = str(summary.name)
    if lock and not sees:
        summary, inside = hide(summary), 0
    return RoomView(
        id=summary.id, name=name, href=room_href(name, summary.id), site=summary.site, site_name=site_name,
        connector=summary.connector, kind=KINDS[summary.state], words=summary.words, product=summary.product,
        software=summary.software, volume=summary.volume, muted=summary.muted, standby=summary.standby,
        call_since=summary.call_since, booked=summary.booked == "BookedUntil", booked_until=summary.booked_until,
        inside=inside, locked=lock, text=f"{name} {site_name} {summary.product} {summary.words}".lower(),
    )  # fmt: skip


class RoomViews:
    """Views of rooms, kept until what they are made of is another: of thousands of rooms few change between two looks.

    All that a view is made of is compared, so what was made for one reader serves another only if it is shown alike.
    """

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._kept: dict[RoomId, tuple[tuple[object, ...], RoomView]] = {}

    def get(
        self, summary: RoomSummary, site_name: str, inside: int, locks: Sequence[Lock], sees: bool = True
    ) -> RoomView:
        """As `build_room` gives it."""
        lock = lock_on(summary, locks) if locks else ""
        made_of = (summary, site_name, inside, lock, sees or not lock)
        kept = self._kept.get(summary.id)
        if kept is not None and kept[0] == made_of:
            return kept[1]
        if len(self._kept) >= self._most:  # rooms that are gone are among them
            self._kept.clear()
        view = build_room(summary, site_name, inside, locks, sees)
        self._kept[summary.id] = (made_of, view)
        return view


def build_list(
    rooms: Sequence[RoomView],
    linked: Mapping[str, bool],
    *,
    find: str = "",
    state: str = "",
    site: str = "",
    view: str = "",
    most: int | None = None,
) -> RoomListView:
    """``linked``: by connector. Unknown filters leave nothing out but what they name.

    With ``most``, the worst that many are shown.
    """
    wanted = find.lower().split()

    def left(room: RoomView) -> bool:
        if state == INSIDE and not room.inside:
            return False
        if state and state != INSIDE and room.kind != state:
            return False
        return (not site or room.site == site) and all(word in room.text for word in wanted)

    kinds = list(KINDS.values())
    worst = {kind: place for place, kind in enumerate(kinds)}
    fitting = list(filter(left, rooms)) if wanted or state or site else rooms
    shown = nsmallest(most or len(fitting), fitting, key=lambda r: (worst[r.kind], r.name.casefold()))
    counts = Counter(room.kind for room in rooms)
    return RoomListView(
        rooms=tuple(shown),
        sites=_by_site(shown, linked),
        all_sites=tuple(sorted({(r.site, r.site_name) for r in rooms}, key=lambda s: (s[1].casefold(), s[0]))),
        total=len(rooms),
        inside=sum(room.inside for room in rooms),
        tally=tuple((kind, counts[kind]) for kind in kinds),
        find=find,
        state=state,
        site=site,
        view=view,
        more=len(fitting) - len(shown),
    )


def _by_site(rooms: Iterable[RoomView], linked: Mapping[str, bool]) -> tuple[SiteView, ...]:
    sites: dict[str, list[RoomView]] = {}
    for room in sorted(rooms, key=lambda r: (r.site_name.casefold(), r.site, r.name.casefold())):
        sites.setdefault(room.site, []).append(room)
    return tuple(
        SiteView(id, inside[0].site_name, all(linked.get(r.connector, False) for r in inside), tuple(inside))
        for id, inside in sites.items()
    )


def read_bookings(result: Any, now: datetime) -> list[BookingView]:
    """What is on, or begins within ``AHEAD``, in order; entries that cannot be read are left out."""
    listed = result.get("Booking") if isinstance(result, dict) else None
    found = [view for entry in (listed if isinstance(listed, list) else []) if (view := _booking(entry))]
    return sorted((b for b in found if b.end > now and b.start < now + AHEAD), key=lambda b: (b.start, b.id))


def _booking(entry: Any) -> BookingView | None:
    try:
        id, times = entry["Id"], entry["Time"]
        start, end = parse_iso(times["StartTime"]), parse_iso(times["EndTime"])
    except (KeyError, TypeError, ValueError):
        return None
    if not isinstance(id, str) or not id:
        return None
    private = entry.get("Privacy") == "Private"
    organizer = entry.get("Organizer")
    names = [organizer.get("FirstName"), organizer.get("LastName")] if isinstance(organizer, dict) else []
    calls = tree.lookup(entry, ("DialInfo", "Calls", "Call"))
    numbers = [c.get("Number") for c in calls if isinstance(c, dict)] if isinstance(calls, list) else []
    number = next((n for n in numbers if isinstance(n, str) and n), "")
    return BookingView(
        id, "" if private else foreign(str(entry.get("Title", "")), 200),
        "" if private else foreign(" ".join(n for n in names if isinstance(n, str) and n), 120),
        foreign(number, 255), start, end,
    )  # fmt: skip


def read_calls(document: Document) -> list[CallView]:
    """The calls of the state that the site lets out."""
    calls = tree.lookup(document, ("Status", "Call"))
    shown = []
    for call in calls if isinstance(calls, list) else []:
        if not isinstance(call, dict) or call.get("Status") in ("Idle", "Disconnecting", None):
            continue
        title = call.get("DisplayName") or call.get("RemoteNumber") or call.get("CallbackNumber") or ""
        how = [str(call[k]) for k in ("Protocol", "Direction", "Status") if isinstance(call.get(k), str)]
        shown.append(CallView(foreign(str(title), 200), foreign(", ".join(how), 200)))
    return shown


def read_scalar(result: Any, name: str) -> int | None:
    """A whole number that a device answered: as it is, or under its own name."""
    while isinstance(result, dict):
        result = result.get(name, next(iter(result.values()), None) if len(result) == 1 else None)
    text = str(result)
    return int(text) if result is not None and text.isascii() and text.isdigit() else None
