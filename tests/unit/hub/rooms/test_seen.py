"""The one door of every page about a room. Who gets in is in test_room_page.py; here is what a page asks by it."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from roomgate.access.capability import Capability
from roomgate.access.decision import Denied
from roomgate.access.grant import Lock
from roomgate.errors import NotFound
from roomgate.hub.http.problem import NO_SUCH_ROOM
from roomgate.hub.relay.asked import Answer
from roomgate.hub.rooms.seen import NotDone, Seen, told_of_room
from roomgate.ids import AskId, LockId
from support.console import console

pytestmark = pytest.mark.asyncio


async def test_a_page_about_an_unknown_and_a_foreign_room_fails_alike(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        await it.hub.person("bob")
        bob = await it.as_("bob")
        said = [await bob.get(f"/rooms/{name}") for name in ("oslo", "paris")]
        assert [one.status_code for one in said] == [404, 404]
        assert NO_SUCH_ROOM in said[0].text


async def test_what_was_not_done_says_so_with_the_answer() -> None:
    no = NotDone(Answer(AskId("ask_1"), None, "refused", rule="policy", words="The policy keeps it inside."))
    assert str(no) == "The policy keeps it inside."
    assert no.answer.rule == "policy"


class Visit:
    def t(self, key: str) -> str:
        return key


async def test_whoever_sees_the_room_is_told_what_was_refused() -> None:
    told = told_of_room(Visit(), Denied("no-grant", "No live grant covers this room."))  # type: ignore[arg-type]
    assert isinstance(told, Denied)
    assert (told.some_grant, told.message) == (True, "room.no-grant")
    other = NotFound("gone")
    assert told_of_room(Visit(), other) is other  # type: ignore[arg-type]


async def test_a_locked_room_gives_nothing() -> None:
    summary = SimpleNamespace(id="room_1", site="site_1", connector="con_1", name="oslo")
    grant = SimpleNamespace(capabilities=frozenset({Capability.CALL}))
    free = Seen(summary, (grant,), ())  # type: ignore[arg-type]
    locked = Seen(summary, (grant,), (Lock(LockId("lock_1"), "room", "room_1", "test"),))  # type: ignore[arg-type]
    assert (free.capabilities, locked.capabilities) == (frozenset({Capability.CALL}), frozenset())
