"""Who is inside a room from outside: the living sessions, as pages show them."""

from dataclasses import dataclass
from datetime import datetime

from roomgate.access.principal import Right
from roomgate.hub.channels import Session
from roomgate.hub.identity.person import Signed
from roomgate.hub.relay.sessions import Book
from roomgate.ids import RoomId


@dataclass(frozen=True, slots=True)
class InsideView:
    """One session. ``kind``: by what it came in (page, api, xapi, events)."""

    id: str
    person: str
    name: str
    room: str
    kind: str
    since: datetime
    until: datetime | None
    may_cut: bool


def living(book: Book, room: RoomId | None = None) -> list[Session]:
    """The sessions that people are told of, of one room or of all, the newest first."""
    found = [s for s in book if book.shows(s) and (room is None or s.room.id == room)]
    return sorted(found, key=lambda s: s.since, reverse=True)


def people_inside(book: Book) -> dict[RoomId, int]:
    """How many people are in each room: somebody who is there twice counts once."""
    people: dict[RoomId, set[str]] = {}
    for session in living(book):
        people.setdefault(session.room.id, set()).add(session.principal.id)
    return {room: len(who) for room, who in people.items()}


def show(sessions: list[Session], me: Signed) -> list[InsideView]:
    """Those that somebody may see: all with the right to see or cut, one's own otherwise."""
    every = me.may(Right.SEE) or me.may(Right.CUT)
    return [
        InsideView(
            s.id, s.principal.id, s.principal.name, s.room.name, s.kind.value, s.since, s.until,
            may_cut=me.may(Right.CUT) or s.principal.id == me.principal.id,
        )
        for s in sessions
        if every or s.principal.id == me.principal.id
    ]  # fmt: skip
