"""A room's own phone book by ordinary asks of one person in one room."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from roomgate.errors import RoomgateError
from roomgate.hub.phonebook.contacts import (
    FAVOURITE,
    PLAIN,
    Contact,
    Folder,
    Found,
    arguments_of,
    read_contacts,
    read_folders,
    require_place,
    total_of,
)
from roomgate.hub.relay.asked import Wish
from roomgate.xapi.call import Verb
from roomgate.xapi.errors import XapiError

PAGE = 50
MOST = 2000  # contacts that are carried out at once
_STEP = 200

Ask = Callable[[Wish], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Loaded:
    """``there``: how many were in the book already. ``left``: the first that could not be added, and why; then it stopped."""

    added: int
    there: int
    left: str = ""


def _wish(what: str, arguments: dict[str, Any]) -> Wish:
    return Wish(Verb.COMMAND, f"Command/Phonebook/{what}", arguments)


async def search(
    ask: Ask,
    find: str = "",
    *,
    favourites: bool = False,
    folder: str = "",
    folders: Sequence[Folder] = (),
    offset: int = 0,
    limit: int = PAGE,
) -> Found:
    """By a part of a name or number; the room's own book alone, no company's. ``folder``: its id, and all below it."""
    arguments: dict[str, Any] = {
        "PhonebookType": "Local", "ContactType": "Contact", "Offset": offset, "Limit": limit,
        **({"SearchString": find} if find else {}), **({"Tag": FAVOURITE} if favourites else {}),
        **({"FolderId": folder} if folder else {}),
    }  # fmt: skip
    return read_contacts(await ask(_wish("Search", arguments)), folders)


async def everything(ask: Ask, find: str = "", *, favourites: bool = False, folder: str = "") -> tuple[Contact, ...]:
    """All that match, up to so many. ``folder``: its id."""
    places = await list_folders(ask)
    found: list[Contact] = []
    while len(found) < MOST:
        page = await search(
            ask, find, favourites=favourites, folder=folder, folders=places, offset=len(found), limit=_STEP
        )
        found += page.contacts
        if len(found) >= page.total or not page.contacts:
            break
    return tuple(found)


async def list_folders(ask: Ask) -> tuple[Folder, ...]:
    """By their places, up to so many."""
    answers: list[Any] = []
    while len(answers) * _STEP < MOST:
        page = {"PhonebookType": "Local", "ContactType": "Folder", "Offset": len(answers) * _STEP, "Limit": _STEP}
        answers.append(await ask(_wish("Search", page)))
        if total_of(answers[-1], 0) <= len(answers) * _STEP:
            break
    return read_folders(answers)


async def ensure_folder(ask: Ask, place: str, ids: dict[str, str]) -> str:
    """The id of the folder at a place, made with those that it is in where they are missing; empty for the top.

    ``ids`` by their places: those that are there, and from now on those that were made. Raises BadInput.
    """
    above, at = "", ""
    for name in [name for name in require_place(place).split("/") if name]:
        at = f"{at}/{name}" if at else name
        if at not in ids:
            made = await ask(_wish("Folder/Add", {"Name": name, **({"ParentFolderId": above} if above else {})}))
            ids[at] = _id_of(made)
        above = ids[at]
    return above


async def _ids(ask: Ask, place: str) -> dict[str, str]:
    """Of the folders that are there, by their places; nobody is asked for none."""
    return {one.place: one.id for one in await list_folders(ask)} if place else {}


def _id_of(made: Any) -> str:
    return str(made.get("Name", "")) if isinstance(made, dict) else ""


async def remove_folder(ask: Ask, id: str) -> None:
    """The device says no to one that is not empty."""
    await ask(_wish("Folder/Delete", {"FolderId": id}))


async def add(ask: Ask, contact: Contact, ids: dict[str, str] | None = None) -> str:
    """With its folder, where that is missing; gives its id. ``ids`` as in `ensure_folder`."""
    folder = await ensure_folder(ask, contact.folder, await _ids(ask, contact.folder) if ids is None else ids)
    return _id_of(await ask(_wish("Contact/Add", arguments_of(contact, folder))))


async def move(ask: Ask, id: str, place: str) -> None:
    """Into a folder, made where it is missing; empty: to the top."""
    folder = await ensure_folder(ask, place, await _ids(ask, place))
    await ask(_wish("Contact/Modify", {"ContactId": id, "FolderId": folder}))


async def set_favourite(ask: Ask, id: str, on: bool) -> None:
    await ask(_wish("Contact/Modify", {"ContactId": id, "Tag": FAVOURITE if on else PLAIN}))


async def remove(ask: Ask, id: str) -> None:
    await ask(_wish("Contact/Delete", {"ContactId": id}))


async def load(ask: Ask, contacts: Iterable[Contact]) -> Loaded:
    """Add those of a table that are not there yet, by name and number; stops at the first that cannot be added.

    So the same table can be sent again: what was added is there by then.
    """
    known = {(one.name, one.number) for one in await everything(ask)}
    ids = {one.place: one.id for one in await list_folders(ask)}
    added = there = 0
    for one in contacts:
        if (one.name, one.number) in known:
            there += 1
            continue
        try:
            await add(ask, one, ids)
        except (RoomgateError, XapiError) as no:
            return Loaded(added, there, f"{one.name}: {no.message}")
        known.add((one.name, one.number))
        added += 1
    return Loaded(added, there)
