"""The files that a document names: read into it, from wherever they are given. Pure."""

import base64
from collections.abc import Callable, Mapping
from typing import Any

from roomgate.errors import BadInput

_TEXTS = {"macros": "code", "panels": "xml"}
Read = Callable[[str], bytes]  # a file by its name as the document says it; raises BadInput


def read_in(tables: Mapping[str, Any], read: Read) -> None:
    """Put each file's content in the place of its name. Raises BadInput for a file that is no text where one belongs.

    What is not shaped like a document is left alone: whoever reads the document tells that better.
    """
    for layer in _layers(tables):
        for part, key in _TEXTS.items():
            for entry in _entries(layer, part):
                if (named := entry.pop("file", None)) is not None:
                    entry[key] = _text(str(named), read(str(named)))
        for entry in _entries(layer, "branding"):
            if (named := entry.pop("file", None)) is not None:
                entry["image"] = base64.b64encode(read(str(named))).decode()


def _layers(tables: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    named = [tables.get(place) for place in ("site", "tag", "room")]
    found = [tables.get("everything"), *(one for some in named if isinstance(some, dict) for one in some.values())]
    return [one for one in found if isinstance(one, dict)]


def _entries(layer: Mapping[str, Any], part: str) -> list[dict[str, Any]]:
    some = layer.get(part)
    return [one for one in some.values() if isinstance(one, dict)] if isinstance(some, dict) else []


def _text(name: str, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as bad:
        raise BadInput(f"{name[:120]}: this file is no text in UTF-8.") from bad
