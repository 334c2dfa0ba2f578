"""Status and configuration documents as a device sends them: look up, merge, prune, compare.

A document is nested dicts from the root (``{"Status": {…}}``). A node that the schema writes ``X[n]``
is a list of dicts, each with an integer ``id`` (not necessarily in order, not necessarily from 1); its
members are addressed by that id. Feedback carries only what changed; a member that went away comes as
``{"id": 12, "ghost": "True"}`` (RoomOS over WebSocket: jsxapi's tests and captures). Nothing here
changes its arguments.
"""

from collections.abc import Callable, Iterator, Sequence
from sys import intern
from typing import Any

from roomgate.xapi.errors import InvalidPath
from roomgate.xapi.path import Path

Document = dict[str, Any]
Part = str | int
Parts = tuple[Part, ...]
_NODES = (dict, list)  # to ask for `dict | list` makes a new object each time


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
        if isinstance(node, dict):
            node = node.get(part)  # of a number nothing: names are texts
        elif isinstance(part, int) and isinstance(node, list):
            node = next((one for one in node if member_id(one) == part), None)
        else:
            return None
        if node is None:
            return None
    return node


def merge(document: Document, difference: Document) -> Document:
    """The document after the feedback: leaves replaced, list members matched by id, ghosts taken out.

    A subtree that became empty disappears from its parent, as on the device. Equal texts are one object in all
    documents: thousands of devices say the same few words.
    """
    merged = _merged(document, difference)
    return merged if isinstance(merged, dict) else {}


def _merged(old: Any, new: Any) -> Any:
    if isinstance(new, dict):
        if is_ghost(new):
            return None
        result = dict(old) if isinstance(old, dict) else {}
        for name, value in new.items():
            if isinstance(value, str):
                kept = intern(value)
            elif not isinstance(value, _NODES):
                kept = value
            elif not (kept := _merged(result.get(name), value)) and value:
                kept = None  # it became empty
            if kept is None:
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
    return prune_parts(document, prefix, _of_parts(keep))


def prune_parts(document: Any, prefix: Path | None, keep: Callable[[Parts], bool]) -> Any:
    """The same where ``keep`` goes by a path's parts: of a thousand leaves none needs a `Path`, which halves the time."""
    return _pruned(document, prefix.parts if prefix else (), keep)


def _of_parts(keep: Callable[[Path], bool]) -> Callable[[Parts], bool]:
    return lambda parts: keep(Path(parts))


def _pruned(node: Any, parts: Parts, keep: Callable[[Parts], bool]) -> Any:
    if isinstance(node, dict):
        if "ghost" in node and is_ghost(node):
            number = member_id(node)
            ghost = {"ghost": "True"} if number is None else {"ghost": "True", "id": number}
            return ghost if parts and keep(parts) else None
        addressed = "id" in node and bool(parts) and isinstance(parts[-1], int)  # a member's id is no content of it
        if len(node) == addressed:
            return dict(node) if parts and keep(parts) else None
        kept: Document = {}
        for name, below in node.items():
            if addressed and name == "id":
                continue
            at = (*parts, name)
            if isinstance(below, _NODES):
                below = _pruned(below, at, keep)
            elif below is not None and not keep(at):  # nearly all are leaves: no further call
                continue
            if below is not None:
                kept[name] = below
        if not kept:
            return None
        return {**kept, "id": node["id"]} if addressed else kept
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
    return node if keep(parts) else None


def touches(change: Document, document: Document, keep: Callable[[Path], bool]) -> bool:
    """Whether merging ``change`` into the document may change what `prune` leaves of it. A False is certain.

    It looks at no more than the change names, which is next to nothing beside the document.
    """
    return _touches(change, document, (), keep)


def _touches(new: Any, old: Any, parts: tuple[Part, ...], keep: Callable[[Path], bool]) -> bool:
    if isinstance(new, dict):
        if is_ghost(new) or not new or not (old is None or isinstance(old, dict)):
            return True  # what goes with it is not looked at
        for name, value in new.items():
            if _touches(value, None if old is None else old.get(name), (*parts, name), keep):
                return True
        return False
    if isinstance(new, list) or isinstance(old, _NODES):
        return _touches_members(new, old, parts, keep)
    return keep(Path(parts))


def _touches_members(new: Any, old: Any, parts: tuple[Part, ...], keep: Callable[[Path], bool]) -> bool:
    if not isinstance(new, list) or not (old is None or isinstance(old, list)):
        return True
    before = {member_id(one): one for one in old or ()}
    for one in new:
        number = member_id(one)
        if number is None or _touches(one, before.get(number), (*parts, number), keep):
            return True
    return not new


def difference(old: Document, new: Document, keep: Callable[[Path], bool] | None = None) -> Document:
    """The smallest feedback that turns ``old`` into ``new`` when merged; {} where nothing changed.

    With ``keep``, between what `prune` would leave of both. What both documents share, as `merge` leaves what a
    feedback did not name, is not looked at. A list member that is gone becomes a ghost, and so does any other subtree
    or leaf that is gone (without an id), which is our own extension: devices announce only members.
    """
    changed = _changed(old, new, (), keep)
    return changed if isinstance(changed, dict) else {}


def _changed(old: Any, new: Any, parts: tuple[Part, ...], keep: Callable[[Path], bool] | None) -> Any:
    if old is new:
        return None
    if isinstance(old, dict) and isinstance(new, dict):
        result: Document = {}
        for name, value in new.items():
            if name not in old:
                part = _left(value, (*parts, name), keep)
            elif (was := old[name]) is not value:
                part = _changed(was, value, (*parts, name), keep)
            else:
                continue
            if part is not None:
                result[name] = part
        for name, was in old.items():
            if name not in new and (left := _left(was, (*parts, name), keep)) is not None:
                result[name] = _gone(left)
        return result or None
    if isinstance(old, list) and isinstance(new, list):
        before, after = {member_id(one): one for one in old}, {member_id(one): one for one in new}
        if None not in before and None not in after:
            return _changed_members(before, after, parts, keep)
    if old == new and type(old) is type(new):
        return None
    left, was = _left(new, parts, keep), _left(old, parts, keep)
    if left is None:
        return None if was is None else _gone(was)
    return None if left == was and type(left) is type(was) else left


def _changed_members(
    before: dict[int | None, Any],
    after: dict[int | None, Any],
    parts: tuple[Part, ...],
    keep: Callable[[Path], bool] | None,
) -> Any:
    members: list[Document] = []
    for number, one in after.items():
        assert number is not None
        place = (*parts, number)
        if number not in before:
            if (part := _left(one, place, keep)) is not None:
                members.append(part)
        elif (part := _changed(before[number], one, place, keep)) is not None:
            gone = _left(one, place, keep) is None
            members.append({"id": number, "ghost": "True"} if gone else {**part, "id": number})
    for number, one in before.items():
        assert number is not None
        if number not in after and _left(one, (*parts, number), keep) is not None:
            members.append({"id": number, "ghost": "True"})
    return members or None


def _left(node: Any, parts: tuple[Part, ...], keep: Callable[[Path], bool] | None) -> Any:
    return node if keep is None else _pruned(node, parts, _of_parts(keep))


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
