"""Pure: a target file written from answers, with a sentence over each table that says what it is for.

What is written here is read by `parse_target`; a test holds the two together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

Table = Mapping[str, Any]

_OVER = {
    "target": "What is checked, and where people reach it. The first address is the front page.",
    "authorisation": "Who allowed this, in writing. It is printed on every report; after its last day nothing runs.",
    "permitted": "How gently, and what else may be asked. Hosts that stand elsewhere in this file are permitted anyway.",
    "links": "Device links as they were issued. The marker is text that only this device shows: without it, a page that\n"
    "# opens for a stranger cannot be told from one that merely answers.",
    "accounts": "Test accounts, of nobody who works with them. Wrong passwords are tried only where it says so here.",
    "channels": "Ways in which somebody who is let in gets something from the device; each is watched while access ends.",
    "causes": "What must end access: what is done, by a request or by your hand, and how long it is watched afterwards.",
    "device": "The device behind it, as its owner reaches it from the site's own network.",
    "site": "The network that the connector stands in.",
}


@dataclass(frozen=True, slots=True)
class Draft:
    """The tables of a target file; what is empty is left out."""

    target: Table
    authorisation: Table
    permitted: Table = field(default_factory=dict)
    accounts: Sequence[Table] = ()
    links: Sequence[Table] = ()
    channels: Sequence[Table] = ()
    causes: Sequence[Table] = ()
    device: Table = field(default_factory=dict)
    site: Table = field(default_factory=dict)


def write_draft(draft: Draft) -> str:
    parts = [
        "# A target file of `roomgate check`. It may hold passwords: keep it to yourself.\n"
        "# Every key that there is: docs/guides/exposure-check.md.\n"
    ]
    for name in ("target", "authorisation", "permitted"):
        parts += _one(name, getattr(draft, name))
    for name in ("accounts", "links", "channels", "causes"):
        for number, table in enumerate(getattr(draft, name)):
            parts += _one(name, table, many=True, first=number == 0)
    for name in ("device", "site"):
        parts += _one(name, getattr(draft, name))
    return "\n".join(parts)


def _one(name: str, table: Table, *, many: bool = False, first: bool = True) -> list[str]:
    if not any(map(_says, table.values())):
        return []
    head = f"[[{name}]]" if many else f"[{name}]"
    lines = [f"# {_OVER[name]}"] if first else []
    lines += [head, *(f"{key} = {_value(value)}" for key, value in table.items() if _says(value)), ""]
    return ["\n".join(lines)]


def _says(value: Any) -> bool:
    return value is not None and value != "" and value != [] and value != {} and value is not False


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case date() | int() | float():
            return str(value)
        case list() | tuple():
            return f"[{', '.join(map(_value, value))}]"
        case dict():
            return f"{{ {', '.join(f'{_key(key)} = {_value(one)}' for key, one in value.items() if _says(one))} }}"
        case _:
            return quoted(str(value))


def _key(key: str) -> str:
    plain = key.isascii() and key.replace("_", "").replace("-", "").isalnum()
    return key if plain else quoted(key)


def quoted(text: str) -> str:
    """A basic string of TOML (1.0.0, "String")."""
    short = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
    return '"' + "".join(short.get(c) or (c if c >= " " and c != "\x7f" else f"\\u{ord(c):04x}") for c in text) + '"'
