"""Pure: what ``xDoc`` tells of a node, from the catalogue."""

from typing import Any

from roomgate.xapi.errors import XapiError
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue

MOST_LEAVES = 2000


def describe(path: Path, catalogue: Catalogue) -> Any:
    """The schema below a node, as nested objects; an unknown one gives an empty list, as on a device."""
    if path.root == "Command":
        try:
            command = catalogue.command(path)
        except XapiError:
            return []
        told: dict[str, Any] = {"access": "public-api", "command": "True"}
        for parameter in command.parameters:
            told[parameter.name] = {"required": str(parameter.required), "ValueSpace": str(parameter.space)}
        if command.multiline:
            told["multiline"] = "True"
        return told
    below: dict[str, Any] = {}
    start = len(path.words)
    for leaf in catalogue.leaves(path)[:MOST_LEAVES]:
        node = below
        for word in leaf.path.words[start:]:
            node = node.setdefault(word, {})
        node["ValueSpace"] = str(leaf.space)
    return below or []
