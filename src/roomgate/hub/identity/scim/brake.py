"""The brake: a directory that ends a great many people at once is stopped until an administrator has looked.

A stolen token or a mistake upstream would shut everybody out in a minute. One person is never held up: the
brake bites only after as many have been ended within the hour as nobody ends by the way.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from roomgate.errors import RoomgateError

WINDOW = timedelta(hours=1)
AT_LEAST = 10


class Braked(RoomgateError):
    """The directory ended so many people within the hour that the next one waits."""

    code = "scim.brake"
    hint = "An administrator releases it: `roomgate scim release DIRECTORY`, or at the page of settings."

    def __init__(self, message: str, wait_s: float) -> None:
        super().__init__(message)
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Brake:
    """How one directory stands, at a moment. People are counted, not requests: the same one twice is one."""

    kept: int  # people whom it keeps and kept before the hour began, those that it ended since among them
    ended: frozenset[str]  # whom it disabled or deleted within the hour
    first: datetime | None  # when the first of them was
    released: datetime | None  # an administrator lets it go on until then

    @property
    def limit(self) -> int:
        return max(AT_LEAST, self.kept // 10)

    def holds(self, now: datetime) -> bool:
        """Whether the next person would have to wait."""
        free = self.released is not None and now < self.released
        return len(self.ended) >= self.limit and not free

    def require(self, person: str, now: datetime) -> None:
        """Raises Braked where this person may not be ended yet. Who was counted already is not counted again."""
        if person in self.ended or not self.holds(now):
            return
        wait = (self.first or now) + WINDOW - now
        raise Braked(
            f"This directory ended {len(self.ended)} people within an hour, and may end {self.limit}.",
            max(1.0, wait.total_seconds()),
        )
