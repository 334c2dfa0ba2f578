"""Secrets that cannot be printed by accident, and foreign text made fit for a log line."""

import unicodedata
from typing import Generic, TypeVar

_UNFIT = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})  # control, format, surrogate, unassigned, line breaks

T = TypeVar("T", bound=str | bytes)


class Secret(Generic[T]):
    """A value that shows as dots; `reveal` is the one way in, and easy to search for."""

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value: T = value

    def reveal(self) -> T:
        return self._value

    def __repr__(self) -> str:
        return "Secret(•••)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        raise TypeError("secrets are compared with hmac.compare_digest on what reveal() gives")

    __hash__ = None  # type: ignore[assignment]  # a secret is no dictionary key

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")


def foreign(text: str, limit: int = 200) -> str:
    """Text from a peer, made fit for one line: no control, direction or line-breaking characters, bounded."""
    if len(text) <= limit and text.isprintable():
        return text  # nearly always: nothing unfit is printable
    clean = "".join("·" if unicodedata.category(c) in _UNFIT else c for c in text[: limit + 1])
    return clean if len(clean) <= limit else clean[:limit] + "…"
