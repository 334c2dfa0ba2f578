"""What is not as a document says, and by whom it was changed: pure, from what the hub's own asks were."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from roomgate.fleet.difference import Step
from roomgate.fleet.reading import TYPES

MOST_ASKS = 2000  # of a room, looked through for who changed what


@dataclass(frozen=True, slots=True)
class Changed:
    """An ask that was done: by whom, and when. Not known to the hub: it was done at the device or by another tool."""

    person: str
    at: str


def last_changes(asks: Iterable[tuple[str, str, str]]) -> dict[str, Changed]:
    """Who changed what last, by what a step of a plan would be called; ``asks`` come the newest first."""
    found: dict[str, Changed] = {}
    for text, person, at in asks:
        for name in _names(text):
            found.setdefault(name, Changed(person, at))
    return found


def by_whom(step: Step, changes: dict[str, Changed]) -> Changed | None:
    return changes.get(f"{step.kind} {step.what}")


def _names(text: str) -> Sequence[str]:
    verb, parts, arguments, _ = json.loads(text)
    words = tuple(str(one) for one in parts)
    named = dict(arguments)
    if verb == "set":
        return (f"setting {'/'.join(words[1:])}",)
    match words[1:]:
        case ("Macros", "Macro", "Save" | "Remove" | "Rename"):
            return (f"macro {named.get('Name')}", f"macro {named.get('NewName')}")
        case ("Macros", "Macro", "Activate" | "Deactivate"):
            return (f"macro {named.get('Name')} active",)
        case ("UserInterface", "Extensions", "Panel", "Save" | "Remove" | "Update"):
            return (f"panel {named.get('PanelId')}",)
        case ("UserInterface", "Branding", "Upload" | "Fetch" | "Delete"):
            return (f"branding {named.get('Type')}",)
        case ("UserInterface", "Branding", "Clear"):
            return tuple(f"branding {kind}" for kind in TYPES)
        case ("UserManagement", "User", "Modify" | "Delete" | "Add"):
            return (f"user {named.get('Username')}",)
        case ("SystemUnit", "SoftwareUpgrade"):
            return ("upgrade software",)
        case _:
            return ()
