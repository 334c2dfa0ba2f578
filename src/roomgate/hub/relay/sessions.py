"""Pure: the book of sessions. Which of them live, what they hold on to, and what a revocation ends.

Theory: a session lives while a channel of its own is open, an ask of its own is under way, an effect that it
caused lasts (the connector reports those), or it was used a moment ago. What lives is renewed with each
heartbeat of its connector; what was ended is never renewed again, and its id is never used again. The
effects outlive the connection: a closed socket undoes nothing, a cut does.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from roomgate.access.decision import Room
from roomgate.access.principal import Principal
from roomgate.clock import Clock
from roomgate.hub.channels import IDLE, Cutoff, Kind, Session, concerns, outright
from roomgate.hub.revocation import Revocation
from roomgate.ids import ConnectorId, SessionId, mint
from roomgate.link.messages import EffectInfo

# How long a session stays fresh after its last use: REST asks come one by one, and share one.
LINGER_S = {Kind.API: 60.0, Kind.PAGE: 60.0, Kind.XAPI: 15.0, Kind.EVENTS: 75.0, Kind.TUNNEL: 15.0}


@dataclass(slots=True)
class Book:
    """All sessions that live at this hub."""

    clock: Clock
    _open: dict[SessionId, Session] = field(default_factory=dict)
    _reused: dict[tuple[str, str, str, Kind], Session] = field(default_factory=dict)  # found at once the next time

    def open(self, principal: Principal, room: Room, kind: Kind) -> Session:
        """A new session; the caller judges before anything is sent in it."""
        session = Session(
            SessionId(mint("session")), principal, room, kind, self.clock.now(), touched=self.clock.monotonic()
        )
        self._open[session.id] = session
        return session

    def reuse(self, principal: Principal, room: Room, kind: Kind = Kind.API) -> Session:
        """The living session of this principal, credential and room for asks that come one by one."""
        key = (principal.id, principal.credential, room.id, kind)
        known = self._reused.get(key)
        if known is not None and self.lives(known):
            known.room = room
            return known
        for session in self._open.values():
            same = session.principal.id == principal.id and session.principal.credential == principal.credential
            if same and session.room.id == room.id and session.kind is kind and self.lives(session):
                session.room = room
                break
        else:
            session = self.open(principal, room, kind)
        self._reused[key] = session
        return session

    def restore(self, session: Session) -> None:
        """Take in a session from before the hub's restart, after it was judged anew."""
        self._open[session.id] = session

    def reissue(self, session: Session) -> None:
        """Go on under a new id: the connector has let go of the old one, with all that it had caused."""
        self._open.pop(session.id, None)
        session.id = SessionId(mint("session"))
        session.vouched = b""
        session.opened = None
        session.uses = frozenset()
        session.effects.clear()
        session.unreported = False
        if session.ended is None:
            self._open[session.id] = session

    def find(self, session: str) -> Session | None:
        return self._open.get(SessionId(session))

    def __iter__(self) -> Iterator[Session]:
        return iter(list(self._open.values()))

    def of_connector(self, connector: str) -> list[Session]:
        return [session for session in self if session.room.connector == connector]

    @contextmanager
    def asking(self, session: Session) -> Iterator[None]:
        """While an ask is under way its session lives."""
        self.ask_began(session)
        try:
            yield
        finally:
            self.ask_ended(session)

    def ask_began(self, session: Session) -> None:
        """Its session lives until `ask_ended`, which whoever calls this calls once."""
        session.pending += 1
        session.touched = self.clock.monotonic()

    def ask_ended(self, session: Session) -> None:
        session.pending -= 1
        session.touched = self.clock.monotonic()

    def lives(self, session: Session) -> bool:
        if session.ended is not None:
            return False
        if session.channels or session.pending or session.effects:
            return True
        return self.clock.monotonic() - session.touched < LINGER_S[session.kind]

    def shows(self, session: Session) -> bool:
        """Whether people are to be told of it: something of it is open, under way or lasting, or it asked a moment ago."""
        busy = bool(session.channels or session.pending or session.effects)
        return session.ended is None and (busy or (session.kind is Kind.API and self.lives(session)))

    def living(self, connector: ConnectorId) -> list[Session]:
        """What a heartbeat of this connector renews. A session without any permit is not the connector's affair."""
        return [s for s in self.of_connector(connector) if s.grant is not None and self.lives(s)]

    def report(self, connector: ConnectorId, effects: Iterable[EffectInfo]) -> dict[SessionId, list[EffectInfo]]:
        """Take in what still lasts at a connector; gives the effects of sessions that the book does not hold."""
        by_session: dict[SessionId, list[EffectInfo]] = {}
        for effect in effects:
            by_session.setdefault(SessionId(effect.session), []).append(effect)
        for session in self.of_connector(connector):
            session.effects = {effect.effect for effect in by_session.pop(session.id, [])}
            session.unreported = session.unreported and session.pending > 0
        return by_session

    def effect_ended(self, effect: str) -> None:
        for session in self:
            session.effects.discard(effect)

    def concerned(self, revocation: Revocation) -> tuple[list[Session], list[Session]]:
        """The sessions that the revocation ends, and those to judge anew."""
        touched = [s for s in self if concerns(revocation, s.principal, s.room, s.id, s.grants)]
        return (touched, []) if outright(revocation) else ([], touched)

    def end(self, session: Session, why: Cutoff) -> None:
        """No new ask, no renewal from this moment on."""
        if session.ended is None:
            session.ended = why
        self._open.pop(session.id, None)
        self._reused.pop((session.principal.id, session.principal.credential, session.room.id, session.kind), None)

    def sweep(self) -> list[Session]:
        """Drop what lives no more; gives what was dropped."""
        gone = [session for session in self if not self.lives(session)]
        for session in gone:
            self.end(session, Cutoff(IDLE, "Nothing of it was left."))
        return gone
