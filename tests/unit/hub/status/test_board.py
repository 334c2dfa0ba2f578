from types import SimpleNamespace
from typing import Any

from roomgate.access.capability import Capability
from roomgate.access.offered import offered
from roomgate.hub.status.board import Boards
from roomgate.xapi.path import Path

STATUS = {
    "Call": [{"id": 7, "Status": "Connected", "DisplayName": "Ada"}],
    "RoomAnalytics": {"PeopleCount": {"Current": 3}},
    "Unheard": "of",
}


def session(id: str, *held: Capability) -> Any:
    return SimpleNamespace(id=id, capabilities=frozenset(held))


def test_a_board_gives_what_the_session_may_read_at_that_moment() -> None:
    boards = Boards()
    me = session("s1", Capability.OBSERVE, Capability.CALL)
    board = boards.begin(me, STATUS)
    assert board.status(me, offered()) == {"Call": STATUS["Call"]}
    me.capabilities = frozenset({Capability.PRIVACY})
    assert board.status(me, offered()) == {"RoomAnalytics": STATUS["RoomAnalytics"]}
    me.capabilities = frozenset()
    assert board.status(me, offered()) == {}


def test_what_is_heard_changes_it_and_a_present_value_replaces_all_of_its_path() -> None:
    boards = Boards()
    me = session("s1", Capability.OBSERVE)
    board = boards.begin(me, STATUS)
    before = board.version
    board.absorb(Path.parse("Status/Call"), {"Status": {"Call": [{"id": 7, "Status": "OnHold"}]}}, present=False)
    assert board.status(me, offered())["Call"] == [{"id": 7, "Status": "OnHold"}]
    board.absorb(Path.parse("Status/Call"), {"Status": {"Call": [{"id": 9, "Status": "Ringing"}]}}, present=True)
    assert board.status(me, offered()) == {"Call": [{"id": 9, "Status": "Ringing"}]}
    board.absorb(Path.parse("Status/Call"), {}, present=True)
    assert board.status(me, offered()) == {}
    assert board.version == before + 3


def test_of_many_the_ones_that_were_begun_last_are_kept() -> None:
    boards = Boards(most=2)
    first, second, third = (session(name) for name in ("1", "2", "3"))
    boards.begin(first, {})
    boards.begin(second, "rubbish")
    boards.begin(first, {"Standby": {"State": "Off"}})
    boards.begin(third, {})
    assert boards.get(second) is None
    kept = boards.get(first)
    assert kept is not None
    assert kept.document == {"Status": {"Standby": {"State": "Off"}}}
