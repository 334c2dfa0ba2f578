"""What the first tables themselves refuse, whatever the code above them does. (Schema and steps: test_migrate.)"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import IntegrityError

from roomgate.hub.db.migrate import migrate
from roomgate.hub.db.migrations.versions import v0001_first
from roomgate.storage.database import Database

pytestmark = pytest.mark.asyncio

PERSON = """INSERT INTO people (id, name, key, kind, roles, active, deleted, created, version)
            VALUES (:id, :key, :key, 'person', '[]', 1, :deleted, '', 1)"""
SITE = "INSERT INTO sites (id, name, created, created_by) VALUES (:id, :id, '', '')"
CONNECTOR = """INSERT INTO connectors (id, site, name, public_key, certificate, state, created)
               VALUES (:id, :site, '', :key, x'', 'live', '')"""
ROOM = """INSERT INTO rooms (id, name, site, connector, device, state, words, product, software, created, removed)
          VALUES (:id, :name, 's1', 'c1', :device, 'fine', '', '', '', '', :removed)"""
TOKEN = """INSERT INTO tokens (id, person, name, hash, issued, made_by, created, until)
           VALUES (:id, :person, '', :hash, 1, '', '', '')"""


@pytest_asyncio.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    db = Database.open(tmp_path / "hub.db")
    await migrate(db)
    yield db
    await db.aclose()


async def put(db: Database, statement: str, **values: object) -> None:
    def unit(conn: Connection) -> None:
        conn.execute(text(statement), values)

    await db.write(unit)


async def refused(db: Database, statement: str, **values: object) -> None:
    with pytest.raises(IntegrityError):
        await put(db, statement, **values)


async def test_one_living_person_of_a_name_and_the_dead_are_not_in_the_way(db: Database) -> None:
    await put(db, PERSON, id="p1", key="ada", deleted=True)
    await put(db, PERSON, id="p2", key="ada", deleted=True)
    await put(db, PERSON, id="p3", key="ada", deleted=False)
    await refused(db, PERSON, id="p4", key="ada", deleted=False)


async def test_one_room_of_a_name_and_one_of_a_device_and_the_gone_are_not_in_the_way(db: Database) -> None:
    await put(db, SITE, id="s1")
    await put(db, CONNECTOR, id="c1", site="s1", key=b"1")
    for number in (1, 2):
        await put(db, ROOM, id=f"gone{number}", name="oslo", device="d1", removed="by hand")
    await put(db, ROOM, id="r1", name="oslo", device="d1", removed=None)
    await refused(db, ROOM, id="r2", name="oslo", device="d2", removed=None)
    await refused(db, ROOM, id="r3", name="rome", device="d1", removed=None)


async def test_a_key_is_one_connectors_and_a_token_one_persons(db: Database) -> None:
    await put(db, SITE, id="s1")
    await put(db, CONNECTOR, id="c1", site="s1", key=b"1")
    await refused(db, CONNECTOR, id="c2", site="s1", key=b"1")
    await put(db, PERSON, id="p1", key="ada", deleted=False)
    await put(db, TOKEN, id="t1", person="p1", hash="h")
    await refused(db, TOKEN, id="t2", person="p1", hash="h")


async def test_nothing_hangs_on_what_is_not_there(db: Database) -> None:
    await put(db, SITE, id="s1")
    await refused(db, TOKEN, id="t1", person="nobody", hash="h")
    await refused(db, CONNECTOR, id="c1", site="nowhere", key=b"1")
    await refused(db, 'INSERT INTO grant_rooms ("grant", room) VALUES (:g, :r)', g="g1", r="r1")


async def test_whatever_opens_a_door_has_an_end_by_the_schema(db: Database) -> None:
    def endless(conn: Connection) -> set[str]:
        found = inspect(conn)
        doors = ("grants", "tokens", "web_sessions", "enrolment_codes")
        return {d for d in doors if next(c for c in found.get_columns(d) if c["name"] == "until")["nullable"]}

    assert await db.read(endless) == set()


async def test_it_does_not_go_back() -> None:
    with pytest.raises(RuntimeError, match="backup"):
        v0001_first.downgrade()
