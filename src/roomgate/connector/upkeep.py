"""What somebody may have to look after and no state tells: certificates that end, and how the last call ended.

Each device is asked for its certificates once a day, one device after the other, by the daily account; one that does
not answer is asked again an hour later. How a call ended is heard. Both are told at each new link, and when they
change; what the site does not let out (``tells``) is neither asked nor heard.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from roomgate import log
from roomgate.access.offered import offered
from roomgate.clock import Clock, iso
from roomgate.connector.call_end import judge_end
from roomgate.connector.certificates import read_ends
from roomgate.connector.mirror import CALLS, CERTIFICATES, TELLS
from roomgate.connector.room import Room, RoomCondition
from roomgate.errors import RoomgateError
from roomgate.ids import DeviceId
from roomgate.link.messages import CertificateEnd, Upkeep
from roomgate.xapi import tree
from roomgate.xapi.call import Verb
from roomgate.xapi.errors import DeviceGone, DeviceUnreachable, NoAnswer, XapiError
from roomgate.xapi.path import Path

LOOK_EVERY_S = 2.0
DAY_S, AGAIN_S = 86_400.0, 3600.0
ANSWER_S = 15.0
MOST_AT_ONCE = 50  # devices before those that are due are looked at anew

_ENDED = Path.parse("Event/CallDisconnect")
_SHOW = offered().canonical(Verb.COMMAND, "Security/Certificates/Services/Show", {"Format": "PEM"})
_log = log.get("upkeep")


@dataclass(slots=True, eq=False)
class _Kept:
    room: Room | None  # None: the connector's own
    known: Upkeep
    told: bool = True  # until there is something to tell
    hears: bool = False
    due: float = field(default=float("-inf"))


class Upkeeps:
    """Of all rooms of the site. ``own`` gives the ends of the files that the connector itself relies on."""

    def __init__(
        self,
        rooms: Callable[[], Iterable[Room]],
        send: Callable[[Upkeep], bool],
        clock: Clock,
        tells: Iterable[str] = TELLS,
        own: Callable[[], list[CertificateEnd]] = list,
    ) -> None:
        """``send`` hands a message to the link; False where there is none, or no room in it now."""
        self._rooms = rooms
        self._send = send
        self._clock = clock
        self._tells = frozenset(tells)
        self._load_own = own
        self._own = _Kept(None, Upkeep(""))
        self._kept: dict[DeviceId, _Kept] = {}
        self._woken = asyncio.Event()

    def up(self) -> None:
        """A link session began: the hub is told everything once."""
        for one in (self._own, *self._kept.values()):
            one.told = one.known == Upkeep(one.known.room)
        self.wake()

    def wake(self) -> None:
        """A device can be listened to, or there is something to tell: at once, for a call may fail as soon as that."""
        self._woken.set()

    async def run(self) -> None:
        """For ever. Cancelling loses nothing: all is asked again after a start."""
        async with asyncio.TaskGroup() as group:  # apart, so that no slow answer holds up what was heard
            group.create_task(self._again(self.listen, self._woken), name="upkeep.listen")
            group.create_task(self._again(self.ask, asyncio.Event()), name="upkeep.ask")

    async def _again(self, work: Callable[[], Awaitable[None]], sooner: asyncio.Event) -> None:
        while True:
            sooner.clear()
            await work()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await sooner.wait()

    async def listen(self) -> None:
        """Tell what there is to tell, and listen where nobody listens yet."""
        fine = self._fine()
        self._tell()
        for one, room in [pair for pair in fine if CALLS in self._tells and not pair[0].hears][:MOST_AT_ONCE]:
            await self._hear(one, room)

    async def ask(self) -> None:
        """Ask for the certificates that are due."""
        now, fine = self._clock.monotonic(), self._fine()
        if CERTIFICATES not in self._tells:
            return
        if self._own.due <= now:
            self._own.due = now + DAY_S
            self._learn(self._own, Upkeep("", await asyncio.to_thread(self._load_own)))
        for one, room in [pair for pair in fine if pair[0].due <= now][:MOST_AT_ONCE]:
            await self._ask(one, room)

    def _fine(self) -> list[tuple[_Kept, Room]]:
        """The rooms that can be asked now; what is known of one that is gone is forgotten."""
        here = {room.device: room for room in self._rooms()}
        self._kept = {device: one for device, one in self._kept.items() if here.get(device) is one.room}
        for device, room in here.items():
            self._kept.setdefault(device, _Kept(room, Upkeep(device)))
        return [(self._kept[device], room) for device, room in here.items() if room.condition is RoomCondition.FINE]

    async def _hear(self, one: _Kept, room: Room) -> None:
        def listener(kind: str, document: Any) -> None:
            event = tree.lookup(document, ("Event", "CallDisconnect")) if kind == "event" else None
            if isinstance(event, dict) and (judged := judge_end(event)):
                at = iso(self._clock.now())
                self._learn(one, Upkeep(one.known.room, one.known.certificates, judged, at))

        try:
            await room.subscribe(_ENDED, listener)  # for as long as there is the room
        except (DeviceUnreachable, DeviceGone, NoAnswer):
            return  # again at the next look
        except XapiError as fault:
            _log.info("upkeep.not-heard", room=room.name, error=str(fault)[:200])
        one.hears = True  # also where it is refused: another try would be refused as well

    async def _ask(self, one: _Kept, room: Room) -> None:
        one.due = self._clock.monotonic() + AGAIN_S
        try:
            async with asyncio.timeout(ANSWER_S):
                ends = read_ends(await room.call(_SHOW))
        except (XapiError, RoomgateError, TimeoutError) as fault:
            _log.info("upkeep.not-read", room=room.name, error=str(fault)[:200])
            return
        one.due += DAY_S - AGAIN_S
        self._learn(one, Upkeep(one.known.room, ends, one.known.call, one.known.call_at))

    def _learn(self, one: _Kept, known: Upkeep) -> None:
        if known != one.known:
            one.known, one.told = known, False
            self.wake()

    def _tell(self) -> None:
        for one in (self._own, *self._kept.values()):
            if not one.told:
                one.told = self._send(one.known)
