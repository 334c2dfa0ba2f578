"""The HTTP XML API: what `getxml` and `putxml` answer to a document, whoever carried it. Pure.

Errors of the API travel inside HTTP 200, in shapes of their own; only what is no XML at all is a 400. Facts from
lab guides, production clients and captures; the inner layout of a refused configuration is our reading.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from html import escape
from typing import Any

from roomgate.sim.accounts import Account
from roomgate.sim.device import Device
from roomgate.sim.refusal import CommandError, Denied, InvalidParams, MethodNotFound, Refused
from roomgate.sim.wires import Wires
from roomgate.sim.xmldoc import Element, XmlSyntaxError, build_xml, parse_xml
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue, Leaf
from roomgate.xapi.values import AnyOf, ListOf, Literals, Number, Text, ValueSpace

_HEAD = '<?xml version="1.0"?>\n'
_STEP = re.compile(r"(?P<name>[A-Za-z*][A-Za-z0-9_.*\-]*)(?:\[(?:@item=['\"])?(?P<item>[0-9]{1,9})['\"]?\])?")
_NO_ACTION = "<ActionError><Reason>No action detected in document</Reason></ActionError>"
_NO_LOCATION = (
    '<Fault><XPathError type="parsing"><ErrorCode type="string">10</ErrorCode><Location/><ProcessString/>'
    "</XPathError></Fault>"
)


@dataclass(frozen=True, slots=True)
class XmlApi:
    """One room's documents and commands, in XML."""

    device: Device
    wires: Wires

    def get(self, account: Account, location: str, now: datetime) -> str:
        """`/getxml`: what is at a location such as ``/Status/Call[2]``."""
        if not location.strip():
            return _HEAD + _NO_LOCATION
        parts = _parse_location(location)
        root = str(parts[0]).lower() if parts else ""
        if root in ("command", "valuespace") and len(parts) == 1:  # inferred: the same documents as by their names
            return self.command_document() if root == "command" else self.valuespace_document()
        found: Any = {}
        if parts:
            try:
                found = self.device.query(account, parts, now)
            except Refused:
                found = {}
        if not found:
            return f"{_HEAD}<EmptyResult{self._product()}/>"
        ((name, below),) = found.items()
        return _HEAD + build_xml(name, below, self._product(), spaces=self._spaces if name == "Configuration" else None)

    def document(self, account: Account, root: str, now: datetime) -> str:
        """`/status.xml` and `/configuration.xml`: all that the account may read."""
        return self.get(account, f"/{root}", now)

    def command_document(self) -> str:
        """`/command.xml`: every command with its parameters. The finer layout is not established."""
        return f"{_HEAD}<Command{self._product()}>{_commands(self.device.offer.catalogue)}</Command>"

    def valuespace_document(self) -> str:
        """`/valuespace.xml`: the value spaces that settings refer to."""
        return f"{_HEAD}<Valuespace{self._product()}>{_valuespaces(self.device.offer.catalogue)}</Valuespace>"

    def put(self, account: Account, body: bytes, session: str, now: datetime) -> str:
        """`/putxml`: commands or settings, one or several; raises XmlSyntaxError for what is no XML."""
        root = parse_xml(body)
        if root.name == "Configuration":
            return _HEAD + self._configure(account, root, now)
        if root.name != "Command":
            return _HEAD + _NO_ACTION
        results = [self._run(account, path, element, session, now) for path, element in self._commands_in(root, ())]
        return _HEAD + (f"<Command>{''.join(results)}</Command>" if results else _NO_ACTION)

    def _commands_in(self, element: Element, above: tuple[str, ...]) -> list[tuple[tuple[str, ...], Element]]:
        """The commands below an element, in order: the deepest names that the catalogue has as a command."""
        found: list[tuple[tuple[str, ...], Element]] = []
        known = _known(self.device.offer.catalogue)
        for child in element.children:
            path = (*above, child.name)
            words = tuple(word.lower() for word in path)
            deeper = any((*words, one.name.lower()) in known for one in child.children)
            if known.get(words) and (child.attributes.get("command") == "True" or not deeper):
                found.append((path, child))
            elif words in known:
                found += self._commands_in(child, path)
        return found

    def _run(self, account: Account, path: tuple[str, ...], element: Element, session: str, now: datetime) -> str:
        spec = self.device.offer.catalogue.command(Path.of("Command", *path))
        result = "".join(spec.path.words[-2:]) + "Result"
        arguments: dict[str, Any] = {}
        for child in element.children:
            if child.children:
                return f'<{result} status="ParameterError"/>'
            name = child.name
            is_body = name.lower() == "body"
            parameter = spec.parameter(name)
            if parameter is None and not (is_body and spec.multiline) and self.wires.bare_unsupported:
                return ""
            if name in arguments:
                earlier = arguments[name]
                arguments[name] = [*earlier, child.text] if isinstance(earlier, list) else [earlier, child.text]
            elif parameter is not None and isinstance(parameter.space, ListOf):
                arguments[name] = [child.text]
            else:
                arguments["body" if is_body else name] = child.text
        try:
            answer = self.device.command(account, list(path), arguments, session, now)
        except InvalidParams:
            return f'<{result} status="ParameterError"/>'
        except MethodNotFound:
            return ""
        except (CommandError, Denied) as refused:
            reason = "Error" if self.device.profile.name == "9.15" else "Reason"
            return f'<{result} status="Error"><{reason}>{escape(refused.message, quote=False)}</{reason}></{result}>'
        return build_xml(result, answer, ' status="OK"')

    def _configure(self, account: Account, root: Element, now: datetime) -> str:
        """Every leaf by itself: what is wrong with one keeps none of the others from being set."""
        errors = []
        for parts, value in _leaves_of(root, ("Configuration",)):
            try:
                self.device.set(account, list(parts), value, now)
            except Refused as refused:
                where = "/" + "/".join(map(str, parts))
                errors.append(f"<Reason>{escape(refused.message)}</Reason><XPath>{escape(where)}</XPath>")
        inside = "".join(f'<Error item="{n}">{one}</Error>' for n, one in enumerate(errors, 1))
        return f"<Configuration>{inside or '<Success/>'}</Configuration>"

    def _product(self) -> str:
        version = self.device.state.read("Status", "SystemUnit", "Software", "Version")
        return f' product="Cisco Codec" version="{escape(str(version))}" apiVersion="4"'

    def _spaces(self, parts: tuple[str | int, ...]) -> str | None:
        leaf = self.device.offer.leaf(Path(parts))
        return None if leaf is None else f"/Valuespace/{space_name(leaf)}"


