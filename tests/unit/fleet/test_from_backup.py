"""A difference as a document: what it says is what comes back, and the calls are in the right order."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.access.offered import offered
from roomgate.errors import BadInput
from roomgate.fleet.backup import Contents, Macro, Panel
from roomgate.fleet.from_backup import read_document, steps_of, to_be_judged, write_document
from roomgate.fleet.restoring import Change, Difference, compare

KEPT = Contents(
    settings={"Audio/DefaultVolume": 40},
    panels={"lights": Panel('<a b="c"/>')},
    macros={"hello": Macro("say('\\n')\n", True), "quiet": Macro("x", False), "unsaid": Macro("y")},
)


def test_a_difference_becomes_a_document_that_people_can_read():
    now = Contents(settings={"Audio/DefaultVolume": 50})
    text = write_document("oslo", compare(KEPT, now, offered()))
    assert text.splitlines()[:2] == ['[room."oslo".settings]', '"Audio/DefaultVolume" = 40']
    assert tomllib.loads(text)["room"]["oslo"]["macros"]["hello"] == {"code": "say('\\n')\n", "active": True}
    part = read_document(text).room["oslo"]
    assert (part.panels, part.macros) == (KEPT.panels, KEPT.macros)


def test_the_calls_are_in_order_and_such_as_the_catalogue_takes():
    now = Contents(settings={"Audio/DefaultVolume": 50})
    part = read_document(write_document("oslo", compare(KEPT, now, offered()))).room["oslo"]
    steps = steps_of(part)
    assert [(one.what, one.path.rpartition("/")[2]) for one in steps] == [
        ("setting Audio/DefaultVolume", "DefaultVolume"), ("panel lights", "Save"), ("macro hello", "Save"),
        ("macro hello", "Activate"), ("macro quiet", "Save"), ("macro quiet", "Deactivate"), ("macro unsaid", "Save"),
    ]  # fmt: skip
    for one in steps:
        assert offered().canonical(one.verb, one.path, one.arguments, one.body)
    assert to_be_judged(steps)[0] == {
        "verb": "set", "path": "Configuration/Audio/DefaultVolume", "arguments": {"Value": 40},
    }  # fmt: skip


def test_no_difference_is_an_empty_document():
    assert write_document("oslo", compare(KEPT, KEPT, offered())) == ""
    assert read_document("").room == {}


@pytest.mark.parametrize(
    "text", ["[", "room = 1", "[room.oslo.settings]\na = []", "[other]\nx = 1", "a = " + "[" * 999]
)
def test_rubbish_is_refused_in_words(text: str):
    with pytest.raises(BadInput, match="cannot be read"):
        read_document(text)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(TEXT, TEXT, TEXT, st.sampled_from([None, True, False]))
def test_whatever_the_texts_hold_comes_back(room: str, name: str, text: str, active: bool | None):
    made = Difference(
        (Change("setting", name, None, text), Change("panel", name, None, text), Change("macro", name, "", text, active=active)),
        (), (), (), 0,
    )  # fmt: skip
    part = read_document(write_document(room, made)).room[room]
    assert part.settings == {name: text}
    assert part.panels == {name: Panel(text)}
    assert part.macros == {name: Macro(text, active)}
