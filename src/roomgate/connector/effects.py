"""What sessions caused and what still lasts, so that a cut can undo it.

An effect belongs to person, grant and room, not to the connection that asked for it. It is written down
before the notice is shown, so that it is undone after a crash too.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec
import sqlalchemy as sql

from roomgate.ids import DeviceId, EffectId, GrantId, OrderId, PersonId, SessionId, mint
from roomgate.link.messages import EffectInfo
from roomgate.link.order import Order
from roomgate.storage.database import Database, StorageBusy, StorageFailed
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

    def undo(self, catalogue: Catalogue) -> Call:
        """The relieving command that ends it."""
        if self.call is not None:
            return catalogue.canonical(Verb.COMMAND, "Command/Call/Disconnect", {"CallId": self.call})
        path, arguments = _UNDO[self.what]
        return catalogue.canonical(Verb.COMMAND, path, arguments)

    def info(self) -> EffectInfo:
        return EffectInfo(self.id, self.session, self.principal, self.grant, self.device, self.what)


def effect_of(order: Order, call: Call, result: object) -> Effect | None:
    """What a command that succeeded leaves behind; None where nothing lasts."""
    words = " ".join(call.path.words)
    number: int | None = None
    if words in CALLS:
        told = result.get("CallId") if isinstance(result, dict) else None
        if not isinstance(told, int | str) or not str(told).isdigit():
            told = 0  # "the active call", in the device's own terms
        number = int(told)
    elif words in ANSWERED:
        number = int(str(call.argument("CallId") or 0))
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
        f"call {number}" if number is not None else words,
        number,
    )


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

    async def begin(self, effect: Effect) -> None:
        facts = msgspec.msgpack.encode(effect)
        self._all[effect.id] = effect
        await self._db.write(lambda c: c.execute(_effects.insert().values(id=effect.id, facts=facts)) and None)

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

    def lasting(self, effect: Effect) -> bool:
        return effect.id in self._all

    def all(self) -> list[Effect]:
        return list(self._all.values())

    def of_sessions(self, sessions: Iterable[str]) -> list[Effect]:
        wanted = set(sessions)
        return [effect for effect in self._all.values() if effect.session in wanted]

    def of_device(self, device: str) -> list[Effect]:
        return [effect for effect in self._all.values() if effect.device == device]
