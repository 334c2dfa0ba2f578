"""Status and configuration documents as a device sends them: look up, merge, prune, compare.

A document is nested dicts from the root (``{"Status": {…}}``). A node that the schema writes ``X[n]``
is a list of dicts, each with an integer ``id`` (not necessarily in order, not necessarily from 1); its
members are addressed by that id. Feedback carries only what changed; a member that went away comes as
``{"id": 12, "ghost": "True"}`` (RoomOS over WebSocket: jsxapi's tests and captures). Nothing here
changes its arguments.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from roomgate.xapi.errors import InvalidPath
from roomgate.xapi.path import Path

Document = dict[str, Any]
Part = str | int


def member_id(member: object) -> int | None:
    """The id of a list member, also where it comes as a string (SSH, macros); None where there is none."""
    if not isinstance(member, dict):
        return None
    number = member.get("id")
    if isinstance(number, int) and not isinstance(number, bool):
        return number
    if isinstance(number, str) and number.isascii() and number.isdigit() and len(number) < 10:
        return int(number)
    return None


def is_ghost(value: object) -> bool:
    return isinstance(value, dict) and "ghost" in value and str(value["ghost"]).lower() == "true"


def lookup(document: object, parts: Sequence[Part]) -> Any:
    """The value or subtree at ``parts``, or None where the document has none."""
    node: Any = document
    for part in parts:
        if isinstance(part, int):
            members = node if isinstance(node, list) else ()
            node = next((one for one in members if member_id(one) == part), None)
        else:
            node = node.get(part) if isinstance(node, dict) else None
        if node is None:
            return None
    return node


def merge(document: Document, difference: Document) -> Document:
    """The document after the feedback: leaves replaced, list members matched by id, ghosts taken out.

    A subtree that became empty disappears from its parent, as on the device.
    """
    merged = _merged(document, difference)
    return merged if isinstance(merged, dict) else {}


def _merged(old: Any, new: Any) -> Any:
    if is_ghost(new):
        return None
    if isinstance(new, dict):
        result = dict(old) if isinstance(old, dict) else {}
        for name, value in new.items():
            kept = _merged(result.get(name), value)
            if kept is None or (kept in ({}, []) and value not in ({}, [])):
                result.pop(name, None)
            else:
                result[name] = kept
        return result
    if isinstance(new, list):
        if any(member_id(one) is None for one in new):
            return new
        before = old if isinstance(old, list) else ()
        members = {member_id(one): one for one in before if member_id(one) is not None}
        for one in new:
            number = member_id(one)
            kept = _merged(members.get(number), one)
            if kept is None:
                members.pop(number, None)
            else:
                members[number] = {**kept, "id": number}
        return list(members.values())
    return new


def leaves(document: object, root: Path | None = None) -> Iterator[tuple[Path, Any]]:
    """Every value with its path. ``root`` is where the document stands; without it the document is rooted.

    The ``id`` of a list member is part of the path, not a leaf; ghosts are no leaves. Something that is
    there but empty (an event without members) is a leaf of its own, with the value ``{}``.
    """
    yield from _leaves(document, root.parts if root else ())


def _leaves(node: Any, parts: tuple[Part, ...]) -> Iterator[tuple[Path, Any]]:
    if isinstance(node, dict):
        if is_ghost(node):
            return
        names = _names(node, parts)
        if not names and parts:
            yield Path(parts), {}
        for name in names:
            yield from _leaves(node[name], (*parts, name))
    elif isinstance(node, list):
        for position, one in enumerate(node, 1):
            number = member_id(one)
            yield from _leaves(one, (*parts, position if number is None else number))
    elif node is not None:
        yield Path(parts), node


def _names(node: Document, parts: tuple[Part, ...]) -> list[str]:
    """The names below a node; a list member's id is its address, not its content."""
    in_list = bool(parts) and isinstance(parts[-1], int)
    return [name for name in node if not (in_list and name == "id")]


def prune(document: Any, prefix: Path | None, keep: Callable[[Path], bool]) -> Any:
    """Only the leaves that ``keep`` lets through, in the document's shape; None where nothing is left.

    ``prefix`` says where the document stands (an ``xGet`` answer is relative to its path); None means
    that it is rooted. Members of lists keep their id while a leaf of theirs is left, and a ghost stays
    if ``keep`` allows the member's own path: it says no more than that the member went away.
    """
    return _pruned(document, prefix.parts if prefix else (), keep)


