"""What a directory keeps here: people and groups, as they are and as it wants them to be."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime

from roomgate.errors import BadInput
from roomgate.ids import PersonId

MOST_MEMBERS = 20_000


@dataclass(frozen=True, slots=True)
class PersonWish:
    """A person as the directory wants it."""

    name: str
    active: bool
    display: str | None = None
    mail: str | None = None
    external_id: str | None = None

    def __post_init__(self) -> None:
        _check("displayName", self.display, 240)
        _check("emails", self.mail, 320)
        _check("externalId", self.external_id, 255)


@dataclass(frozen=True, slots=True)
class KeptPerson:
    """A person as it is. ``active`` is the switch alone: a paused account may be switched on and still act as none."""

    id: PersonId
    name: str
    active: bool
    display: str | None
    mail: str | None
    external_id: str | None
    created: datetime
    version: int


@dataclass(frozen=True, slots=True)
class GroupWish:
    """A group as the directory wants it."""

    name: str
    members: frozenset[str]
    external_id: str | None = None

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise BadInput("A group has a displayName.")
        _check("displayName", self.name, 240)
        _check("externalId", self.external_id, 255)
        if len(self.members) > MOST_MEMBERS:
            raise BadInput(f"A group has at most {MOST_MEMBERS} members.")


@dataclass(frozen=True, slots=True)
class KeptGroup:
    """A group as it is."""

    id: str
    name: str
    members: frozenset[str]
    external_id: str | None
    created: datetime
    changed: datetime
    version: int


def _check(what: str, text: str | None, longest: int) -> None:
    if text is not None and (len(text) > longest or any(unicodedata.category(c)[0] == "C" for c in text)):
        raise BadInput(f"{what} has at most {longest} printable characters.")
