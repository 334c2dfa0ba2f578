"""The local phone book: a few made-up contacts to search, and those that are added; folders within folders.

What a device does with a folder that is not empty when it is deleted is not established; here it stays.
"""

from dataclasses import dataclass, field

from roomgate.sim.asked import Answer, Asked, Commands
from roomgate.sim.refusal import CommandError

_MADE_UP = (
    ("Help desk", "helpdesk@example.com"),
    ("Reception", "reception@example.com"),
    ("Room Elm", "elm@rooms.example.com"),
    ("Room Oslo", "oslo@rooms.example.com"),
)


@dataclass(slots=True)
class Contact:
    """A name with its addresses. ``tag`` is Untagged or Favorite."""

    name: str
    numbers: list[str]
    title: str = ""
    tag: str = "Untagged"
    folder: str = ""


@dataclass(slots=True)
class Folder:
    """``above``: the folder that it is in; empty at the top."""

    name: str
    above: str = ""


def _book() -> dict[str, Contact]:
    return {f"local-{n}": Contact(name, [number]) for n, (name, number) in enumerate(_MADE_UP, 1)}


@dataclass(slots=True)
class Phonebook:
    """The contacts by their id; made when somebody first looks, since most rooms are never asked."""

    _contacts: dict[str, Contact] = field(default_factory=dict)
    _last: int = 0
    _folders: dict[str, Folder] = field(default_factory=dict)
    _last_folder: int = 0

    def search(self, asked: Asked) -> Answer:
        text, tag, kind = asked.text("SearchString").lower(), asked.text("Tag"), asked.text("ContactType", "Any")
        places = self._below(asked.text("FolderId"), deep=asked.flag("Recursive", otherwise=True))
        rows: list[tuple[str, Answer]] = []
        if asked.text("PhonebookType", "Local") == "Local" and kind != "Contact" and not tag:
            rows += [
                ("Folder", {"FolderId": id_, "Name": one.name, "ParentFolderId": one.above})
                for id_, one in self._folders.items()
                if one.above in places and text in one.name.lower()
            ]
        if asked.text("PhonebookType", "Local") == "Local" and kind != "Folder":
            rows += [
                ("Contact", _row(id_, one))
                for id_, one in self._all().items()
                if tag in ("", one.tag)
                and one.folder in places
                and any(text in word.lower() for word in self._words(one, asked.text("SearchField")))
            ]
        offset, limit = asked.number("Offset", 0), asked.number("Limit", 50)
        found: dict[str, list[Answer]] = {}
        for what, row in rows[offset : offset + limit]:
            found.setdefault(what, []).append({"id": len(found.get(what, ())) + 1, **row})
        return {"ResultInfo": {"Limit": limit, "Offset": offset, "TotalRows": len(rows)}, **found}

    def add(self, asked: Asked) -> Answer:
        contacts = self._all()
        self._last += 1
        id_ = f"local-{self._last}"
        number = asked.text("Number")
        contacts[id_] = Contact(
            asked.text("Name"), [number] if number else [], asked.text("Title"), asked.text("Tag", "Untagged"),
            self._folder(asked.text("FolderId")),
        )  # fmt: skip
        return {"Name": id_}

    def modify(self, asked: Asked) -> Answer:
        one = self._contact(asked)
        one.name, one.title = asked.text("Name", one.name), asked.text("Title", one.title)
        one.tag, one.folder = asked.text("Tag", one.tag), self._folder(asked.text("FolderId", one.folder))
        return {}

    def delete(self, asked: Asked) -> Answer:
        self._contact(asked)
        del self._contacts[asked.text("ContactId")]
        return {}

    def add_method(self, asked: Asked) -> Answer:
        one = self._contact(asked)
        one.numbers.append(asked.text("Number"))
        return {"Name": str(len(one.numbers))}

    def add_folder(self, asked: Asked) -> Answer:
        above = self._folder(asked.text("ParentFolderId"))
        self._last_folder += 1
        id_ = f"localGroupId-{self._last_folder}"
        self._folders[id_] = Folder(asked.text("Name"), above)
        return {"Name": id_}

    def modify_folder(self, asked: Asked) -> Answer:
        id_ = asked.text("FolderId")
        one = self._folders[self._folder(id_, needed=True)]
        above = self._folder(asked.text("ParentFolderId", one.above))
        if above in self._below(id_, deep=True):
            raise CommandError("A folder is not within itself")
        one.name, one.above = asked.text("Name", one.name), above
        return {}

    def delete_folder(self, asked: Asked) -> Answer:
        id_ = self._folder(asked.text("FolderId"), needed=True)
        if any(one.above == id_ for one in self._folders.values()) or any(
            one.folder == id_ for one in self._all().values()
        ):
            raise CommandError("The folder is not empty")
        del self._folders[id_]
        return {}

    def _folder(self, id_: str, *, needed: bool = False) -> str:
        if (id_ or needed) and id_ not in self._folders:
            raise CommandError("No such folder")
        return id_

    def _below(self, id_: str, *, deep: bool) -> set[str]:
        """The folder, and with ``deep`` all that are in it, at any depth."""
        found, left = {self._folder(id_)}, [id_] if deep else []
        while left:
            inner = [one for one, folder in self._folders.items() if folder.above == left[0] and one not in found]
            left = [*left[1:], *inner]
            found |= set(inner)
        return found

    def _all(self) -> dict[str, Contact]:
        if not self._last:
            self._contacts, self._last = _book(), len(_MADE_UP)
        return self._contacts

    def _contact(self, asked: Asked) -> Contact:
        one = self._all().get(asked.text("ContactId"))
        if one is None:
            raise CommandError("No such contact")
        return one

    def _words(self, one: Contact, where: str) -> list[str]:
        return {"Name": [one.name], "Number": one.numbers}.get(where, [one.name, *one.numbers])


def _row(id_: str, one: Contact) -> Answer:
    methods = [
        {"id": n, "ContactMethodId": str(n), "Number": number, "Protocol": "SIP", "CallType": "Video"}
        for n, number in enumerate(one.numbers, 1)
    ]
    return {
        "ContactId": id_,
        **({"FolderId": one.folder} if one.folder else {}),
        "Name": one.name,
        "Title": one.title,
        "Tag": one.tag,
        **({"ContactMethod": methods} if methods else {}),
    }


COMMANDS: Commands[Phonebook] = {
    "Phonebook/Search": Phonebook.search,
    "Phonebook/Contact/Add": Phonebook.add,
    "Phonebook/Contact/Modify": Phonebook.modify,
    "Phonebook/Contact/Delete": Phonebook.delete,
    "Phonebook/Folder/Add": Phonebook.add_folder,
    "Phonebook/Folder/Modify": Phonebook.modify_folder,
    "Phonebook/Folder/Delete": Phonebook.delete_folder,
    "Phonebook/ContactMethod/Add": Phonebook.add_method,
}
