"""`xDoc`: what a node is, in the layout that jsxapi's schema reader takes.

Nested names; on a leaf ``ValueSpace`` with ``type`` and ``Value``, ``access``, ``read`` and ``role``; on a command
``command: "True"``, ``multiline`` and ``role``, with its parameters as names below it. All values are strings.
Whether it is rooted over WebSocket is not established (the switch ``doc_rooted``).
"""

from typing import Any

from roomgate.xapi.errors import InvalidPath
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue, Command, Leaf
from roomgate.xapi.values import AnyOf, ListOf, Literals, Number, Text, ValueSpace

ROOTS = {"Command": "Command", "Configuration": "Configuration", "StatusSchema": "Status", "Event": "Event"}
_ACCESS = "public-api"


def describe(catalogue: Catalogue, root: str, below: list[str]) -> dict[str, Any]:
    """The tree below a path, relative to it; {} where there is nothing. ``root`` is one of `ROOTS`."""
    base = Path.of(ROOTS[root])
    try:
        wanted = Path.of(ROOTS[root], *below) if below else base
    except InvalidPath:
        return {}
    if wanted.is_pattern:
        return {}
    found: dict[str, Any] = {}
    depth = len(wanted.words)
    if root == "Command":
        for command in catalogue.commands(wanted):
            _hang(found, command.path.words[depth:], _command(command))
    else:
        for leaf in catalogue.leaves(wanted):
            _hang(found, leaf.path.words[depth:], _leaf(leaf))
    return found


def _hang(tree: dict[str, Any], words: tuple[str, ...], value: dict[str, Any]) -> None:
    for word in words:
        tree = tree.setdefault(word, {})
    tree.update(value)


def _leaf(leaf: Leaf) -> dict[str, Any]:
    described = {"ValueSpace": space(leaf.space), "access": _ACCESS, "read": ";".join(sorted(leaf.read_roles))}
    described["role"] = ";".join(sorted(leaf.write_roles or leaf.read_roles))
    if leaf.default is not None:
        described["default"] = leaf.default
    return described


def _command(command: Command) -> dict[str, Any]:
    described: dict[str, Any] = {"access": _ACCESS, "command": "True", "role": ";".join(sorted(command.roles))}
    if command.multiline:
        described["multiline"] = "True"
    for one in command.parameters:
        described[one.name] = {"ValueSpace": space(one.space), "required": str(one.required)}
    return described


def space(of: ValueSpace) -> dict[str, Any]:
    """A value space as xDoc says it."""
    match of:
        case ListOf(item=item):
            inner = space(item)
            return {**inner, "type": f"{inner['type']}Array"}
        case Number(low=low, high=high):
            bounds = {"Min": low, "Max": high}
            return {"type": "Integer", **{name: str(value) for name, value in bounds.items() if value is not None}}
        case Literals(words=words):
            return {"type": "Literal", "Value": list(words)}
        case Text(shortest=shortest, longest=longest):
            return {"type": "String", "MinLength": str(shortest), "MaxLength": str(longest)}
        case AnyOf(spaces=spaces):
            return space(spaces[0])
        case _:
            return {"type": "String"}
