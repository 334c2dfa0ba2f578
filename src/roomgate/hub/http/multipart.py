"""Forms that carry files (``multipart/form-data``, RFC 7578), as browsers send them; read strictly, in memory."""

from dataclasses import dataclass
from io import BytesIO

from multipart import MultipartError, MultipartParser, parse_options_header

from roomgate.errors import BadInput

MOST_PARTS = 500
_KIND = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class Part:
    """A field, or a file: ``filename`` is None for a field."""

    name: str
    filename: str | None
    content: bytes


def is_multipart(content_type: str) -> bool:
    return content_type.lower().startswith(_KIND)


def read_parts(content_type: str, body: bytes) -> list[Part]:
    """Raises BadInput for what no browser sends."""
    kind, options = parse_options_header(content_type)
    if kind != _KIND or not options.get("boundary"):
        raise BadInput("This form cannot be read.")
    size = len(body) + 1  # the door has bounded it: nothing is laid on the disk
    try:
        parts = MultipartParser(
            BytesIO(body), options["boundary"], len(body), strict=True, part_limit=MOST_PARTS, spool_limit=size,
            memory_limit=size,
        )  # fmt: skip
        return [Part(part.name, part.filename, part.raw) for part in parts]
    except (MultipartError, ValueError) as bad:
        raise BadInput("This form is cut short, or has too many fields.") from bad
