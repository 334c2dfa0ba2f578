"""Pure: the pages of one room, and which of them somebody is shown the way to."""

from dataclasses import dataclass
from urllib.parse import quote

from roomgate.access.capability import Capability

# Each page and the classes of which any one makes it worth opening. What it shows is decided when it is asked.
TABS: dict[str, frozenset[Capability]] = {
    "": frozenset(),
    "status": frozenset(),
    "meetings": frozenset({Capability.BOOKINGS}),
    "settings": frozenset(Capability) - {Capability.OBSERVE, Capability.IN_CALL, Capability.CONFIGURE, Capability.WEB},
    "macros": frozenset({Capability.MACROS}),
    "panels": frozenset({Capability.UI}),
    "phonebook": frozenset({Capability.CALL}),
    "backups": frozenset({Capability.SYSTEM}),
    "logs": frozenset({Capability.LOGS, Capability.OBSERVE}),
    "security": frozenset({Capability.SECURITY, Capability.USERS}),
    "page": frozenset({Capability.WEB}),
}


@dataclass(frozen=True, slots=True)
class Tab:
    """``key``: the page's word in its address; "" is the room's first page."""

    key: str
    href: str
    current: bool


def tabs_of(room: str, held: frozenset[Capability], path: str) -> list[Tab]:
    """The pages of a room for somebody whose grants give these classes; ``path`` is the page that is shown now."""
    start = f"/rooms/{quote(room, safe='')}"
    hrefs = {key: f"{start}/{key}" if key else start for key, need in TABS.items() if not need or need & held}
    return [Tab(key, href, path == href or (bool(key) and path.startswith(href + "/"))) for key, href in hrefs.items()]
