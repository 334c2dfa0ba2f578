"""The dashboard's part of a device's state: kept current by feedback, sent up as small differences.

What goes up is only what the site lets out: state, in call or not and how good the call is, availability; what the
device is (product, serial number, Ethernet address), and of what kind the troubles are that it tells of. Whom people
speak with, how many they are, names, titles, and where in the site's network a device is, stay inside unless a person
with a grant asks; how many people there are, and how warm it is, go out where the site's configuration says so.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache, lru_cache

from roomgate.ids import DeviceId
from roomgate.link.messages import State
from roomgate.xapi import tree
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue
from roomgate.xapi.tree import Document

LetsOut = Callable[[Path], bool]
SEND_EVERY_S = 0.1  # so at most ten differences a second for each room
AGAIN_S = 0.5
LATER_S = 30.0  # what changes all the time in each call goes up with whatever else does, or so often

# What Cisco's partners' integrations register for a dashboard, merged; without events, which carry no state.
DASHBOARD = tuple(
    Path.parse(text)
    for text in (
        "Status/Call",
        "Status/Conference/Call",
        "Status/Conference/DoNotDisturb",
        "Status/Conference/Presentation",
        "Status/Standby",
        "Status/Audio/Volume",
        "Status/Audio/VolumeMute",
        "Status/Audio/Microphones",
        "Status/Video/Input/MainVideoMute",
        "Status/Video/Selfview",
        "Status/SystemUnit/State",
        "Status/SystemUnit/Software",
        "Status/SystemUnit/ProductPlatform",
        "Status/SystemUnit/ProductId",
        "Status/SystemUnit/Hardware",
        "Status/SIP/Registration",
        "Status/Webex/Status",
        "Status/Network/IPv4",
        "Status/Network/Ethernet",
        "Status/MediaChannels",
        "Status/Provisioning/Software/UpgradeStatus",
        "Status/Diagnostics/Message",
        "Status/RoomAnalytics",
        "Status/Peripherals/ConnectedDevice",
        "Status/Bookings",
        "Status/UserInterface/ContactInfo",
        "Configuration/SystemUnit/Name",
        "Configuration/Audio/DefaultVolume",
    )
)
DAILY_ROLES = frozenset({"User", "Integrator"})

_OUT = tuple(
    Path.parse(text)
    for text in (
        "Status/Standby",
        "Status/Audio/Volume",
        "Status/Audio/VolumeMute",
        "Status/Audio/Microphones",
        "Status/Video/Input/MainVideoMute",
        "Status/SystemUnit/State",
        "Status/SystemUnit/Software",
        "Status/SystemUnit/ProductPlatform",
        "Status/SystemUnit/ProductId",
        "Status/SystemUnit/Hardware/Module/SerialNumber",
        "Status/SystemUnit/Hardware/Monitoring/Temperature/Status",
        "Status/Network/Ethernet/MacAddress",  # which device it is; not its address, which says where it is
        "Status/SIP/Registration/Status",  # not the address
        "Status/Webex/Status",
        "Status/Peripherals/ConnectedDevice/Type",  # not what it is called
        "Status/Peripherals/ConnectedDevice/Status",
        "Status/MediaChannels/Call/Channel/Type",
        "Status/MediaChannels/Call/Channel/Direction",
        "Status/MediaChannels/Call/Channel/Netstat/Jitter",
        "Status/MediaChannels/Call/Channel/Netstat/LastIntervalLost",
        "Status/MediaChannels/Call/Channel/Netstat/LastIntervalReceived",
        "Status/Call/Status",  # that there are calls and how long, never with whom
        "Status/Call/AnswerState",
        "Status/Call/CallType",
        "Status/Call/Direction",
        "Status/Call/Duration",
        "Status/Call/Protocol",
        "Status/Bookings/Availability",
        "Status/Diagnostics/Message/Level",
        "Status/Diagnostics/Message/Type",
        "Configuration/Audio/DefaultVolume",
    )
)
# What a site may let out beside it, by the word in its configuration.
MEASURES = {
    "people": ("Status", "RoomAnalytics", "PeopleCount", "Current"),
    "temperature": ("Status", "RoomAnalytics", "AmbientTemperature"),
}
CERTIFICATES, CALLS = "certificates", "calls"
TELLS = (CERTIFICATES, CALLS)  # what `upkeep` tells of, unless the configuration says otherwise
_OUT_WORDS = frozenset((path.root, *path.words) for path in _OUT)
_MEMBERS_OUT = frozenset(  # that a member is gone
    {
        ("Status", "Call"), ("Status", "Diagnostics", "Message"), ("Status", "SIP", "Registration"),
        ("Status", "Peripherals", "ConnectedDevice"), ("Status", "MediaChannels", "Call"),
        ("Status", "MediaChannels", "Call", "Channel"),
    }
)  # fmt: skip


def lets_out_by_default(path: Path) -> bool:
    """Whether a leaf may leave the site without anybody having asked for it."""
    return _lets_out(path.parts)


@lru_cache(maxsize=4096)
def _lets_out(parts: tuple[str | int, ...]) -> bool:
    """Remembered, since it is asked at each feedback, of few paths."""
    words = tuple(part for part in parts if isinstance(part, str))
    if words in _MEMBERS_OUT:
        return True
    return any(words[:length] in _OUT_WORDS for length in range(2, len(words) + 1))


def letting_out(measures: Iterable[str]) -> LetsOut:
    """What is let out by default, and these of `MEASURES`."""
    more = frozenset(MEASURES[word] for word in measures)
    if not more:
        return lets_out_by_default
    return lambda path: _lets_out(path.parts) or path.parts in more


def may_wait(change: Document) -> bool:
    """Whether a feedback tells only of what changes all the time while there is a call: it need not go up at once."""
    status = change.get("Status")
    return len(change) == 1 and isinstance(status, dict) and status.keys() == {"MediaChannels"}


@cache
def dashboard(catalogue: Catalogue) -> tuple[Path, ...]:
    """The paths of the dashboard that this catalogue knows and the daily account may read some of."""
    return tuple(p for p in DASHBOARD if any(leaf.read_roles & DAILY_ROLES for leaf in catalogue.leaves(p)))


@dataclass(slots=True)
class Mirror:
    """One device's state. Pure; `taken` says what the other side does not know yet, if it `owes` anything."""

    lets_out: LetsOut = lets_out_by_default
    document: Document = field(default_factory=dict)
    _fresh: Document | None = None
    _seen: Document = field(default_factory=dict)  # the document when it was last looked at; shares what stayed
    _known: bool = False  # whether the other side has what of that may go out
    owes: bool = True  # whether it may have to be told something; most of what rooms tell stays inside
    presses: bool = True  # and whether at once

    def begin(self) -> None:
        """A new connection: what comes now replaces everything, once it is `settle`d."""
        self._fresh = {}

    def settle(self) -> None:
        if self._fresh is not None:
            self.document, self._fresh, self.owes, self.presses = self._fresh, None, True, True

    @property
    def latest(self) -> Document:
        """All that was heard over the newest connection, also before it is settled."""
        return self.document if self._fresh is None else self._fresh

    def absorb(self, difference: Document) -> None:
        """Merge a feedback."""
        if self._fresh is not None:
            self._fresh = tree.merge(self._fresh, difference)
        else:
            if not self.presses and tree.touches(difference, self.document, self.lets_out):
                self.owes, self.presses = True, not may_wait(difference)
            self.document = tree.merge(self.document, difference)

    def forget_sent(self) -> None:
        """The other side starts anew: the next time everything goes."""
        self._known, self.owes, self.presses = False, True, True

    def taken(self) -> tuple[Document, bool] | None:
        """What to send now, and whether it is the whole; None where the other side knows it all."""
        if self._known:
            change, whole = tree.difference(self._seen, self.document, self.lets_out), False
        else:
            change, whole = tree.prune(self.document, None, self.lets_out) or {}, True
        self._seen, self._known, self.owes, self.presses = self.document, True, False, False
        return (change, whole) if whole or change else None


