"""What a device says of itself (xDoc), made into a catalogue of its own.

The layout is that of jsxapi's tests: nested names; on a leaf ``ValueSpace`` (``type``, ``Value``, ``Min`` …) with
``read`` and ``role``; on a command ``command: "True"``, with its parameters as names below it; all values are text.
How it looks over WebSocket is not established, so a tree from the root and one relative to it are taken alike, a
list's mark (``Call[n]``, or an array) is taken where there is one, and what it does not say is taken from a catalogue
that is already known: which names are lists, the class of a command, whether a value is masked.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from roomgate.xapi.errors import ProtocolError
from roomgate.xapi.schema import Catalogue
from roomgate.xapi.tables import ROLES, Node

MOST_NODES, DEEPEST = 50_000, 20
_NAME = re.compile(r"([A-Za-z][A-Za-z0-9_.\-]{0,63})(?:\[[^\]]{0,20}\])?")
_WORD = re.compile(r"[^\s/;=\t*]{1,64}")
_LETTERS = {role: letter for letter, role in ROLES.items()}
_ROOTS = {"Status": "Status", "StatusSchema": "Status", "Configuration": "Configuration", "Command": "Command"}


def read_described(documents: Mapping[str, Any], known: Catalogue) -> Catalogue:
    """A catalogue from the xDoc of the roots ``Status``, ``Configuration`` and ``Command``.

    A root that ``documents`` lacks is taken from ``known``, and events always are. Raises ProtocolError for what is no
    description, or one of more than 50,000 nodes.
    """
    tables = {}
    for root, write in (("Status", _status), ("Configuration", _configuration), ("Command", _command)):
        if root in documents:
            tree = documents[root]
            while isinstance(tree, dict) and len(tree) == 1 and (inside := next(iter(tree))) in _ROOTS:
                tree = tree[inside]
            rows = [write(*found) for found in _nodes(tree, root, known)]
            if not rows:
                raise ProtocolError(f"a description of {root} with nothing in it")
            tables[root] = "\n".join(rows)
    return known.replaced(tables)


def _nodes(tree: Any, root: str, known: Catalogue) -> Iterator[tuple[str, dict[str, Any], Node | None]]:
    """Every leaf or command: its path as the tables write it, what is said of it, and what is known of it."""
    left = MOST_NODES

    def walk(
        node: Any, words: tuple[str, ...], place: Node | None
    ) -> Iterator[tuple[str, dict[str, Any], Node | None]]:
        nonlocal left
        if isinstance(node, list):
            node = node[0] if len(node) == 1 else None
        if not isinstance(node, dict) or len(words) > DEEPEST:
            raise ProtocolError("not a description of a device's interface")
        left -= 1
        if left < 0:
            raise ProtocolError(f"a description of more than {MOST_NODES} nodes")
        if ("ValueSpace" in node and root != "Command") or node.get("command") == "True":
            if words:
                yield " ".join(words), node, place
            return
        for name, below in node.items():
            if not isinstance(below, dict | list) or name == "ValueSpace":
                continue
            parsed = _NAME.fullmatch(name)
            if parsed is None:
                raise ProtocolError("not a description of a device's interface")
            inside = place.children.get(parsed[1].lower()) if place is not None else None
            is_list = name.endswith("]") or isinstance(below, list) or (inside is not None and bool(inside.indices))
            yield from walk(below, (*words, f"{parsed[1]}[n]" if is_list else parsed[1]), inside)

    yield from walk(tree, (), known.root(root))


def _status(path: str, said: dict[str, Any], node: Node | None) -> str:
    leaf = node.leaf if node is not None else None
    return "\t".join(
        (path, notation(said.get("ValueSpace")), _roles(said.get("read")), "P" if leaf and leaf.privacy else "")
    )


def _configuration(path: str, said: dict[str, Any], node: Node | None) -> str:
    leaf = node.leaf if node is not None else None
    default = said.get("default")
    return "\t".join(
        (
            path,
            notation(said.get("ValueSpace")),
            default if isinstance(default, str) and _WORD.fullmatch(default) else "",
            _roles(said.get("role")),
            _roles(said.get("read") or said.get("role")),
            "",
            "hidden" if (leaf is not None and leaf.masked) or said.get("hide_value") == "True" else "",
        )
    )


def _command(path: str, said: dict[str, Any], node: Node | None) -> str:
    before = node.command if node is not None else None
    parameters = []
    for name, about in said.items():
        if not isinstance(about, dict) or "ValueSpace" not in about:
            continue
        if _NAME.fullmatch(name) is None or name.endswith("]"):
            raise ProtocolError("not a description of a command's parameters")
        required = "*" if str(about.get("required")).lower() == "true" else ""
        parameters.append(f"{name}{required}:{notation(about['ValueSpace'])}")
    return "\t".join(
        (
            path,
            before.capability if before is not None else "",
            _roles(said.get("role")),
            "P" if before is not None and before.privacy else "",
            "multiline" if said.get("multiline") == "True" else "",
            "",
            "; ".join(parameters),
        )
    )


def _roles(said: Any) -> str:
    """Letters of the roles that are known; none for text that names none: then nobody is thought to have it."""
    names = said if isinstance(said, list) else str(said or "").split(";")
    return "".join(_LETTERS[name] for name in names if name in _LETTERS)


def notation(said: Any) -> str:
    """A value space as the tables write it. One that cannot be read takes any text: the device will judge."""
    if not isinstance(said, dict):
        return "Str"
    kind = str(said.get("type", ""))
    if kind.endswith("Array"):
        most = _number(said.get("multiple")) or 50
        return f"list of {notation({**said, 'type': kind.removesuffix('Array')})} x{most}"
    if kind == "Integer":
        low, high = _number(said.get("Min")), _number(said.get("Max"))
        return "Int" if low is None or high is None or low > high else f"Int[{low}..{high}]"
    if kind == "Literal":
        words = said.get("Value")
        words = [words] if isinstance(words, str) else words
        if isinstance(words, list) and words and all(isinstance(one, str) and _WORD.fullmatch(one) for one in words):
            return "/".join(words)
        return "Str"
    low, high = _number(said.get("MinLength")) or 0, _number(said.get("MaxLength"))
    return "Str" if high is None or low > high else f"Str[{low}..{high}]"


def _number(said: Any) -> int | None:
    text = str(said)
    return int(text) if re.fullmatch(r"-?[0-9]{1,9}", text) else None
