from datetime import UTC, datetime, timedelta

import pytest

from roomgate.access.capability import Capability
from roomgate.access.grant import Grant
from roomgate.errors import BadInput
from roomgate.hub.console.visit import Form
from roomgate.hub.rooms.actions import ACTIONS, build_may
from roomgate.ids import GrantId, PersonId, RoomId
from roomgate.xapi.schema import Catalogue

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


def form(**fields: str) -> Form:
    return Form({name: [text] for name, text in fields.items()})


def grant(*capabilities: str) -> Grant:
    held = frozenset(map(Capability, capabilities))
    later = NOW + timedelta(hours=1)
    return Grant(
        GrantId("grant_1"), PersonId("person_1"), frozenset({RoomId("room_1")}), held, "", NOW, later,
        PersonId("person_2"), 1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("action", "fields", "call"),
    [
        ("dial", {"number": " a@example.com "}, "Command/Dial Number=a@example.com"),
        ("hang-up", {}, "Command/Call/Disconnect"),
        ("volume", {"level": "30"}, "Command/Audio/Volume/Set Level=30"),
        ("volume", {"level": "30", "way": "up"}, "Command/Audio/Volume/Increase"),
        ("volume", {"level": "30", "way": "down"}, "Command/Audio/Volume/Decrease"),
        ("mute", {"on": "yes"}, "Command/Audio/Microphones/Mute"),
        ("mute", {"on": "no"}, "Command/Audio/Microphones/Unmute"),
        ("standby", {"on": "yes"}, "Command/Standby/Activate"),
        ("standby", {"on": "no"}, "Command/Standby/Deactivate"),
        ("standby", {"on": "half"}, "Command/Standby/Halfwake"),
        ("book", {"title": "Stand-up", "minutes": "15"}, "Command/Bookings/Book Duration=15 Title=Stand-up"),
        ("extend", {"booking": "rg-1", "minutes": "15"}, "Command/Bookings/Extend Duration=15 Id=rg-1"),
        ("end", {"booking": "rg-1"}, "Command/Bookings/CheckOut Id=rg-1"),
        ("release", {"booking": "rg-1"}, "Command/Bookings/Delete Id=rg-1"),
        ("check-in", {"booking": "rg-1"}, "Command/Bookings/CheckIn Id=rg-1"),
        ("default-volume", {"default_volume": "0"}, "Configuration/Audio/DefaultVolume Value=0"),
    ],
)
def test_a_form_asks_for_one_thing(action: str, fields: dict[str, str], call: str) -> None:
    assert str(ACTIONS[action](form(**fields)).call(Catalogue.shipped())) == call


@pytest.mark.parametrize("text", ["", "-1", "101", "1000", "٣", "1.5", "0x10", "thirty"])
def test_a_level_is_a_whole_number_to_a_hundred(text: str) -> None:
    for action, name in (("volume", "level"), ("default-volume", "default_volume")):
        with pytest.raises(BadInput):
            ACTIONS[action](form(**{name: text}))


def test_nothing_is_dialled_without_an_address() -> None:
    with pytest.raises(BadInput):
        ACTIONS["dial"](form(number="  "))


def test_the_reason_goes_along() -> None:
    assert ACTIONS["dial"](form(number="1", reason="repair")).reason == "repair"


def test_what_the_grants_give_is_what_the_page_offers() -> None:
    catalogue = Catalogue.shipped()
    nothing, look, call = (
        build_may([], catalogue),
        build_may([grant("observe")], catalogue),
        build_may([grant("call", "bookings")], catalogue),
    )
    assert not nothing.any
    assert (look.any, look.dial, look.volume, look.join) == (True, False, False, False)
    assert (call.dial, call.join, call.hang_up, call.mute) == (True, True, True, False)
    assert build_may([grant("call")], catalogue).join is False  # without the list there is nothing to join
    assert build_may([grant("privacy")], catalogue).mute


def test_each_control_is_offered_to_whoever_may_use_it_and_no_more_is_read_than_it_needs() -> None:
    catalogue = Catalogue.shipped()

    def offered(*capabilities: str) -> tuple[set[str], set[str]]:
        may = build_may([grant(*capabilities)], catalogue)
        return set(may.controls), set(may.reads)

    assert offered("observe") == (set(), set())
    assert offered("ui") == ({"say"}, set())
    assert offered("av-control", "observe") == ({"speaker"}, set())
    assert offered("call", "observe") == ({"quiet"}, {"quiet"})
    assert offered("in-call", "observe") == ({"hold", "tones", "layout", "share"}, {"video", "sharing"})
    assert offered("privacy") == ({"picture", "self-view", "preset", "track"}, {"presets"})  # reading takes another
    assert offered("privacy", "observe")[1] == {"presets", "track", "video"}


def test_rights_of_two_grants_do_not_add_up_to_a_third() -> None:
    both = build_may([grant("configure"), grant("av-control")], Catalogue.shipped())
    assert not both.settings
    assert build_may([grant("configure", "av-control")], Catalogue.shipped()).settings
