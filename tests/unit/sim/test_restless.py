"""Something always changes, at the pace that was asked for, and each change is one feedback."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from roomgate.errors import BadInput
from roomgate.sim.device import Device
from roomgate.sim.profile import get_profile
from roomgate.sim.restless import Restless, Unrest, parse_unrest, read_unrest
from roomgate.sim.state import State
from roomgate.xapi.path import Path

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
LEAF = "Status/RoomAnalytics/AmbientNoise/Level/A"


def unrest(every_s: float = 2.0) -> Unrest:
    found = parse_unrest(b'{"leaf": "%s", "seconds": %f}' % (LEAF.encode(), every_s))
    assert found is not None
    return found


def changes_within(room: Restless, state: State, seconds: float, step_s: float = 0.1) -> list[object]:
    seen = []
    for number in range(1, int(seconds / step_s) + 1):
        room.tick(state, NOW + timedelta(seconds=number * step_s))
        seen += [change.value for change in state.take_changes()]
    return seen


def test_one_change_for_each_pause_and_each_is_another_number() -> None:
    state, room = State(), Restless.of(unrest(), "oslo", NOW)
    seen = changes_within(room, state, 20.0)
    assert len(seen) == 10
    assert all(one != other for one, other in pairwise(seen))


def test_many_rooms_are_a_steady_stream() -> None:
    rooms = [Restless.of(unrest(), f"room-{n}", NOW) for n in range(200)]
    assert all(NOW <= room.due <= NOW + timedelta(seconds=2) for room in rooms)
    early = sum(room.due < NOW + timedelta(seconds=1) for room in rooms)
    assert 70 < early < 130


def test_after_a_pause_of_the_program_nothing_is_made_up_for() -> None:
    state, room = State(), Restless.of(unrest(), "oslo", NOW)
    later = NOW + timedelta(hours=1)
    room.tick(state, later)
    room.tick(state, later)
    assert len(state.take_changes()) == 1
    assert room.due == later + timedelta(seconds=2)


def test_a_device_ticks_when_it_is_due() -> None:
    device = Device.new("oslo", get_profile("26"), NOW)
    quiet = device.next_at(NOW)
    device.restless = Restless.of(unrest(), "oslo", NOW)
    due = device.next_at(NOW)
    assert due is not None
    assert due <= NOW + timedelta(seconds=2)
    assert quiet is None or quiet > due
    device.state.take_changes()
    device.tick(due)
    assert [str(change.path) for change in device.state.take_changes()] == [LEAF]


def test_no_seconds_make_it_quiet() -> None:
    assert parse_unrest(b'{"leaf": "%s", "seconds": 0}' % LEAF.encode()) is None


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{}", b"\xff", b'{"leaf": "Status/RoomAnalytics"}', b'{"leaf": "Configuration/Audio/DefaultVolume"}',
        b'{"leaf": "Status/Nothing/Such"}', b'{"leaf": ""}', b'{"leaf": "%s", "seconds": 1e6}' % LEAF.encode(),
        b'{"leaf": "%s", "seconds": -1}' % LEAF.encode(), b'{"leaf": "%s", "more": 1}' % LEAF.encode(),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(body: bytes) -> None:
    with pytest.raises(BadInput):
        parse_unrest(body)


def test_a_person_writes_a_leaf_and_its_seconds() -> None:
    assert read_unrest("Status/Audio/Volume=30") == Unrest(Path.parse("Status/Audio/Volume"), 30)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Status/Audio/Volume",
        "Status/Audio/Volume=x",
        "Status/Nix=3",
        "Status/Audio/Volume=0",
        "Configuration/Audio/DefaultVolume=3",
    ],
)
def test_no_other_words_are_an_unrest(text: str) -> None:
    with pytest.raises(BadInput):
        read_unrest(text)
