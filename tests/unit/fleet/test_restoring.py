"""What a restore would change, what it leaves out, and why."""

from hypothesis import given
from hypothesis import strategies as st

from roomgate.access.offered import offered
from roomgate.fleet.backup import Contents, Macro, Panel
from roomgate.fleet.restoring import IDENTITY, Left, compare, generation
from roomgate.xapi.path import Path

SETTINGS = ("Audio/DefaultVolume", "SystemUnit/Name", "Time/Zone", "SIP/URI", "Nowhere/At/All")


def test_what_differs_is_changed_and_the_rest_stays():
    kept = Contents(settings={"Audio/DefaultVolume": 40, "Time/Zone": "Etc/UTC"}, masked=["SIP/Turn/Password"])
    now = Contents(settings={"Audio/DefaultVolume": "50", "Time/Zone": "Etc/UTC"})
    found = compare(kept, now, offered())
    assert [(one.kind, one.name, one.was, one.will) for one in found.changes] == [
        ("setting", "Audio/DefaultVolume", "50", 40)
    ]
    assert (found.same, found.left, found.masked, found.product, found.software) == (
        1, (), ("SIP/Turn/Password",), None, None,
    )  # fmt: skip


def test_what_makes_a_device_itself_is_left_out_unless_it_goes_home():
    kept = Contents(settings={"SystemUnit/Name": "Oslo", "Network/1/IPv4/Address": "192.0.2.7"})
    now = Contents(settings={"SystemUnit/Name": "Rome", "Network/1/IPv4/Address": "192.0.2.9"})
    away = compare(kept, now, offered())
    assert (away.changes, {one.left for one in away.left}) == ((), {Left.IDENTITY})
    home = compare(kept, now, offered(), same_room=True)
    assert ([one.name for one in home.changes], home.left) == (["Network/1/IPv4/Address", "SystemUnit/Name"], ())


def test_what_the_other_device_lacks_or_cannot_take_is_left_out():
    kept = Contents(settings={"Audio/DefaultVolume": 400, "Time/Zone": "Etc/UTC", "Standby/Control": "Off"})
    found = compare(kept, Contents(masked=["Standby/Control"]), offered())
    assert {one.name: one.left for one in found.left} == {"Audio/DefaultVolume": Left.VALUE, "Time/Zone": Left.ABSENT}
    assert [one.name for one in found.changes] == ["Standby/Control"]


def test_panels_and_macros_are_compared_whole_and_none_is_removed():
    kept = Contents(
        panels={"a": Panel("<a/>"), "b": Panel("<b/>")},
        macros={"m": Macro("1", True), "n": Macro("1"), "o": Macro("1", False)},
    )
    now = Contents(
        panels={"a": Panel("<a/>"), "b": Panel("<c/>"), "z": Panel("<z/>")},
        macros={"m": Macro("1", False), "n": Macro("1", True), "y": Macro("")},
    )
    found = compare(kept, now, offered())
    assert [(one.kind, one.name, one.was, one.active) for one in found.changes] == [
        ("panel", "b", "<c/>", None), ("macro", "m", "1", True), ("macro", "o", None, False),
    ]  # fmt: skip
    assert (found.only_there, found.same) == (("z", "y"), 2)


def test_pictures_are_compared_and_what_no_document_can_say_is_left_out():
    kept = Contents(
        branding={"Background": "aGk=", "Branding": "aGk="}, macros={"empty": Macro(""), "a\nb": Macro("1")}
    )
    found = compare(kept, Contents(branding={"Branding": "aGk="}), offered())
    assert [(one.kind, one.name, one.was, one.will) for one in found.changes] == [
        ("branding", "Background", None, "aGk=")
    ]
    assert [(one.name, one.left) for one in found.left] == [("a\nb", Left.VALUE), ("empty", Left.VALUE)]
    assert found.same == 1


def test_another_product_or_generation_is_told():
    kept = Contents(product="Board Pro 55", software="RoomOS 26.4.1 0123")
    found = compare(kept, Contents(product="Desk Pro", software="ce9.15.17.4"), offered())
    assert (found.product, found.software) == (("Board Pro 55", "Desk Pro"), ("RoomOS 26.4.1 0123", "ce9.15.17.4"))
    assert compare(kept, Contents(product="Board Pro 55", software="RoomOS 26.9"), offered()).software is None
    assert generation("unnumbered") == "unnumbered"


def test_the_digest_is_of_what_would_be_done():
    kept, now = Contents(settings={"Audio/DefaultVolume": 40}), Contents(settings={"Audio/DefaultVolume": 50})
    one = compare(kept, now, offered()).digest
    assert one == compare(kept, now, offered()).digest
    assert one != compare(kept, Contents(settings={"Audio/DefaultVolume": 51}), offered()).digest


def test_every_identity_is_one_that_devices_have():
    strangers = [words for words in IDENTITY if not offered().leaves(Path(("Configuration", *words)))]
    assert strangers == []


@given(*[st.dictionaries(st.sampled_from(SETTINGS), st.sampled_from([1, 40, "x", "Etc/UTC"]))] * 2)
def test_every_setting_is_in_one_place_and_no_more(kept: dict[str, str | int], now: dict[str, str | int]):
    found = compare(Contents(settings=kept), Contents(settings=now), offered())
    told = [one.name for one in (*found.changes, *found.left)]
    assert len(told) == len(set(told)) == len(kept) - found.same
    assert set(told) <= set(kept)
