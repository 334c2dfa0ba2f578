"""What a device takes as a value: numbers, texts, literals and lists of them, both ways.

The notation is that of the tables in ``data/``: ``Int[0..100]``, ``Str[0..64]``, ``On/Off``,
``list of Int[1..3] x4``, and ``A/B/…(28 values)`` where the table names only some of the literals.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from roomgate.xapi.call import Scalar, Value
from roomgate.xapi.errors import BadArgument

_NUMBER = re.compile(r"-?[0-9]{1,18}")
_BOUNDED = re.compile(r"(Int|Str)(?:\[(-?[0-9]+)\.\.(-?[0-9]+)\])?(?: step [0-9]+)?")
_LIST = re.compile(r"list of (.+) x([0-9]+)")
_SOME_OF = re.compile(r"(.*)…\([0-9]+ values\)")
_TOKEN = re.compile(r"[A-Za-z0-9_+\-./]{1,64}")
# Everything that ends a line somewhere, and the other control characters. Only a body may hold them.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class ValueSpace(Protocol):
    """A set of values; ``str()`` of it is how a sentence names it."""

    def check(self, value: object, name: str = "This") -> Value:
        """The value in its canonical form; raises BadArgument with a sentence that starts with ``name``."""


def refuse(name: str, space: object, value: object) -> BadArgument:
    """The sentence for a value that is not in its space, such as "Volume takes 0–100, got 400"."""
    shown = value if isinstance(value, int) and not isinstance(value, bool) else repr(value)
    return BadArgument(f"{name} takes {space}, got {str(shown)[:100]}")


@dataclass(frozen=True, slots=True)
class Number:
    """Integers. The tables' ``step`` is not a grid (50 is a default in ``0..100 step 100``), so it is not held."""

    low: int | None = None
    high: int | None = None

    def check(self, value: object, name: str = "This") -> int:
        if isinstance(value, str) and _NUMBER.fullmatch(value):
            number = int(value)
        elif isinstance(value, int) and not isinstance(value, bool):
            number = value
        else:
            raise refuse(name, self, value)
        if (self.low is not None and number < self.low) or (self.high is not None and number > self.high):
            raise refuse(name, self, value)
        return number

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            return "a whole number"
        return f"{self.low}–{self.high}"


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text; lengths in characters."""

    shortest: int = 0
    longest: int = 65535

    def check(self, value: object, name: str = "This") -> str:
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise refuse(name, self, value)
        text = str(value)
        if _CONTROL.search(text):
            raise BadArgument(f"{name} takes one line of text, without line breaks or control characters")
        if not self.shortest <= len(text) <= self.longest:
            raise BadArgument(f"{name} takes {self}, got {len(text)}")
        return text

    def __str__(self) -> str:
        return f"{self.shortest}–{self.longest} characters"


@dataclass(frozen=True, slots=True)
class Literals:
    """A few words. ``open`` means that the device knows more of them than the table names."""

    words: tuple[str, ...]
    open: bool = False

    def check(self, value: object, name: str = "This") -> str:
        # The wire has no booleans (JSON-RPC over WebSocket, guide D15427.02): True is the word "True".
        if isinstance(value, str | int):
            text = str(value)
            folded = text.lower()
            for word in self.words:
                if word.lower() == folded:
                    return word
            if self.open and not isinstance(value, bool) and _TOKEN.fullmatch(text):
                return text
        raise refuse(name, self, value)

    def __str__(self) -> str:
        if len(self.words) > 12 or self.open:
            return ", ".join(self.words[:12]) + " …"
        return " or ".join(filter(None, (", ".join(self.words[:-1]), self.words[-1])))


@dataclass(frozen=True, slots=True)
class ListOf:
    """A repeated argument; one value stands for a list of one."""

    item: ValueSpace
    most: int

    def check(self, value: object, name: str = "This") -> tuple[Scalar, ...]:
        values = tuple(value) if isinstance(value, list | tuple) else (value,)
        if not 1 <= len(values) <= self.most:
            raise BadArgument(f"{name} takes 1–{self.most} values, got {len(values)}")
        checked: list[Scalar] = []
        for one in values:
            scalar = self.item.check(one, name)
            if isinstance(scalar, tuple):
                raise refuse(name, self, value)
            checked.append(scalar)
        return tuple(checked)

    def __str__(self) -> str:
        return f"up to {self.most} of {self.item}"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The same node on different products: whichever of the spaces takes the value."""

    spaces: tuple[ValueSpace, ...]

    def check(self, value: object, name: str = "This") -> Value:
        for space in self.spaces:
            try:
                return space.check(value, name)
            except BadArgument:
                continue
        raise refuse(name, self, value)

    def __str__(self) -> str:
        return " or ".join(map(str, self.spaces))


@lru_cache(maxsize=2048)
def parse_space(notation: str) -> ValueSpace:
    """Read one value space as the tables write it."""
    if listed := _LIST.fullmatch(notation):
        return ListOf(parse_space(listed[1]), int(listed[2]))
    if bounded := _BOUNDED.fullmatch(notation):
        kind, low, high = bounded.groups()
        if kind == "Int":
            return Number() if low is None else Number(int(low), int(high))
        return Text() if low is None else Text(int(low), int(high))
    if some := _SOME_OF.fullmatch(notation):
        # The last word before the ellipsis is cut short, so it is none.
        return Literals(tuple(some[1].split("/")[:-1]), open=True)
    return Literals(tuple(notation.split("/")))


def unite(spaces: Iterable[ValueSpace]) -> ValueSpace:
    """One space that takes what any of these takes; equal ones count once."""
    distinct = tuple(dict.fromkeys(spaces))
    return distinct[0] if len(distinct) == 1 else AnyOf(distinct)
