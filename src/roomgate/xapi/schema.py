"""What a device has to offer: the catalogue of names, value spaces and roles.

`Catalogue.canonical` turns what somebody asked into the one form that is judged, signed, sent and
recorded. What is not in the catalogue has no canonical form, and so is refused.
"""

import difflib
import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files

from roomgate.xapi.call import Call, Value, Verb
from roomgate.xapi.errors import BadArgument, InvalidPath, UnknownPath
from roomgate.xapi.path import Path
from roomgate.xapi.tables import (
    Command,
    Leaf,
    Node,
    Parameter,
    leaves_below,
    load_commands,
    load_configuration,
    load_events,
    load_status,
    space_of,
)

__all__ = ["BODY_LIMIT_BYTES", "Catalogue", "Command", "Leaf", "Parameter"]

# The ceiling of a multi-line payload in the 11.32 guide, as third parties quote it.
BODY_LIMIT_BYTES = 8 * 1024 * 1024
_READABLE = {Verb.GET: ("Status", "Configuration"), Verb.SUBSCRIBE: ("Status", "Configuration", "Event")}
_FEW = 6  # names that a sentence can hold
PATTERN = "A pattern answers from the root: use query()"
_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")


class Catalogue:
    """The names that one firmware knows. Never changes after it is made."""

    __slots__ = ("_below", "_node", "_read_call", "_roots", "reading")

    def __init__(self, *, status: str = "", configuration: str = "", events: str = "", commands: str = "") -> None:
        """Read the four tables (tab-separated text); raises ValueError for a table that is none."""
        self._roots = {name: Node(name) for name in ("Status", "Configuration", "Event", "Command")}
        load_status(self._roots["Status"], status)
        load_configuration(self._roots["Configuration"], configuration)
        load_events(self._roots["Event"], events)
        load_commands(self._roots["Command"], commands)
        # What never changes is worked out once for each path; bounded, since people choose the paths.
        self._below = lru_cache(maxsize=1024)(self._find_leaves)
        self._node = lru_cache(maxsize=1024)(self._find_node)
        self._read_call = lru_cache(maxsize=1024)(self._make_read_call)
        self.reading = lru_cache(maxsize=1024)(self._make_reading)
        """A get of one path that is no pattern, as `canonical` gives it: what a program asks again and again."""

    @classmethod
    def shipped(cls) -> "Catalogue":
        """RoomOS 26.4.1, from the tables in this package; read once."""
        return _shipped()

    def replaced(self, tables: Mapping[str, str]) -> "Catalogue":
        """Another catalogue, with the tables of some roots (not of events) in place of this one's."""
        made = Catalogue(
            status=tables.get("Status", ""),
            configuration=tables.get("Configuration", ""),
            commands=tables.get("Command", ""),
        )
        made._roots |= {name: node for name, node in self._roots.items() if name not in tables}
        return made

    def canonical(
        self,
        verb: Verb,
        path: Path | str,
        arguments: Mapping[str, object] | None = None,
        body: str | None = None,
    ) -> Call:
        """The call in its one canonical form.

        Names match without regard to case and come out in the device's spelling; values come out as the
        wire has them. A member ``body`` of the arguments is the body, as on the wire. Raises InvalidPath,
        UnknownPath or BadArgument.
        """
        path = parse_path(verb, path)
        given = dict(arguments or {})
        match verb:
            case Verb.COMMAND:
                return self._command_call(path, given, body)
            case Verb.SET:
                if body is not None or [name.lower() for name in given] != ["value"]:
                    raise BadArgument("A set takes one argument, Value")
                return self._set_call(path, next(iter(given.values())))
            case Verb.GET | Verb.SUBSCRIBE:
                if body is not None or given:
                    raise BadArgument(f"A {verb} takes no arguments")
                return self._read_call(verb, path)

    def root(self, name: str) -> Node:
        """The tree of names below Status, Configuration, Event or Command; to be read, never changed."""
        return self._roots[name]

    def command(self, path: Path | str) -> Command:
        """What a command takes; raises UnknownPath."""
        path = parse_path(Verb.COMMAND, path)
        node = None if path.is_pattern or len(path.words) < len(path.parts) - 1 else self._node(path)
        if node is None or node.command is None:
            raise self._unknown(path)
        return node.command

    def commands(self, path: Path) -> tuple[Command, ...]:
        """Every command at or below a node; () for an unknown path."""
        tops = self._match(path, {})
        return tuple(node.command for top in tops for node in top.walk() if node.command is not None)

    def leaves(self, path: Path) -> tuple[Leaf, ...]:
        """Every leaf at or below a node, or at or below what a pattern matches; () for an unknown path."""
        return self._below(path)

    def roles(self, call: Call) -> frozenset[str]:
        """The roles of which any one is enough for the whole call; none for a call that is unknown here."""
        if call.verb is Verb.COMMAND:
            return self.command(call.path).roles
        found = self.leaves(call.path)
        sets = [leaf.write_roles if call.verb is Verb.SET else leaf.read_roles for leaf in found]
        return frozenset.intersection(*sets) if sets else frozenset()

    def completions(self, prefix: str) -> list[str]:
        """Paths that begin with what was typed so far, one more name complete; sorted."""
        typed = re.split(r"[\s/.\[\]]+", prefix.lstrip())
        *done, last = typed
        if not done:
            return sorted(name for name in self._roots if name.lower().startswith(last.lower()))
        try:
            parent = Path.of(*done)
        except InvalidPath:
            return []
        spelled: dict[int, str] = {}
        found = self._match(parent, spelled)
        start = _spell(parent, spelled)
        names = {node.name for top in found for node in top.children.values()}
        return sorted(f"{start}/{name}" for name in names if name.lower().startswith(last.lower()))

    def _command_call(self, path: Path, given: dict[str, object], body: str | None) -> Call:
        spec = self.command(path)
        title = " ".join(spec.path.words)
        checked: dict[str, Value] = {}
        for name, value in given.items():
            if name.lower() == "body" and spec.multiline:
                if body is not None or not isinstance(value, str):
                    raise BadArgument(f"{title} takes one body, as text")
                body = value
                continue
            parameter = spec.parameter(name)
            if parameter is None:
                names = [one.name for one in spec.parameters]
                takes = f" (it takes {', '.join(names)})" if 0 < len(names) <= _FEW else ""
                raise BadArgument(f"{title} has no parameter {name[:64]!r}{_hint(name, names) or takes}")
            if parameter.name in checked:
                raise BadArgument(f"{parameter.name} is given twice")
            checked[parameter.name] = parameter.space.check(value, parameter.name)
        for parameter in spec.parameters:
            if parameter.required and parameter.name not in checked:
                raise BadArgument(f"{title} needs {parameter.name}")
        if body is not None:
            if not spec.multiline:
                raise BadArgument(f"{title} takes no body")
            if _NOT_TEXT.search(body) or len(body.encode()) > BODY_LIMIT_BYTES:
                raise BadArgument(f"{title} takes a body of text, at most 8 MiB")
        return Call(Verb.COMMAND, spec.path, tuple(sorted(checked.items())), body)

    def _set_call(self, path: Path, value: object) -> Call:
        node = None if path.is_pattern or path.root != "Configuration" else self._node(path)
        if node is None or node.leaf is None:
            raise self._unknown(path)
        leaf = node.leaf
        path = _with_indices(leaf.path, path)
        fitting = tuple(variant for variant in leaf.variants if variant.fits(path))
        if not fitting:
            raise UnknownPath(f"{path} needs its list indices, no more and no fewer")
        return Call(Verb.SET, path, (("Value", space_of(fitting).check(value, leaf.path.words[-1])),))

    def _make_read_call(self, verb: Verb, path: Path) -> Call:
        if path.root not in _READABLE[verb]:
            raise UnknownPath(f"{path.root} is not there to {verb}")
        spelled: dict[int, str] = {}
        if not self._match(path, spelled):
            raise self._unknown(path)
        path = Path(tuple(spelled.get(position, part) for position, part in enumerate(path.parts)))
        if verb is Verb.SUBSCRIBE and path.root == "Status" and set(path.parts[1:]) <= {"*", "**"}:
            # roomos.cisco.com's introduction to the xAPI: never register for the whole of Status.
            raise BadArgument("Subscribe to a part of Status, such as Status/Call; the whole is too much for a device")
        return Call(verb, path)

    def _make_reading(self, path: Path | str) -> Call:
        call = self._read_call(Verb.GET, parse_path(Verb.GET, path))
        if call.path.is_pattern:
            raise BadArgument(PATTERN)
        return call

    def _find_node(self, path: Path) -> Node | None:
        """The node at a path that is no pattern."""
        found = self._match(path, {})
        return found[0] if found else None

    def _find_leaves(self, path: Path) -> tuple[Leaf, ...]:
        return leaves_below(self._match(path, {}))

    def _match(self, path: Path, spelled: dict[int, str]) -> list[Node]:
        """The nodes that a path or pattern ends at. ``spelled`` gets the device's spelling of its words.

        ``*`` is one level, ``**`` any number of levels. An index may be left out, but given only after a
        list. Each (node, position) is looked at once, so a long pattern costs no more than the tree.
        """
        parts, found, seen = path.parts, dict[int, Node](), dict[tuple[int, int, bool], bool]()

        def walk(node: Node, position: int, fresh: bool) -> bool:
            key = (id(node), position, fresh)
            if key not in seen:
                seen[key] = False
                seen[key] = step(node, position, fresh)
            return seen[key]

        def step(node: Node, position: int, fresh: bool) -> bool:
            if position == len(parts):
                found[id(node)] = node
                return True
            part = parts[position]
            if isinstance(part, int):
                return fresh and node.takes(part) and walk(node, position + 1, False)
            if part == "**":
                below = [walk(child, position, True) for child in node.children.values()]
                return walk(node, position + 1, fresh) or any(below)
            if part == "*":
                below = [walk(child, position + 1, True) for child in node.children.values()]
                return any(below) or (fresh and bool(node.indices) and walk(node, position + 1, False))
            child = node.children.get(part.lower())
            if child is None or not walk(child, position + 1, True):
                return False
            spelled[position] = child.name
            return True

        walk(self._roots[path.root], 1, False)
        return list(found.values())

    def _unknown(self, path: Path) -> UnknownPath:
        """The sentence for a path that is not here, with the nearest names at the place where it fails."""
        node = self._roots[path.root]
        for position, part in enumerate(path.parts[1:], 1):
            if part in ("*", "**"):
                return UnknownPath(f"{path} matches nothing")
            if isinstance(part, int):
                continue
            child = node.children.get(part.lower())
            if child is None:
                start = "/".join(map(str, path.parts[:position]))
                names = [one.name for one in node.children.values()]
                return UnknownPath(f"{start} has no {part}{_hint(part, names)}")
            node = child
        return UnknownPath(f"{path} is not a {'command' if path.root == 'Command' else 'path'} that takes this")


