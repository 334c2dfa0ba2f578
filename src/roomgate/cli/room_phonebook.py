"""A room's own phone book: looked into, kept up, and carried as CSV. Each verb is an ordinary ask."""

from asyncio import run
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from roomgate.cli.api import Api, at
from roomgate.cli.exits import DONE, NO, SaysNo
from roomgate.cli.files import read_sheet
from roomgate.cli.output import Json, say, show_json, tell, tell_rows
from roomgate.errors import NotFound

if TYPE_CHECKING:  # loaded by the verbs that use it
    from roomgate.hub.phonebook.contacts import Contact
    from roomgate.hub.phonebook.service import Ask
    from roomgate.hub.relay.asked import Wish

app = App(name="phonebook", help="A room's own phone book and its favourites.")

Favourites = Annotated[bool, Parameter(help="favourites alone")]
Folder = Annotated[str, Parameter(help="its place, such as Desks/Night; made where it is missing")]


def _asking(api: Api, room: str) -> "Ask":
    """The hub's own words for a phone book, by asks over its API."""

    async def ask(wish: "Wish") -> Any:
        said = {"command": str(wish.path).removeprefix("Command/").replace("/", " "), "arguments": dict(wish.arguments)}
        answer = api.call("POST", at("rooms", room, "asks"), said, {"Prefer": "wait=30"})
        if answer["outcome"] != "done":
            raise SaysNo("ask.waiting", f"{room}: {answer['outcome']}. {answer.get('words') or ''}".strip())
        return answer["result"]

    return ask


def _row(one: "Contact") -> dict[str, Any]:
    return {
        "id": one.id, "name": one.name, "number": one.number, "title": one.title, "favourite": one.favourite,
        "folder": one.folder,
    }  # fmt: skip


@app.command(name="list")
def list_(
    room: str, find: str = "", /, *, favourites: Favourites = False, folder: str = "", json: Json = False
) -> None:
    """The contacts of the room's own phone book, or those that match.

    Example: ``roomgate room phonebook list oslo desk``

    Parameters
    ----------
    find
        a part of a name or number
    folder
        only what is in this one, by its place, or below it
    """
    from roomgate.hub.phonebook import service

    ask = _asking(Api.from_profile(), room)
    found = run(service.everything(ask, find, favourites=favourites, folder=run(_there(ask, folder)) if folder else ""))
    rows = [_row(one) for one in found]
    empty = f"No such contact. `roomgate room phonebook add {room} NAME NUMBER` makes one."
    tell_rows(rows, ["id", "name", "number", "title", "favourite", "folder"], empty=empty, json=json)


@app.command
def add(
    room: str,
    name: str,
    number: str,
    /,
    *,
    title: str = "",
    favourite: bool = False,
    folder: Folder = "",
    json: Json = False,
) -> None:
    """Add a contact.

    Example: ``roomgate room phonebook add oslo "Help desk" helpdesk@example.com --favourite``

    Parameters
    ----------
    title
        a word about them
    favourite
        show it among the favourites
    """
    from roomgate.hub.phonebook import service
    from roomgate.hub.phonebook.contacts import Contact

    made = run(service.add(_asking(Api.from_profile(), room), Contact(name, number, title, favourite, folder=folder)))
    tell({"contact": made}, f"{name} is in the phone book of {room}.", json=json)


@app.command
def favourite(room: str, contact: str, /, *, off: bool = False, json: Json = False) -> None:
    """Make a contact a favourite, or none any more.

    Example: ``roomgate room phonebook favourite oslo local-2``

    Parameters
    ----------
    contact
        its id, as `roomgate room phonebook list` shows it
    off
        it is none any more
    """
    from roomgate.hub.phonebook import service

    run(service.set_favourite(_asking(Api.from_profile(), room), contact, not off))
    tell({"contact": contact, "favourite": not off}, f"{contact} is {'no' if off else 'a'} favourite now.", json=json)


@app.command
def remove(room: str, contact: str, /, *, json: Json = False) -> None:
    """Remove a contact.

    Example: ``roomgate room phonebook remove oslo local-2``

    Parameters
    ----------
    contact
        its id, as `roomgate room phonebook list` shows it
    """
    from roomgate.hub.phonebook import service

    run(service.remove(_asking(Api.from_profile(), room), contact))
    tell({"removed": contact}, f"{contact} is gone from the phone book of {room}.", json=json)


@app.command
def move(room: str, contact: str, folder: Folder = "", /, *, json: Json = False) -> None:
    """Put a contact into a folder; without one, out of all folders.

    Example: ``roomgate room phonebook move oslo local-2 Desks/Night``

    Parameters
    ----------
    contact
        its id, as `roomgate room phonebook list` shows it
    """
    from roomgate.hub.phonebook import service

    run(service.move(_asking(Api.from_profile(), room), contact, folder))
    tell({"contact": contact, "folder": folder}, f"{contact} is in {folder or 'no folder'} now.", json=json)


@app.command
def folders(room: str, /, *, json: Json = False) -> None:
    """The folders of the room's own phone book.

    Example: ``roomgate room phonebook folders oslo``
    """
    from roomgate.hub.phonebook import service

    rows = [{"id": one.id, "place": one.place} for one in run(service.list_folders(_asking(Api.from_profile(), room)))]
    tell_rows(rows, ["id", "place"], empty="No folders. `--folder` of a contact makes one.", json=json)


@app.command
def remove_folder(room: str, folder: str, /, *, json: Json = False) -> None:
    """Remove a folder. A device keeps one that is not empty.

    Example: ``roomgate room phonebook remove-folder oslo Desks/Night``

    Parameters
    ----------
    folder
        its place, as `roomgate room phonebook folders` shows it
    """
    from roomgate.hub.phonebook import service

    ask = _asking(Api.from_profile(), room)
    run(service.remove_folder(ask, run(_there(ask, folder))))
    tell({"removed": folder}, f"{folder} is gone from the phone book of {room}.", json=json)


async def _there(ask: "Ask", place: str) -> str:
    """The id of the folder at a place; raises NotFound."""
    from roomgate.hub.phonebook import service
    from roomgate.hub.phonebook.contacts import require_place

    ids = {one.place: one.id for one in await service.list_folders(ask)}
    if (found := ids.get(require_place(place))) is None:
        raise NotFound(f"There is no folder {place}.")
    return found


@app.command
def export(room: str, /, *, json: Json = False) -> None:
    """Print the whole phone book as CSV.

    Example: ``roomgate room phonebook export oslo > phonebook.csv``
    """
    import csv
    import sys

    from roomgate.hub.phonebook import service
    from roomgate.hub.phonebook.contacts import COLUMNS, rows_of

    found = run(service.everything(_asking(Api.from_profile(), room)))
    if json:
        show_json([_row(one) for one in found])
        return
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows_of(found))


@app.command
def load(room: str, file: Path, /, *, json: Json = False) -> int:
    """Add the contacts of a CSV file that are not there yet, by name and number. Exit 1 if one could not be added.

    Example: ``roomgate room phonebook load rome phonebook.csv``

    Parameters
    ----------
    file
        its first line names the columns: name, number, title, favourite, folder
    """
    from roomgate.hub.phonebook import service
    from roomgate.hub.phonebook.contacts import read_csv

    contacts = read_csv(read_sheet(file))
    told = run(service.load(_asking(Api.from_profile(), room), contacts))
    if json:
        show_json({"added": told.added, "of": len(contacts), "left": told.left})
    elif told.left:
        say(f"{told.added} added. {told.left}")
    else:
        say(f"{room}: {told.added} of {len(contacts)} added, the others were there.")
    return NO if told.left else DONE
