"""What the people in a room, or the rule about no-shows, wish of the room's calendar: kept until it is answered.

Theory. A wish is written down, with its ledger entry, in one commit, before the calendar hears of it; so is its
answer. A wish has an id of its own content: however often it is made, it is one. A program that is killed in between
finds it open at the next start, looks whether the calendar already shows it as granted, and only else asks again.

A meeting whose time was given back is withheld from the room's list from the moment of the wish until its end: also
where the calendar cannot be written, and while it cannot be reached.
"""

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec
import sqlalchemy as sql
from sqlalchemy import Connection

from roomgate.clock import iso
from roomgate.ids import RoomName
from roomgate.ledger.event import BookingAnswered, BookingAsked, BookingCheckedIn
from roomgate.meetings.booking import BookingId
from roomgate.storage.database import Database, StorageBusy
from roomgate.storage.record import Record

MOST_OPEN = 50  # of one room; a device that goes mad must not fill the disk

DAY, NO_TIME = timedelta(days=1), timedelta(0)

metadata = sql.MetaData()
_wishes = sql.Table(
    "room_wishes",
    metadata,
    sql.Column("id", sql.String(64), primary_key=True),
    sql.Column("facts", sql.LargeBinary, nullable=False),
)
_check_ins = sql.Table(
    "check_ins",
    metadata,
    sql.Column("room", sql.String, primary_key=True),
    sql.Column("booking", sql.String, primary_key=True),
    sql.Column("until", sql.String, nullable=False),
)


class Kind(StrEnum):
    BOOK = "book"  # the room was booked at the device
    END = "end"  # a meeting is to end at another time
    RELEASE = "release"  # a meeting is given back whole


class Cause(StrEnum):
    PANEL = "panel"  # somebody at the panel, or with a grant by way of the device
    NO_SHOW = "no-show"


class Answer(StrEnum):
    OPEN = "open"
    DONE = "done"
    REFUSED = "refused"  # the room shows what the calendar says
    KEPT = "kept"  # the calendar says what it said; the room shows it no more


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """``booking`` is the id on the device's list; ``uid`` and ``recurrence_id`` are the invitation's own."""

    room: RoomName
    kind: Kind
    cause: Cause
    booking: BookingId
    uid: str
    recurrence_id: str
    start: datetime
    end: datetime
    title: str = ""
    organizer: str = ""
    answer: Answer = Answer.OPEN

    @property
    def id(self) -> str:
        content = (self.room, self.kind, self.booking, iso(self.start), iso(self.end))
        return hashlib.sha256("\0".join(content).encode("utf-8", "replace")).hexdigest()

    @property
    def withholds(self) -> bool:
        """Whether the room's list is to lack this meeting because of it."""
        return self.kind is Kind.RELEASE and self.answer is not Answer.REFUSED


