import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.xapi.errors import InvalidPath
from roomgate.xapi.path import Path
from roomgate.xapi.tree import difference, expand, leaves, lookup, member_id, merge, prune, touches

names = st.sampled_from(["Audio", "Call", "Volume", "Name", "Mode"])
scalars = st.one_of(st.integers(0, 3), st.sampled_from(["On", "Off", ""]))


def lists_of(inner):
    return st.dictionaries(
        st.integers(1, 4), st.dictionaries(names, inner, min_size=1, max_size=2), min_size=1, max_size=3
    ).map(lambda members: [{**one, "id": number} for number, one in members.items()])


nodes = st.recursive(
    scalars,
    lambda inner: st.one_of(st.dictionaries(names, inner, min_size=1, max_size=3), lists_of(inner)),
    max_leaves=8,
)
documents = st.dictionaries(st.sampled_from(["Status", "Configuration"]), nodes, max_size=2)

CALLS = {
    "Status": {
        "Audio": {"Volume": 40, "Microphones": {"Mute": "Off"}},
        "Call": [{"id": 12, "Status": "Connected", "DisplayName": "Ada"}, {"id": 7, "Status": "OnHold"}],
        "Peripherals": {},
    }
}


def ordered(node):
    """Lists have no order of their own: members go by id."""
    if isinstance(node, dict):
        return {name: ordered(value) for name, value in node.items()}
    if isinstance(node, list):
        return sorted((ordered(one) for one in node), key=lambda one: one["id"])
    return node


def test_lookup_by_names_and_ids():
    assert lookup(CALLS, ("Status", "Audio", "Volume")) == 40
    assert lookup(CALLS, ("Status", "Call", 7, "Status")) == "OnHold"
    assert lookup(CALLS, ("Status", "Call", 1)) is None
    assert lookup(CALLS, ("Status", "Audio", "Volume", "More")) is None
    assert lookup(CALLS, ("Status", "Audio", 1)) is None


def test_feedback_changes_only_what_it_names():
    merged = merge(CALLS, {"Status": {"Audio": {"Volume": 10}, "Call": [{"id": 7, "Status": "Connected"}]}})
    assert lookup(merged, ("Status", "Audio")) == {"Volume": 10, "Microphones": {"Mute": "Off"}}
    assert lookup(merged, ("Status", "Call", 7)) == {"id": 7, "Status": "Connected"}
    assert lookup(merged, ("Status", "Call", 12, "DisplayName")) == "Ada"


def test_ghosts_remove_members_and_the_last_one_the_list():
    one = merge(CALLS, {"Status": {"Call": [{"id": 12, "ghost": "True"}]}})
    assert lookup(one, ("Status", "Call")) == [{"id": 7, "Status": "OnHold"}]
    none = merge(one, {"Status": {"Call": [{"id": "7", "ghost": "True"}]}})
    assert "Call" not in none["Status"]
    assert merge(none, {"Status": {"Call": [{"id": 99, "ghost": "True"}]}}) == none


@given(documents, documents)
def test_merging_the_difference_gives_the_new_document(old, new):
    before = copy.deepcopy(old), copy.deepcopy(new)
    assert ordered(merge(old, difference(old, new))) == ordered(new)
    assert (old, new) == before


@given(documents)
def test_no_difference_to_oneself(document):
    assert difference(document, copy.deepcopy(document)) == {}


@given(documents)
def test_every_leaf_is_where_it_says(document):
    for path, value in leaves(document):
        assert lookup(document, path.parts) == value


def test_leaves_of_a_relative_answer():
    volume = Path.parse("Status/Audio")
    assert [(str(path), value) for path, value in leaves({"Volume": 40}, volume)] == [("Status/Audio/Volume", 40)]
    assert [str(path) for path, _ in leaves(40, Path.parse("Status/Audio/Volume"))] == ["Status/Audio/Volume"]


def test_an_event_without_members_is_a_leaf():
    pressed = {"Event": {"Audio": {"UsbHeadset": {"CallButton": {}}}}}
    assert [str(path) for path, _ in leaves(pressed)] == ["Event/Audio/UsbHeadset/CallButton"]
    assert prune(pressed, None, lambda path: True) == pressed
    assert prune(pressed, None, lambda path: False) is None


@given(documents, st.integers(0, 2**16))
def test_only_permitted_leaves_stay(document, seed):
    def keep(path):
        return hash((seed, path.words)) % 2 == 0

    kept = [(path, value) for path, value in leaves(document) if keep(path)]
    assert list(leaves(prune(document, None, keep) or {})) == kept


def test_pruned_lists_keep_their_ids_and_their_ghosts():
    allowed = Path.parse("Status/Call/Status")
    kept = prune(CALLS["Status"]["Call"], Path.parse("Status/Call"), allowed.covers)
    assert kept == [{"id": 12, "Status": "Connected"}, {"id": 7, "Status": "OnHold"}]
    gone = {"Status": {"Call": [{"id": 12, "ghost": "True", "DisplayName": "Ada"}]}}
    assert prune(gone, None, Path.parse("Status/Call").covers) == {"Status": {"Call": [{"id": 12, "ghost": "True"}]}}
    assert prune(gone, None, allowed.covers) is None


def test_one_value_as_a_document():
    assert expand(Path.parse("Status/Call/12/Status"), "OnHold") == {
        "Status": {"Call": [{"Status": "OnHold", "id": 12}]}
    }
    assert expand(Path.parse("Status/Call/12"), {"Status": "OnHold"}) == {
        "Status": {"Call": [{"Status": "OnHold", "id": 12}]}
    }
    with pytest.raises(InvalidPath):
        expand(Path.parse("Status/Call/12"), "OnHold")


