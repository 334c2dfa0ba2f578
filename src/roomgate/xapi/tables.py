"""The shipped tables as a tree of names: what a device's interface has, and who may use it.

Facts of RoomOS 26.4.1, one row a node: see ``data/``. The same node may have several rows, because
products differ in how many connectors they have and in what a value may be.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from roomgate.xapi.path import Path
from roomgate.xapi.values import ValueSpace, parse_space, unite

ROLES = {
    "A": "Admin",
    "D": "Audit",
    "U": "User",
    "I": "Integrator",
    "R": "RoomControl",
    "T": "TouchUser",
    "P": "PairedUser",
}
Range = tuple[int, int]
ANY_INDEX: Range = (0, 10**9 - 1)
_WORD = re.compile(r"([^\[\]]+)(?:\[(n|[0-9]+)(?:\.\.([0-9]+))?\])?")
_CHILD_TOKEN = re.compile(r"[{},]|[^{},]+")


@dataclass(frozen=True, slots=True)
class Variant:
    """One row of a leaf: which indices it takes after each word (None: none), and its value space's notation."""

    indices: tuple[Range | None, ...]
    notation: str

    def fits(self, path: Path) -> bool:
        """Whether the path addresses exactly this row: every index given, each in its range."""
        position, parts = 1, path.parts
        for taken in self.indices:
            position += 1
            if taken is not None:
                index = parts[position] if position < len(parts) else None
                if not isinstance(index, int) or not taken[0] <= index <= taken[1]:
                    return False
                position += 1
        return position == len(parts)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value in the schema. ``path`` is spelled as the device does and has no indices.

    ``masked`` values read back as ``***``. ``privacy`` is the schema's own mark for data about people;
    the table of events has no such mark, so every event counts as marked.
    """

    path: Path
    variants: tuple[Variant, ...]
    read_roles: frozenset[str]
    write_roles: frozenset[str] = frozenset()
    masked: bool = False
    privacy: bool = False
    default: str | None = None

    @property
    def space(self) -> ValueSpace:
        """The values that the leaf has on one product or another."""
        return space_of(self.variants)


@lru_cache(maxsize=4096)
def space_of(variants: tuple[Variant, ...]) -> ValueSpace:
    return unite(parse_space(variant.notation) for variant in variants)


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    space: ValueSpace
    required: bool = False
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """A command. ``capability`` is our class for it (`call`, `privacy`, `system` …)."""

    path: Path
    roles: frozenset[str]
    capability: str
    multiline: bool = False
    privacy: bool = False
    notation: str = ""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return parse_parameters(self.notation)

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of that name, upper and lower case alike."""
        return next((one for one in self.parameters if one.name.lower() == name.lower()), None)


@dataclass(slots=True, eq=False)
class Node:
    """A name in the tree; ``indices`` is not empty where the node is a list. Filled once, then only read."""

    name: str
    children: dict[str, "Node"] = field(default_factory=dict)
    indices: tuple[Range, ...] = ()
    leaf: Leaf | None = None
    command: Command | None = None

    def child(self, name: str) -> "Node":
        found = self.children.get(name.lower())
        if found is None:
            found = self.children[name.lower()] = Node(name)
        return found

    def takes(self, index: int) -> bool:
        return any(low <= index <= high for low, high in self.indices)

    def walk(self) -> Iterator["Node"]:
        """This node and all below it."""
        yield self
        for child in self.children.values():
            yield from child.walk()


@lru_cache(maxsize=64)
def roles_of(letters: str) -> frozenset[str]:
    return frozenset(ROLES[letter] for letter in letters)


@lru_cache(maxsize=1024)
def parse_parameters(notation: str) -> tuple[Parameter, ...]:
    """Read ``Number*:Str[0..255]; Protocol:Sip/Spark=Sip``; a star means required."""
    parameters = []
    for piece in filter(None, notation.split("; ")):
        name, _, rest = piece.partition(":")
        space, given, default = rest.partition("=")
        parameters.append(
            Parameter(name.rstrip("*"), parse_space(space), name.endswith("*"), default if given else None)
        )
    return tuple(parameters)


