"""The corpus of what is known of a device is well formed, and a device that answers otherwise is caught."""

import copy
import json
from collections import Counter
from typing import Any

import pytest

from support.truth import CORPUS, BadTruth, check_truth, decode_frame, load_truths, mismatches, xml_mismatches

MORE = {"...": "more"}
INTEGER = {"?": "integer"}


# ---- the corpus --------------------------------------------------------------------------------------


def test_every_entry_is_one():
    interfaces = Counter(truth.interface for truth in load_truths())
    assert set(interfaces) == {"websocket", "feedback", "errors", "http", "ssh", "sessions-and-limits"}
    assert min(interfaces.values()) >= 20


def test_every_generation_is_asked_on_every_interface():
    asked = {(truth.interface, one) for truth in load_truths() for one in truth.generations}
    assert len(asked) == 6 * 3


def entry(**other: Any) -> dict[str, Any]:
    good = {
        "id": "websocket/one", "source": "C[G] 2.3", "says": "It is so.", "generations": ["26"],
        "request": {"frame": {}}, "answer": {"reply": None},
    }  # fmt: skip
    return {name: one for name, one in {**good, **other}.items() if one != "none"}


def test_a_good_entry_is_taken():
    assert check_truth(entry(), "websocket").readings == {"": {"reply": None}}


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"says": "none"}, "lacks"),
        ({"id": "feedback/one"}, "id"),
        ({"generations": ["10"]}, "generations"),
        ({"generations": []}, "generations"),
        ({"source": "somewhere"}, "mark"),
        ({"source": "I 2.3"}, "not confirmed"),
        ({"readings": {"one": {"reply": None}}}, "answer or readings"),
        ({"answer": "none"}, "answer or readings"),
        ({"sockets": "fresh"}, "unknown"),
        ({"request": {"frame": {}, "text": ""}}, "one thing"),
        ({"request": {"frame": {}, "thrice": True}}, "cannot"),
        ({"answer": {}}, "no answer"),
        ({"answer": {"replie": None}}, "no answer"),
        ({"answer": {"reply": {"?": "intger"}}}, "wildcard"),
        ({"answer": {"reply": {"?": "integer", "least": 1}}}, "integer has no"),
    ],
)
def test_what_is_no_entry_is_refused(other, said):
    with pytest.raises(BadTruth, match=said):
        check_truth(entry(**other), "websocket")


def test_an_id_is_used_once(tmp_path):
    book = {"interface": "websocket", "truths": [entry(), entry()]}
    (tmp_path / "websocket.json").write_text(json.dumps(book))
    with pytest.raises(BadTruth, match="twice"):
        load_truths(tmp_path)


# ---- JSON --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        (1, 1), ("1", "1"), (None, None), (True, True), ([], []), ({}, {}), ({"a": 1}, {"a": 1}),
        ({"a?": 1}, {}), ({"a?": 1}, {"a": 1}), (MORE, {"a": 1}), ({"a": {"?": "absent"}}, {}),
        (INTEGER, 7), ({"?": "integer", "from": 1, "to": 3}, 3), ({"?": "string"}, ""), ({"?": "text"}, "a"),
        ({"?": "object"}, {}), ({"?": "anything"}, None), ({"?": "one of", "values": [1, "a"]}, "a"),
        ({"?": "not", "value": 1}, 2), ({"?": "matching", "pattern": "^a"}, "ab"),
        ({"?": "list", "each": INTEGER}, []), ({"?": "list", "each": INTEGER, "at least": 1}, [1]),
        ({"?": "list", "some": {"a": 1}}, [{"b": 1}, {"a": 1}]), ({"?": "list", "some": 1, "times": 0}, [2]),
    ],
)  # fmt: skip
def test_what_fits(pattern, value):
    assert mismatches(pattern, value) == []


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        (1, "1"), (1, True), (1, 1.0), (True, 1), (0, False), (None, False), ([], {}), ([1], []), ([1], [1, 2]),
        ({"a": 1}, {}), ({"a": 1}, {"a": 2}), ({"a": 1}, {"a": 1, "b": 1}), ({"a?": 1}, {"a": 2}), ({}, []),
        ({"a": 1, **MORE}, {"b": 1}), ({"a": {"?": "absent"}, **MORE}, {"a": None}),
        (INTEGER, "7"), (INTEGER, True), (INTEGER, 7.0), ({"?": "integer", "from": 1}, 0),
        ({"?": "integer", "to": 1}, 2), ({"?": "string"}, 7), ({"?": "text"}, " "), ({"?": "object"}, []),
        ({"a": {"?": "anything"}}, {}), ({"?": "one of", "values": [1, "a"]}, "1"), ({"?": "not", "value": 1}, 1),
        ({"?": "matching", "pattern": "^a"}, "b"), ({"?": "matching", "pattern": "1"}, 1),
        ({"?": "list", "each": INTEGER}, ["1"]), ({"?": "list", "each": INTEGER, "at least": 1}, []),
        ({"?": "list", "each": INTEGER, "at most": 1}, [1, 2]), ({"?": "list", "some": {"a": 1}}, [{"b": 1}]),
        ({"?": "list", "some": 1, "times": 0}, [1]), ({"?": "list", "some": 1, "times": 1}, [1, 1]), ({"?": "list"}, {}),
    ],
)  # fmt: skip
def test_what_does_not(pattern, value):
    assert mismatches(pattern, value) != []