class Mirrored:
    """The mirrors of all rooms on their way to the hub, in one task."""

    def __init__(self, send: Callable[[State], bool]) -> None:
        """``send`` hands a message to the link; False where there is none, or no room in it now."""
        self._send = send
        self._mirrors: dict[DeviceId, Mirror] = {}
        self._dirty: set[DeviceId] = set()
        self._later: set[DeviceId] = set()  # dirty too, and in no hurry
        self._later_at = 0.0  # when those go; of the loop's clock
        self._wake = asyncio.Event()
        self._up = False

    def add(self, device: DeviceId, mirror: Mirror) -> None:
        self._mirrors[device] = mirror
        self.changed(device)

    def remove(self, device: DeviceId) -> None:
        self._mirrors.pop(device, None)
        self._dirty.discard(device)
        self._later.discard(device)

    def changed(self, device: DeviceId) -> None:
        """Called by the keeper when a room owes something; costs nothing until the next batch."""
        mirror = self._mirrors.get(device)
        if mirror is None:
            return
        if not mirror.presses:
            self._later.add(device)
            return
        self._dirty.add(device)
        if self._up:
            self._wake.set()

    def up(self) -> None:
        """A link session began: the hub is told everything once."""
        self._up = True
        self._again(self._mirrors)

    async def run(self) -> None:
        """Send for ever, each room at most once in `SEND_EVERY_S`. Cancelling drops what was not sent."""
        now = asyncio.get_running_loop().time
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LATER_S):
                    await self._wake.wait()
            self._wake.clear()
            if now() >= self._later_at:
                self._later_at = now() + LATER_S
                self.hurry()
            taken = self.flush()
            await asyncio.sleep(SEND_EVERY_S if taken else AGAIN_S)

    def hurry(self) -> None:
        """What is in no hurry goes with the next batch too."""
        self._dirty |= self._later
        self._later.clear()

    def flush(self) -> bool:
        """Send what there is; False where the link did not take it."""
        while self._up and self._dirty:
            device = self._dirty.pop()
            self._later.discard(device)
            part = self._mirrors[device].taken()
            if part is None:
                continue
            if not self._send(State(device, part[0], part[1])):
                self._again((device,))  # the difference is lost, so the whole goes at the next chance
                return False
        return True

    def _again(self, devices: Iterable[DeviceId]) -> None:
        for device in devices:
            self._mirrors[device].forget_sent()
            self._dirty.add(device)
        self._wake.set()
