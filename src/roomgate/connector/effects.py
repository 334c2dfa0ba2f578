"""What sessions caused and what still lasts, so that a cut can undo it.

An effect belongs to person, grant and room, not to the connection that asked for it. What a command may leave
behind is written down in the same commit as "about to do", before the device is called: whatever is killed, and
whenever, a cut still finds what to undo. A call has no id before it is made, so until then it is known by the
number that was dialled, and looked for on the device by that.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import sqlalchemy as sql

from roomgate.connector.camera import View, calls_back
from roomgate.ids import DeviceId, EffectId, GrantId, OrderId, PersonId, SessionId, mint
from roomgate.link.messages import EffectInfo
from roomgate.link.order import Order
from roomgate.meetings.booking import plain_number
from roomgate.storage.database import Database, StorageBusy, StorageFailed
from roomgate.xapi import tree
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue

metadata = sql.MetaData()
_effects = sql.Table(
    "effects",
    metadata,
    sql.Column("id", sql.String, primary_key=True),
    sql.Column("facts", sql.LargeBinary, nullable=False),
)

UNSEEN = -1
CALLS = ("Dial", "Webex Join", "Zoom Join", "MicrosoftTeams Join", "WebRTC Join", "Webex Meetings InstantMeeting Start")
ANSWERED = ("Call Accept", "Call Resume")  # the call is named in the arguments; 0 is the only or active one
_UNDO: dict[str, tuple[str, dict[str, object]]] = {
    "Audio Microphones Unmute": ("Command/Audio/Microphones/Mute", {}),
    "Audio Microphones ToggleMute": ("Command/Audio/Microphones/Mute", {}),
    "Video Input MainVideo Unmute": ("Command/Video/Input/MainVideo/Mute", {}),
    "Presentation Start": ("Command/Presentation/Stop", {}),
    "Audio Microphones Passthrough Start": ("Command/Audio/Microphones/Passthrough/Stop", {}),
    "Cameras SpeakerTrack Activate": ("Command/Cameras/SpeakerTrack/Deactivate", {}),
    "Audio VuMeter Start": ("Command/Audio/VuMeter/StopAll", {}),
    "Conference Recording Start": ("Command/Conference/Recording/Stop", {}),
}


class Effect(msgspec.Struct, frozen=True):
    """Something that lasts: a call, an open microphone, a share."""

    id: EffectId
    order: OrderId
    session: SessionId
    principal: PersonId
    who: str
    grant: GrantId
    device: DeviceId
    what: str  # "call 12"
    call: int | None  # the device's call id, where the effect is a call
    dialled: str = ""  # the number, where the effect is a call that was dialled
    views: tuple[View, ...] = ()  # where the cameras looked before, where the effect is that they were moved

    @property
    def unseen(self) -> bool:
        """A call that may have been made: its id is not known yet."""
        return self.call == UNSEEN

    def seen(self, call: int) -> "Effect":
        """The same, once the call's id is known."""
        return msgspec.structs.replace(self, call=call, what=f"call {call}")

    def among(self, calls: Any) -> list[int]:
        """The ids of the calls on a device (as `xGet Status/Call` gives them) that are this one, newest first."""
        found = [] if not isinstance(calls, list) else [one for one in calls if not tree.is_ghost(one)]
        mine = [number for one in found if self._is(one) and (number := tree.member_id(one)) is not None]
        return sorted(mine, reverse=True)

    def _is(self, call: Any) -> bool:
        if not self.unseen:
            return self.call in (0, tree.member_id(call))
        told = [call.get(name) for name in ("RemoteNumber", "CallbackNumber")] if isinstance(call, dict) else []
        numbers = {plain_number(number) for number in told if isinstance(number, str)}
        outgoing = isinstance(call, dict) and call.get("Direction", "Outgoing") == "Outgoing"
        return outgoing and (not self.dialled or plain_number(self.dialled) in numbers)

    def undos(self, catalogue: Catalogue) -> list[Call]:
        """The commands that end it: one, or one for each camera."""
        return calls_back(self.views, catalogue) if self.views else [self.undo(catalogue)]

    def undo(self, catalogue: Catalogue) -> Call:
        """The relieving command that ends it."""
        if self.call is not None:
            assert not self.unseen, "a call is looked for before it is hung up"
            return catalogue.canonical(Verb.COMMAND, "Command/Call/Disconnect", {"CallId": self.call})
        path, arguments = _UNDO[self.what]
        return catalogue.canonical(Verb.COMMAND, path, arguments)

    def info(self) -> EffectInfo:
        return EffectInfo(self.id, self.session, self.principal, self.grant, self.device, self.what)


