"""Contacts out of a device's answers, and in and out of CSV."""

import csv
import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomgate.errors import BadInput
from roomgate.hub.phonebook.contacts import (
    COLUMNS,
    LONGEST,
    MOST_ROWS,
    Contact,
    arguments_of,
    read_contacts,
    read_csv,
    read_folders,
    rows_of,
)

ROW = {
    "id": 1,
    "ContactId": "local-1",
    "Name": "Desk",
    "Tag": "Favorite",
    "ContactMethod": [{"Number": "1@example.com"}],
}


def test_an_answer_is_contacts_and_how_many_there_are():
    found = read_contacts(
        {"ResultInfo": {"TotalRows": "7"}, "Contact": [ROW, {"Name": "no id"}, 7, {"ContactId": "x"}]}
    )
    assert found.contacts == (Contact("Desk", "1@example.com", "", True, "local-1"), Contact("", id="x"))
    assert (found.total, read_contacts({"Contact": ROW}).total) == (7, 1)


def test_folders_have_places_and_contacts_are_in_them():
    rows = [
        {"FolderId": "2", "Name": "Night", "ParentFolderId": "1"}, {"FolderId": "1", "Name": "Desks"}, {"Name": "none"},
        {"FolderId": "3", "Name": "round", "ParentFolderId": "4"}, {"FolderId": "4", "Name": "about", "ParentFolderId": "3"},
    ]  # fmt: skip
    folders = read_folders([{"Folder": rows[:2]}, {"Folder": rows[2:]}, None])
    assert [(one.id, one.place) for one in folders] == [
        ("3", "about/round"), ("1", "Desks"), ("2", "Desks/Night"), ("4", "round/about"),
    ]  # fmt: skip
    [desk] = read_contacts({"Contact": {**ROW, "FolderId": "2"}}, folders).contacts
    assert desk.folder == "Desks/Night"


@settings(max_examples=30)
@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda b: st.lists(b) | st.dictionaries(st.text(), b), max_leaves=9
    )
)
def test_whatever_a_device_answers_is_read_or_left(answer: Any):
    assert read_contacts({"Contact": answer, "ResultInfo": answer}).total >= 0
    assert read_contacts(answer).contacts == ()
    assert all(one.id for one in read_folders([{"Folder": answer}]))


def test_a_table_is_read_by_its_head():
    text = "\ufeffTitle,NAME,Favorite,Shoe,folder\r\nhelp,Desk,Yes,42,\r\n\r\n,Elm,,,Desks / Night/\r\n"
    assert read_csv(text) == [Contact("Desk", "", "help", True), Contact("Elm", folder="Desks/Night")]


@pytest.mark.parametrize("part", [";", "\t"])
def test_a_table_may_be_parted_as_other_languages_have_it(part: str):
    text = f"name{part}number\r\nDesk, left{part}1\r\n"
    assert read_csv(text) == [Contact("Desk, left", "1")]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has to name the columns"),
        ("number\n1", "has to name the columns"),
        ("name,number\n,1", "Line 2: a contact has a name"),
        ("name\n" + "x" * (LONGEST + 1), "Line 2"),
        ("name,favourite\na,maybe", "favourite is yes or no"),
        ('name\n"open', "cannot be read"),
        ("name,folder\na,1/2/3/4/5/6", "at most 5 deep"),
        ("name\n" + "x\n" * (MOST_ROWS + 1), "At most"),
    ],
)
def test_a_table_that_cannot_be_followed_says_where(text: str, says: str):
    with pytest.raises(BadInput, match=says):
        read_csv(text)


@settings(max_examples=30)
@given(st.text(max_size=200))
def test_rubbish_raises_only_our_error(text: str):
    try:
        assert all(one.name for one in read_csv(text))
    except BadInput as bad:
        assert bad.message


WORD = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=12)


@settings(max_examples=30)
@given(st.lists(st.builds(Contact, WORD, WORD, WORD, st.booleans()), max_size=5))
def test_what_is_carried_out_comes_in_again(contacts: list[Contact]):
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in rows_of(tuple(contacts)):  # as a page exports it
        writer.writerow([f"'{cell}" if cell.startswith(("=", "+", "-", "@")) else cell for cell in row])
    kept = [one for one in contacts if not one.name.startswith("'")]
    if len(kept) == len(contacts) and not any(w.startswith("'") for one in contacts for w in (one.number, one.title)):
        assert read_csv(out.getvalue()) == contacts


def test_what_is_not_given_is_not_sent():
    assert arguments_of(Contact("Desk")) == {"Name": "Desk", "Tag": "Untagged"}
    assert arguments_of(Contact("Desk", "1", "x", True), "2") == {
        "FolderId": "2",
        "Name": "Desk",
        "Number": "1",
        "Title": "x",
        "Tag": "Favorite",
    }