def parse_path(verb: Verb, text: Path | str) -> Path:
    """Read a path; a command may be named without its root, as in ``Audio.Volume.Set``."""
    if isinstance(text, Path):
        return text
    first = re.match(r"[\s/.]*([A-Za-z]*)", text)
    if verb is Verb.COMMAND and (first is None or first[1].lower() not in ("command", "xcommand")):
        text = "Command/" + text
    return Path.parse(text)


def _with_indices(spelling: Path, asked: Path) -> Path:
    words = iter(spelling.parts)
    return Path(tuple(part if isinstance(part, int) else next(words) for part in asked.parts))


def _spell(path: Path, spelled: Mapping[int, str]) -> str:
    return "/".join(spelled.get(position, str(part)) for position, part in enumerate(path.parts))


def _hint(word: str, names: list[str]) -> str:
    by_folded = {name.lower(): name for name in names}
    near = difflib.get_close_matches(word.lower()[:64], by_folded, n=3, cutoff=0.6)
    return f" (did you mean {' or '.join(by_folded[one] for one in near)}?)" if near else ""


@lru_cache(maxsize=1)
def _shipped() -> Catalogue:
    folder = files("roomgate.xapi") / "data"
    return Catalogue(
        **{
            name: (folder / f"{name}.tsv").read_text(encoding="utf-8")
            for name in ("status", "configuration", "events", "commands")
        }
    )