def _pruned(node: Any, parts: tuple[Part, ...], keep: Callable[[Path], bool]) -> Any:
    if isinstance(node, dict):
        if is_ghost(node):
            number = member_id(node)
            ghost = {"ghost": "True"} if number is None else {"ghost": "True", "id": number}
            return ghost if parts and keep(Path(parts)) else None
        names = _names(node, parts)
        if not names:
            return dict(node) if parts and keep(Path(parts)) else None
        kept: Document = {}
        for name in names:
            if (left := _pruned(node[name], (*parts, name), keep)) is not None:
                kept[name] = left
        if not kept:
            return None
        return {**kept, "id": node["id"]} if len(names) < len(node) else kept
    if isinstance(node, list):
        members = []
        for position, one in enumerate(node, 1):
            number = member_id(one)
            left = _pruned(one, (*parts, position if number is None else number), keep)
            if left is not None:
                members.append(left)
        return members or None
    if node is None or not parts:
        return None
    return node if keep(Path(parts)) else None


def reprune(document: Any, keep: Callable[[Path], bool], old: Any, left: Any) -> Any:
    """`prune` of a rooted document, where ``left`` is what it gave for ``old``: only what changed is looked at.

    What both documents share, as `merge` leaves what a feedback did not name, is taken over as it was.
    """
    return _repruned(document, (), keep, old, left)


def _repruned(node: Any, parts: tuple[Part, ...], keep: Callable[[Path], bool], old: Any, left: Any) -> Any:
    if node is old:
        return left
    if isinstance(node, dict) and isinstance(old, dict) and not is_ghost(node) and (names := _names(node, parts)):
        before = left if isinstance(left, dict) else {}
        kept: Document = {}
        for name in names:
            value, was, part = node[name], old.get(name), before.get(name)
            if value is not was:
                part = _repruned(value, (*parts, name), keep, was, part)
            if part is not None:
                kept[name] = part
        if not kept:
            return None
        return {**kept, "id": node["id"]} if len(names) < len(node) else kept
    if isinstance(node, list) and isinstance(old, list):
        members_before = {member_id(one): one for one in old}
        if None not in members_before and len(members_before) == len(old):  # else it is not plain which is which
            remained = {member_id(one): one for one in left or ()}
            members = []
            for position, one in enumerate(node, 1):
                number = member_id(one)
                place = (*parts, position if number is None else number)
                if (part := _repruned(one, place, keep, members_before.get(number), remained.get(number))) is not None:
                    members.append(part)
            return members or None
    return _pruned(node, parts, keep)


def difference(old: Document, new: Document) -> Document:
    """The smallest feedback that turns ``old`` into ``new`` when merged; {} where nothing changed.

    A list member that is gone becomes a ghost, and so does any other subtree or leaf that is gone
    (without an id), which is our own extension: devices announce only members.
    """
    changed = _changed(old, new)
    return changed if isinstance(changed, dict) else {}


def _changed(old: Any, new: Any) -> Any:
    if old is new:
        return None
    if isinstance(old, dict) and isinstance(new, dict):
        result: Document = {}
        for name, value in new.items():
            if name not in old:
                result[name] = value
            elif old[name] is not value and (part := _changed(old[name], value)) is not None:
                result[name] = part
        for name in old:
            if name not in new:
                result[name] = _gone(old[name])
        return result or None
    if isinstance(old, list) and isinstance(new, list):
        before, after = {member_id(one): one for one in old}, {member_id(one): one for one in new}
        if None in before or None in after:
            return None if old == new else new
        members: list[Document] = []
        for number, one in after.items():
            if number not in before:
                members.append(one)
            elif (part := _changed(before[number], one)) is not None:
                members.append({**part, "id": number})
        members.extend({"id": number, "ghost": "True"} for number in before if number not in after)
        return members or None
    return None if old == new and type(old) is type(new) else new


def _gone(old: Any) -> Any:
    if isinstance(old, list) and old and all(member_id(one) is not None for one in old):
        return [{"id": member_id(one), "ghost": "True"} for one in old]
    return {"ghost": "True"}


def expand(path: Path, value: Any) -> Document:
    """The rooted document that says just this value, as a feedback would: lists come back for indices.

    Raises InvalidPath where there is no such document: a list member is a dict, never a bare value.
    """
    node: Any = value
    for part in reversed(path.parts):
        if isinstance(part, int):
            if not isinstance(node, dict):
                raise InvalidPath(str(path))
            node = [{**node, "id": part}]
        else:
            node = {part: node}
    return dict(node)