def intent_of(order: Order, call: Call, views: tuple[View, ...] = ()) -> Effect | None:
    """What a command may leave behind, before it is done; None where nothing lasts.

    ``views``: where the cameras look now, if it moves them.
    """
    words = " ".join(call.path.words)
    number: int | None = None
    dialled = ""
    if words in CALLS:
        number = UNSEEN
        told = call.argument("Number")
        dialled = told if isinstance(told, str) else ""
    elif words in ANSWERED:
        number = int(str(call.argument("CallId") or 0))
    elif views:
        words = "camera"
    elif words not in _UNDO:
        return None
    return Effect(
        EffectId(mint("eff")),
        OrderId(order.id),
        SessionId(order.session),
        PersonId(order.principal),
        order.principal_name,
        GrantId(order.grant),
        DeviceId(order.device),
        words if number is None else "call" if number == UNSEEN else f"call {number}",
        number,
        dialled,
        views,
    )


def effect_of(intent: Effect, result: object) -> Effect:
    """What it has left behind, now that the device has answered."""
    if not intent.unseen:
        return intent
    told = result.get("CallId") if isinstance(result, dict) else None
    if not isinstance(told, int | str) or not str(told).isdigit():
        told = 0  # "the active call", in the device's own terms
    return intent.seen(int(told))


CALL_STATUS = Path.parse("Status/Call")


@dataclass(slots=True)
class Effects:
    """The book of effects, in memory and in the connector's database."""

    _db: Database
    _all: dict[EffectId, Effect]
    _gone: set[EffectId] = field(default_factory=set)  # forgotten, and perhaps still in the database

    @classmethod
    async def open(cls, db: Database) -> "Effects":
        rows = await db.read(lambda c: c.execute(sql.select(_effects.c.facts)).scalars().all())
        known = [msgspec.msgpack.decode(row, type=Effect) for row in rows]
        return cls(db, {effect.id: effect for effect in known})

    async def begin(self, effect: Effect | None, also: Callable[[sql.Connection], object]) -> None:
        """Something may be about to last; ``also`` is written in the same commit. Durable on return.

        Raises StorageFailed, StorageBusy or what ``also`` raises: then it is not in the book. Cancelling leaves
        it there.
        """

        def unit(conn: sql.Connection) -> None:
            also(conn)
            if effect is not None:
                conn.execute(_effects.insert().values(id=effect.id, facts=msgspec.msgpack.encode(effect)))

        if effect is not None:
            self._all[effect.id] = effect
        try:
            await self._db.write(unit)
        except Exception:
            if effect is not None:
                self._all.pop(effect.id, None)
            raise

    def know(self, effect: Effect) -> None:
        """More is known of it. Written with the next commit: until then what was known before will do."""
        self._all[effect.id] = effect
        facts = msgspec.msgpack.encode(effect)
        self._gone.discard(effect.id)

        def unit(conn: sql.Connection) -> None:
            conn.execute(_effects.delete().where(_effects.c.id == effect.id))
            conn.execute(_effects.insert().values(id=effect.id, facts=facts))

        try:
            self._db.write_soon(unit)
        except (StorageFailed, StorageBusy):
            pass  # as above

    async def forget(self, effect: Effect) -> None:
        """It lasts no more. Never fails: where that cannot be written now, it is with the next one that can.

        A restart before then finds it lasting, and undoes once more what has ended.
        """
        if self._all.pop(effect.id, None):
            self._gone.add(effect.id)
            gone = frozenset(self._gone)
            try:
                await self._db.write(lambda c: c.execute(_effects.delete().where(_effects.c.id.in_(gone))) and None)
            except (StorageFailed, StorageBusy):
                return
            self._gone -= gone

    def forget_soon(self, effect: Effect) -> None:
        """It was not begun after all. In the database with the next commit that can be written."""
        if self._all.pop(effect.id, None):
            try:
                self._db.write_soon(lambda c: c.execute(_effects.delete().where(_effects.c.id == effect.id)) and None)
            except (StorageFailed, StorageBusy):
                self._gone.add(effect.id)

    def lasting(self, effect: Effect) -> bool:
        return effect.id in self._all

    def all(self) -> list[Effect]:
        return list(self._all.values())

    def of_sessions(self, sessions: Iterable[str]) -> list[Effect]:
        wanted = set(sessions)
        return [effect for effect in self._all.values() if effect.session in wanted]

    def of_cameras(self, device: str) -> list[Effect]:
        """That somebody moved its cameras: of whoever did so last."""
        return [effect for effect in self.of_device(device) if effect.views]

    def of_device(self, device: str) -> list[Effect]:
        return [effect for effect in self._all.values() if effect.device == device]
