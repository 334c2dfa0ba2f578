"""What other rules would change: the same invitations, understood before and after."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from roomgate.meetings.invite import Invitation
from roomgate.meetings.meeting import How, Meeting
from roomgate.meetings.rules.catalogue import Catalogue
from roomgate.meetings.understand import DeviceAbilities, understand


class Kind(StrEnum):
    """What became of one invitation's button."""

    SAME = "same"
    GAINED = "gained"  # there was none
    LOST = "lost"  # there is none any more
    MOVED = "moved"  # it leads elsewhere
    TOLD = "told"  # the button is as it was; the service's name or the other ways are not


@dataclass(frozen=True, slots=True)
class Change:
    """One invitation under both sets of rules."""

    before: Meeting
    after: Meeting

    @property
    def kind(self) -> Kind:
        before, after = self.before.join, self.after.join
        if before != after:
            if before.how is How.NONE:
                return Kind.GAINED
            return Kind.LOST if after.how is How.NONE else Kind.MOVED
        same = self.before.service == self.after.service and self.before.alternatives == self.after.alternatives
        return Kind.SAME if same else Kind.TOLD

    @property
    def risky(self) -> bool:
        """Did a button that was there change? A gain takes nothing from anybody."""
        return self.kind in (Kind.LOST, Kind.MOVED)


def compare(
    invitations: Iterable[Invitation], device: DeviceAbilities, before: Catalogue, after: Catalogue
) -> list[Change]:
    """Pure. In the order of the invitations, the unchanged ones among them."""
    return [Change(understand(one, device, before), understand(one, device, after)) for one in invitations]
