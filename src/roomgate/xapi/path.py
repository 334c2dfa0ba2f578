"""An address in a device's API tree, such as Status/Call/2/Duration."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from roomgate.xapi.errors import InvalidPath

_INDEX = re.compile(r"[0-9]{1,9}")
_WORDS = re.compile(r"[^\s!-)+-/:-@\[-^`{-~]+")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.\-]{0,63}|\*{1,2}|[0-9]{1,9}")
ROOTS = {"status": "Status", "configuration": "Configuration", "event": "Event", "command": "Command"}
_ALIASES = {"xstatus": "Status", "xconfiguration": "Configuration", "xevent": "Event", "xcommand": "Command"}


@lru_cache(maxsize=4096, typed=True)
def _parts(*words: str | int) -> tuple[str | int, ...]:
    """The parts of a path from its words, remembered: the same few paths come again and again."""
    if not 1 <= len(words) <= 20:
        raise InvalidPath("/".join(map(str, words))[:100])
    parts: list[str | int] = []
    for word in words:
        if isinstance(word, bool) or not isinstance(word, str | int):
            raise InvalidPath(repr(word)[:100])
        if isinstance(word, int):
            if not 0 <= word < 10**9:
                raise InvalidPath(str(word)[:100])
            parts.append(word)
        elif _INDEX.fullmatch(word):
            parts.append(int(word))
        elif _WORD.fullmatch(word):
            parts.append(word[0].upper() + word[1:])
        else:
            raise InvalidPath(word[:100])
    root = str(parts[0]).lower()
    root = ROOTS.get(root) or _ALIASES.get(root) or ""
    if not root:
        raise InvalidPath("/".join(map(str, words))[:100])
    parts[0] = root
    return tuple(parts)


@dataclass(frozen=True, slots=True)
class Path:
    """An address in a device's API tree. The first part is the root; integers are list indices."""

    parts: tuple[str | int, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``Status/Audio/Volume``, ``status audio volume``, ``Status.Call[2].Duration`` alike.

        Only spelling is mended here (separators, the root's case, upper-case initials, digits to
        integers); whether the device has such a path is the catalogue's to say. Words end at white space and at
        punctuation, as with jsxapi; anything else that is no letter or digit of ASCII is part of no path.
        """
        return cls.of(*_WORDS.findall(text))

    @classmethod
    def of(cls, *words: str | int) -> Self:
        """Build from words; raises InvalidPath for anything that cannot be a path."""
        try:
            return cls(_parts(*words))
        except TypeError as bad:  # a list or a dict among the words: nothing that could be remembered, or be a path
            raise InvalidPath(repr(words)[:100]) from bad

    @property
    def root(self) -> str:
        return str(self.parts[0])

    @property
    def words(self) -> tuple[str, ...]:
        """The names below the root, indices left out: what classes and the catalogue go by."""
        return tuple([part for part in self.parts[1:] if isinstance(part, str)])

    @property
    def is_pattern(self) -> bool:
        return "*" in self.parts or "**" in self.parts

    def covers(self, other: "Path") -> bool:
        """Whether ``other`` lies at or below this path; indices that this path leaves out match any."""
        mine, theirs = list(self.parts), list(other.parts)
        while mine:
            if not theirs:
                return False
            if mine[0] == theirs[0]:
                mine.pop(0)
                theirs.pop(0)
            elif isinstance(theirs[0], int) and not isinstance(mine[0], int):
                theirs.pop(0)
            else:
                return False
        return True

    def __str__(self) -> str:
        return "/".join(map(str, self.parts))
