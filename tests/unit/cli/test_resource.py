import pytest
from cyclopts import App

from roomgate.cli.resource import Resource, add_list, add_remove, add_show
from roomgate.errors import NotFound
from support.cli import BookHub, ok

pytestmark = pytest.mark.xdist_group("cli")

WHOLE = Resource("thing", "things", ["id", "name"], "No things yet.", "thing_1", alone=False)
ALONE = Resource("thing", "things", ["id", "name"], "No things yet.", "thing_1")
ITEMS = {"items": [{"id": "thing_1", "name": "one"}, {"id": "thing_2", "name": "two"}], "next": None}


def app(resource: Resource) -> App:
    made = App(name="thing")
    add_list(made, resource)
    add_show(made, resource)
    add_remove(made, resource, "Remove it.")
    return made


def call(made: App, *words: str) -> None:
    made(list(words), exit_on_error=False, result_action="return_value")


def test_a_list_is_a_table_or_json(book: BookHub, capsys):
    book.answer(ok(ITEMS))
    call(app(ALONE), "list")
    assert [line.split() for line in capsys.readouterr().out.splitlines()][1:] == [
        ["thing_1", "one"],
        ["thing_2", "two"],
    ]
    call(app(ALONE), "list", "--json")
    assert '"thing_2"' in capsys.readouterr().out
    book.answer(ok({"items": [], "next": None}))
    call(app(ALONE), "list")
    assert capsys.readouterr().out == "No things yet.\n"


def test_one_is_shown_by_itself_where_the_hub_gives_it(book: BookHub, capsys):
    book.answer(ok(ITEMS["items"][0]))
    call(app(ALONE), "show", "thing 1")
    assert book.asked[0].path == "/api/v1/things/thing%201"
    assert "one" in capsys.readouterr().out


def test_one_is_found_among_all_where_it_does_not(book: BookHub, capsys):
    book.answer(ok(ITEMS))
    for name in ("two", "thing_2"):
        call(app(WHOLE), "show", name, "--json")
        assert '"thing_2"' in capsys.readouterr().out
    with pytest.raises(NotFound, match="no thing three") as no:
        call(app(WHOLE), "show", "three")
    assert "thing list" in no.value.hint


def test_removing_says_when_it_is_done(book: BookHub, capsys):
    book.answer((204, {}, b""))
    call(app(ALONE), "remove", "thing_1")
    assert (book.asked[0].method, book.asked[0].path) == ("DELETE", "/api/v1/things/thing_1")
    assert capsys.readouterr().out == "thing_1 is gone, and what it opened is cut.\n"
    call(app(ALONE), "remove", "thing_1", "--json")
    assert capsys.readouterr().out == '{"removed": "thing_1"}\n'
