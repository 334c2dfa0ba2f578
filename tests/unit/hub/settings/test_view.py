"""What the pages show, and what comes back from their forms."""

from roomgate.access.capability import Capability
from roomgate.access.offered import offered
from roomgate.hub.console.words import Words
from roomgate.hub.settings.change import Edit
from roomgate.hub.settings.setting import build_settings, parse_change
from roomgate.hub.settings.view import MOST, UNSEEN, Sent, build_list, read_sent, seen_of

EN = Words.of("en")
BASE = "/rooms/oslo/settings"


def listed(document, edits=(), held=frozenset(Capability), **more):
    settings = build_settings(document, [held], offered())
    return build_list(settings, {one.call.path: one for one in edits}, offered(), EN, base=BASE, **more)


def many(count):
    return {"Audio": {"Input": {"Ethernet": [{"id": n, "Channel": [{"id": c, "Mode": "Off"} for c in range(1, 9)]} for n in range(1, count + 1)]}}}  # fmt: skip


def test_a_long_list_comes_in_parts_that_lead_to_each_other():
    first = listed(many(12), find="channel")
    assert (len(first.rows), first.found, first.before) == (MOST, 96, "")
    assert first.after == f"{BASE}?q=channel&first=30"
    second = listed(many(12), find="channel", first=30)
    assert (len(second.rows), second.after, second.before) == (MOST, f"{BASE}?q=channel&first=60", f"{BASE}?q=channel")
    last = listed(many(12), find="channel", first=90)
    assert (len(last.rows), last.after, last.before) == (6, "", f"{BASE}?q=channel&first=60")
    assert listed(many(12), find="channel", first=9999).first == 0


def test_without_words_or_a_group_what_differs_from_its_default_is_shown():
    document = {"Audio": {"DefaultVolume": 77, "SoundsAndAlerts": {"RingVolume": 50}}}
    (row,) = listed(document).rows
    assert (row.name, row.value, row.reset) == ("Audio/DefaultVolume", "77", "50")
    assert listed(document).groups == {"Audio": 2}


def test_a_draft_stands_in_its_control_beside_the_value_that_the_device_has():
    change = Edit(parse_change("Audio/DefaultVolume", 33, offered()), "77")
    (row,) = listed({"Audio": {"DefaultVolume": 77}}, [change]).rows
    assert (row.value, row.was, row.drafted) == ("33", "77", True)


def test_a_word_of_another_generation_stays_in_its_list():
    (row,) = listed({"Audio": {"Microphones": {"NoiseRemoval": {"Mode": "Extra"}}}}, find="noise").rows
    assert row.control.options[0] == "Extra"
    assert row.was == "Extra"


def test_who_may_not_change_it_has_no_way_back_to_the_default():
    (row,) = listed({"Audio": {"DefaultVolume": 77}}, held=frozenset({Capability.AV_CONTROL})).rows
    assert (row.writable, row.reset) == (False, None)
    assert "you need: settings" in row.note


def test_only_what_was_changed_comes_out_of_a_form_and_a_blank_is_a_value():
    fields = {
        "w:A": ["1"], "v:A": ["1"], "w:B": ["1"], "v:B": ["2"], "w:C": ["1"], "v:D": ["x"],
        "w:S": [UNSEEN], "w:T": [UNSEEN], "v:T": ["new"], "csrf": ["x"],
    }  # fmt: skip
    assert read_sent(fields) == [Sent("B", "1", "2"), Sent("C", "1", ""), Sent("D", "", "x"), Sent("T", UNSEEN, "new")]
    assert [seen_of(one) for one in read_sent(fields)] == ["1", "1", "", None]
