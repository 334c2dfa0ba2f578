"""The one registry of open channels: every stream, socket and page that a cut must close.

Whoever sends something to a person over a lasting connection holds a `Channel`, and only `Channels` makes
one; so a channel that is open outside the registry does not type-check, and one that was closed refuses
to send. What a revocation concerns is decided here, by `concerns`, a pure function.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import TracebackType
from typing import Self

from roomgate import log
from roomgate.access.capability import Capability
from roomgate.access.decision import Room
from roomgate.access.principal import Principal
from roomgate.errors import RoomgateError
from roomgate.hub.revocation import JUDGED_ANEW, Revocation, SubjectKind
from roomgate.ids import GrantId, RoomId, SessionId
from roomgate.xapi.call import Call

IDLE = "idle"  # the cause of an end that is no cut: nothing of the session was left
CLOSE_WITHIN_S = 0.5  # each channel has its own deadline: a slow one does not hold up the others
CLOSE_EACH_S = 0.001  # and so much more for each that closes with it: their last frames go out one after another

_log = log.get("channels")
_MADE = object()


class ChannelClosed(RoomgateError):
    """This channel was cut or has ended; nothing is sent over it any more."""

    code = "channel.closed"


class Kind(StrEnum):
    """What a session came in by."""

    PAGE = "page"
    API = "api"
    XAPI = "xapi"
    EVENTS = "events"


@dataclass(frozen=True, slots=True)
class Cutoff:
    """Why something ended: a stable word, and a sentence for people."""

    cause: str
    words: str


@dataclass(slots=True, eq=False)
class Session:
    """One person's live connection to one room, by one credential. The relay's book keeps it."""

    id: SessionId
    principal: Principal
    room: Room
    kind: Kind
    since: datetime
    touched: float  # monotonic: when it was last used
    opened: int | None = None  # position in the hub's own sequence; None while it has only read
    until: datetime | None = None  # when the last of its grants ends
    grant: GrantId | None = None  # the grant of its latest permit
    grants: frozenset[GrantId] = frozenset()  # all live ones that covered the room when last judged
    capabilities: frozenset[Capability] = frozenset()  # what they gave: what a read may carry
    uses: frozenset[Call] = frozenset()  # its commands, without arguments: what its effects stand on
    effects: set[str] = field(default_factory=set)  # still lasting, as the connector reports with each heartbeat
    unreported: bool = False  # it may have caused more since the last report
    pending: int = 0  # asks under way
    channels: int = 0  # open channels
    vouched: bytes = b""  # the link session in which the connector has heard of it
    ended: Cutoff | None = None


class Channel:
    """One open way to a person. Leaving the block takes it out of the registry."""

    def __init__(
        self,
        made: object,
        registry: "Channels",
        kind: Kind,
        principal: Principal,
        session: Session | None,
        grants: frozenset[GrantId],
        close: Callable[[Cutoff], Awaitable[None]],
    ) -> None:
        if made is not _MADE:
            raise TypeError("only Channels.open makes a Channel")
        self.kind = kind
        self.principal = principal
        self.session = session
        self.cut: Cutoff | None = None
        self._grants = grants
        self._registry = registry
        self._close = close
        self._entered = False
        self._closing = False

    @property
    def room(self) -> Room | None:
        return self.session.room if self.session else None

    @property
    def grants(self) -> frozenset[GrantId]:
        return self.session.grants if self.session else self._grants

    @property
    def open(self) -> bool:
        return self._entered and self.cut is None

    def require_open(self) -> None:
        """To be called before anything is sent; raises ChannelClosed."""
        if not self.open:
            raise ChannelClosed(self.cut.words if self.cut else "This channel is not open.")

    def __enter__(self) -> Self:
        if self.session is not None and self.session.ended is not None:
            raise ChannelClosed(self.session.ended.words)
        self._entered = True
        self._registry.add(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self._entered = False
        self._registry.remove(self)

    def refuse(self, why: Cutoff) -> None:
        """From now on nothing is sent. Safe to repeat: the first reason stands."""
        if self.cut is None:
            self.cut = why

    async def close(self, why: Cutoff, within_s: float = CLOSE_WITHIN_S) -> str:
        """Cut it: from now on nothing is sent, then the connection itself is closed, within the deadline.

        Gives what went wrong with the closing, if anything did; the channel sends nothing more all the same.
        """
        self.refuse(why)
        if self._closing:
            return ""
        self._closing = True
        try:
            async with asyncio.timeout(within_s):
                await self._close(why)
        except Exception as fault:  # whatever it was, the channel sends nothing more, and the others must close
            return f"{type(fault).__name__}: {fault}"[:200]
        return ""


class Channels:
    """All channels that are open at this hub."""

    def __init__(self) -> None:
        self._open: set[Channel] = set()
        self._pages: set[Channel] = set()  # those of them that are about no one room

    def open(self, kind: Kind, session: Session, close: Callable[[Cutoff], Awaitable[None]]) -> Channel:
        """A channel into one room; ``close`` ends the connection and is called at most once, when it is cut."""
        return Channel(_MADE, self, kind, session.principal, session, frozenset(), close)

    def open_page(
        self,
        principal: Principal,
        close: Callable[[Cutoff], Awaitable[None]],
        grants: frozenset[GrantId] = frozenset(),
    ) -> Channel:
        """A channel of the console that is not about one room, such as the list of rooms.

        ``grants`` are those that decide what it shows; when one of them ends it is closed, and the page
        opens it anew with what is left.
        """
        return Channel(_MADE, self, Kind.PAGE, principal, None, grants, close)

    def add(self, channel: Channel) -> None:
        self._open.add(channel)
        if channel.session:
            channel.session.channels += 1
        else:
            self._pages.add(channel)

    def remove(self, channel: Channel) -> None:
        if channel in self._open:
            self._open.remove(channel)
            self._pages.discard(channel)
            if channel.session:
                channel.session.channels -= 1

    def of(self, sessions: Iterable[Session]) -> list[Channel]:
        wanted = set(map(id, sessions))
        return [one for one in self._open if one.session is not None and id(one.session) in wanted]

    def of_room(self, room: RoomId) -> list[Channel]:
        return [one for one in self._open if one.room is not None and one.room.id == room]

    def pages_matching(self, revocation: Revocation) -> list[Channel]:
        """Every open channel about no one room that the revocation concerns. The others fall with their sessions."""
        return [one for one in self._pages if concerns(revocation, one.principal, None, None, one.grants)]

    def refuse(self, channels: Iterable[Channel], why: Cutoff) -> None:
        """From now on none of them sends anything more; `close` has still to end each connection."""
        for channel in channels:
            channel.refuse(why)

    async def close(
        self, channels: Iterable[Channel], why: Cutoff, closed: Callable[[str], None] = lambda kind: None
    ) -> None:
        """Close them together, each within its own deadline; ``closed`` is told of each when it is over."""

        together = list(channels)
        within_s = CLOSE_WITHIN_S + CLOSE_EACH_S * len(together)

        faults: list[str] = []

        async def close(channel: Channel) -> None:
            if fault := await channel.close(why, within_s):
                faults.append(f"{channel.kind}: {fault}")
            closed(channel.kind)

        async with asyncio.TaskGroup() as group:
            for channel in together:
                group.create_task(close(channel), name=f"close.{channel.kind}")
        if faults:
            _log.warning("channels.close-failed", count=len(faults), first=faults[0])

    def __len__(self) -> int:
        return len(self._open)


def concerns(
    revocation: Revocation,
    principal: Principal,
    room: Room | None,
    session: SessionId | None,
    grants: frozenset[GrantId],
) -> bool:
    """Whether a revocation touches what this principal holds open. ``room`` None: not about one room."""
    if room is not None and revocation.rooms is not None and room.id not in revocation.rooms:
        return False
    subject = revocation.subject
    match revocation.kind:
        case SubjectKind.PERSON:
            return principal.id == subject and principal.credential != revocation.spared
        case SubjectKind.CREDENTIAL:
            return principal.credential == subject
        case SubjectKind.GRANT:
            return subject in grants
        case SubjectKind.ROOM:
            return room is not None and room.id == subject
        case SubjectKind.SITE:
            return room is not None and room.site == subject
        case SubjectKind.CONNECTOR:
            return room is not None and room.connector == subject
        case SubjectKind.SESSION:
            return session is not None and session == subject


def outright(revocation: Revocation) -> bool:
    """Whether it ends what it concerns; otherwise that is judged anew: another live grant may cover it."""
    return revocation.cause not in JUDGED_ANEW and revocation.kind is not SubjectKind.GRANT
