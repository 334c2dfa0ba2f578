"""A room's own phone book by ordinary asks of one person in one room."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from roomgate.errors import RoomgateError
from roomgate.hub.phonebook.contacts import FAVOURITE, PLAIN, Contact, Found, arguments_of, read_contacts
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


async def search(ask: Ask, find: str = "", *, favourites: bool = False, offset: int = 0, limit: int = PAGE) -> Found:
    """By a part of a name or number; the room's own book alone, no company's."""
    arguments: dict[str, Any] = {
        "PhonebookType": "Local", "ContactType": "Contact", "Offset": offset, "Limit": limit,
        **({"SearchString": find} if find else {}), **({"Tag": FAVOURITE} if favourites else {}),
    }  # fmt: skip
    return read_contacts(await ask(_wish("Search", arguments)))


async def everything(ask: Ask) -> tuple[Contact, ...]:
    """The whole book, up to so many."""
    found: list[Contact] = []
    while len(found) < MOST:
        page = await search(ask, offset=len(found), limit=_STEP)
        found += page.contacts
        if len(found) >= page.total or not page.contacts:
            break
    return tuple(found)


async def add(ask: Ask, contact: Contact) -> None:
    await ask(_wish("Contact/Add", arguments_of(contact)))


async def set_favourite(ask: Ask, id: str, on: bool) -> None:
    await ask(_wish("Contact/Modify", {"ContactId": id, "Tag": FAVOURITE if on else PLAIN}))


async def remove(ask: Ask, id: str) -> None:
    await ask(_wish("Contact/Delete", {"ContactId": id}))


async def load(ask: Ask, contacts: Iterable[Contact]) -> Loaded:
    """Add those of a table that are not there yet, by name and number; stops at the first that cannot be added.

    So the same table can be sent again: what was added is there by then.
    """
    known = {(one.name, one.number) for one in await everything(ask)}
    added = there = 0
    for one in contacts:
        if (one.name, one.number) in known:
            there += 1
            continue
        try:
            await add(ask, one)
        except (RoomgateError, XapiError) as no:
            return Loaded(added, there, f"{one.name}: {no.message}")
        known.add((one.name, one.number))
        added += 1
    return Loaded(added, there)
