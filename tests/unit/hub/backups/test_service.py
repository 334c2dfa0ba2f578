"""Backups as the hub asks for them: what is asked, in which room, and what is made of the site's answers."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.access.offered import offered
from roomgate.errors import BadInput, Conflict, PreconditionFailed
from roomgate.fleet.backup import Contents, Macro, Opened, Shown
from roomgate.hub.backups.service import Backups, NotUnderstood
from roomgate.hub.relay.asked import Wish
from roomgate.xapi.call import Verb

pytestmark = pytest.mark.asyncio

KEPT = Contents(settings={"Audio/DefaultVolume": 40, "SystemUnit/Name": "Oslo"}, macros={"m": Macro("1", True)})


class Room:
    """A room that answers as its site would."""

    def __init__(self, now: Contents | None = None) -> None:
        self.now = now or Contents(settings={"Audio/DefaultVolume": 50, "SystemUnit/Name": "Rome"})
        self.asked: list[Wish] = []
        self.answer: Any = None

    async def ask(self, wish: Wish) -> Any:
        self.asked.append(wish)
        if self.answer is not None:
            return self.answer
        match str(wish.path).removeprefix("Command/Roomgate/"):
            case "Backup/List":
                return {"backups": [msgspec.to_builtins(Shown("backup_1", name="before"))]}
            case "Backup/Make":
                return {
                    **msgspec.to_builtins(Shown("backup_2", name=str(wish.arguments.get("Name", "")))),
                    "unchanged": False,
                }
            case "Backup/Get":
                contents = self.now if wish.arguments["Id"] == "now" else KEPT
                return msgspec.to_builtins(Opened(str(wish.arguments["Id"]), "2026", "", "d", contents))
            case _:
                return {}


def backups() -> Backups:
    return Backups(offered())


async def test_they_are_listed_made_read_and_removed_by_asks():
    room = Room()
    assert [one.name for one in await backups().list_(room.ask)] == ["before"]
    assert (await backups().make(room.ask, " two ", "why")).name == "two"
    assert (await backups().get(room.ask, "backup_1")).contents == KEPT
    await backups().remove(room.ask, "backup_1")
    assert [(one.verb, str(one.path), dict(one.arguments), one.reason) for one in room.asked] == [
        (Verb.COMMAND, "Command/Roomgate/Backup/List", {}, ""),
        (Verb.COMMAND, "Command/Roomgate/Backup/Make", {"Name": "two"}, "why"),
        (Verb.COMMAND, "Command/Roomgate/Backup/Get", {"Id": "backup_1"}, ""),
        (Verb.COMMAND, "Command/Roomgate/Backup/Remove", {"Id": "backup_1"}, ""),
    ]
    with pytest.raises(BadInput):
        await backups().make(room.ask, "x" * 121)


async def test_a_difference_is_of_the_backups_room_and_the_other_and_changes_nothing():
    oslo, rome = Room(), Room()
    found = await backups().difference(oslo.ask, "backup_1", rome.ask, "rome", same_room=False)
    assert [(one.kind, one.name) for one in found.difference.changes] == [
        ("setting", "Audio/DefaultVolume"),
        ("macro", "m"),
    ]
    assert [one.name for one in found.difference.left] == ["SystemUnit/Name"]
    assert json.loads(found.document)["name"] == "backup_1 to rome"
    assert {str(one.path) for one in (*oslo.asked, *rome.asked)} == {"Command/Roomgate/Backup/Get"}


async def test_a_restore_is_what_was_shown_for_the_other_room_alone_which_is_kept_first():
    oslo, rome = Room(), Room()
    found = await backups().difference(oslo.ask, "backup_1", rome.ask, "rome", same_room=True)
    document = await backups().restorable(
        oslo.ask, "backup_1", rome.ask, "rome", same_room=True, seen=found.seen, reason="why"
    )
    assert json.loads(document)["room"] == {
        "rome": {
            "settings": {"Audio/DefaultVolume": 40, "SystemUnit/Name": "Oslo"},
            "macros": {"m": {"code": "1", "active": True}},
        }
    }
    assert (str(rome.asked[-1].path), rome.asked[-1].reason) == ("Command/Roomgate/Backup/Make", "why")
    assert "Command/Roomgate/Backup/Make" not in [str(one.path) for one in oslo.asked]


async def test_what_is_not_as_it_was_shown_is_not_restored():
    oslo, rome = Room(), Room()
    found = await backups().difference(oslo.ask, "backup_1", rome.ask, "rome", same_room=False)
    rome.now = Contents(settings={"Audio/DefaultVolume": 51})
    with pytest.raises(PreconditionFailed, match="not as it was shown"):
        await backups().restorable(oslo.ask, "backup_1", rome.ask, "rome", same_room=False, seen=found.seen)
    oslo.now = KEPT
    same = await backups().difference(oslo.ask, "backup_1", oslo.ask, "oslo", same_room=True)
    assert (same.difference.changes, same.document) == ((), "")
    with pytest.raises(Conflict, match="as the backup says"):
        await backups().restorable(oslo.ask, "backup_1", oslo.ask, "oslo", same_room=True, seen=same.seen)
    assert not [one for one in (*oslo.asked, *rome.asked) if "Make" in str(one.path)]


@given(
    st.none() | st.integers() | st.text() | st.dictionaries(st.text(max_size=5), st.integers() | st.lists(st.text()))
)
async def test_a_site_that_speaks_otherwise_is_not_understood(answer: Any):
    room = Room()
    room.answer = answer if answer is not None else 0
    with pytest.raises(NotUnderstood):
        await backups().list_(room.ask)
    with pytest.raises(NotUnderstood):
        await backups().get(room.ask, "backup_1")