class Wishes:
    """The book of them, in memory and in the connector's database."""

    def __init__(self, db: Database, record: Record, wishes: dict[str, Wish], checked: dict[str, datetime]) -> None:
        self._db = db
        self._record = record
        self._wishes = wishes
        self._checked = checked

    @classmethod
    async def open(cls, db: Database, record: Record) -> "Wishes":
        def load(conn: Connection) -> tuple[list[bytes], list[tuple[str, str, str]]]:
            rows = conn.execute(sql.select(_wishes.c.facts)).scalars().all()
            checked = conn.execute(sql.select(_check_ins.c.room, _check_ins.c.booking, _check_ins.c.until)).all()
            return list(rows), [(room, booking, until) for room, booking, until in checked]

        rows, checked = await db.read(load)
        wishes = [msgspec.msgpack.decode(row, type=Wish) for row in rows]
        return cls(
            db,
            record,
            {wish.id: wish for wish in wishes},
            {_key(room, booking): datetime.fromisoformat(until) for room, booking, until in checked},
        )

    def open_of(self, room: RoomName) -> list[Wish]:
        """Those of a room that are not answered, in the order of their meetings."""
        found = [one for one in self._wishes.values() if one.room == room and one.answer is Answer.OPEN]
        return sorted(found, key=lambda one: (one.start, one.id))

    def rooms(self) -> set[RoomName]:
        """The rooms with open wishes."""
        return {one.room for one in self._wishes.values() if one.answer is Answer.OPEN}

    def withheld(self, room: RoomName) -> dict[BookingId, datetime]:
        """The meetings that the room's list is to lack, each with its start: one that was moved since is another."""
        return {one.booking: one.start for one in self._wishes.values() if one.room == room and one.withholds}

    def checked_in(self, room: RoomName, booking: BookingId) -> bool:
        return _key(room, booking) in self._checked

    async def add(self, wish: Wish, now: datetime) -> bool:
        """Durable on return, with its ledger entry; False for one that need not be made: it is open, its time was given
        back, or the room was booked so: each is done once. Another end may be wished again, as may what was refused.

        Raises StorageFailed or StorageBusy: then it was not made.
        """
        known = self._wishes.get(wish.id)
        if known is not None and (known.answer is Answer.OPEN or known.withholds or known.kind is Kind.BOOK):
            return False
        if len(self.open_of(wish.room)) >= MOST_OPEN:
            raise StorageBusy(f"More than {MOST_OPEN} wishes of {wish.room} wait for its calendar.")
        self._wishes[wish.id] = wish  # at once: whoever comes while it is written is second
        asked = BookingAsked(at=iso(now), room=wish.room, booking=wish.booking, wish=wish.kind, cause=wish.cause)

        def write(conn: Connection) -> None:
            conn.execute(_wishes.delete().where(_wishes.c.id == wish.id))
            conn.execute(_wishes.insert().values(id=wish.id, facts=msgspec.msgpack.encode(wish)))
            self._record.append(conn, asked)

        try:
            await self._db.write(write)
        except BaseException:
            self._wishes.pop(wish.id, None)
            raise
        return True

    async def settle(self, wish: Wish, answer: Answer, words: str, now: datetime) -> None:
        """What came of it, once: a wish that is answered keeps its answer. Raises as `add` does; then it is open still."""
        known = self._wishes.get(wish.id)
        if known is None or known.answer is not Answer.OPEN:
            return
        settled = msgspec.structs.replace(wish, answer=answer)
        told = BookingAnswered(
            at=iso(now), room=wish.room, booking=wish.booking, wish=wish.kind, outcome=answer, words=words
        )

        def write(conn: Connection) -> None:
            facts = msgspec.msgpack.encode(settled)
            conn.execute(_wishes.update().where(_wishes.c.id == wish.id).values(facts=facts))
            self._record.append(conn, told)

        await self._db.write(write)
        self._wishes[wish.id] = settled

    async def check_in(self, room: RoomName, booking: BookingId, until: datetime, sign: str, now: datetime) -> bool:
        """Somebody came; False where that is known. Durable on return, with its ledger entry."""
        key = _key(room, booking)
        if key in self._checked:
            return False
        self._checked[key] = until

        def write(conn: Connection) -> None:
            conn.execute(_check_ins.delete().where(_check_ins.c.room == room, _check_ins.c.booking == booking))
            conn.execute(_check_ins.insert().values(room=room, booking=booking, until=iso(until)))
            self._record.append(conn, BookingCheckedIn(at=iso(now), room=room, booking=booking, sign=sign))

        try:
            await self._db.write(write)
        except BaseException:
            self._checked.pop(key, None)
            raise
        return True

    async def forget_before(self, now: datetime) -> None:
        """Strike out what concerns meetings that are over. That a meeting ended early is asked of the calendar for a
        day; any other wish of a meeting that is over asks nobody any more."""
        over = [wish.id for wish in self._wishes.values() if wish.end + (DAY if _lasts(wish) else NO_TIME) <= now]
        past = [key for key, until in self._checked.items() if until <= now]
        if not over and not past:
            return

        def write(conn: Connection) -> None:
            for one in over:
                conn.execute(_wishes.delete().where(_wishes.c.id == one))
            for key in past:
                room, _, booking = key.partition("\0")
                conn.execute(_check_ins.delete().where(_check_ins.c.room == room, _check_ins.c.booking == booking))

        await self._db.write(write)
        for one in over:
            self._wishes.pop(one, None)
        for key in past:
            self._checked.pop(key, None)


def _lasts(wish: Wish) -> bool:
    return wish.kind is Kind.END and wish.answer is Answer.OPEN


def _key(room: str, booking: str) -> str:
    return f"{room}\0{booking}"
