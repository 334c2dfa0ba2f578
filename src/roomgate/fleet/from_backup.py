"""A difference as a document of what one room should have: TOML that people can read, keep and apply. Pure."""

from typing import Any

import msgspec

from roomgate.errors import BadInput
from roomgate.fleet.backup import Macro, Panel
from roomgate.fleet.restoring import Difference
from roomgate.xapi.call import Verb

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f"}


class RoomPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one room should have."""

    settings: dict[str, str | int] = {}
    panels: dict[str, Panel] = {}
    macros: dict[str, Macro] = {}


class Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``room``: by its name."""

    room: dict[str, RoomPart] = {}


class Step(msgspec.Struct, frozen=True):
    """One call that brings a room nearer to a document; ``what`` is the kind and the name that it is for."""

    what: str
    verb: Verb
    path: str
    arguments: dict[str, str | int]
    body: str | None = None


def write_document(room: str, difference: Difference) -> str:
    """The document that makes the difference's changes in this room, and nothing else."""
    found: dict[str, list[tuple[str, str]]] = {"settings": [], "panels": [], "macros": []}
    for one in difference.changes:
        match one.kind:
            case "setting":
                found["settings"].append((one.name, _value(one.will)))
            case "panel":
                found["panels"].append((one.name, f"{{ xml = {_value(one.will)} }}"))
            case _:
                active = "" if one.active is None else f", active = {'true' if one.active else 'false'}"
                found["macros"].append((one.name, f"{{ code = {_value(one.will)}{active} }}"))
    parts = []
    for part, lines in found.items():
        if lines:
            body = "".join(f"{_text(name)} = {value}\n" for name, value in lines)
            parts.append(f"[room.{_text(room)}.{part}]\n{body}")
    return "\n".join(parts)


def read_document(text: str) -> Document:
    """Raises BadInput."""
    try:
        return msgspec.toml.decode(text, type=Document)
    except (msgspec.MsgspecError, ValueError, RecursionError) as bad:
        raise BadInput(f"The document cannot be read: {bad}"[:300]) from bad


def steps_of(part: RoomPart) -> list[Step]:
    """The calls, settings first: a panel or a macro may rest on one. A macro is saved before it is switched."""
    steps = [
        Step(f"setting {name}", Verb.SET, f"Configuration/{name}", {"Value": value})
        for name, value in part.settings.items()
    ]
    steps += [
        Step(f"panel {id_}", Verb.COMMAND, "UserInterface/Extensions/Panel/Save", {"PanelId": id_}, panel.xml)
        for id_, panel in part.panels.items()
    ]
    for name, macro in part.macros.items():
        called: dict[str, str | int] = {"Name": name}
        saved: dict[str, str | int] = {**called, "Overwrite": "True"}
        steps.append(Step(f"macro {name}", Verb.COMMAND, "Macros/Macro/Save", saved, macro.code))
        if macro.active is not None:
            word = "Activate" if macro.active else "Deactivate"
            steps.append(Step(f"macro {name}", Verb.COMMAND, f"Macros/Macro/{word}", called))
    return steps


def to_be_judged(steps: list[Step]) -> list[dict[str, Any]]:
    """The steps as ``Allowed Get`` takes them: the site is asked beforehand what it would say."""
    return [{"verb": one.verb.value, "path": one.path, "arguments": one.arguments} for one in steps]


def _value(value: str | int) -> str:
    return str(value) if isinstance(value, int) else _text(value)


def _text(value: str) -> str:
    """A basic string of TOML. What no document holds (a lone surrogate) is left out."""
    return '"' + "".join(_ESCAPES.get(c) or _plain(c) for c in value) + '"'


def _plain(c: str) -> str:
    if "\ud800" <= c <= "\udfff":
        return ""
    return f"\\u{ord(c):04x}" if c < " " or c == "\x7f" else c
