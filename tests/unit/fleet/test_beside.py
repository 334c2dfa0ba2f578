import pytest

from roomgate.errors import BadInput
from roomgate.fleet.beside import read_in

FILES = {"a.js": b"\xef\xbb\xbf1;", "p.xml": b"<Extensions/>", "w.png": b"\x89PNG", "bad.js": b"\xff"}


def test_each_file_takes_the_place_of_its_name_wherever_the_document_names_it():
    tables = {
        "everything": {"macros": {"a": {"file": "a.js", "active": True}}, "settings": {"x": 1}},
        "tag": {"t": {"panels": {"p": {"file": "p.xml"}}, "branding": {"Background": {"file": "w.png"}}}},
        "room": {"attic": {"macros": {"a": {"absent": True}}}},
    }
    read_in(tables, FILES.__getitem__)
    assert tables["everything"]["macros"] == {"a": {"code": "1;", "active": True}}
    assert tables["tag"]["t"] == {
        "panels": {"p": {"xml": "<Extensions/>"}}, "branding": {"Background": {"image": "iVBORw=="}},
    }  # fmt: skip


def test_what_is_no_document_is_left_for_whoever_reads_it():
    for tables in ({"everything": []}, {"tag": {"t": 1}}, {"everything": {"macros": {"a": "b"}, "branding": []}}):
        read_in(tables, FILES.__getitem__)


def test_a_macro_is_text():
    with pytest.raises(BadInput, match=r"bad\.js: this file is no text"):
        read_in({"everything": {"macros": {"a": {"file": "bad.js"}}}}, FILES.__getitem__)
