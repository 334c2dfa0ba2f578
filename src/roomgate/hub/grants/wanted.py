"""What somebody wants a grant to give, by names, as a form, a script or a request says it. Resolved when it is given."""

import msgspec


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """With ``minutes`` or ``until`` (RFC 3339): there is no endless grant.

    Rooms are named one by one, or by site, or by tag; ``capabilities`` and those of ``role`` add up.
    """

    person: str  # id or name
    rooms: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    role: str | None = None
    start: str | None = None  # RFC 3339; now if left out
    minutes: float | None = None  # from its start
    until: str | None = None
    most_uses: int | None = None  # commands
    only_booked: bool = False  # only while the room has a booking
    reason: str = ""
