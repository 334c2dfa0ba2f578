import asyncio

import pytest

from roomgate.hub.channels import Kind
from roomgate.hub.relay.asked import Wish
from roomgate.hub.relay.parts import session_exists
from roomgate.xapi.call import Verb
from support.relay_rig import ADA, rig


@pytest.mark.asyncio
async def test_a_lock_may_name_a_session_that_lives_or_was_written_down(tmp_path):
    async with rig(tmp_path) as hub, asyncio.TaskGroup() as group:
        hub.given.give(ADA, "call", "observe")
        exists = session_exists(hub.parts.book)
        watching = await hub.relay.open_session(ADA, "oslo", Kind.XAPI)
        asking = group.create_task(hub.relay.ask(ADA, "oslo", Wish(Verb.COMMAND, "Dial", {"Number": "x"}), wait_s=5))
        order = await hub.link.order()
        await hub.answer(order)
        await asking
        hub.clock.advance(1000)
        hub.relay.sweep()
        assert hub.parts.book.find(order.session) is None
        found = await hub.db.write(lambda conn: [exists(conn, id) for id in (order.session, watching.id, "session_x")])
        assert found == [True, False, False]


@pytest.mark.asyncio
async def test_a_relay_that_does_not_run_takes_no_ask(tmp_path):
    async with rig(tmp_path) as hub:
        hub.given.give(ADA, "observe")
        session = await hub.relay.open_session(ADA, "oslo", Kind.XAPI)
        found = await hub.db.write(lambda conn: session_exists(hub.parts.book)(conn, session.id))
        assert found
