"""In which order rooms are changed, when, and what stops it. Pure: the hub's engine asks, and does."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from roomgate.errors import BadInput

USUAL_WAVES = (1, 10, 0)
LONGEST_PAUSE_S = 600.0
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_MOST_WAVES, _LARGEST_WAVE, _MOST_TRIES = 20, 100_000, 100


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How a plan is applied.

    ``waves``: how many rooms each; 0 is all that are left. ``most_failures``: with so many rooms failed it halts, and
    ``most_share`` the same as a share of the rooms that came to an end, looked at after each wave. ``night``: only
    between these times of day, such as ``22:00-05:00``, in ``zone``. ``tries``: how often a room that does not answer
    is tried; ``pause_s`` is waited before the second, and twice as long before each further one. ``strict``: a room in
    which anything is refused beforehand is left out whole.
    """

    waves: tuple[int, ...] = USUAL_WAVES
    most_failures: int = 1
    most_share: float = 1.0
    night: str = ""
    zone: str = "UTC"
    tries: int = 6
    pause_s: float = 30.0
    strict: bool = False
    reason: str = ""

    def checked(self) -> "Options":
        """The same; raises BadInput."""
        if not 1 <= len(self.waves) <= _MOST_WAVES or any(not 0 <= one <= _LARGEST_WAVE for one in self.waves):
            raise BadInput("Waves are from 1 to 20 numbers of rooms; 0 stands for all that are left.")
        if not 1 <= self.most_failures <= _LARGEST_WAVE or not 0 < self.most_share <= 1:
            raise BadInput("It halts after at least one failure, or a share of rooms above 0 and at most 1.")
        if not 1 <= self.tries <= _MOST_TRIES or not 0 < self.pause_s <= LONGEST_PAUSE_S:
            raise BadInput("A room is tried from 1 to 100 times, with a pause of at most 600 seconds.")
        if len(self.reason) > 300:
            raise BadInput("A reason has at most 300 characters.")
        _window(self.night)
        _zone(self.zone)
        return self


def waves(rooms: Sequence[str], sizes: Sequence[int]) -> dict[str, int]:
    """Which wave each room is in, in the order given, counted from 1. What no wave holds comes in the last."""
    made: dict[str, int] = {}
    place = 0
    for number, size in enumerate(sizes, 1):
        last = number == len(sizes)
        end = len(rooms) if last or size == 0 else min(len(rooms), place + size)
        made.update(dict.fromkeys(rooms[place:end], number))
        place = end
    return made


def stops(options: Options, failed: int, ended: int, *, wave_over: bool) -> str:
    """Why it must halt, in a sentence; empty: it may go on."""
    if failed >= options.most_failures:
        return f"{_rooms(failed)} failed."
    if wave_over and ended and failed / ended > options.most_share:
        return f"{failed} of {_rooms(ended)} failed."
    return ""


def opens_in(options: Options, now: datetime) -> float:
    """Seconds until the night begins; 0 while it is night, or where none is said."""
    window = _window(options.night)
    if window is None:
        return 0.0
    start, end = window
    local = now.astimezone(_zone(options.zone))
    clock = local.time().replace(tzinfo=None)
    inside = start <= clock < end if start < end else clock >= start or clock < end
    if inside:
        return 0.0
    opens = local.replace(hour=start.hour, minute=start.minute, second=0, microsecond=0)
    if opens <= local:
        opens += timedelta(days=1)
    return max(1.0, (opens.astimezone(UTC) - now).total_seconds())  # a day in between may have 23 hours, or 25


def pause(options: Options, tries: int) -> float:
    """How long to wait after so many tries."""
    return min(LONGEST_PAUSE_S, options.pause_s * 2.0 ** min(tries - 1, 20))


def _window(night: str) -> tuple[time, time] | None:
    if not night:
        return None
    start, dash, end = (part.strip() for part in night.partition("-"))
    first, last = _CLOCK.fullmatch(start), _CLOCK.fullmatch(end)
    if not dash or first is None or last is None or start == end:
        raise BadInput("A night is two times of day, such as 22:00-05:00.")
    return time(int(first[1]), int(first[2])), time(int(last[1]), int(last[2]))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as bad:
        raise BadInput(f"There is no time zone {name[:60]}.", hint="It looks like Europe/Oslo.") from bad


def _rooms(count: int) -> str:
    return f"{count} room{'' if count == 1 else 's'}"
