import pytest

from roomgate.errors import BadInput
from roomgate.sim.profile import PROFILES, SwitchValue, display_name, get_profile, switches


def test_a_profile_is_found_by_its_name_and_an_unknown_one_is_refused() -> None:
    assert get_profile("9.15").subscriptions == 38
    with pytest.raises(BadInput, match="26"):
        get_profile("12")


@pytest.mark.parametrize(
    ("release", "name"),
    [
        ("ce26.4.1.3.0123456789a", "RoomOS 26.4.1.3 0123456789a"),
        ("ce9.15.17.4.9f0b5a1c2d3", "ce9.15.17.4 9f0b5a1c2d3"),
        ("ce11.32.1.4", "RoomOS 11.32.1.4"),
    ],
)
def test_a_release_is_called_as_devices_call_it(release: str, name: str) -> None:
    assert display_name(release) == name


def test_the_name_that_the_oldest_had_before_still_finds_it() -> None:
    assert get_profile("2019") is get_profile("9.15")


def test_every_switch_says_what_it_decides_and_can_be_set_by_name() -> None:
    for name, value, decides in switches():
        assert decides.endswith(".")
        for profile in PROFILES.values():
            assert getattr(profile.with_switches({name: value}), name) == value


@pytest.mark.parametrize(
    ("name", "value", "becomes"),
    [
        ("status_field", "off", False),
        ("status_field", "TRUE", True),
        ("empty_is_error", True, True),
        ("connect_s", "2.5", 2.5),
        ("connect_s", 3, 3.0),
        ("denied", "No", "No"),
    ],
)
def test_words_are_read_as_the_switch_takes_them(name: str, value: SwitchValue, becomes: SwitchValue) -> None:
    assert getattr(get_profile("26").with_switches({name: value}), name) == becomes


@pytest.mark.parametrize(
    ("name", "value"),
    [("nonsense", True), ("release", "ce1"), ("subscriptions", 1), ("status_field", "perhaps"), ("connect_s", "soon"),
     ("status_field", 1), ("denied", True)],
)  # fmt: skip
def test_what_is_no_switch_or_does_not_fit_is_refused(name: str, value: SwitchValue) -> None:
    with pytest.raises(BadInput):
        get_profile("26").with_switches({name: value})


def test_the_others_stay_as_they_were() -> None:
    before = get_profile("11")
    assert before.with_switches({}) == before
    assert before.with_switches({"status_field": False}).empty_is_error == before.empty_is_error


def test_a_generation_is_named_with_the_readings_that_are_wanted():
    plain, read = get_profile("26"), get_profile("26; empty_is_error=on ; denied=No way;")
    assert (plain.empty_is_error, read.empty_is_error, read.denied) == (False, True, "No way")
    assert get_profile("26;") == plain


@pytest.mark.parametrize(
    "text", ["27", "26; nothing=on", "26; empty_is_error", "26; empty_is_error=maybe", "; denied=x"]
)
def test_what_is_neither_generation_nor_reading_is_refused(text):
    with pytest.raises(BadInput):
        get_profile(text)
