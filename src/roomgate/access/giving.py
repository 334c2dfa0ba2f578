"""Monotone: whether somebody may give a grant. Nobody gives what they do not have."""

from collections.abc import Iterable

from roomgate.access.capability import Capability
from roomgate.access.grant import Grant, Room
from roomgate.ids import PersonId, RoomId


def within(
    grant: Grant, giver: PersonId, reach: frozenset[Capability], own: Iterable[Grant], rooms: Iterable[Room]
) -> bool:
    """Whether ``grant`` is no more than the giver, who has the right to give, has to give.

    ``reach``: what they may give to anybody; ``rooms``: the grant's, as they are now. Each room, site and tag of it must be had in one piece: by the reach alone, or by one live grant of
    the giver's own on the same room, site or tag, which is as wide, lasts as long, and is neither counted nor
    paused. Rights of two do not add up to a third. It was given before: so no two grants hold up each other.
    """
    if grant.capabilities <= reach:
        return True
    wide = [one for one in own if one.person == giver and _as_wide(one, grant)]
    known: dict[RoomId, Room] = {room.id: room for room in rooms}
    return (
        all(id in known and any(one.covers(known[id]) for one in wide) for id in grant.rooms)
        and all(any(site in one.sites for one in wide) for site in grant.sites)
        and all(any(tag in one.tags for one in wide) for tag in grant.tags)
    )


def _as_wide(own: Grant, grant: Grant) -> bool:
    return (
        own.issued < grant.issued
        and not own.paused
        and own.most_uses is None
        and (grant.only_booked or not own.only_booked)
        and grant.capabilities <= own.capabilities
        and own.start <= grant.start
        and grant.until <= own.until
    )
