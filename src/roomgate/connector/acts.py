"""What becomes of an order: judged by the site, written down, done once, undone when access ends.

An order arrives here verified, in sequence and of a living session (the uplink saw to that). From here:
room and call → never-list, validators, policy → caps → the room's consent, then all of it again →
"about to do" durable → lease once more → the device, once → outcome. Whatever is not understood on the way
is refused, and every refusal is an entry in the site's ledger.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from roomgate import log
from roomgate.access.branch import may_cut
from roomgate.access.capability import Classes
from roomgate.access.offered import needs_admin, own
from roomgate.clock import Clock, iso
from roomgate.connector.camera import CAMERAS, View, moves_camera, views_in
from roomgate.connector.consent import Panel, Question, Said
from roomgate.connector.effects import CALL_STATUS, Effect, Effects, effect_of, intent_of
from roomgate.connector.fence import Fence
from roomgate.connector.own import Deed, OwnCommands
from roomgate.connector.room import Room, RoomCondition
from roomgate.connector.site_policy import Circumstances, Leave, PolicyRefused, SitePolicy
from roomgate.errors import Unreachable
from roomgate.ledger import event as events
from roomgate.link.messages import Cut, EffectEnded, Feedback, Outcome
from roomgate.link.order import JUDGE_WITHIN_S, Order, OrderRefused
from roomgate.redact import foreign
from roomgate.storage.database import StorageBusy, StorageFailed
from roomgate.storage.record import Record
from roomgate.xapi import tree
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.errors import (
    BadArgument,
    CommandFailed,
    DeviceGone,
    DeviceUnreachable,
    PermissionDenied,
    UnknownPath,
    XapiError,
)
from roomgate.xapi.schema import Catalogue

_log = log.get("acts")

MOST_AT_ONCE = 500  # orders under way; more are refused, so that a mad hub cannot fill our memory
UNDO_S = 3.0  # how long one try to undo may take
UNDO_AGAIN_S = 2.0
FOLLOW_AGAIN_S = 2.0  # between tries to see a device that is away; also what a call under way may take to show
UNWRITTEN = "The site's connector cannot write its record, so"


class Leases(Protocol):
    """The uplink's lease book, as far as it concerns us."""

    def require(self, session: str, now: float) -> None:
        """Raises OrderRefused unless the session lives."""

    def live(self, session: str, now: float) -> bool: ...

    def cut(self, session: str) -> None: ...


class Rooms(Protocol):
    def by_device(self, device: str) -> Room | None: ...


class Sender(Protocol):
    def outcome(self, outcome: Outcome) -> None:
        """Sign and send; kept while the link is down."""

    def send(self, message: Feedback | EffectEnded) -> object: ...


class Bookings(Protocol):
    def booked(self, room: str, call: Call) -> bool:
        """Whether the call joins a meeting that this connector itself put on the room's booking list."""


class Lasting(Protocol):
    """What deeds of the connector's own leave open, such as tunnels."""

    def end(self, sessions: Collection[str], cause: str, words: str) -> list[str]:
        """End at once what these sessions have open; gives it in words."""


@dataclass(slots=True)
class _Watch:
    session: str
    forget: Callable[[], None]


