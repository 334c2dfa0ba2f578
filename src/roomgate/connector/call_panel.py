"""In the call: the panel with the meeting service's controls, and the tones that its buttons send.

Theory. The panel is on a device only while that device is in one call with a service that has controls. It is put
when the call is there and taken away when it ends, rather than kept hidden in between: a device that is not in a
call carries nothing of ours, and neither do its backups. It stands where the device shows what belongs to a call
(`Location` CallControls). All of it is done by the daily account, whose roles suffice for it (`Panel Save`:
Integrator; `Call DTMFSend`: User).

One task tends a room, and only while there is something to do. It alone talks to the device about this, so put,
remove and tones cannot overtake each other. What may be on a device is written down before it is put there
(`shown_panels`); a room that comes back, or a connector that starts anew, puts right what it finds.

A press leads to one `Call DTMFSend`, in the call that the panel was put there for, and to nothing else. It is never
sent a second time, whatever became of the first; one that could not be sent at once is dropped, since the tones of a
minute ago are not what somebody wants now.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from roomgate import log
from roomgate.clock import Clock, iso
from roomgate.connector.joined import Joined, find_booked_service, find_joined
from roomgate.connector.presses import Heard, Presses
from roomgate.connector.room import Room, RoomCondition
from roomgate.connector.shown_panels import ShownPanels
from roomgate.errors import RoomgateError
from roomgate.ids import DeviceId, RoomName
from roomgate.ledger.event import CallPanelForeign, ControlPressed
from roomgate.meetings.controls_panel import PANEL_ID, build_panel, find_pressed
from roomgate.meetings.in_call import Control
from roomgate.meetings.meeting import Meeting
from roomgate.storage.record import Record
from roomgate.xapi import tree
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.errors import XapiError
from roomgate.xapi.flag import Flag
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue

CHANGE_S = 10.0  # to put the panel, or to take it away
SEND_S = 3.0  # for one press to reach the device; an older one is no longer wanted
RETRY_S = 5.0
TRIES = 3  # then it waits for the next call, or until the device is back
MOST_PRESSES = 8  # that wait to be sent; more fingers than that find the button dead for a moment

_CALLS = (Path.parse("Status/Call"), Path.parse("Status/Conference/Call"))
_ACTIONS = Path.parse("Event/UserInterface/Extensions/Widget/Action")
_EXTENSIONS = "Command/UserInterface/Extensions"

_log = log.get("call-panel")


@dataclass(frozen=True, slots=True)
class _Press:
    joined: Joined
    control: Control
    at: float  # monotonic


@dataclass(slots=True, eq=False)
class _Tended:
    """One room. ``joined`` is the call that its panel is for, as far as is known."""

    room: Room
    joined: Joined | None = None
    foreign: bool = False  # somebody else's panel stands there, and it has been told
    wake: Flag = field(default_factory=Flag)
    task: asyncio.Task[None] | None = None
    presses: Presses | None = None  # while the panel is there: of thousands of rooms most are in no call
    waiting: list[_Press] = field(default_factory=list)
    deaf: Callable[[], None] | None = None  # ends the listening to presses
    forget: list[Callable[[], None]] = field(default_factory=list)


class CallPanels:
    """The panels of all rooms. ``run`` tends them; the fleet says which rooms `arrived` and which `left`."""

    def __init__(
        self,
        shown: ShownPanels,
        meetings: Callable[[RoomName], Sequence[Meeting]],
        record: Record,
        clock: Clock,
        *,
        wanted: bool = True,
        retry_s: float = RETRY_S,
    ) -> None:
        """``meetings``: what the room's calendar says, as last understood. ``wanted``: False puts no panel, and takes
        away what an earlier run put."""
        self._shown = shown
        self._meetings = meetings
        self._record = record
        self._clock = clock
        self._wanted = wanted
        self._retry_s = retry_s
        self._catalogue = Catalogue.shipped()
        self._language = self._catalogue.canonical(Verb.GET, "Configuration/UserInterface/Language")
        self._rooms: dict[DeviceId, _Tended] = {}
        self._group: asyncio.TaskGroup | None = None

    # -- which rooms ----------------------------------------------------------------------------------

    async def arrived(self, room: Room) -> None:
        """A room is connected, or again: what is on its device is looked at anew."""
        tended = self._rooms.get(room.device)
        if tended is not None and tended.room is not room:  # the site put another device there
            self.left(room.device)
            tended = None
        if tended is None:
            tended = self._rooms[room.device] = _Tended(room)
        if self._wanted and not tended.forget:
            try:

                def look(kind: str, document: Any) -> None:
                    self._look(tended)

                for path in _CALLS:
                    tended.forget.append(await room.subscribe(path, look))
            except XapiError as refused:  # a device that tells of no calls has no panel in them
                _log.info("call-panel.unheard", room=room.name, error=refused.code)
                self._forget_calls(tended)
        tended.joined, tended.foreign = None, False
        self._wake(tended)

    def left(self, device: DeviceId) -> None:
        """The site let the room go; nobody speaks to its device any more."""
        if tended := self._rooms.pop(device, None):
            self._stop_listening(tended)
            self._forget_calls(tended)
            if tended.task is not None:
                tended.task.cancel()

    async def run(self) -> None:
        """For ever. Cancelling leaves the panels where they are; the next start puts them right."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                for tended in self._rooms.values():
                    self._wake(tended)
                await asyncio.get_running_loop().create_future()  # until cancelled
        finally:
            self._group = None
            for tended in self._rooms.values():
                self._stop_listening(tended)
                tended.task, tended.joined = None, None

    # -- what is heard --------------------------------------------------------------------------------

    def _look(self, tended: _Tended) -> None:
        """Something about a call changed; most of it concerns nobody here."""
        if not self._is_right(tended, self._find(tended)):
            self._wake(tended)

    def _is_right(self, tended: _Tended, wanted: Joined | None) -> bool:
        return wanted == tended.joined and (wanted is not None or tended.room.device not in self._shown)

    def _find(self, tended: _Tended) -> Joined | None:
        if not self._wanted:
            return None
        meetings = self._meetings(tended.room.name)
        return find_joined(tended.room.state, lambda number, booking: find_booked_service(meetings, number, booking))

    def _wake(self, tended: _Tended) -> None:
        tended.wake.set()
        if tended.task is None and self._group is not None:
            tended.task = self._group.create_task(self._tend(tended), name=f"call-panel.{tended.room.name}")

    def _heard(self, tended: _Tended, joined: Joined, kind: str, document: Any) -> None:
        """What the device says of widgets; the panel of ``joined`` is shown."""
        if kind == "gap":
            if tended.presses is not None:
                tended.presses.lost()
            tended.waiting.clear()
            return
        action = tree.lookup(document, (_ACTIONS.root, *_ACTIONS.words))
        if kind != "event" or not isinstance(action, dict):
            return
        control = find_pressed(joined.service, str(action.get("WidgetId", "")))
        if control is None or tended.presses is None:
            return
        now = self._clock.monotonic()
        _, heard = tended.presses.hear(action, now)
        if heard in (Heard.DOUBLE, Heard.REPEAT):
            _log.info("control.ignored", room=tended.room.name, control=control.id, why=heard.value)
        if heard is not Heard.PRESS:
            return
        if len(tended.waiting) >= MOST_PRESSES:
            _log.warning("control.dropped", room=tended.room.name, control=control.id, why="too many wait")
            return
        tended.waiting.append(_Press(joined, control, now))
        self._wake(tended)

    # -- the work -------------------------------------------------------------------------------------

    async def _tend(self, tended: _Tended) -> None:
        """Until there is nothing to do in this room and nothing of ours on its device."""
        tries = 0
        try:
            while True:
                tended.wake.clear()
                pause_s = None
                try:
                    await self._put_right(tended)
                    tries = 0
                except (XapiError, RoomgateError, TimeoutError) as fault:
                    tries += 1
                    _log.warning("call-panel.failed", room=tended.room.name, error=_words(fault), tries=tries)
                    if tended.room.condition is not RoomCondition.FINE:
                        return  # `arrived` begins anew
                    if tries >= TRIES and not tended.wake.is_set():
                        return  # another call does, or the end of this one
                    pause_s = self._retry_s
                await self._send_waiting(tended)
                if pause_s is None and tended.joined is None and not tended.wake.is_set():
                    return
                try:
                    async with asyncio.timeout(pause_s):
                        await tended.wake.wait()
                except TimeoutError:
                    pass
        finally:
            tended.task = None

    async def _put_right(self, tended: _Tended) -> None:
        """The panel on the device is that of the call that is there now. Raises XapiError, and TimeoutError."""
        wanted = self._find(tended)
        if self._is_right(tended, wanted):
            return
        async with asyncio.timeout(CHANGE_S):
            self._stop_listening(tended)
            tended.joined = None
            if wanted is None:
                await self._remove(tended)
            else:
                await self._put(tended, wanted)
                tended.joined = wanted

    async def _put(self, tended: _Tended, wanted: Joined) -> None:
        room = tended.room
        there = await self._is_there(room)
        if there and room.device not in self._shown:
            if not tended.foreign:
                _log.warning("call-panel.foreign", room=room.name, panel=PANEL_ID)
                await self._record.add(CallPanelForeign(at=self._now(), room=room.name, device=room.device))
                tended.foreign = True
            return
        body = build_panel(wanted.service, await self._language_of(room))
        if there:  # whether saving replaces a panel of the same id is not established for every release
            await room.call(self._command("Panel/Remove", {"PanelId": PANEL_ID}))
        await self._shown.put(room.device, room.name, wanted.service)
        tended.presses, tended.foreign = Presses(), False
        tended.deaf = await room.subscribe(_ACTIONS, lambda kind, document: self._heard(tended, wanted, kind, document))
        try:
            await room.call(self._command("Panel/Save", {"PanelId": PANEL_ID}, body))
        except BaseException:
            self._stop_listening(tended)
            raise

    async def _remove(self, tended: _Tended) -> None:
        room = tended.room
        if room.device not in self._shown:
            return
        if await self._is_there(room):
            await room.call(self._command("Panel/Remove", {"PanelId": PANEL_ID}))
        await self._shown.drop(room.device, room.name)

    async def _is_there(self, room: Room) -> bool:
        answer = await room.call(self._command("List", {}))
        rows = tree.lookup(answer, ("Extensions", "Panel"))
        return isinstance(rows, list) and any(isinstance(row, dict) and row.get("PanelId") == PANEL_ID for row in rows)

    async def _language_of(self, room: Room) -> str:
        try:
            return str(await room.call(self._language) or "")
        except XapiError:
            return ""  # English

    async def _send_waiting(self, tended: _Tended) -> None:
        """Each press once, in the order of the fingers."""
        while tended.waiting:
            press = tended.waiting.pop(0)
            # The call may have ended while an earlier press was under way, and the panel not yet been put right.
            there = press.joined == tended.joined == self._find(tended)
            if not there or self._clock.monotonic() - press.at > SEND_S:
                _log.info("control.dropped", room=tended.room.name, control=press.control.id, why="too late")
                continue
            await self._send(tended.room, press)

    async def _send(self, room: Room, press: _Press) -> None:
        call = self._catalogue.canonical(
            Verb.COMMAND,
            "Command/Call/DTMFSend",
            {"CallId": press.joined.call, "DTMFString": press.control.tones, "Feedback": "Silent"},
        )
        try:
            async with asyncio.timeout(SEND_S):
                await self._record.add(
                    ControlPressed(
                        at=self._now(), room=room.name, service=press.joined.service, control=press.control.id
                    )
                )
                await room.call(call)
        except (XapiError, RoomgateError, TimeoutError) as fault:  # it may have been done: never a second time
            _log.warning("control.failed", room=room.name, control=press.control.id, error=_words(fault))

    def _forget_calls(self, tended: _Tended) -> None:
        while tended.forget:
            tended.forget.pop()()

    def _stop_listening(self, tended: _Tended) -> None:
        tended.waiting.clear()
        tended.presses = None
        if tended.deaf is not None:
            tended.deaf()
            tended.deaf = None

    def _command(self, path: str, arguments: dict[str, object], body: str | None = None) -> Call:
        return self._catalogue.canonical(Verb.COMMAND, f"{_EXTENSIONS}/{path}", arguments, body)

    def _now(self) -> str:
        return iso(self._clock.now())


def _words(fault: BaseException) -> str:
    return f"{type(fault).__name__}: {fault}"[:200]
