"""What the hub keeps of a room's macros and panels, and what it asks of the room for it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from roomgate.access.offered import offered
from roomgate.errors import BadInput, Conflict, NotFound
from roomgate.hub.extensions.service import (
    MOST_VERSIONS,
    BadName,
    Differs,
    Extensions,
    Faulty,
    Listed,
    Runtime,
    read_listed,
    read_log,
    read_runtime,
)
from roomgate.hub.extensions.text import Kind, digest_of
from roomgate.hub.relay.asked import Wish
from roomgate.ids import PersonId, RoomId
from roomgate.link.messages import Outcome
from support.hub import Hub, running
from support.programmed import MACRO, PANEL, Programmed

pytestmark = pytest.mark.asyncio
ADA = PersonId("person_ada")


@dataclass
class Desk:
    """The service, with a room whose device is a few lines."""

    hub: Hub
    ext: Extensions
    room: RoomId
    device: Programmed = field(default_factory=Programmed)

    async def ask(self, wish: Wish) -> Any:
        answer = self.device(wish.call(offered()))
        if isinstance(answer, Outcome):
            raise Conflict(answer.words)
        return answer

    async def save(self, name: str, text: str, expected: str | None = None, **more: Any) -> str:
        kind = more.pop("kind", Kind.MACRO)
        saved = await self.ext.save(self.ask, self.room, kind, name, text, ADA, expected=expected, **more)
        return saved.digest

    async def versions(self, name: str, kind: Kind = Kind.MACRO) -> list[tuple[int, str, str | None]]:
        found = await self.ext.versions(self.ask, self.room, kind, name)
        return [(one.number, one.how, one.by) for one in found]


@asynccontextmanager
async def desk(folder: Path) -> AsyncIterator[Desk]:
    async with running(folder) as hub:
        await hub.rooms("oslo")
        yield Desk(hub, hub.parts.extensions, hub.parts.rooms.get("oslo").id)


async def test_what_is_saved_is_read_back_and_kept(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        first = await it.save("lights", MACRO, "")
        second = await it.save("lights", MACRO + "// more\n", first)
        assert it.device.macros == {"lights": MACRO + "// more\n"}
        assert second == digest_of(MACRO + "// more\n")
        assert await it.versions("lights") == [(2, "saved", ADA), (1, "saved", ADA)]
        assert await it.ext.kept(it.ask, it.room, Kind.MACRO, "lights", 1) == MACRO
        assert await it.ext.two(it.ask, it.room, Kind.MACRO, "lights", 0, 1) == ("", MACRO)
        with pytest.raises(NotFound):
            await it.ext.kept(it.ask, it.room, Kind.MACRO, "lights", 3)
        with pytest.raises(NotFound):
            await it.versions("other")


async def test_what_another_changed_at_the_device_is_noticed_and_never_overwritten_unseen(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        read = await it.save("lights", MACRO, "")
        it.device.macros["lights"] = "// theirs\n"
        with pytest.raises(Differs):
            await it.save("lights", "// mine\n", read)
        with pytest.raises(Differs):
            await it.save("lights", "// mine\n", "")  # as if there were none
        with pytest.raises(Differs):
            await it.ext.remove(it.ask, it.room, Kind.MACRO, "lights", ADA, expected=read)
        assert it.device.macros == {"lights": "// theirs\n"}
        await it.ext.text(it.ask, it.room, Kind.MACRO, "lights")
        await it.ext.text(it.ask, it.room, Kind.MACRO, "lights")
        assert await it.versions("lights") == [(2, "seen", None), (1, "saved", ADA)]
        await it.save("lights", "// mine\n", digest_of("// theirs\n"))
        assert await it.ext.kept(it.ask, it.room, Kind.MACRO, "lights", 2) == "// theirs\n"


async def test_what_was_there_before_the_first_save_is_kept_too(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        it.device.macros["old"] = "// old\n"
        await it.save("old", "// new\n")
        assert await it.versions("old") == [(2, "saved", ADA), (1, "seen", None)]


async def test_a_removed_text_is_put_back_and_a_rollback_is_a_version(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        await it.save("lights", PANEL, "", kind=Kind.PANEL)
        number = await it.ext.remove(it.ask, it.room, Kind.PANEL, "lights", ADA)
        assert it.device.panels == {}
        [gone] = await it.ext.removed(it.room, Kind.PANEL, await it.ext.listed(it.ask, Kind.PANEL))
        assert (gone.name, gone.number, gone.how) == ("lights", number, "removed")
        with pytest.raises(NotFound):
            await it.ext.remove(it.ask, it.room, Kind.PANEL, "lights", ADA)
        back = await it.ext.roll_back(it.ask, it.room, Kind.PANEL, "lights", number, ADA)
        assert back.text == await it.ext.kept(it.ask, it.room, Kind.PANEL, "lights", number)
        assert [how for _, how, _ in await it.versions("lights", Kind.PANEL)] == ["saved", "removed", "saved"]
        assert await it.ext.panels(it.ask) == {"lights": back.text}
        assert await it.ext.removed(it.room, Kind.PANEL, await it.ext.listed(it.ask, Kind.PANEL)) == []


async def test_the_newest_fifty_are_kept(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        for n in range(MOST_VERSIONS + 3):
            await it.save("a", f"// {n}\n")
        numbers = [number for number, _, _ in await it.versions("a")]
        assert (len(numbers), numbers[0], numbers[-1]) == (MOST_VERSIONS, MOST_VERSIONS + 3, 4)


async def test_a_kept_text_is_closed_in_the_database_and_opens_nowhere_else(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        await it.save("lights", MACRO, "")
        await it.save("other", MACRO, "")
        rows = await it.hub.parts.db.read(
            lambda conn: conn.exec_driver_sql("select name, sealed, at from text_versions").all()
        )
        assert all(b"canary-4711" not in row.sealed and b"canary" not in str(tuple(row)).encode() for row in rows)
        moved = rows[0].sealed
        await it.hub.parts.db.write(
            lambda conn: conn.exec_driver_sql("update text_versions set sealed = ? where name = 'other'", (moved,))
        )
        with pytest.raises(NotFound):
            await it.ext.kept(it.ask, it.room, Kind.MACRO, "other", 1)


async def test_a_kept_text_is_read_by_whoever_may_ask_the_room_now(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        await it.save("lights", MACRO, "")
        it.device.refusals["Macros Macro Get"] = Outcome("", "refused", rule="policy", words="It stays inside.")
        for reading in (
            it.ext.versions(it.ask, it.room, Kind.MACRO, "lights"),
            it.ext.kept(it.ask, it.room, Kind.MACRO, "lights", 1),
            it.ext.two(it.ask, it.room, Kind.MACRO, "lights", 0, 1),
            it.ext.roll_back(it.ask, it.room, Kind.MACRO, "lights", 1, ADA),
        ):
            with pytest.raises(Conflict, match="It stays inside"):
                await reading


async def test_what_cannot_work_is_not_sent(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        with pytest.raises(BadName):
            await it.save("../a", MACRO)
        with pytest.raises(Faulty) as bad:
            await it.save("a", "f(\n")
        assert [(one.line, one.code) for one in bad.value.findings] == [(1, "lint.unclosed")]
        with pytest.raises(Faulty):
            await it.save("a", "\0", anyway=True)
        with pytest.raises(Faulty):
            await it.save("a", "<a/>", kind=Kind.PANEL, anyway=True)
        assert it.device.asked == []
        await it.save("a", "f(\n", anyway=True)
        assert it.device.macros == {"a": "f(\n"}


async def test_a_macro_is_switched_and_an_engine_that_does_not_start_is_told(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        await it.save("a", MACRO)
        assert await it.ext.set_active(it.ask, "a", True) == ""
        assert await it.ext.listed(it.ask, Kind.MACRO) == [Listed("a", True)]
        assert await it.ext.runtime(it.ask) == Runtime(1, 0, True)
        it.device.refusals["Macros Runtime Restart"] = Outcome("", "failed", words="Macros are off")
        assert await it.ext.set_active(it.ask, "a", False) == "Macros are off"
        assert it.device.active == set()
        for what in ("start", "stop", "clear-log"):
            await it.ext.run_engine(it.ask, what)
        assert it.device.asked[-3:] == ["Macros Runtime Start", "Macros Runtime Stop", "Macros Log Clear"]
        with pytest.raises(BadInput):
            await it.ext.run_engine(it.ask, "explode")


async def test_the_sites_word_is_asked_beforehand(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        it.device.never = ("Macros Macro Save",)
        told = await it.ext.allowed(it.ask, Kind.MACRO)
        assert (told["Macros Macro Save"].rule, told["Macros Macro Remove"].verdict) == ("never", "allowed")
        assert set(await it.ext.allowed(it.ask, Kind.PANEL)) == {
            "UserInterface Extensions Panel Save",
            "UserInterface Extensions Panel Remove",
        }


@pytest.mark.parametrize("rubbish", [None, [], "x", {"Macro": 3}, {"Macro": ["a", {}]}, {"Log": {"x": 1}}])
async def test_what_a_device_says_in_another_form_is_read_as_little(rubbish: Any) -> None:
    assert read_listed(Kind.MACRO, rubbish) == []
    assert read_runtime(rubbish) == Runtime(None, None, None)
    assert all(line.message == "" for line in read_log(rubbish))
