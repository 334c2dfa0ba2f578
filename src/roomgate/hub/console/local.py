"""Where a form may lead: a path of ours and nothing else."""

from urllib.parse import urlsplit


def local_path(text: str, otherwise: str = "/rooms") -> str:
    """The path, if it is one of this hub's own, short and plain; ``otherwise`` if there is any doubt."""
    plain = text.isascii() and text.isprintable() and " " not in text and "\\" not in text
    if not plain or len(text) > 500 or not text.startswith("/") or text.startswith("//"):
        return otherwise
    try:
        parts = urlsplit(text)
    except ValueError:
        return otherwise
    return text if not parts.scheme and not parts.netloc else otherwise
