"""Addresses and arguments out of fields: ``{id}.{passcode}@{domain}``.

``{a|b}`` is the first of the two that is there, ``{a|}`` is empty where it is not. A template whose field is
missing makes nothing, so a rule needs no condition to say so. There is nothing else: no calls, no nesting.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from roomgate.errors import BadInput

MOST_TEMPLATE = 500
MOST_MADE = 4000

NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_PART = re.compile(r"\{([^{}]*)\}|([^{}]+)|([{}])")


class BadTemplate(BadInput):
    """A template that cannot be read; the message says why."""

    code = "meeting.rules.template"


@dataclass(frozen=True, slots=True)
class Template:
    """Literal texts and, between them, the fields that stand there: the first one present counts."""

    parts: tuple[str | tuple[str, ...], ...]
    needed: frozenset[str] = frozenset()  # without these nothing is made
    plain: str | None = None  # where no field has a second choice: as `str.format_map` takes it, which is quicker

    @classmethod
    def parse(cls, text: str) -> Self:
        if len(text) > MOST_TEMPLATE:
            raise BadTemplate(f"a template is longer than {MOST_TEMPLATE} characters")
        parts: list[str | tuple[str, ...]] = []
        for match in _PART.finditer(text):
            inside, literal, stray = match.groups()
            if stray:
                raise BadTemplate(f"a brace of {text[:80]!r} has no partner")
            if literal is not None:
                parts.append(literal)
                continue
            names = tuple(inside.split("|"))
            if not names[0] or any(name and not NAME.fullmatch(name) for name in names):
                raise BadTemplate(f"{{{inside[:60]}}} is no field's name")
            parts.append(names)
        needed = frozenset(part[0] for part in parts if isinstance(part, tuple) and len(part) == 1)
        choice = any(isinstance(part, tuple) and len(part) > 1 for part in parts)
        return cls(tuple(parts), needed, None if choice else text)

    @property
    def fields(self) -> frozenset[str]:
        """The names that it reads."""
        return frozenset(name for part in self.parts if isinstance(part, tuple) for name in part if name)

    def fill(self, fields: Mapping[str, str]) -> str | None:
        """None where a field is missing, or the outcome is absurdly long."""
        try:
            if self.plain is not None:
                text = self.plain.format_map(fields)
            else:
                text = "".join([part if isinstance(part, str) else _value(part, fields) for part in self.parts])
        except KeyError:
            return None
        return text if len(text) <= MOST_MADE else None


def _value(names: tuple[str, ...], fields: Mapping[str, str]) -> str:
    """Of the first that is there. Raises `KeyError` where none is."""
    for name in names:
        if name in fields or not name:
            return fields[name] if name else ""
    raise KeyError(names)
