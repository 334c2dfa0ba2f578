"""What the people who run a site want their rooms to show: settings, no more.

The names and defaults are those of the table ``[bookings]`` in the connector's configuration.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

PRIVATE_TITLE = "Private meeting"


class Private(StrEnum):
    """What a room shows of a meeting that its organizer marked as private."""

    RENAME = "rename"  # the time, the button, and a title that says nothing
    HIDE = "hide"  # nothing at all; the room looks free then
    ORGANIZER = "organizer"  # as renamed, and the organizer's name


@dataclass(frozen=True, slots=True)
class HouseRules:
    """``early`` and ``late``: how long before its start and after its end a meeting can be joined."""

    early: timedelta = timedelta(minutes=5)
    late: timedelta = timedelta(0)
    private: Private = Private.RENAME
    private_title: str = PRIVATE_TITLE
    tentative: bool = True  # show what its organizer is not sure of yet
    all_day: bool = True
    not_joinable: bool = True  # show what nobody can join from the room


DEFAULT = HouseRules()