def _parse_location(location: str) -> list[str | int]:
    """The parts of an XPath as the device takes it; [] for one that names nothing here."""
    parts: list[str | int] = []
    for step in location.strip().strip("/").split("/"):
        read = _STEP.fullmatch(step)
        if read is None:
            return []
        parts.append(read["name"])
        if read["item"]:
            parts.append(int(read["item"]))
    return parts


def _leaves_of(element: Element, above: tuple[str | int, ...]) -> list[tuple[tuple[str | int, ...], str]]:
    found: list[tuple[tuple[str | int, ...], str]] = []
    for child in element.children:
        item = child.attributes.get("item", "")
        parts: tuple[str | int, ...] = (*above, child.name, *((int(item),) if _is_number(item) else ()))
        found += _leaves_of(child, parts) if child.children else [(parts, child.text)]
    return found


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


@lru_cache(maxsize=8)
def _known(catalogue: Catalogue) -> dict[tuple[str, ...], bool]:
    """Every name on the way to a command, in lower case; true for a command itself."""
    known: dict[tuple[str, ...], bool] = {}
    for words in _walk(catalogue):
        lower = tuple(word.lower() for word in words)
        for n in range(1, len(lower)):
            known.setdefault(lower[:n], False)
        known[lower] = True
    return known


def _walk(catalogue: Catalogue) -> list[tuple[str, ...]]:
    return [command.path.words for command in catalogue.commands(Path(("Command",)))]


@lru_cache(maxsize=8)
def _commands(catalogue: Catalogue) -> str:
    tree: dict[str, Any] = {}
    for words in _walk(catalogue):
        node = tree
        for word in words:
            node = node.setdefault(word, {})
        node[""] = catalogue.command(Path.of("Command", *words))
    return _written(tree)


def _written(tree: dict[str, Any]) -> str:
    pieces = []
    for name, node in tree.items():
        if name == "":
            continue
        command = node.get("")
        inside = _written(node)
        if command is not None:
            inside += "".join(
                f'<{one.name} item="1" required="{one.required}">{_space("ValueSpace", one.space)}</{one.name}>'
                for one in command.parameters
            )
        role = f' command="True" role="{";".join(sorted(command.roles))}"' if command is not None else ""
        pieces.append(f"<{name}{role}>{inside}</{name}>" if inside else f"<{name}{role}/>")
    return "".join(pieces)


@lru_cache(maxsize=8)
def _valuespaces(catalogue: Catalogue) -> str:
    spaces = {space_name(leaf): leaf.space for leaf in catalogue.leaves(Path(("Configuration",)))}
    return "".join(_space(name, spaces[name]) for name in sorted(spaces))


def _space(name: str, space: ValueSpace) -> str:
    match space:
        case Literals(words=words):
            inside = "".join(f"<Value>{escape(word)}</Value>" for word in words)
            return f'<{name} type="Literal">{inside}</{name}>'
        case Number(low=low, high=high):
            limits = "".join(f"<{n}>{v}</{n}>" for n, v in (("Min", low), ("Max", high)) if v is not None)
            return f'<{name} type="Integer">{limits}</{name}>'
        case Text(shortest=shortest, longest=longest):
            limits = f"<MaxLength>{longest}</MaxLength><MinLength>{shortest}</MinLength>"
            return f'<{name} type="String">{limits}</{name}>'
        case ListOf(item=item):
            return _space(name, item)
        case AnyOf(spaces=spaces):
            return _space(name, spaces[0])
        case _:
            return f'<{name} type="String"/>'


def space_name(leaf: Leaf) -> str:
    """A value space by name: TTPAR_OnOff, INT_0_100, STR_0_64_NoFilt, PASSWORD_0_64_NoFilt are names of a device's
    own; those of other literals are ours, made from the words."""
    space = leaf.space
    match space:
        case Literals(words=words) if set(words) == {"On", "Off"}:
            return "TTPAR_OnOff"
        case Literals(words=words):
            return "TTPAR_" + re.sub(r"[^A-Za-z0-9]", "", "".join(words))[:60]
        case Number(low=low, high=high):
            return f"INT_{_bound(low)}_{_bound(high)}"
        case Text(shortest=shortest, longest=longest):
            return f"{'PASSWORD' if leaf.masked else 'STR'}_{shortest}_{longest}_NoFilt"
        case AnyOf(spaces=spaces):
            return "ANY_" + "_".join(re.sub(r"[^A-Za-z0-9]", "", str(one))[:24] for one in spaces)
        case _:
            return "STR_NoFilt"


def _bound(number: int | None) -> str:
    return "" if number is None else str(number).replace("-", "M")


__all__ = ["XmlApi", "XmlSyntaxError", "space_name"]
