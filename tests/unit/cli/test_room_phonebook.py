"""The verbs of the phone book: what they ask of the hub, and what they say."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.cli import Answer, BookHub, Said, ok, problem, run

DESK = {
    "ContactId": "local-1",
    "Name": "Help desk",
    "Tag": "Favorite",
    "FolderId": "f1",
    "ContactMethod": [{"Number": "1@example.com"}],
}


@pytest.fixture(autouse=True)
def closed(one_book: BookHub) -> Iterator[None]:
    """The book hub is everybody's: it answers as before afterwards."""
    yield
    one_book.by = None


class Room:
    """A room whose phone book has one contact; ``full``: it takes no more."""

    def __init__(self, book: BookHub, *, full: bool = False) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.full = full
        book.by = self.answer

    def answer(self, said: Said) -> Answer:
        wish = json.loads(said.body)
        name = wish["command"].removeprefix("Phonebook ")
        if name == "Search" and wish["arguments"]["ContactType"] == "Folder":
            found = {"ResultInfo": {"TotalRows": 1}, "Folder": [{"FolderId": "f1", "Name": "Desks"}]}
            return ok({"outcome": "done", "result": found, "words": ""})
        if name == "Search":
            found = {"ResultInfo": {"TotalRows": 1}, "Contact": [DESK]} if wish["arguments"]["Offset"] == 0 else {}
            return ok({"outcome": "done", "result": found, "words": ""})
        self.asked.append((name, wish["arguments"]))
        if self.full:
            return problem(409, "ask.failed", "The book is full.")
        return ok({"outcome": "done", "result": {"Name": "local-9"}, "words": ""})


def test_the_book_is_listed_and_carried_out(book: BookHub):
    Room(book)
    assert "Help desk" in run("room", "phonebook", "list", "oslo", "help", "--favourites", "--folder", "Desks").out
    assert json.loads(book.asked[-1].body)["arguments"] == {
        "PhonebookType": "Local", "ContactType": "Contact", "Offset": 0, "Limit": 200, "SearchString": "help",
        "Tag": "Favorite", "FolderId": "f1",
    }  # fmt: skip
    assert run("room", "phonebook", "list", "oslo", "--folder", "Doors").code == 1
    assert "Desks" in run("room", "phonebook", "folders", "oslo").out
    assert run("room", "phonebook", "export", "oslo").out == (
        "name,number,title,favourite,folder\nHelp desk,1@example.com,,yes,Desks\n"
    )
    assert run("room", "phonebook", "export", "oslo", "--json").json[0]["id"] == "local-1"


def test_contacts_are_added_marked_and_removed(book: BookHub):
    room = Room(book)
    assert (
        run("room", "phonebook", "add", "oslo", "Elm", "2@example.com", "--favourite", "--folder", "Desks/Night").code
        == 0
    )
    assert run("room", "phonebook", "move", "oslo", "local-1").out == "local-1 is in no folder now.\n"
    assert (
        run("room", "phonebook", "remove-folder", "oslo", "Desks").out == "Desks is gone from the phone book of oslo.\n"
    )
    assert run("room", "phonebook", "favourite", "oslo", "local-1", "--off").out == "local-1 is no favourite now.\n"
    assert run("room", "phonebook", "remove", "oslo", "local-1", "--json").json == {"removed": "local-1"}
    assert room.asked == [
        ("Folder Add", {"Name": "Night", "ParentFolderId": "f1"}),
        ("Contact Add", {"FolderId": "local-9", "Name": "Elm", "Number": "2@example.com", "Tag": "Favorite"}),
        ("Contact Modify", {"ContactId": "local-1", "FolderId": ""}),
        ("Folder Delete", {"FolderId": "f1"}),
        ("Contact Modify", {"ContactId": "local-1", "Tag": "Untagged"}),
        ("Contact Delete", {"ContactId": "local-1"}),
    ]


def test_a_table_adds_what_is_missing_and_a_no_is_told(book: BookHub, tmp_path: Path):
    file = tmp_path / "book.csv"
    file.write_text("name,number\nHelp desk,1@example.com\nElm,2@example.com\n")
    room = Room(book)
    assert run("room", "phonebook", "load", "oslo", str(file)).out == "oslo: 1 of 2 added, the others were there.\n"
    assert [arguments["Name"] for _, arguments in room.asked] == ["Elm"]
    Room(book, full=True)
    done = run("room", "phonebook", "load", "oslo", str(file), "--json")
    assert (done.code, done.json["added"], "The book is full." in done.json["left"]) == (1, 0, True)
    file.write_text("number\n1")
    assert run("room", "phonebook", "load", "oslo", str(file)).code == 2


def test_what_waits_for_the_room_is_no_answer(book: BookHub):
    book.by = lambda _: ok({"outcome": "waiting", "result": None, "words": "The room is being asked."})
    done = run("room", "phonebook", "remove", "oslo", "local-1")
    assert (done.code, "The room is being asked." in done.err) == (1, True)
