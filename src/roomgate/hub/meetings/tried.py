"""Pure: the rule packs of this release, and what packs of one's own would change of past invitations.

What is handed in is looked at and forgotten. A site takes packs into use itself, from its own folder: the hub gives
no connector any rule.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from roomgate.errors import BadInput
from roomgate.hub.meetings.address import shown_address
from roomgate.hub.meetings.explained import Device
from roomgate.meetings.meeting import Meeting
from roomgate.redact import foreign

MOST_FILES = 200
MOST_ROWS = 100
PACK, INVITATION = ".toml", ".ics"


@dataclass(frozen=True, slots=True)
class PackView:
    """One service's pack. ``retired``: since when the service is gone, in words; "" for one that is not."""

    service: str
    version: int
    samples: int
    retired: str
    domains: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One invitation that would be understood otherwise. ``kind``: gained, lost, moved, told. ``risky``: a button that
    was there is gone or leads elsewhere."""

    file: str
    title: str
    kind: str
    risky: bool
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Tried:
    """``seen``: how many meetings were compared; ``more``: changed ones that are not in ``rows``."""

    own: tuple[str, ...]
    passed_over: tuple[str, ...]
    rows: tuple[Row, ...]
    more: int
    seen: int
    unread: tuple[str, ...]

    @property
    def risky(self) -> int:
        return sum(row.risky for row in self.rows)


def shipped_packs() -> list[PackView]:
    """In the order in which they count. It reads the packs, so the first time it is to be called in a thread."""
    from roomgate.meetings.rules.catalogue import shipped  # here: a hub that nobody asks this starts without them

    return [
        PackView(one.service, one.version, len(one.samples), one.retired, tuple(sorted(one.domains)))
        for one in shipped().packs
    ]  # fmt: skip


def try_rules(files: Sequence[tuple[str, bytes]], device: Device) -> Tried:
    """``files``: packs and invitations by their names. Raises BadPack with every complaint, and BadInput.

    It takes its time, so it is to be called in a thread.
    """
    from roomgate.meetings.invite import BadInvitation, invitation, parse_events
    from roomgate.meetings.rules.catalogue import shipped
    from roomgate.meetings.rules.change import Kind, compare
    from roomgate.meetings.rules.folder import build_rules
    from roomgate.meetings.understand import DeviceAbilities

    packs, past = _sorted(files)
    rules = build_rules(packs)
    abilities = DeviceAbilities(device.sip, device.h323, device.registered, device.domains)
    rows: list[Row] = []
    unread: list[str] = []
    seen = 0
    for name, raw in past:
        try:
            ones = [invitation(event) for event in parse_events(raw)]
        except BadInvitation:
            unread.append(name)
            continue
        for change in compare(ones, abilities, shipped(), rules.catalogue):
            seen += 1
            if change.kind is not Kind.SAME:
                title = foreign(change.before.title, 200)
                rows.append(Row(name, title, change.kind.value, change.risky, _way(change.before), _way(change.after)))
    rows.sort(key=lambda row: not row.risky)  # stable: what to look at first, then in the order of the files
    return Tried(
        tuple(f"{pack.service} {pack.version}" for pack in rules.own),
        tuple(foreign(told, 300) for told in rules.passed_over),
        tuple(rows[:MOST_ROWS]),
        len(rows[MOST_ROWS:]),
        seen,
        tuple(unread),
    )


def _sorted(files: Iterable[tuple[str, bytes]]) -> tuple[list[tuple[str, bytes]], list[tuple[str, bytes]]]:
    """Packs and invitations; raises BadInput."""
    named = [(foreign(name.replace("\\", "/").rsplit("/", 1)[-1], 100), raw) for name, raw in files]
    if len(named) > MOST_FILES:
        raise BadInput(f"At most {MOST_FILES} files are looked at here.")
    packs = [one for one in named if one[0].lower().endswith(PACK)]
    past = [one for one in named if one[0].lower().endswith(INVITATION)]
    if other := [name for name, _ in named if not name.lower().endswith((PACK, INVITATION))]:
        raise BadInput(f"{other[0]} is neither a pack (.toml) nor an invitation (.ics).")
    if not packs or not past:
        raise BadInput("Choose at least one pack (.toml) and one past invitation (.ics).")
    return packs, past


def _way(meeting: Meeting) -> str:
    """Where the button leads, without its passcode; "" where there is none."""
    join = meeting.join
    way = shown_address(join.address or "") or join.command or ""
    return f"{meeting.service}: {foreign(way, 255)}" if way else ""
