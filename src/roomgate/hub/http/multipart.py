"""Forms that carry files (``multipart/form-data``, RFC 7578): bytes in, parts out. Pure, and strict: ours alone send them."""

import re
from dataclasses import dataclass

from roomgate.errors import BadInput

MOST_PARTS = 500
_TYPE = re.compile(r'multipart/form-data;\s*boundary="?([0-9A-Za-z\'()+_,./:=? -]{1,70})"?\s*', re.IGNORECASE)
_NAMED = re.compile(r'form-data; name="([^"\r\n]*)"(?:; filename="([^"\r\n]*)")?', re.IGNORECASE)
_ESCAPED = {"%22": '"', "%0D": "\r", "%0A": "\n"}  # as browsers write them in names


@dataclass(frozen=True, slots=True)
class Part:
    """A field, or a file: ``filename`` is None for a field."""

    name: str
    filename: str | None
    content: bytes


def is_multipart(content_type: str) -> bool:
    return content_type.lower().startswith("multipart/form-data")


def read_parts(content_type: str, body: bytes) -> list[Part]:
    """Raises BadInput for what no browser sends."""
    found = _TYPE.fullmatch(content_type)
    if found is None:
        raise BadInput("This form cannot be read.")
    first, *pieces = (b"\r\n" + body).split(b"\r\n--" + found[1].encode(), MOST_PARTS + 1)
    if first or not pieces or pieces.pop().rstrip(b"\r\n") != b"--":
        raise BadInput("This form is cut short, or has too many fields.")
    return [_part(piece) for piece in pieces]


def _part(piece: bytes) -> Part:
    head, empty_line, content = piece.partition(b"\r\n\r\n")
    for line in head.decode("utf-8", "replace").split("\r\n")[1:]:
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-disposition" and (found := _NAMED.fullmatch(value.strip())) and empty_line:
            return Part(_plain(found[1]), None if found[2] is None else _plain(found[2]), content)
    raise BadInput("This form cannot be read.")


def _plain(name: str) -> str:
    for escaped, plain in _ESCAPED.items():
        name = name.replace(escaped, plain)
    return name