def test_the_place_is_named():
    assert mismatches({"a": [{"b": 1}]}, {"a": [{"b": 2}]}) == [".a[0].b is 2, not 1"]


def replies() -> list[tuple[str, dict[str, Any]]]:
    """Each confirmed reply of the corpus that has no wildcard but in its error."""
    plain = []
    for truth in load_truths():
        reply = truth.entry.get("answer", {}).get("reply")
        if isinstance(reply, dict) and "result" in reply and '"?"' not in json.dumps(reply) and "$" not in str(reply):
            plain.append((truth.id, reply))
    return plain


def test_a_planted_wrong_answer_is_caught():
    assert len(replies()) > 50
    for name, reply in replies():
        right = json.loads(json.dumps(reply).replace('status?"', 'status"'))
        assert mismatches(reply, right) == [], name
        for key, lie in (("id", "another"), ("jsonrpc", 2.0), ("result", "a lie")):
            wrong = {**copy.deepcopy(right), key: lie}
            assert mismatches(reply, wrong) != [], (name, key)


def test_members_out_of_order_are_caught():
    assert decode_frame('{"A":1,"b":{"B":1,"a":2}}') == ({"A": 1, "b": {"B": 1, "a": 2}}, [])
    assert decode_frame('[{"a":{"id":1,"Mode":2}}]')[1] == ["members not in ASCII order: ['id', 'Mode']"]


# ---- XML ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("<a/>", "<a/>"), ("<a/>", "<a x='1'/>"), ("<a>1</a>", "<a> 1 </a>"), ("<a>?integer</a>", "<a>1</a>"),
        ("<a>?one of On|Off</a>", "<a>On</a>"), ("<a x='?matching ^c'/>", "<a x='ce'/>"),
        ("<a x='?anything'/>", "<a x=''/>"), ("<a><b/></a>", "<a><b/></a>"), ("<a>?text</a>", "<a>why</a>"),
        ("<a truth='open'><b>1</b></a>", "<a><c/><b>2</b><b>1</b></a>"), ("<a truth='open'/>", "<a>text</a>"),
    ],
)  # fmt: skip
def test_what_fits_in_xml(pattern, text):
    assert xml_mismatches(pattern, text) == []


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("<a/>", "<b/>"), ("<a/>", "<a>1</a>"), ("<a/>", "<a><b/></a>"), ("<a>1</a>", "<a>2</a>"),
        ("<a>?integer</a>", "<a>one</a>"), ("<a>?integer</a>", "<a/>"), ("<a>?one of On|Off</a>", "<a>O</a>"),
        ("<a x='1'/>", "<a/>"), ("<a x='?anything'/>", "<a/>"), ("<a x='?matching ^c'/>", "<a x='e'/>"),
        ("<a><b/></a>", "<a/>"), ("<a><b/><c/></a>", "<a><c/><b/></a>"), ("<a>?text</a>", "<a> </a>"),
        ("<a truth='open'><b>1</b></a>", "<a><b>2</b></a>"), ("<a truth='open'><b/></a>", "<a><c/></a>"),
        ("<a/>", "<a>"), ("<a/>", "Unauthorized"),
    ],
)  # fmt: skip
def test_what_does_not_in_xml(pattern, text):
    assert xml_mismatches(pattern, text) != []


def test_every_mark_is_explained():
    legend = (CORPUS / "ORIGIN.md").read_text("utf-8")
    groups = [group.split("]")[0] for truth in load_truths() for group in truth.source.split("[")[1:]]
    marks = {mark for group in groups for mark in group.split(", ")}
    assert marks > {"G", "LAB", "SCH"}
    assert [mark for mark in sorted(marks) if f"{mark}: " not in legend] == []
