"""The local phone book: a few made-up contacts to search, and those that are added."""

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


def _book() -> dict[str, Contact]:
    return {f"local-{n}": Contact(name, [number]) for n, (name, number) in enumerate(_MADE_UP, 1)}


@dataclass(slots=True)
class Phonebook:
    """The contacts by their id; made when somebody first looks, since most rooms are never asked."""

    _contacts: dict[str, Contact] = field(default_factory=dict)
    _last: int = 0

    def search(self, asked: Asked) -> Answer:
        text, tag = asked.text("SearchString").lower(), asked.text("Tag")
        if asked.text("PhonebookType", "Local") != "Local" or asked.text("ContactType") == "Folder":
            found = []
        else:
            found = [
                (id_, one)
                for id_, one in self._all().items()
                if tag in ("", one.tag)
                and any(text in word.lower() for word in self._words(one, asked.text("SearchField")))
            ]
        offset, limit = asked.number("Offset", 0), asked.number("Limit", 50)
        rows = [_row(n, id_, one) for n, (id_, one) in enumerate(found[offset : offset + limit], 1)]
        info = {"Limit": limit, "Offset": offset, "TotalRows": len(found)}
        return {"ResultInfo": info, **({"Contact": rows} if rows else {})}

    def add(self, asked: Asked) -> Answer:
        contacts = self._all()
        self._last += 1
        id_ = f"local-{self._last}"
        number = asked.text("Number")
        contacts[id_] = Contact(
            asked.text("Name"), [number] if number else [], asked.text("Title"), asked.text("Tag", "Untagged")
        )
        return {"Name": id_}

    def modify(self, asked: Asked) -> Answer:
        one = self._contact(asked)
        one.name, one.title = asked.text("Name", one.name), asked.text("Title", one.title)
        one.tag = asked.text("Tag", one.tag)
        return {}

    def delete(self, asked: Asked) -> Answer:
        self._contact(asked)
        del self._contacts[asked.text("ContactId")]
        return {}

    def add_method(self, asked: Asked) -> Answer:
        one = self._contact(asked)
        one.numbers.append(asked.text("Number"))
        return {"Name": str(len(one.numbers))}

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


def _row(position: int, id_: str, one: Contact) -> Answer:
    methods = [
        {"id": n, "ContactMethodId": str(n), "Number": number, "Protocol": "SIP", "CallType": "Video"}
        for n, number in enumerate(one.numbers, 1)
    ]
    return {
        "id": position,
        "ContactId": id_,
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
    "Phonebook/ContactMethod/Add": Phonebook.add_method,
}
