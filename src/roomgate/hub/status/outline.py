"""Pure: a device's whole status as a tree that a page can show: bounded, in order, and searched."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from roomgate.redact import foreign
from roomgate.xapi import tree

MOST_LEAVES = 600  # on one page, so that it stays light; what has more is looked at by its parts
MOST_COUNTED = 200_000
_DEEPEST = 24
_LONGEST = 300


@dataclass(slots=True)
class Branch:
    """``path``: as it is asked for, from Status on. ``more``: leaves in it that are not shown here."""

    name: str
    path: str
    leaves: list[tuple[str, str]] = field(default_factory=list)  # name and value
    branches: list["Branch"] = field(default_factory=list)
    more: int = 0


@dataclass(frozen=True, slots=True)
class Outline:
    top: Branch
    shown: int
    total: int


def build_outline(value: Any, path: Sequence[str | int] = (), find: str = "", most: int = MOST_LEAVES) -> Outline:
    """``value`` is what stands at ``path`` below Status. ``find``: words that a leaf's path or value must all have."""
    words = find.lower().split()
    top = Branch(str(path[-1]) if path else "Status", "/".join(("Status", *map(str, path))))
    total = 0
    found: list[tuple[tuple[str, ...], str]] = []
    for parts, text in _leaves(value, (), 0):
        if words and not all(word in f"{top.path}/{'/'.join(parts)} {text}".lower() for word in words):
            continue
        total += 1
        if total > MOST_COUNTED:
            break
        found.append((parts, text))
    shown = 0
    left = most
    for first, group in _groups(found):
        if len(group) > left and not _bare(group) and not words:  # a branch that does not fit is a way to its own page
            top.branches.append(Branch(first, f"{top.path}/{first}", more=len(group)))
            continue
        for parts, text in group[:left]:
            _put(top, parts, text)
        shown += min(left, len(group))
        left -= min(left, len(group))
    if (missing := total - shown - sum(one.more for one in top.branches)) > 0:
        top.more = missing
    return Outline(top, shown, total)


def _groups(
    found: list[tuple[tuple[str, ...], str]],
) -> Iterator[tuple[str, list[tuple[tuple[str, ...], str]]]]:
    """By their first name, in the order of the names."""
    groups: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for parts, text in found:
        groups.setdefault(parts[0] if parts else "", []).append((parts, text))
    yield from sorted(groups.items(), key=lambda one: (not _bare(one[1]), _order(one[0])))


def _bare(group: list[tuple[tuple[str, ...], str]]) -> bool:
    """Whether it is a value of the top itself, and no branch."""
    return len(group) == 1 and len(group[0][0]) <= 1


def _order(name: str) -> tuple[int, str]:
    return (int(name), "") if name.isascii() and name.isdigit() and len(name) < 12 else (0, name.casefold())


def _put(top: Branch, parts: tuple[str, ...], text: str) -> None:
    at = top
    for name in parts[:-1]:
        last = at.branches[-1] if at.branches else None
        if last is None or last.name != name:
            last = Branch(name, f"{at.path}/{name}")
            at.branches.append(last)
        at = last
    at.leaves.append((parts[-1] if parts else at.name, text))


def _leaves(node: Any, parts: tuple[str, ...], depth: int) -> Iterator[tuple[tuple[str, ...], str]]:
    if depth > _DEEPEST:
        yield parts, "…"
    elif isinstance(node, dict):
        if not tree.is_ghost(node):
            in_list = tree.member_id(node) is not None and parts and parts[-1] == str(tree.member_id(node))
            for name in sorted((str(one) for one in node if not (in_list and one == "id")), key=_order):
                yield from _leaves(node.get(name), (*parts, foreign(name, 80).replace("/", "·")), depth + 1)
    elif isinstance(node, list):
        for position, one in enumerate(node, 1):
            number = tree.member_id(one)
            yield from _leaves(one, (*parts, str(position if number is None else number)), depth + 1)
    elif node is not None:
        yield parts, foreign(str(node)[: _LONGEST + 2], _LONGEST)
