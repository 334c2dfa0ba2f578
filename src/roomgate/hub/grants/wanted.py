"""What somebody wants a grant to give, by names, as a form, a script or a request says it. Resolved when it is given."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from roomgate.access.capability import Capability
from roomgate.clock import parse_iso
from roomgate.errors import BadInput


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


def parse_capabilities(words: Iterable[str]) -> frozenset[Capability]:
    """Raises BadInput naming what is none."""
    named = set(words)
    if unknown := sorted(named - {c.value for c in Capability}):
        known = ", ".join(c.value for c in Capability)
        raise BadInput(f"There is no capability {', '.join(unknown)[:200]}.", hint=f"Capabilities: {known}.")
    return frozenset(Capability(word) for word in named)


def parse_time(name: str, text: str | None) -> datetime:
    """Raises BadInput for what is no time with a zone."""
    try:
        return parse_iso(text or "")
    except ValueError as bad:
        raise BadInput(f"{name} is a time as in RFC 3339, with its zone.") from bad
