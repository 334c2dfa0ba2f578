"""Pure: of the meetings that rooms told, those that somebody wants to see, in order, and as a table."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import Self
from urllib.parse import urlencode

from roomgate.clock import iso
from roomgate.errors import BadInput
from roomgate.hub.meetings.told import MeetingTold

DAYS = (1, 3, 7)  # how far ahead a page looks
MOST_DAYS = 7  # as far as sites look ahead
BUTTON, NONE, NOW, PRIVATE, TROUBLE = "button", "no-button", "now", "private", "trouble"
STATES = (NOW, BUTTON, NONE, TROUBLE, PRIVATE)
BY_ROOM = "room"
COLUMNS = (
    "room", "site", "start", "end", "title", "organizer", "service", "how", "address", "button", "private", "tentative",
    "all_day", "told_by", "id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """The room that a meeting is in."""

    id: str
    name: str
    href: str
    site: str
    site_name: str


@dataclass(frozen=True, slots=True)
class Line:
    """One meeting in one room, as a list shows it. ``by``: who told, CALENDAR or DEVICE. ``troubled``: its room is."""

    place: Place
    meeting: MeetingTold
    by: str
    troubled: bool = False

    @property
    def text(self) -> str:
        """What the search looks in."""
        one = self.meeting
        return (
            f"{self.place.name} {self.place.site_name} {one.title} {one.organizer} {one.service} {one.address}".lower()
        )


@dataclass(frozen=True, slots=True)
class Filter:
    """As the query says it; an unknown word leaves nothing out but what it names."""

    q: str = ""
    site: str = ""
    room: str = ""
    service: str = ""
    state: str = ""
    day: str = ""
    days: str = ""
    view: str = ""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Self:
        return cls(**{one.name: given.get(one.name, "")[:200].strip() for one in fields(cls)})

    @property
    def words(self) -> dict[str, str]:
        """Those that say something."""
        return {one.name: text for one in fields(self) if (text := getattr(self, one.name))}

    def with_(self, **other: str) -> str:
        """The query of the same filter with some of it changed."""
        return urlencode(replace(self, **other).words)

    @property
    def query(self) -> str:
        return self.with_()

    @property
    def left_out(self) -> bool:
        """Whether it leaves meetings out that a look at the same days would show."""
        return bool(self.q or self.service or self.state)

    def window(self, now: datetime) -> tuple[datetime, datetime]:
        """From when to when. Raises BadInput."""
        return parse_window(self.day, self.days, now)


def parse_window(day: str, days: str, now: datetime) -> tuple[datetime, datetime]:
    """``day``: a date in UTC, else from now on; ``days``: how many of them, one where it is not said. Raises BadInput."""
    if days and not (days.isascii() and days.isdigit() and 1 <= int(days[:9]) <= MOST_DAYS):
        raise BadInput(f"days is from 1 to {MOST_DAYS}.")
    start = now
    if day:
        try:
            found = date.fromisoformat(day[:10])
        except ValueError:
            found = None
        if found is None or found.isoformat() != day or not 2000 <= found.year < 2200:  # no weeks, no blanks
            raise BadInput("day is a date such as 2026-03-01.")
        start = datetime(found.year, found.month, found.day, tzinfo=UTC)
        if not now - timedelta(days=1) < start < now + timedelta(days=MOST_DAYS):
            raise BadInput(f"Sites tell of the coming {MOST_DAYS} days: give one of these.")
    return start, start + timedelta(days=int(days or "1"))


def fitting(lines: Iterable[Line], wanted: Filter, now: datetime) -> list[Line]:
    """Those that are wanted: by time, or by room and then by time."""
    words = wanted.q.lower().split()

    def fits(line: Line) -> bool:
        one = line.meeting
        match wanted.state:
            case "button":
                state = one.joins
            case "no-button":
                state = not one.joins
            case "now":
                state = one.on(now)
            case "private":
                state = one.private
            case "trouble":
                state = line.troubled
            case _:
                state = True
        service = not wanted.service or one.service == wanted.service
        return state and service and all(word in line.text for word in words)

    found = [line for line in lines if fits(line)]
    by_room = wanted.view == BY_ROOM

    def place(line: Line) -> tuple[str, datetime, datetime, str, str]:
        name = line.place.name.casefold()
        return name if by_room else "", line.meeting.start, line.meeting.end, name, line.meeting.id

    return sorted(found, key=place)


def services(lines: Iterable[Line]) -> list[str]:
    """The services that appear, for choosing one."""
    return sorted({line.meeting.service for line in lines} - {"", "none"})


def row(line: Line) -> list[str]:
    """For CSV and JSON, as COLUMNS."""
    one, place = line.meeting, line.place
    yes = {True: "yes", False: "no"}
    return [
        place.name, place.site_name, iso(one.start), iso(one.end), one.title, one.organizer, one.service, one.how,
        one.address, yes[one.joins], yes[one.private], yes[one.tentative], yes[one.all_day], line.by, one.id,
    ]  # fmt: skip
