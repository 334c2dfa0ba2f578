"""What must be read of a room to tell it from what it should be: as few asks as cover it, none for what nobody named."""

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from roomgate.fleet.document import Layer, digest_of
from roomgate.xapi import tree
from roomgate.xapi.call import Value, Verb
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue
from roomgate.xapi.tables import Node

_SHORTEST_PICTURE = 8  # characters of base64: no word of an answer is so long and happens to be that
ASK_COSTS = 120  # leaves that could be read in the time that one more ask takes
MACROS = "Command/Macros/Macro/Get"
PANELS = "Command/UserInterface/Extensions/Export"
USERS = "Command/UserManagement/User/List"
OWN = "Command/Roomgate/Accounts/List"  # the site's own, told by its connector
PICTURE = "Command/UserInterface/Branding/Get"
NAMES = "Status/UserInterface/Branding/CustomId"
NAMED = frozenset({"Background", "Branding", "HalfwakeBackground", "HalfwakeBranding"})  # those that NAMES tells
TYPES = (*sorted(NAMED), "SchedulerBackground", "SchedulerBranding", "WorkspaceAvatar")
OURS = "sha256:"  # how a picture is named that a plan has sent


@dataclass(frozen=True, slots=True)
class Reading:
    """One ask that looks."""

    verb: Verb
    path: str
    arguments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MacroThere:
    """None: the device does not say."""

    code: str | None
    active: bool | None


@dataclass(frozen=True, slots=True)
class UserThere:
    roles: frozenset[str]
    active: bool | None


@dataclass(slots=True)
class Present:
    """What a room told. None: it was not asked, or did not answer that."""

    settings: dict[str, Any] = field(default_factory=dict)  # of those that are wanted; what is missing was not told
    macros: dict[str, MacroThere] | None = None
    panels: dict[str, Mapping[str, Any]] | None = None
    users: dict[str, UserThere] | None = None
    own: frozenset[str] | None = None  # accounts that are the site's own, in small letters
    branding: dict[str, str] = field(default_factory=dict)  # a picture's digest; "" of one that no plan has sent


def readings(wanted: Layer, catalogue: Catalogue) -> list[Reading]:
    found = [Reading(Verb.GET, path) for path in _cover(frozenset(wanted.settings), catalogue)]
    if wanted.macros:
        found.append(Reading(Verb.COMMAND, MACROS, {"Content": "True"}))
    if wanted.panels:
        found.append(Reading(Verb.COMMAND, PANELS))
    if wanted.users or wanted.others:
        found += [Reading(Verb.COMMAND, USERS), Reading(Verb.COMMAND, OWN)]
    if any(kind in NAMED and not one.absent for kind, one in wanted.branding.items()):
        found.append(Reading(Verb.GET, NAMES))
    for kind, one in wanted.branding.items():
        if one.absent or kind not in NAMED:  # a name tells of no picture that somebody else sent
            size = {"Size": "Thumbnail"} if one.absent else {}
            found.append(Reading(Verb.COMMAND, PICTURE, {"Type": kind, **size}))
    return found


def absorb(present: Present, reading: Reading, result: Any, wanted: Layer) -> None:
    """Take in what one ask answered. What has another shape than is known counts as not told."""
    match reading.path:
        case path if path == MACROS:
            present.macros = {str(one.get("Name")): _macro(one) for one in _rows(result, "Macro")}
        case path if path == PANELS:
            inner = result.get("Extensions", result) if isinstance(result, dict) else result
            present.panels = {str(one.get("PanelId")): one for one in _rows(inner, "Panel")}
        case path if path == USERS:
            present.users = {str(one.get("Username")): _user(one) for one in _rows(result, "User")}
        case path if path == OWN:
            present.own = frozenset(str(one.get("Username")).casefold() for one in _rows(result, "Account"))
        case path if path == NAMES:
            told = result.items() if isinstance(result, dict) else ()
            present.branding |= {kind: _ours(str(name)) for kind, name in told if not isinstance(name, dict | list)}
        case path if path == PICTURE:
            if picture := find_picture(result):
                present.branding[reading.arguments["Type"]] = digest_of(picture)
        case _:
            for key, parts in _below(reading.path, tuple(wanted.settings)):
                value = tree.lookup(result, parts)
                if isinstance(value, _TOLD):
                    present.settings[key] = value