@lru_cache(maxsize=4096)
def _split(word: str) -> tuple[str, Range | None]:
    parsed = _WORD.fullmatch(word)
    if parsed is None:
        raise ValueError(f"not a word of the tables: {word}")
    name, low, high = parsed.groups()
    if low is None:
        return name, None
    return name, ANY_INDEX if low == "n" else (int(low), int(high or low))


def _place(root: Node, text: str) -> tuple[Node, Path, tuple[Range | None, ...]]:
    """The node for a row's path, with the list indices noted on the way."""
    node, words, indices = root, [root.name], []
    for word in text.split(" "):
        name, taken = _split(word)
        node = node.child(name)
        if taken is not None and taken not in node.indices:
            node.indices = (*node.indices, taken)
        words.append(node.name)
        indices.append(taken)
    return node, Path(tuple(words)), tuple(indices)


def _add(node: Node, leaf: Leaf) -> None:
    """Set the leaf, or widen it by one more row: values unite, roles must be allowed by every row."""
    old = node.leaf
    node.leaf = (
        leaf
        if old is None
        else Leaf(
            leaf.path,
            tuple(dict.fromkeys((*old.variants, *leaf.variants))),
            old.read_roles & leaf.read_roles,
            old.write_roles & leaf.write_roles,
            old.masked or leaf.masked,
            old.privacy or leaf.privacy,
            old.default if old.default == leaf.default else None,
        )
    )


def _rows(table: str) -> Iterator[list[str]]:
    for line in table.splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


def load_status(root: Node, table: str) -> None:
    for text, notation, read, privacy, *_ in _rows(table):
        node, path, indices = _place(root, text)
        _add(node, Leaf(path, (Variant(indices, notation),), roles_of(read), privacy="P" in privacy))


def load_configuration(root: Node, table: str) -> None:
    for text, notation, default, write, read, _, hide, *_ in _rows(table):
        node, path, indices = _place(root, text)
        variants = (Variant(indices, notation),)
        _add(node, Leaf(path, variants, roles_of(read), roles_of(write), bool(hide), False, default or None))


def load_events(root: Node, table: str) -> None:
    for text, read, members, *_ in _rows(table):
        node, path, indices = _place(root, text)
        _load_members(node, path, indices, iter(_CHILD_TOKEN.findall(members)), roles_of(read))
        if not node.children:
            node.leaf = Leaf(path, (Variant(indices, "None"),), roles_of(read), privacy=True)


def _load_members(
    node: Node, path: Path, indices: tuple[Range | None, ...], pieces: Iterator[str], roles: frozenset[str]
) -> None:
    """Read ``A?:int, B{C:string}`` up to the end or the closing brace."""
    child, here, inside = node, path, (*indices, None)
    for piece in pieces:
        if piece == "}":
            return
        if piece == "{":
            _load_members(child, here, inside, pieces, roles)
        elif piece != "," and piece.strip():
            name, _, kind = piece.strip().partition(":")
            child = node.child(name.rstrip("?"))
            here = Path((*path.parts, child.name))
            if kind:
                child.leaf = Leaf(
                    here, (Variant(inside, _EVENT_TYPES.get(kind, kind.removeprefix("literal="))),), roles, privacy=True
                )


# "literal" alone: words that the schema does not name.
_EVENT_TYPES = {"string": "Str", "int": "Int", "literal": "…(0 values)"}


def load_commands(root: Node, table: str) -> None:
    for text, capability, roles, privacy, multiline, _, notation in _rows(table):
        node, path, _ = _place(root, text)
        node.command = Command(path, roles_of(roles), capability, bool(multiline), "P" in privacy, notation)


def leaves_below(nodes: Iterable[Node]) -> tuple[Leaf, ...]:
    """Every leaf at or below these nodes, each once, in the tables' order."""
    return tuple(dict.fromkeys(node.leaf for top in nodes for node in top.walk() if node.leaf is not None))
