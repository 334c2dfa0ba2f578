"""A room's own phone book: looked into, kept up, and carried as CSV. Each verb is an ordinary ask."""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from roomgate.cli.api import Api, at
from roomgate.cli.exits import DONE, NO, SaysNo
from roomgate.cli.files import read_sheet
from roomgate.cli.output import Json, say, show_json, tell, tell_rows

app = App(name="phonebook", help="A room's own phone book and its favourites.")

Favourites = Annotated[bool, Parameter(help="favourites alone")]
_STEP = 200
_MOST = 2000


def _ask(api: Api, room: str, command: str, **arguments: Any) -> Any:
    wish = {"command": f"Phonebook {command}", "arguments": arguments}
    answer = api.call("POST", at("rooms", room, "asks"), wish, {"Prefer": "wait=30"})
    if answer["outcome"] != "done":
        raise SaysNo("ask.waiting", f"{room}: {answer['outcome']}. {answer.get('words') or ''}".strip())
    return answer["result"]


def _find(api: Api, room: str, find: str = "", favourites: bool = False) -> list[dict[str, Any]]:
    """All that match, up to so many."""
    from roomgate.hub.phonebook.contacts import read_contacts

    more = ({"SearchString": find} if find else {}) | ({"Tag": "Favorite"} if favourites else {})
    rows: list[dict[str, Any]] = []
    while len(rows) < _MOST:
        place = {"Offset": len(rows), "Limit": _STEP}
        page = read_contacts(_ask(api, room, "Search", PhonebookType="Local", ContactType="Contact", **place, **more))
        rows += [
            {"id": one.id, "name": one.name, "number": one.number, "title": one.title, "favourite": one.favourite}
            for one in page.contacts
        ]
        if len(rows) >= page.total or not page.contacts:
            break
    return rows


@app.command(name="list")
def list_(room: str, find: str = "", /, *, favourites: Favourites = False, json: Json = False) -> None:
    """The contacts of the room's own phone book, or those that match.

    Example: ``roomgate room phonebook list oslo desk``

    Parameters
    ----------
    find
        a part of a name or number
    """
    rows = _find(Api.from_profile(), room, find, favourites)
    empty = f"No such contact. `roomgate room phonebook add {room} NAME NUMBER` makes one."
    tell_rows(rows, ["id", "name", "number", "title", "favourite"], empty=empty, json=json)


@app.command
def add(room: str, name: str, number: str, /, *, title: str = "", favourite: bool = False, json: Json = False) -> None:
    """Add a contact.

    Example: ``roomgate room phonebook add oslo "Help desk" helpdesk@example.com --favourite``

    Parameters
    ----------
    title
        a word about them
    favourite
        show it among the favourites
    """
    from roomgate.hub.phonebook.contacts import Contact, arguments_of

    made = _ask(Api.from_profile(), room, "Contact Add", **arguments_of(Contact(name, number, title, favourite)))
    tell(made, f"{name} is in the phone book of {room}.", json=json)


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
    tag = "Untagged" if off else "Favorite"
    _ask(Api.from_profile(), room, "Contact Modify", ContactId=contact, Tag=tag)
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
    _ask(Api.from_profile(), room, "Contact Delete", ContactId=contact)
    tell({"removed": contact}, f"{contact} is gone from the phone book of {room}.", json=json)


@app.command
def export(room: str, /, *, json: Json = False) -> None:
    """Print the whole phone book as CSV.

    Example: ``roomgate room phonebook export oslo > phonebook.csv``
    """
    import csv
    import sys

    rows = _find(Api.from_profile(), room)
    if json:
        show_json(rows)
        return
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["name", "number", "title", "favourite"])
    writer.writerows([one["name"], one["number"], one["title"], "yes" if one["favourite"] else "no"] for one in rows)


@app.command
def load(room: str, file: Path, /, *, json: Json = False) -> int:
    """Add the contacts of a CSV file that are not there yet, by name and number. Exit 1 if one could not be added.

    Example: ``roomgate room phonebook load rome phonebook.csv``

    Parameters
    ----------
    file
        its first line names the columns: name, number, title, favourite
    """
    from roomgate.errors import RoomgateError
    from roomgate.hub.phonebook.contacts import arguments_of, read_csv

    contacts, api = read_csv(read_sheet(file)), Api.from_profile()
    known = {(one["name"], one["number"]) for one in _find(api, room)}
    added, left = 0, ""
    for one in contacts:
        if (one.name, one.number) in known:
            continue
        try:
            _ask(api, room, "Contact Add", **arguments_of(one))
        except RoomgateError as no:
            left = f"{one.name}: {no.message}"
            break
        known.add((one.name, one.number))
        added += 1
    if json:
        show_json({"added": added, "of": len(contacts), "left": left})
    else:
        say(
            f"{room}: {added} of {len(contacts)} added, the others were there."
            if not left
            else f"{added} added. {left}"
        )
    return NO if left else DONE