_TOLD = (str, int, list)


@lru_cache(maxsize=256)
def _below(path: str, keys: tuple[str, ...]) -> tuple[tuple[str, tuple[str | int, ...]], ...]:
    """The settings at or below a path, each with its place there: the same for all rooms of a kind."""
    start = Path.parse(path).parts
    return tuple((key, parts[len(start) :]) for key in keys if (parts := _parts(key))[: len(start)] == start)


@lru_cache(maxsize=8192)
def _parts(key: str) -> tuple[str | int, ...]:
    return Path.parse(f"Configuration/{key}").parts


def _rows(result: Any, name: str) -> list[dict[str, Any]]:
    found = result.get(name) if isinstance(result, dict) else None
    found = [found] if isinstance(found, dict) else found
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _macro(row: Mapping[str, Any]) -> MacroThere:
    code = row.get("Content")
    return MacroThere(code if isinstance(code, str) else None, _flag(row.get("Active")))


def _user(row: Mapping[str, Any]) -> UserThere:
    roles = row.get("Roles", row.get("Role", ""))
    if isinstance(roles, list):
        words = [str(one.get("Role", "")) if isinstance(one, dict) else str(one) for one in roles]
    else:
        words = str(roles).replace(";", ",").split(",")
    return UserThere(frozenset(word.strip() for word in words if word.strip()), _flag(row.get("Active")))


def _ours(name: str) -> str:
    return name.removeprefix(OURS) if name.startswith(OURS) else ""


def find_picture(result: Any) -> bytes:
    """The picture in an answer to `Branding Get`, whatever its name there, which is not established; empty: none."""
    for value in result.values() if isinstance(result, dict) else ():
        if isinstance(value, str) and len(value) > _SHORTEST_PICTURE:
            try:
                return base64.b64decode("".join(value.split()), validate=True)
            except (ValueError, binascii.Error):
                continue
    return b""


def _flag(said: Any) -> bool | None:
    return {"true": True, "false": False}.get(str(said).lower())


# -- the cheapest cover ------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _cover(keys: frozenset[str], catalogue: Catalogue) -> tuple[str, ...]:
    wanted: dict[str, Any] = {}
    for key in keys:
        node = wanted
        for word in (part for part in _parts(key)[1:] if isinstance(part, str)):
            node = node.setdefault(word, {})
    return tuple(sorted(_best(catalogue.root("Configuration"), wanted, "Configuration")[1])) if keys else ()


def _best(node: Node, wanted: Mapping[str, Any], at: str) -> tuple[int, list[str]]:
    """The cheapest asks that cover what is wanted below a node. Below a list nothing is asked for alone."""
    whole = ASK_COSTS + _leaves_below(node)
    if not wanted or node.indices:
        return whole, [at]
    parts = [_best(node.children[word.lower()], below, f"{at}/{word}") for word, below in sorted(wanted.items())]
    apart = sum(cost for cost, _ in parts)
    return (apart, [one for _, some in parts for one in some]) if apart < whole else (whole, [at])


def _leaves_below(node: Node) -> int:
    return sum(one.leaf is not None for one in node.walk())


_LISTS = (list, tuple)  # to ask for `list | tuple` makes a new object each time


def equal(present: Any, wanted: Value) -> bool:
    """Whether a device's value is the wanted one: it may tell a number as a text, and a list of one as its member."""
    if isinstance(present, _LISTS) or isinstance(wanted, tuple):
        return _texts(present) == _texts(wanted)
    return str(present) == str(wanted)


def _texts(value: Any) -> list[str]:
    values: Iterable[Any] = value if isinstance(value, list | tuple) else (value,)
    return [str(one) for one in values]
