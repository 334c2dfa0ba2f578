import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.hub.inventory.sheet import MOST_BYTES, MOST_COMPLAINTS, BadSheet, Tagging, compare, read_sheet


@pytest.mark.parametrize(
    "raw",
    [
        "name,tags\noslo,boards floor-2\nrome,\n",
        "\ufeffName;Tags\r\noslo;boards, floor-2\r\n\r\nrome;\r\n",
        "id\tname\ttags\n1\toslo\tfloor-2 BOARDS\n2\trome\t\n",
        "name,tags\noslo,boards floor-2\nrome,\n".encode("utf-16"),
        b"\xef\xbb\xbfname,tags\noslo,boards floor-2\nrome,\n",
    ],
)
def test_sheets_of_all_kinds_say_the_same(raw):
    assert read_sheet(raw) == {"oslo": {"boards", "floor-2"}, "rome": frozenset()}


def test_what_the_export_guards_is_read_back():
    assert read_sheet("name,tags\n'=oslo,a\n'quoted,b\n") == {"=oslo": {"a"}, "'quoted": {"b"}}


def test_every_complaint_is_found_with_its_line():
    with pytest.raises(BadSheet) as bad:
        read_sheet("name,tags\noslo,a\noslo,b\nrome\nriga,not/a/tag\n")
    assert [one.split(":")[0] for one in bad.value.complaints] == ["Line 3", "Line 4", "Line 5"]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("", "one column 'name'"),
        ("name,name,tags\n", "one column 'name'"),
        ("name\noslo\n", "one column 'tags'"),
        (b"name,tags\nosl\xf8,a\n", "not UTF-8"),
        ('name,tags\n"oslo,a\n', "no CSV"),
        ("x" * (MOST_BYTES + 1), "larger than"),
    ],
)
def test_what_is_no_sheet_is_refused_in_words(raw, said):
    with pytest.raises(BadSheet, match=said):
        read_sheet(raw)


def test_a_long_list_of_complaints_is_cut():
    with pytest.raises(BadSheet) as bad:
        read_sheet("name,tags\n" + "oslo,a\n" * 500)
    assert len(bad.value.complaints) == MOST_COMPLAINTS + 1
    assert "399" in bad.value.complaints[-1]


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_rubbish_is_refused_or_read_and_nothing_else(raw):
    try:
        read = read_sheet(raw)
    except BadSheet as bad:
        assert bad.complaints
    else:
        assert all(isinstance(tags, frozenset) for tags in read.values())


def test_only_what_differs_is_told():
    present = {"oslo": frozenset({"a"}), "rome": frozenset({"b"})}
    wanted = {"oslo": frozenset({"a"}), "rome": frozenset({"c"})}
    (one,) = compare(wanted, present)
    assert one == Tagging("rome", ("b",), ("c",))
    assert (one.added, one.removed) == (("c",), ("b",))


def test_rooms_that_are_not_there_are_all_named():
    with pytest.raises(BadSheet) as bad:
        compare({"x": frozenset(), "y": frozenset()}, {})
    assert bad.value.complaints == ["There is no room x.", "There is no room y."]
