"""What would change if a backup were restored to a room, and what is left out, and why. Pure.

Nothing is ever removed: what the room has and the backup has not stays. What makes a device *this* device (its name,
its addresses, its accounts) is left out unless it goes back to where it came from.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

import msgspec

from roomgate.access.capability import longest
from roomgate.fleet.backup import Contents, Macro, Panel
from roomgate.xapi.call import Verb
from roomgate.xapi.errors import XapiError
from roomgate.xapi.schema import Catalogue

# Settings that name one device, or one device's place in a network or in a call control: by their first words.
IDENTITY = frozenset(
    tuple(prefix.split())
    for prefix in (
        "SystemUnit Name", "SystemUnit BroadcastName", "SystemUnit CustomDeviceId", "SystemUnit CrashReporting",
        "SystemUnit TouchPanel Location", "Network", "NetworkServices DiscoveryProtocol SystemName",
        "NetworkServices HTTP Proxy", "NetworkServices SNMP", "NetworkServices SMTP Username",
        "NetworkServices WelcomeText", "SIP URI", "SIP DisplayName", "SIP Authentication", "SIP Proxy", "SIP Turn",
        "H323 H323Alias", "H323 Authentication", "H323 Gatekeeper", "H323 NAT", "Provisioning LoginName",
        "Provisioning ExternalManager", "UserInterface ContactInfo", "UserManagement LDAP",
    )
)  # fmt: skip
T = TypeVar("T")
_NUMBER = re.compile(r"[0-9]+")


class Left(StrEnum):
    """Why something in a backup is not restored."""

    IDENTITY = "identity"  # it would make one device the other
    ABSENT = "absent"  # the room's device has no such setting
    VALUE = "value"  # the catalogue does not take the value


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: ``kind`` is setting, panel, branding or macro; ``was`` is None where the room has no such thing."""

    kind: str
    name: str
    was: str | None
    will: str | int
    left: Left | None = None
    active: bool | None = None  # of a macro: whether it is to run


@dataclass(frozen=True, slots=True)
class Difference:
    """``changes`` are done in their order; ``left`` are not done. ``only_there``: panels and macros that stay."""

    changes: tuple[Change, ...]
    left: tuple[Change, ...]
    masked: tuple[str, ...]
    only_there: tuple[str, ...]
    same: int
    product: tuple[str, str] | None = None  # then and now, where they differ
    software: tuple[str, str] | None = None  # likewise, where the generation differs

    @property
    def digest(self) -> str:
        """Of all that would be done: whoever was shown another difference is asked to look again."""
        told = [[one.kind, one.name, one.was, one.will, one.active] for one in self.changes]
        return hashlib.sha256(msgspec.json.encode(told)).hexdigest()


def compare(kept: Contents, now: Contents, catalogue: Catalogue, *, same_room: bool = False) -> Difference:
    """What restoring ``kept`` to a room that is now as ``now`` says would change."""
    changes: list[Change] = []
    left: list[Change] = []
    same = 0
    masked = set(now.masked)
    for name, value in sorted(kept.settings.items()):
        was = now.settings.get(name)
        if was is not None and str(was) == str(value):
            same += 1
            continue
        one = Change("setting", name, None if was is None else str(was), value)
        why = _why_left(name, value, was is None and name not in masked, same_room, catalogue)
        if why is None:
            changes.append(one)
        else:
            left.append(replace(one, left=why))
    told = [
        *_told(kept.panels, now.panels, _panel),
        *_told(kept.branding, now.branding, _picture),
        *_told(kept.macros, now.macros, _macro),
    ]
    same += len(kept.panels) + len(kept.branding) + len(kept.macros) - len(told)
    changes += [one for one in told if _may_be_said(one)]
    left += [replace(one, left=Left.VALUE) for one in told if not _may_be_said(one)]
    only = [*sorted(now.panels.keys() - kept.panels.keys()), *sorted(now.macros.keys() - kept.macros.keys())]
    return Difference(
        tuple(changes),
        tuple(left),
        tuple(kept.masked),
        tuple(only),
        same,
        None if kept.product == now.product else (kept.product, now.product),
        None if generation(kept.software) == generation(now.software) else (kept.software, now.software),
    )


def generation(software: str) -> str:
    """``26`` of ``RoomOS 26.4.1 0123456789a``; the whole text where it has no number."""
    found = _NUMBER.search(software)
    return found[0] if found else software


def _why_left(name: str, value: str | int, absent: bool, same_room: bool, catalogue: Catalogue) -> Left | None:
    try:
        call = catalogue.canonical(Verb.SET, f"Configuration/{name}", {"Value": value})
    except XapiError:
        return Left.VALUE
    if longest(IDENTITY, call.path.words) is not None and not same_room:
        return Left.IDENTITY
    return Left.ABSENT if absent else None


def _told(kept: dict[str, T], now: dict[str, T], change: Callable[[str, T | None, T], Change | None]) -> list[Change]:
    found = (change(name, now.get(name), one) for name, one in sorted(kept.items()))
    return [one for one in found if one is not None]


def _may_be_said(one: Change) -> bool:
    """Whether a document can say it: a name of printable characters, and a text that is not empty."""
    return bool(one.will) and bool(one.name) and one.name.isprintable()


def _picture(name: str, was: str | None, one: str) -> Change | None:
    return None if was == one else Change("branding", name, was, one)


def _panel(name: str, was: Panel | None, one: Panel) -> Change | None:
    return None if was == one else Change("panel", name, was.xml if was else None, one.xml)


def _macro(name: str, was: Macro | None, one: Macro) -> Change | None:
    alike = was is not None and was.code == one.code and one.active in (None, was.active)
    return None if alike else Change("macro", name, was.code if was else None, one.code, active=one.active)
