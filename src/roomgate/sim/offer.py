"""What the simulated device offers, and to whom: the catalogue's names, spaces and roles, as the device asks.

Nothing outside the catalogue is ever put into the documents, so what has no leaf there is read by nobody.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from roomgate.sim.accounts import Account
from roomgate.xapi.errors import BadArgument
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue, Leaf
from roomgate.xapi.tree import leaves, prune
from roomgate.xapi.values import AnyOf, Literals, Number, Text, ValueSpace

MASK = "***"
_MOST_MEMBERS = 6  # of a configuration's list: a room has a handful of connectors, not sixty


@dataclass(slots=True)
class Offer:
    """The catalogue, indexed for questions about one leaf."""

    catalogue: Catalogue
    _leaves: dict[tuple[str, ...], Leaf] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for root in ("Status", "Configuration"):
            for leaf in self.catalogue.leaves(Path((root,))):
                self._leaves[_words(leaf.path)] = leaf

    def leaf(self, path: Path) -> Leaf | None:
        """The leaf that a concrete path names, whatever its indices."""
        return self._leaves.get(_words(path))

    def may_read(self, account: Account, path: Path) -> bool:
        """Whether one of the account's roles reads this leaf, or all of this event."""
        if path.root == "Event":
            found = self.catalogue.leaves(path)
            return bool(found) and all(leaf.read_roles & set(account.roles) for leaf in found)
        leaf = self.leaf(path)
        return leaf is not None and not leaf.read_roles.isdisjoint(account.roles)

    def may_read_some(self, account: Account, path: Path) -> bool:
        """Whether anything at or below a path, or a pattern, is for the account."""
        return any(not leaf.read_roles.isdisjoint(account.roles) for leaf in self.catalogue.leaves(path))

    def readable(self, account: Account, document: Any, prefix: Path | None) -> Any:
        """The part of a document that the account may read, secrets masked; None where nothing is left."""
        kept = prune(document, prefix, lambda path: self._keeps(account, path))
        return self._masked(kept, prefix.parts if prefix else ())

    def hides(self, account: Account, document: Any, prefix: Path) -> bool:
        """Whether something in a document is not for the account."""
        return any(not self.may_read(account, path) for path, _ in leaves(document, prefix))

    def _keeps(self, account: Account, path: Path) -> bool:
        if isinstance(path.parts[-1], int):  # a ghost: it says only that the member went away
            return self.may_read_some(account, path)
        return self.may_read(account, path)

    def _masked(self, node: Any, parts: tuple[str | int, ...]) -> Any:
        if isinstance(node, dict):
            return {name: self._masked(value, (*parts, name)) for name, value in node.items()}
        if isinstance(node, list):
            return [self._masked(one, parts) for one in node]
        leaf = self._leaves.get(tuple(part for part in parts if isinstance(part, str)))
        return MASK if leaf is not None and leaf.masked and node != "" else node


def _words(path: Path) -> tuple[str, ...]:
    return tuple(part for part in path.parts if isinstance(part, str))


def default_configuration(catalogue: Catalogue) -> Iterable[tuple[tuple[str | int, ...], str | int]]:
    """Every configuration with its default, list members written out; a leaf without one gets its space's least.

    The same name is a list on one product and none on another; a device is one product, so the first reading of
    a name holds for all that is below it.
    """
    is_list: dict[tuple[str | int, ...], bool] = {}
    for leaf in catalogue.leaves(Path(("Configuration",))):
        words, value = leaf.path.parts[1:], _default(leaf)
        for variant in leaf.variants:
            shape = {words[: n + 1]: taken is not None for n, taken in enumerate(variant.indices)}
            if all(is_list.get(name, listed) == listed for name, listed in shape.items()):
                is_list |= shape
                for parts in _addresses(words, variant.indices):
                    yield parts, value
                break


def _addresses(
    words: tuple[str | int, ...], indices: tuple[tuple[int, int] | None, ...]
) -> list[tuple[str | int, ...]]:
    found: list[tuple[str | int, ...]] = [()]
    for word, taken in zip(words, indices, strict=True):
        if taken is None:
            found = [(*parts, word) for parts in found]
        else:
            low, high = taken
            numbers = range(low, min(high, low + _MOST_MEMBERS - 1) + 1)
            found = [(*parts, word, number) for parts in found for number in numbers]
    return found


def _default(leaf: Leaf) -> str | int:
    if leaf.default is not None:
        try:
            value = leaf.space.check(leaf.default, "Default")
            return value if isinstance(value, str | int) else str(leaf.default)
        except BadArgument:
            return leaf.default  # a default outside its own space: the table says so, and so do we
    return _least(leaf.space)


def _least(space: ValueSpace) -> str | int:
    match space:
        case Number(low=low):
            return low or 0
        case Literals(words=words):
            return words[0] if words else ""
        case AnyOf(spaces=spaces):
            return _least(spaces[0])
        case Text() | _:
            return ""
