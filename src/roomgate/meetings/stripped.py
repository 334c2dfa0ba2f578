"""A mailbox that strips what it is sent: what arrives shows it, though nobody says so. Pure.

Exchange's resource mailboxes throw the body and the subject of each invitation away unless they are told not to, and a
Google calendar may be shared so that only the times are seen. Then no meeting has a button, and nothing looks broken.
One meeting without a body means nothing; a whole week of them from several people does.

What cannot be told from here: a mailbox that takes the private mark off (``RemovePrivateProperty``), since a meeting
without it looks like any other. Its remedy is given together with the others.
"""

from collections.abc import Iterable
from enum import StrEnum

from roomgate.meetings.invite import Invitation

ENOUGH = 5  # meetings, from at least two people, before silence means something
ENOUGH_ONLINE = 2  # of a service that always writes a body for them


class Lost(StrEnum):
    """What does not arrive."""

    BODIES = "bodies"
    TITLES = "titles"  # gone, or the organizer's name in their place
    ALTERED_TITLES = "altered titles"  # the organizer's name before each


def find_lost(invitations: Iterable[Invitation], own: str = "", *, online_has_body: bool = False) -> frozenset[Lost]:
    """What the room's mailbox seems to strip.

    ``own``: the room's mailbox, whose own bookings have no body anyway. ``online_has_body``: an online meeting's event
    has one without fail, as Teams writes it; with Google Meet most have none.
    """
    seen = [one for one in invitations if not (one.cancelled or one.private or one.organizer.email in ("", own))]
    lost = set[Lost]()
    if not any(_has_body(one) for one in seen):
        online = [one for one in seen if any(text.source == "CONFERENCE" for text in one.texts)]
        if _tells(seen) or (online_has_body and len(online) >= ENOUGH_ONLINE):
            lost.add(Lost.BODIES)
    if _tells(seen):
        if all(one.title in ("", one.organizer.name) for one in seen):
            lost.add(Lost.TITLES)
        elif all(one.organizer.name and one.title.startswith(one.organizer.name) for one in seen):
            lost.add(Lost.ALTERED_TITLES)
    return frozenset(lost)


def _has_body(one: Invitation) -> bool:
    return any(text.source in ("DESCRIPTION", "X-ALT-DESC") for text in one.texts)


def _tells(seen: list[Invitation]) -> bool:
    return len({one.uid for one in seen}) >= ENOUGH and len({one.organizer.email for one in seen}) > 1
