import pytest

from roomgate.clock import HandClock
from roomgate.hub.channels import Kind
from roomgate.hub.relay import store
from roomgate.hub.relay.sessions import Book
from roomgate.storage.database import Database
from support.relay_rig import ADA, OSLO, fill, tables

AT = "2026-03-10T09:00:00.000Z"


@pytest.mark.asyncio
async def test_sessions_and_asks_are_kept_and_ended(tmp_path):
    db = Database.open(tmp_path / "hub.db", tables())
    session = Book(HandClock()).open(ADA, OSLO, Kind.API)

    def unit(conn):
        fill(conn)
        store.keep_session(conn, session, "grant_1", store.position(conn), AT)
        ask = store.KeptAsk("ask_1", ADA.id, "oslo", "order_1", "waiting", "", "", 4)
        store.add_ask(conn, ask, session.id, "[]", AT)
        store.answer_ask(conn, "order_1", "done", "", "", AT, 5)
        return store.find_session(conn, session.id), store.find_ask(conn, "ask_1")

    kept, ask = await db.write(unit)
    assert (kept.person, kept.person_name, kept.room_name, kept.opened, kept.calls) == (
        ADA.id,
        "ada",
        "oslo",
        1,
        ("[]",),
    )
    assert kept.ended is None
    assert (ask.outcome, ask.entry, ask.person) == ("done", 4, ADA.id)

    def ending(conn):
        store.end_sessions(conn, [session.id], "lock", AT)
        store.end_sessions(conn, [session.id], "later", AT)
        return store.find_session(conn, session.id), store.find_session(conn, "x"), store.find_ask(conn, "x")

    ended, no_session, no_ask = await db.write(ending)
    assert (ended.ended, no_session, no_ask) == ("lock", None, None)
    await db.aclose()
