from pathlib import Path

import pytest

from roomgate.errors import BadInput, NotFound
from roomgate.hub.identity.person import Forbidden
from roomgate.hub.inventory.line import Filter
from roomgate.hub.inventory.service import MOST_VIEWS
from roomgate.hub.inventory.sheet import BadSheet
from support.hub import running

pytestmark = pytest.mark.asyncio


async def test_rooms_are_tagged_all_or_none(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.rooms("oslo", "rome")
        inventory, before = hub.parts.inventory, len(await hub.events())
        wanted = {"oslo": frozenset({"boards"}), "rome": frozenset({"boards"})}
        assert [one.room for one in await inventory.plan_tags(wanted, hub.admin)] == ["oslo", "rome"]
        assert len(await hub.events()) == before
        with pytest.raises(BadSheet):
            await inventory.tag({**wanted, "paris": frozenset()}, hub.admin)
        assert [line.tags for line in await inventory.lines(hub.admin, {})] == [(), ()]
        await inventory.tag(wanted, hub.admin)
        assert [line.tags for line in await inventory.lines(hub.admin, {})] == [("boards",), ("boards",)]
        assert await inventory.plan_tags(wanted, hub.admin) == []


async def test_a_room_that_may_not_be_tagged_undoes_the_others(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.rooms("oslo", "rome")
        with pytest.raises(NotFound):
            await hub.parts.rooms.set_many_tags({"oslo": ["boards"], "paris": ["boards"]}, hub.admin)
        assert [line.tags for line in await hub.parts.inventory.lines(hub.admin, {})] == [(), ()]


async def test_others_see_the_rooms_of_their_grants_without_tags_and_tag_none(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.rooms("oslo", "rome")
        await hub.parts.inventory.tag({"oslo": frozenset({"boards"})}, hub.admin)
        await hub.person("bob")
        await hub.grant("bob", "oslo")
        bob, _ = await hub.sign_in("bob")
        (line,) = await hub.parts.inventory.lines(bob, {})
        assert (line.name, line.tags) == ("oslo", ())
        with pytest.raises(Forbidden):
            await hub.parts.inventory.plan_tags({"oslo": frozenset()}, bob)


async def test_serial_numbers_are_for_those_who_look_after_all_rooms(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.rooms("oslo")
        await hub.person("bob")
        await hub.grant("bob", "oslo")
        bob, _ = await hub.sign_in("bob")
        told = {"SystemUnit": {"Hardware": {"Module": {"SerialNumber": "FOC1234"}}}}
        hub.parts.status.saw(hub.parts.rooms.get("oslo").id, told)
        await hub.parts.db.write(lambda conn: None)
        assert [line.serial for line in await hub.parts.inventory.lines(hub.admin, {})] == ["FOC1234"]
        assert [line.serial for line in await hub.parts.inventory.lines(bob, {})] == [""]


async def test_of_a_locked_room_its_guest_learns_that_it_is_locked(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.rooms("oslo")
        await hub.person("bob")
        await hub.grant("bob", "oslo")
        bob, _ = await hub.sign_in("bob")
        await hub.parts.grants.lock("room", "oslo", "test", hub.admin)
        lines = await hub.parts.inventory.lines(bob, {})
        assert [(line.kind, line.words) for line in lines] in ([], [("void", "Locked.")])


async def test_views_are_ones_own_and_one_of_the_same_name_makes_way(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.person("bob")
        bob, _ = await hub.sign_in("bob")
        inventory = hub.parts.inventory
        await inventory.keep("Boards", Filter(tag="boards"), hub.admin)
        kept = await inventory.keep(" Boards ", Filter(tag="board"), hub.admin)
        assert [(view.name, view.filter) for view in await inventory.views(hub.admin)] == [("Boards", {"tag": "board"})]
        assert await inventory.views(bob) == []
        with pytest.raises(NotFound):
            await inventory.forget(kept.id, bob)
        await inventory.forget(kept.id, hub.admin)
        assert await inventory.views(hub.admin) == []


async def test_a_view_needs_a_name_and_nobody_keeps_thousands(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        for name in ("", " ", "x" * 61, "a\x00b"):
            with pytest.raises(BadInput):
                await hub.parts.inventory.keep(name, Filter(), hub.admin)
        for number in range(MOST_VIEWS):
            await hub.parts.inventory.keep(f"view {number}", Filter(), hub.admin)
        with pytest.raises(BadInput, match="already"):
            await hub.parts.inventory.keep("one more", Filter(), hub.admin)