@dataclass(slots=True)
class Acts:
    """The orders of one connector. Run `run` in a task; the uplink hands orders and cuts in."""

    site: str
    rooms: Rooms
    policy: Callable[[], SitePolicy]
    bookings: Bookings
    record: Record
    effects: Effects
    panel: Panel
    catalogue: Catalogue
    clock: Clock
    sender: Sender
    leases: Leases
    own: OwnCommands
    fence: Fence
    lasting: Lasting | None = None
    follow_again_s: float = FOLLOW_AGAIN_S
    _group: asyncio.TaskGroup | None = None
    _doing: dict[str, tuple[Order, asyncio.Task[None]]] = field(default_factory=dict)
    _sessions: dict[str, str] = field(default_factory=dict)  # session → device
    _sent: set[str] = field(default_factory=set)  # orders whose call is at the device: no longer stopped
    _watches: dict[str, _Watch] = field(default_factory=dict)
    _lives: dict[str, asyncio.Event] = field(default_factory=dict)  # effect → set when it is over

    @property
    def ready(self) -> bool:
        """Whether `run` holds the tasks: before that every order is refused."""
        return self._group is not None

    async def run(self) -> None:
        """Hold the tasks of all orders and effects; cancelling ends them and leaves the room as it is."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            for effect in self.effects.all():  # left by an earlier run: watched on, undone when the lease lapses
                self._live(effect)
            await asyncio.Event().wait()

    # ---- orders ----------------------------------------------------------------------------------

    async def order(self, order: Order, arrived: float) -> None:
        """Begin an admitted order. ``arrived`` is the monotonic moment at which it came."""
        if self._group is None or len(self._doing) >= MOST_AT_ONCE:
            self._refuse(order, "busy", "Too many orders are under way at this connector.")
            return
        task = self._group.create_task(self._do(order, arrived), name=f"order.{order.id}")
        self._doing[order.id] = (order, task)
        self._sessions[order.session] = order.device
        task.add_done_callback(lambda _: self._done(order.id))

    def _done(self, order: str) -> None:
        self._doing.pop(order, None)
        self._sent.discard(order)

    def _refuse(self, order: Order, rule: str, words: str) -> None:
        self.write_refusal(order, rule, words)
        self.sender.outcome(Outcome(order.id, "refused", rule=rule, words=words))

    async def refused(self, order: Order | None, rule: str, words: str) -> None:
        """The uplink refused an order (and told the hub so): write it down."""
        self.write_refusal(order, rule, words)

    def write_refusal(self, order: Order | None, rule: str, words: str) -> None:
        """An entry of the site's ledger; a hub that plays foul fills it with what it may send."""
        digest = order.digest if order else ""
        self.record.add_soon(
            events.OrderRefused(
                at=iso(self.clock.now()),
                order=foreign(order.id) if order else "",
                room=foreign(order.room) if order else "",
                call=_words(order) if order else "",
                digest=foreign(digest),
                principal=foreign(order.principal) if order else "",
                rule=rule,
                detail=words,
            )
        )
        _log.info("order.refused", order=foreign(order.id) if order else "", rule=rule)

    async def _do(self, order: Order, arrived: float) -> None:
        try:
            await self._carry_out(order, arrived)
        except (OrderRefused, PolicyRefused) as no:
            self._refuse(order, no.rule, no.message)
        except (StorageFailed, StorageBusy) as unwritten:
            self._refuse(order, unwritten.code, f"{UNWRITTEN} nothing was done.")

    async def _carry_out(self, order: Order, arrived: float) -> None:
        self.record.require()
        room, call = self._understood(order, arrived)
        about = Circumstances(
            order.principal,
            order.principal_name,
            order.principal_kind != "person",
            room.name,
            order.reason,
            self.bookings.booked(room.name, call),
        )
        leave = self.policy().judge(call, about, self.catalogue)
        self.policy().count(call, room.name, self.clock.monotonic())
        match call.verb:
            case Verb.GET:
                await self._read(order, room, call, leave)
            case Verb.SUBSCRIBE:
                await self._watch(order, room, call, leave)
            case Verb.COMMAND | Verb.SET:
                consent = "booked" if about.booked else ""
                if leave.needs_consent:
                    consent = await self._consent(order, room, call)
                    leave = self.policy().judge(call, about, self.catalogue)  # the policy may have changed meanwhile
                await self._command(order, room, call, leave, consent, about)

    def _understood(self, order: Order, arrived: float) -> tuple[Room, Call]:
        """The room and the call that the order means; raises OrderRefused."""
        if self.clock.monotonic() - arrived > JUDGE_WITHIN_S:
            raise OrderRefused("order.late", "It waited too long before it was judged.")
        if order.site != self.site:
            raise OrderRefused("order.site", "It was made for another site.")
        room = self.rooms.by_device(order.device)
        if room is None or room.name != order.room:
            raise OrderRefused("order.room", "This site has no such room.")
        if room.condition is RoomCondition.QUARANTINED:
            raise OrderRefused("room.quarantined", "The room is shut until somebody at the site confirms it.")
        call = order.call()
        arguments = {"Value": call.argument("Value")} if call.verb is Verb.SET else dict(call.arguments)
        try:
            known = self.catalogue.canonical(call.verb, call.path, arguments, call.body)
        except XapiError as unknown:
            raise OrderRefused("unknown", unknown.message) from unknown
        if known != call:
            raise OrderRefused("order.form", "The call is not in its canonical form.")
        return room, call

    async def _consent(self, order: Order, room: Room, call: Call) -> str:
        """Ask the room; raises OrderRefused unless somebody there said yes."""
        now = iso(self.clock.now())
        await self.record.add(
            events.ConsentAsked(at=now, order=order.id, room=room.name, principal=order.principal, call=str(call))
        )
        self.sender.outcome(Outcome(order.id, "waiting", words="The room is being asked."))
        question = Question(order.principal_name, _wish(call), order.reason)
        try:
            said = await self.panel.ask(room, question)
        except (XapiError, TimeoutError) as unasked:
            raise OrderRefused("consent.unasked", "The room's panel could not be asked.") from unasked
        await self.record.add(
            events.ConsentAnswered(at=iso(self.clock.now()), order=order.id, room=room.name, answer=said.value)
        )
        if said is not Said.YES:
            words = {
                Said.NO: "Somebody in the room said no.",
                Said.NOTHING: "Nobody in the room answered within 25 seconds: refused.",
                Said.BUSY: "The room is being asked something else just now.",
            }[said]
            raise OrderRefused(f"consent.{said.value}", words)
        return "room"

    async def _command(
        self, order: Order, room: Room, call: Call, leave: Leave, consent: str, circumstances: Circumstances
    ) -> None:
        if leave.needs_consent and consent != "room":
            raise OrderRefused("consent.missing", "The site now asks for the room's consent.")
        views = await self._views(room, call)
        self.leases.require(order.session, self.clock.monotonic())
        about = events.OrderAbout(
            at=iso(self.clock.now()),
            order=order.id,
            room=room.name,
            call=str(call),
            digest=order.digest,
            principal=order.principal,
            grant=order.grant,
            consent=consent,
        )
        intent = intent_of(order, call, views)
        try:
            await self.effects.begin(intent, lambda conn: self.record.append(conn, about))
            self.leases.require(order.session, self.clock.monotonic())  # the flush took time
        except (OrderRefused, asyncio.CancelledError):  # cut meanwhile: it is not sent
            if intent:
                self.effects.forget_soon(intent)
            raise
        self._sent.add(order.id)
        try:
            result = await self._call(order, room, call, circumstances)
        except XapiError as failed:
            if intent and isinstance(failed, DeviceGone):
                self._live(intent)  # it may have been done: it stays in the book until the device can be asked
            elif intent:
                self.effects.forget_soon(intent)
            self._failed(order, room, failed)
            return
        if intent:
            await self._begun(effect_of(intent, result), room)
            if intent.views:
                await self._take_over(intent, room)
        self.tell(room, Outcome(order.id, "done", result=result))

    async def _views(self, room: Room, call: Call) -> tuple[View, ...]:
        """Where the cameras look before a call that moves them: before the first of all who did. Empty: not known."""
        if not moves_camera(call):
            return ()
        if moved := self.effects.of_cameras(room.device):
            return moved[0].views
        try:
            return views_in(await room.call(self.catalogue.canonical(Verb.GET, CAMERAS, {})), self.catalogue)
        except XapiError as untold:
            _log.info("camera.untold", room=room.name, error=untold.code)
            return ()

    async def _take_over(self, newest: Effect, room: Room) -> None:
        """Whoever moved a camera last answers for it: the cut of somebody before them moves it no more."""
        for effect in self.effects.of_cameras(newest.device):
            if effect.id != newest.id and self.effects.lasting(newest):
                await self._let_go(effect, room, "ended")
                if over := self._lives.get(effect.id):
                    over.set()

    async def _call(self, order: Order, room: Room, call: Call, circumstances: Circumstances) -> Any:
        """Do it, once: what is ours here, the rest at the device, by the Admin account for what it alone may do."""
        if own(call):
            return await self.own.do(Deed(order, room, call, circumstances, self.policy()))
        privileged = needs_admin(call, self.catalogue)
        if may_cut(call):
            return await self.fence.set(order.id, room, call, privileged=privileged)
        return await room.call(call, privileged=privileged)

    def _failed(self, order: Order, room: Room, failed: XapiError) -> None:
        unknown = isinstance(failed, DeviceGone)
        self.tell(
            room,
            Outcome(
                order.id,
                "unknown" if unknown else "failed",
                rule=_rule(failed),
                words=foreign(failed.message),
            ),
        )

    def tell(self, room: Room, outcome: Outcome) -> None:
        """What became of an order: for the site's ledger, and for the hub, whenever it is there."""
        self.record.add_soon(
            events.OrderOutcome(
                at=iso(self.clock.now()),
                order=outcome.order,
                outcome=outcome.outcome,
                detail=outcome.words,
                room=room.name,
            )
        )
        self.sender.outcome(outcome)

    # ---- reads and subscriptions -----------------------------------------------------------------

    async def _read(self, order: Order, room: Room, call: Call, leave: Leave) -> None:
        try:
            result = await room.call(call)
        except XapiError as failed:
            self._failed(order, room, failed)
            return
        keep = _keeper(order, leave, self.catalogue)
        prefix = None if call.path.is_pattern else call.path
        self.tell(room, Outcome(order.id, "done", result=tree.prune_parts(result, prefix, keep)))

    async def _watch(self, order: Order, room: Room, call: Call, leave: Leave) -> None:
        keep = _keeper(order, leave, self.catalogue)

        owed = True  # the present value, which is sent also where it is nothing: the hub counts on it

        def hear(kind: str, document: Any) -> None:
            nonlocal owed
            shown = document if kind == "gap" else tree.prune_parts(document, None, keep)
            if shown or kind == "gap" or (owed and kind != "event"):
                self.sender.send(Feedback(order.id, kind, shown or {}))
            owed = kind == "gap" or (owed and kind == "event")

        try:
            forget = await room.subscribe(call.path, hear)
        except XapiError as failed:
            self._failed(order, room, failed)
            return
        self._watches[order.id] = _Watch(order.session, forget)
        try:
            self.leases.require(order.session, self.clock.monotonic())  # cut while it subscribed
        except OrderRefused:
            self._forget(order.id)
            raise
        self.tell(room, Outcome(order.id, "done"))

    async def unsubscribe(self, order: str) -> None:
        self._forget(order)

    def _forget(self, order: str) -> None:
        if watch := self._watches.pop(order, None):
            watch.forget()

    def occupied(self) -> set[str]:
        """The devices in whose rooms a session from outside lives: there the accounts are proven often."""
        now = self.clock.monotonic()
        living = {room for session, room in self._sessions.items() if self.leases.live(session, now)}
        return living | {effect.device for effect in self.effects.all()}

    # ---- effects ---------------------------------------------------------------------------------

    async def _begun(self, effect: Effect, room: Room) -> None:
        self.effects.know(effect)
        self.record.add_soon(
            events.EffectBegun(
                at=iso(self.clock.now()),
                effect=effect.id,
                order=effect.order,
                room=room.name,
                principal=effect.principal,
                what=effect.what,
            )
        )
        if self.leases.live(effect.session, self.clock.monotonic()):
            self._live(effect)
        else:  # cut while the device was doing it
            await self._undo(effect, "session.cut")

    def _live(self, effect: Effect) -> None:
        if self._group is not None and effect.id not in self._lives:
            self._lives[effect.id] = over = asyncio.Event()
            self._group.create_task(self._follow(effect, over), name=f"effect.{effect.id}")

    async def _follow(self, effect: Effect, over: asyncio.Event) -> None:
        """Show the notice with Keep for as long as the effect lasts, and see when it ends by itself."""
        try:
            while not over.is_set() and (room := self.rooms.by_device(effect.device)) is not None:
                try:
                    await self._watch_over(effect, room, over)
                    return
                except XapiError as gone:  # the device is away, or takes no more just now: tried again until it is over
                    _log.info("notice.unshown", effect=effect.id, error=gone.code)
                await self._wait(over, self.follow_again_s)
            await over.wait()
        finally:
            self._lives.pop(effect.id, None)

    async def _watch_over(self, effect: Effect, room: Room, over: asyncio.Event) -> None:
        if effect.unseen:  # made, or on its way, or never made: the device says, given a moment
            await self._wait(over, self.follow_again_s)
            calls = effect.among(await self._calls(room))
            if not self.effects.lasting(effect):
                return
            if not calls:
                await self._let_go(effect, room, "ended")
                return
            effect = effect.seen(calls[0])
            self.effects.know(effect)
        forget = await room.subscribe(CALL_STATUS, _call_end(effect, over)) if effect.call is not None else None
        try:
            text = f"{foreign(effect.who, 40)} (outside) started this: {effect.what}. It ends with their access."
            kept = await self.panel.notice(room, text, over)
        finally:
            if forget:
                forget()
        if self.effects.lasting(effect):
            await self._let_go(effect, room, "kept" if kept else "ended")

    async def _wait(self, over: asyncio.Event, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await over.wait()
        except TimeoutError:
            pass  # it goes on

    async def _calls(self, room: Room) -> Any:
        """The calls in a room now; raises XapiError where the device cannot be asked."""
        try:
            return await room.call(self.catalogue.canonical(Verb.GET, CALL_STATUS, {}))
        except (BadArgument, CommandFailed, UnknownPath):
            return []  # how some devices say that there is none

    async def _let_go(self, effect: Effect, room: Room, how: str) -> None:
        await self.effects.forget(effect)
        if how == "kept":
            self.record.add_soon(
                events.EffectKept(at=iso(self.clock.now()), effect=effect.id, room=room.name, order=effect.order)
            )
        self.sender.send(EffectEnded(effect.id, how))

    async def _undo(self, effect: Effect, cause: str) -> str:
        """Undo it now; if the device does not answer, again and again until it does. Gives what was done."""
        room = self.rooms.by_device(effect.device)
        outcome = "gone"
        if room is not None:
            try:
                async with asyncio.timeout(UNDO_S):
                    outcome = "undone" if await self._end(effect, room) else "ended before"
            except (CommandFailed, BadArgument):
                outcome = "ended before"
            except (XapiError, TimeoutError):
                if self._group is not None:
                    self._group.create_task(self._undo_later(effect, cause), name=f"undo.{effect.id}")
                return f"{effect.what}: the device does not answer; tried again until it does"
        await self.effects.forget(effect)
        self.record.add_soon(
            events.EffectUndone(
                at=iso(self.clock.now()),
                effect=effect.id,
                room=room.name if room else "",
                cause=cause,
                outcome=outcome,
                order=effect.order,
            )
        )
        self.sender.send(EffectEnded(effect.id, "undone"))
        if over := self._lives.get(effect.id):
            over.set()
        return f"{effect.what}: {outcome}"

    async def _end(self, effect: Effect, room: Room) -> bool:
        """Whether there was anything to end. Raises XapiError."""
        if not effect.unseen:
            for undo in effect.undos(self.catalogue):
                await room.call(undo)
            return True
        calls = effect.among(await self._calls(room))
        for call in calls:
            await room.call(effect.seen(call).undo(self.catalogue))
        return bool(calls)

    async def _undo_later(self, effect: Effect, cause: str) -> None:
        await asyncio.sleep(UNDO_AGAIN_S)
        if self.effects.lasting(effect):
            await self._undo(effect, cause)

    # ---- the cut ---------------------------------------------------------------------------------

    async def cut(self, cut: Cut) -> list[str]:
        return await self.end(cut.sessions, cut.reason, cut.words)

    async def lapsed(self, sessions: list[str]) -> None:
        await self.end(sessions, "lease.lapsed", "The hub has not vouched for it lately.")

    async def end(self, sessions: Iterable[str], cause: str, words: str) -> list[str]:
        """End these sessions and all that they caused. Gives what was undone, in words.

        What waits (for its turn, for consent) is stopped; a call that is at the device already is let finish,
        and its effect is undone then.
        """
        ending = set(sessions)
        for session in ending:
            self.leases.cut(session)
        undone = self.lasting.end(ending, cause, words) if self.lasting is not None else []
        for order_id in [o for o, watch in self._watches.items() if watch.session in ending]:
            self._forget(order_id)
        for order, task in list(self._doing.values()):
            if order.session in ending and order.id not in self._sent:
                task.cancel()
                self._refuse(order, "session.cut", words)
        effects = self.effects.of_sessions(ending)

        async def undo(effect: Effect) -> None:
            undone.append(await self._undo(effect, cause))

        async with asyncio.TaskGroup() as group:
            for effect in effects:
                group.create_task(undo(effect))
        touched = {effect.device for effect in effects}
        for session in ending:
            device = self._sessions.pop(session, None)
            room = self.rooms.by_device(device) if device else None
            self.record.add_soon(
                events.SessionCut(
                    at=iso(self.clock.now()), session=session, room=room.name if room else "", principal="", cause=cause
                )
            )
        for device in touched:
            if self._group is not None and (room := self.rooms.by_device(device)):
                self._group.create_task(self.panel.tell(room, f"Access from outside ended: {words}"))
        return undone

    async def end_room(self, device: str, cause: str, words: str) -> list[str]:
        """End every session in one room: its credential or identity changed, or the site took it out."""
        living = {session for session, room in self._sessions.items() if room == device}
        living |= {effect.session for effect in self.effects.of_device(device)}
        return await self.end(living, cause, words)

    async def end_all(self, cause: str, words: str) -> list[str]:
        """End everything, at every room: the local operator's way out."""
        return await self.end(set(self._sessions) | {e.session for e in self.effects.all()}, cause, words)


def _rule(failed: XapiError) -> str:
    """The link's word for it: the hub tells "nobody answers" from "it could not be done" by this."""
    match failed:
        case PermissionDenied():
            return "device.denied"
        case DeviceUnreachable():
            return Unreachable.code
        case _:
            return failed.code


def _keeper(order: Order, leave: Leave, catalogue: Catalogue) -> Callable[[tree.Parts], bool]:
    """Which leaves of an answer may leave the site, by their parts: those of a class that hub and site both allow."""
    classes = Classes.shipped()
    both = frozenset(c for c in leave.readable if c.value in order.held)
    return lambda parts: classes.told_parts(parts, catalogue) in both


def _call_end(effect: Effect, over: asyncio.Event) -> Callable[[str, Any], None]:
    """A listener that sees this effect's call go: as a ghost, or missing after a gap."""
    gap = False

    def hear(kind: str, document: Any) -> None:
        nonlocal gap
        if kind == "gap":
            gap = True
            return
        calls = tree.lookup(document, ("Status", "Call")) or []
        mine = [c for c in calls if effect.call in (0, tree.member_id(c))]
        if any(tree.is_ghost(c) for c in mine) or (gap and not mine):
            over.set()
        gap = False

    return hear


_WISHES = {
    "Dial": "call {Number} from this room",
    "Webex Join": "join the Webex meeting {Number} from this room",
    "Zoom Join": "join the Zoom meeting {MeetingID} from this room",
    "Audio Microphones Unmute": "open the microphones",
    "Video Input MainVideo Unmute": "show this room's picture",
    "Presentation Start": "start sharing",
    "Roomgate Tunnel Open": "open this device's own web page, past Roomgate's limits",
    "Call Resume": "go on with the call that is held",
    "Camera Preset Activate": "turn the camera to its preset {PresetId}",
    "Cameras SpeakerTrack Activate": "let the camera follow whoever speaks",
}


def _wish(call: Call) -> str:
    """The call in words that a person in the room understands."""
    words = " ".join(call.path.words)
    told = _WISHES.get(words)
    if told is None:
        return str(call).removeprefix("Command/").replace("/", " ")
    shown = {name: foreign(str(value), 60) for name, value in call.arguments}
    return told.format_map(defaultdict(lambda: "?", shown))


def _words(order: Order) -> str:
    """A refused order's call, which may be rubbish, for the record."""
    try:
        return foreign(str(order.call()))
    except OrderRefused:
        return foreign("/".join(map(str, order.path)))
