"""The phone book by asks, to a simulated device's own: so that the two agree."""

from typing import Any

import pytest

from roomgate.access.offered import offered
from roomgate.errors import Conflict
from roomgate.hub.phonebook import service
from roomgate.hub.phonebook.contacts import Contact
from roomgate.hub.relay.asked import Wish
from support.simulated import DAILY, Talk

pytestmark = pytest.mark.asyncio


class Book:
    """Asks that a simulated device answers."""

    def __init__(self) -> None:
        self.talk = Talk.open(DAILY)
        self.most = 10_000

    async def ask(self, wish: Wish) -> Any:
        call = offered().canonical(wish.verb, wish.path, wish.arguments)
        if "Add" in call.path.words:
            self.most -= 1
            if self.most < 0:
                raise Conflict("No more.")
        return self.talk.result("/".join(("xCommand", *call.path.words)), **dict(call.arguments))


async def test_contacts_are_found_added_marked_and_removed():
    book = Book()
    assert (await service.search(book.ask, "elm")).contacts[0].number == "elm@rooms.example.com"
    await service.add(book.ask, Contact("New", "new@example.com", "x", True))
    [new] = (await service.search(book.ask, favourites=True)).contacts
    assert (new.name, new.number, new.title) == ("New", "new@example.com", "x")
    await service.set_favourite(book.ask, new.id, False)
    assert (await service.search(book.ask, favourites=True)).contacts == ()
    await service.remove(book.ask, new.id)
    assert (await service.search(book.ask, "new")).contacts == ()


async def test_a_table_is_added_once_and_a_no_stops_it():
    book = Book()
    table = [Contact(f"n{n}", f"{n}@example.com") for n in range(4)]
    book.most = 2
    assert await service.load(book.ask, table) == service.Loaded(2, 0, "n2: No more.")
    book.most = 9
    assert await service.load(book.ask, [*table, table[0]]) == service.Loaded(2, 3)
    assert len(await service.everything(book.ask)) == 4 + 4


async def test_folders_are_made_where_they_are_missing_and_removed_when_they_are_empty(monkeypatch: pytest.MonkeyPatch):
    book = Book()
    monkeypatch.setattr(service, "_STEP", 1)  # more than a page of them
    table = [Contact("a", folder="Desks/Night"), Contact("b", folder="Desks"), Contact("c", folder="Desks/Night")]
    assert await service.load(book.ask, table) == service.Loaded(3, 0)
    desks, night = await service.list_folders(book.ask)
    assert (desks.place, night.place) == ("Desks", "Desks/Night")
    placed = {one.name: one.folder for one in await service.everything(book.ask, folder=desks.id)}
    assert placed == {"a": "Desks/Night", "b": "Desks", "c": "Desks/Night"}
    id = await service.add(book.ask, Contact("d", folder="Desks"))
    await service.move(book.ask, id, "Doors")
    assert [one.name for one in await service.everything(book.ask, folder=night.id)] == ["a", "c"]
    for one in await service.everything(book.ask):
        await service.move(book.ask, one.id, "")
    for folder in (night, desks):
        await service.remove_folder(book.ask, folder.id)
    assert [one.place for one in await service.list_folders(book.ask)] == ["Doors"]


async def test_the_whole_book_is_more_than_a_page(monkeypatch: pytest.MonkeyPatch):
    book = Book()
    monkeypatch.setattr(service, "_STEP", 3)
    assert [one.name for one in await service.everything(book.ask)] == [
        "Help desk",
        "Reception",
        "Room Elm",
        "Room Oslo",
    ]
    monkeypatch.setattr(service, "MOST", 3)
    assert len(await service.everything(book.ask)) == 3
