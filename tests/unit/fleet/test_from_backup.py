"""A difference as a document: a plan that is made of it does what the difference says."""

import json

from hypothesis import given
from hypothesis import strategies as st

from roomgate.access.offered import offered
from roomgate.fleet.backup import Contents, Macro, Panel
from roomgate.fleet.difference import difference
from roomgate.fleet.document import parse_document
from roomgate.fleet.from_backup import write_document
from roomgate.fleet.notation import read_tables
from roomgate.fleet.reading import Present
from roomgate.fleet.restoring import Change, Difference, compare

PICTURE = "iVBORw0KGgo="
KEPT = Contents(
    settings={"Audio/DefaultVolume": 40},
    panels={"lights": Panel("<Extensions><Panel><Name>Lights</Name></Panel></Extensions>")},
    branding={"Background": PICTURE},
    macros={"hello": Macro("say('\\n')\n", True), "quiet": Macro("x", False), "unsaid": Macro("y")},
)


def test_a_plan_of_it_makes_the_same_changes_in_their_order():
    text = write_document(
        "oslo", compare(KEPT, Contents(settings={"Audio/DefaultVolume": 50}), offered()), "Back again"
    )
    document = parse_document(read_tables(text), offered())
    assert (document.name, document.everything.settings, list(document.room)) == ("Back again", {}, ["oslo"])
    present = Present({"Audio/DefaultVolume": 50}, macros={}, panels={}, branding={"Background": ""})
    steps = difference(document.room["oslo"], present, offered())
    assert [(one.what, one.path.rpartition("/")[2]) for one in steps] == [
        ("Audio/DefaultVolume", "DefaultVolume"), ("lights", "Save"), ("Background", "Upload"), ("hello", "Save"),
        ("hello active", "Activate"), ("quiet", "Save"), ("unsaid", "Save"),
    ]  # fmt: skip
    bodies = [one.call(offered(), document.bodies()).body for one in steps]
    assert bodies == [None, KEPT.panels["lights"].xml, PICTURE, "say('\\n')\n", None, "x", "y"]


def test_no_difference_is_no_document():
    assert write_document("oslo", compare(KEPT, KEPT, offered())) == ""


@given(st.text(max_size=20), st.text(max_size=20), st.sampled_from([None, True, False]))
def test_whatever_the_texts_hold_comes_back(room: str, text: str, active: bool | None):
    made = Difference(
        (Change("setting", "a", None, text), Change("panel", "b", None, text), Change("macro", "c", "", text, active=active)),
        (), (), (), 0,
    )  # fmt: skip
    said = {} if active is None else {"active": active}
    assert json.loads(write_document(room, made, text)) == {
        "name": text,
        "room": {
            room: {"settings": {"a": text}, "panels": {"b": {"xml": text}}, "macros": {"c": {"code": text, **said}}}
        },
    }
