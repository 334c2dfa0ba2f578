"""A difference as a document of what one room should have: what a plan makes of a backup. Pure."""

import json
from typing import Any

from roomgate.fleet.restoring import Difference

_PARTS = {"panel": ("panels", "xml"), "macro": ("macros", "code"), "branding": ("branding", "image")}


def write_document(room: str, difference: Difference, name: str = "") -> str:
    """The document (JSON) that makes the difference's changes in this room, and nothing else; empty: none.

    ``name`` is the document's own.
    """
    parts: dict[str, dict[str, Any]] = {}
    for one in difference.changes:
        if one.kind == "setting":
            parts.setdefault("settings", {})[one.name] = one.will
            continue
        part, key = _PARTS[one.kind]
        active = {} if one.active is None else {"active": one.active}
        parts.setdefault(part, {})[one.name] = {key: one.will, **active}
    if not parts:
        return ""
    return json.dumps({"name": name, "room": {room: parts}}, ensure_ascii=False, indent=1)