@pytest.mark.parametrize("member", [{}, {"id": None}, {"id": True}, {"id": "x"}, {"id": "9" * 12}, "id", None])
def test_what_is_no_member(member):
    assert member_id(member) is None


@given(documents, st.lists(documents, max_size=4), st.frozensets(names), st.frozensets(st.integers(1, 4)))
def test_the_difference_of_what_is_kept_turns_one_into_the_other(document, feedbacks, dropped, gone):
    def keep(path):
        return not dropped & set(path.words)

    other = prune(document, None, keep) or {}
    for feedback in feedbacks:
        change = feedback | {"Status": feedback.get("Status", {})} if not gone else ghosts(document, gone)
        old, document = document, merge(document, change)
        told = difference(old, document, keep)
        other = merge(other, told)
        assert ordered(other) == ordered(prune(document, None, keep) or {})
        assert difference(document, copy.deepcopy(document), keep) == {}


@given(documents, documents, st.frozensets(names), st.frozensets(st.integers(1, 4)))
def test_what_touches_nothing_that_is_kept_changes_nothing_of_it(document, feedback, dropped, gone):
    def keep(path):
        return not dropped & set(path.words)

    for change in (feedback, ghosts(document, gone), {"Status": {"Audio": {"ghost": "True"}}}):
        if not touches(change, document, keep):
            assert prune(merge(document, change), None, keep) == prune(document, None, keep)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"Audio": {"Volume": 41}}, True),
        ({"Peripherals": {"Name": "x"}}, False),
        ({"Peripherals": {"Name": {"A": "x"}}}, False),
        ({"Call": [{"id": 12, "DisplayName": "Bob"}]}, False),
        ({"Call": [{"id": 12, "ghost": "True"}]}, True),
        ({"Call": [{"id": 12, "Status": "OnHold"}]}, True),
        ({"Call": [{"DisplayName": "Bob"}]}, True),
        ({"Call": "none"}, True),
        ({"Audio": {"ghost": "True"}}, True),
        ({"Audio": "none"}, True),
        ({"Audio": {}}, True),
    ],
)
def test_what_a_change_touches(change, expected):
    def keep(path):
        return path.words[-1] in ("Volume", "Status")

    assert touches({"Status": change}, CALLS, keep) is expected


@given(documents, documents, st.frozensets(names))
def test_the_difference_of_what_is_kept_between_any_two(old, new, dropped):
    def keep(path):
        return not dropped & set(path.words)

    told = difference(old, new, keep)
    assert ordered(merge(prune(old, None, keep) or {}, told)) == ordered(prune(new, None, keep) or {})
    assert all(keep(path) for path, _ in leaves(told))


def ghosts(node, numbers):
    """The feedback by which the members with these numbers go away."""
    if isinstance(node, list):
        return [{"id": number, "ghost": "True"} for number in numbers]
    inner = {name: ghosts(value, numbers) for name, value in node.items() if isinstance(value, dict | list)}
    return {name: value for name, value in inner.items() if value}


def test_only_what_changed_is_looked_at():
    looked = []

    def keep(path):
        looked.append(str(path))
        return path.words[:1] == ("Audio",)

    changed = merge(CALLS, {"Status": {"Audio": {"Volume": 41}, "Peripherals": {"Name": "x"}}})
    assert difference(CALLS, changed, keep) == {"Status": {"Audio": {"Volume": 41}}}
    assert set(looked) == {"Status/Audio/Volume", "Status/Peripherals/Name"}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ({"Call": [{"id": 1, "Mode": 1, "Name": "a"}]}, {"Call": [{"id": 1, "Name": "a"}]}, {"id": 1, "ghost": "True"}),
        ({"Call": [{"id": 1, "Mode": 1, "Name": "a"}]}, {"Call": [{"id": 2, "Name": "a"}]}, {"id": 1, "ghost": "True"}),
        ({"Call": [{"id": 1, "Name": "a"}]}, {"Call": [{"id": 1, "Name": "b", "Mode": 1}]}, {"id": 1, "Mode": 1}),
        ({"Call": [{"id": 1, "Name": "a"}]}, {"Call": [{"id": 2, "Name": "a"}]}, None),
        ({"Call": [{"id": 1, "Name": "a"}]}, {}, None),
    ],
)
def test_a_member_of_which_nothing_is_kept_any_more_goes(old, new, told):
    def keep(path):
        return path.words[-1] != "Name"

    change = difference({"Status": old}, {"Status": new}, keep)
    assert change == ({} if told is None else {"Status": {"Call": [told]}})


def test_members_without_a_number_are_told_all_together():
    def keep(path):
        return path.words[-1] != "Name"

    before, after = [{"Name": "a"}, {"Mode": 1}], [{"Mode": 1}, {"Name": "b"}]
    assert difference({"Status": {"Call": before}}, {"Status": {"Call": after}}, keep) == {}
    assert difference({"Status": {"Call": before}}, {"Status": {"Call": [{"Mode": 2}]}}, keep) == {
        "Status": {"Call": [{"Mode": 2}]}
    }


def test_equal_texts_are_one_object_in_all_documents():
    one, other = (merge({}, {"Status": {"Standby": {"State": "".join(["Half", "wake"])}}}) for _ in range(2))
    assert one["Status"]["Standby"]["State"] is other["Status"]["Standby"]["State"]
