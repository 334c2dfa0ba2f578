"""What waits to be applied: one sign-in's, one room's, for a while."""

from roomgate.access.offered import offered
from roomgate.clock import HandClock
from roomgate.hub.settings.change import Edit
from roomgate.hub.settings.drafts import KEPT_S, MOST, MOST_EDITS, Draft, Drafts
from roomgate.hub.settings.setting import parse_change
from roomgate.ids import RoomId

OSLO, ROME = RoomId("room_oslo"), RoomId("room_rome")


def edit(name="Audio/DefaultVolume", value=40):
    return Edit(parse_change(name, value, offered()))


def test_a_draft_is_nobody_elses_and_of_no_other_room():
    drafts = Drafts(HandClock())
    drafts.of("web_1", OSLO).add([edit()])
    assert len(drafts.of("web_1", OSLO).edits) == 1
    assert not drafts.of("web_2", OSLO).edits
    assert not drafts.of("web_1", ROME).edits


def test_it_is_forgotten_when_nobody_touched_it_for_long():
    clock = HandClock()
    drafts = Drafts(clock)
    drafts.of("web_1", OSLO).add([edit()])
    clock.advance(KEPT_S - 1)
    drafts.of("web_1", OSLO)
    clock.advance(KEPT_S - 1)
    assert drafts.of("web_1", OSLO).edits
    clock.advance(KEPT_S)
    assert not drafts.of("web_1", OSLO).edits


def test_there_are_at_most_so_many():
    drafts = Drafts(HandClock())
    for number in range(MOST + 2):
        drafts.of(f"web_{number}", OSLO).add([edit()])
    assert not drafts.of("web_0", OSLO).edits
    assert drafts.of(f"web_{MOST}", OSLO).edits


def test_a_later_edit_takes_the_place_of_an_earlier_one_and_too_many_find_none():
    draft = Draft()
    assert draft.add([edit(value=1), edit(value=2)]) == 0
    assert [one.value for one in draft.take()] == [2]
    assert draft.take() == []
    inputs = [f"Audio/Input/Ethernet/{e}/Channel/{c}/{leaf}" for e in range(1, 7) for c in range(1, 9) for leaf in ("Level", "Gain", "Zone", "Mode", "Pan")]  # fmt: skip
    values = {"Mode": "On", "Pan": "Left"}
    many = [edit(name, values.get(name.rpartition("/")[2], 1)) for name in inputs]
    assert draft.add(many) == len(many) - MOST_EDITS
