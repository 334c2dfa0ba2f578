"""Pure: the keys of a table of the target file, as people read them: what each takes, and what it is if left out."""

from dataclasses import dataclass
from datetime import date, datetime
from types import UnionType
from typing import Any, Union, get_args, get_origin

import msgspec

_WORDS = {
    str: "text", bool: "true or false", int: "a whole number", float: "a number", date: "a day", datetime: "a moment",
    Any: "anything",
}  # fmt: skip

_MANY = {"a request": "requests", "a deed": "deeds", "a number": "numbers", "a whole number": "whole numbers"}
_NAMED = {"Ask": "a request", "Deed": "a deed", "SignIn": "a sign-in"}


@dataclass(frozen=True, slots=True)
class Key:
    """``usual``: what it is if left out, as TOML has it; "needed" where it cannot be, "–" where that says nothing."""

    name: str
    takes: str
    usual: str


def describe_keys(table: type[msgspec.Struct]) -> list[Key]:
    return [Key(one.name, words_of(one.type), _usual(one)) for one in msgspec.structs.fields(table)]


def words_of(kind: Any) -> str:
    """A type in words: `list of request`."""
    if kind in _WORDS:
        return _WORDS[kind]
    inner = [one for one in get_args(kind) if one not in (type(None), Ellipsis)]
    match get_origin(kind):
        case origin if origin in (tuple, list):
            one = words_of(inner[0])
            return f"list of {_MANY.get(one, one.replace('a table', 'tables'))}"
        case origin if origin is dict:
            return f"table of {words_of(inner[-1])}"
        case origin if origin in (Union, UnionType):
            return " or ".join(map(words_of, inner))
    return _NAMED.get(kind.__name__, f"a table `{kind.__name__}`")


def _usual(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "needed"
    match field.default:
        case True | False:
            return str(field.default).lower()
        case str() | int() | float() if field.default != "":
            return f"{field.default:g}" if isinstance(field.default, float) else str(field.default)
    return "–"
