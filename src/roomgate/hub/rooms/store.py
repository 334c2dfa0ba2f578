"""The SQL of rooms."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, or_, select, update

from roomgate.access.decision import Room
from roomgate.hub.db.schema import connectors, room_tags, rooms
from roomgate.ids import ConnectorId, RoomId, RoomName, SiteId
from roomgate.storage.database import driver_of


@dataclass(frozen=True, slots=True)
class RoomRecord:
    """A room as its connector tells of it."""

    room: Room
    device: str
    state: str  # fine, offline, quarantined, locked
    words: str
    product: str
    software: str
    created: str
    removed: str | None
    trusted: bool  # its connector is confirmed and not disabled


_columns = select(rooms, connectors.c.state.label("connector_state")).join(
    connectors, connectors.c.id == rooms.c.connector
)
# The same for one room, said to the driver: every ask looks for its room.
_FIND = """SELECT r.id, r.name, r.site, r.connector, r.device, r.state, r.words, r.product, r.software, r.created,
    r.removed, c.state FROM rooms r JOIN connectors c ON c.id = r.connector
    WHERE r.removed IS NULL AND (r.name = ?1 OR r.id = ?1) LIMIT 1"""
_FIND_TAGS = "SELECT tag FROM room_tags WHERE room = ?"
_EVERY = _columns.where(rooms.c.removed.is_(None)).order_by(rooms.c.name)
_TAGS = select(room_tags)
_TAGS_OF = _TAGS.where(room_tags.c.room == bindparam("of"))


def _records(conn: Connection, query: Any, values: dict[str, str] | None = None) -> list[RoomRecord]:
    rows = conn.execute(query, values).all()
    tags: dict[str, set[str]] = {}
    one = {"of": rows[0].id if rows else ""}
    for pair in conn.execute(_TAGS_OF, one) if len(rows) < 2 else conn.execute(_TAGS):
        tags.setdefault(pair.room, set()).add(pair.tag)
    return [_record(row, frozenset(tags.get(row.id, ()))) for row in rows]


def _record(row: Row[Any], tags: frozenset[str]) -> RoomRecord:
    room = Room(RoomId(row.id), RoomName(row.name), SiteId(row.site), ConnectorId(row.connector), tags)
    return RoomRecord(
        room, row.device, row.state, row.words, row.product, row.software, row.created, row.removed,
        row.connector_state == "live",
    )  # fmt: skip


def find(conn: Connection, id_or_name: str) -> RoomRecord | None:
    """A room that is there, by its name or id."""
    driver = driver_of(conn)
    row: Sequence[str] | None = driver.execute(_FIND, (id_or_name,)).fetchone()
    # One that is nowhere is looked for all the same: it takes as long as one that is there.
    tags = frozenset(tag for (tag,) in driver.execute(_FIND_TAGS, ("" if row is None else row[0],)))
    if row is None:
        return None
    room = Room(RoomId(row[0]), RoomName(row[1]), SiteId(row[2]), ConnectorId(row[3]), tags)
    device, state, words, product, software, created, removed, connector = row[4:]
    return RoomRecord(room, device, state, words, product, software, created, removed, connector == "live")


def of_connector(conn: Connection, connector: str) -> list[RoomRecord]:
    query = _columns.where(rooms.c.removed.is_(None), rooms.c.connector == connector)
    return _records(conn, query)


def find_device(conn: Connection, connector: str, device: str) -> RoomRecord | None:
    """The room that a connector's device stands in."""
    query = _columns.where(rooms.c.removed.is_(None), rooms.c.connector == connector, rooms.c.device == device)
    found = _records(conn, query.limit(1))
    return found[0] if found else None


def removed_by_hand(conn: Connection, connector: str) -> set[tuple[str, str]]:
    """Device and name of what an administrator took away: the connector's word does not bring it back."""
    query = select(rooms.c.device, rooms.c.name).where(rooms.c.connector == connector, rooms.c.removed == "by hand")
    return {(row.device, row.name) for row in conn.execute(query)}


def every(conn: Connection) -> list[RoomRecord]:
    return _records(conn, _EVERY)


def add(conn: Connection, record: RoomRecord) -> None:
    room = record.room
    conn.execute(
        insert(rooms),
        {
            "id": room.id, "name": room.name, "site": room.site, "connector": room.connector, "device": record.device,
            "state": record.state, "words": record.words, "product": record.product, "software": record.software,
            "created": record.created,
        },
    )  # fmt: skip


def change(conn: Connection, id: RoomId, **columns: Any) -> None:
    conn.execute(update(rooms).where(rooms.c.id == id).values(**columns))


def set_tags(conn: Connection, id: RoomId, tags: frozenset[str]) -> None:
    conn.execute(delete(room_tags).where(room_tags.c.room == id))
    if tags:
        conn.execute(insert(room_tags), [{"room": id, "tag": tag} for tag in sorted(tags)])


def under(conn: Connection, sites: frozenset[SiteId], tags: frozenset[str]) -> set[RoomId]:
    """The rooms that stand at one of these sites or bear one of these tags."""
    tagged = select(room_tags.c.room).where(room_tags.c.tag.in_(sorted(tags)))
    query = select(rooms.c.id).where(
        rooms.c.removed.is_(None), or_(rooms.c.site.in_(sorted(sites)), rooms.c.id.in_(tagged))
    )
    return {RoomId(id) for id in conn.execute(query).scalars()}


def names(conn: Connection, ids: frozenset[RoomId]) -> dict[RoomId, str]:
    """Names by id, those of removed rooms too."""
    if not ids:
        return {}
    query = select(rooms.c.id, rooms.c.name).where(rooms.c.id.in_(sorted(ids)))
    return {RoomId(row.id): row.name for row in conn.execute(query)}
