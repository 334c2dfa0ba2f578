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


@settings(max_examples=30)
@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda b: st.lists(b) | st.dictionaries(st.text(), b), max_leaves=9
    )
)
def test_whatever_a_device_answers_is_read_or_left(answer: Any):
    assert read_contacts({"Contact": answer, "ResultInfo": answer}).total >= 0
    assert read_contacts(answer).contacts == ()


def test_a_table_is_read_by_its_head():
    text = "\ufeffTitle,NAME,Favorite,Shoe\r\nhelp,Desk,Yes,42\r\n\r\n,Elm,,\r\n"
    assert read_csv(text) == [Contact("Desk", "", "help", True), Contact("Elm")]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has to name the columns"),
        ("number\n1", "has to name the columns"),
        ("name,number\n,1", "Line 2: a contact has a name"),
        ("name\n" + "x" * (LONGEST + 1), "Line 2"),
        ("name,favourite\na,maybe", "favourite is yes or no"),
        ('name\n"open', "cannot be read"),
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
    assert arguments_of(Contact("Desk", "1", "x", True)) == {
        "Name": "Desk",
        "Number": "1",
        "Title": "x",
        "Tag": "Favorite",
    }
