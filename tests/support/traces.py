"""Is this secret anywhere in there? In files and in the memory of a process that runs, in the forms it may take."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from io import RawIOBase
from pathlib import Path
from typing import Any

import re2

_CHUNK = 1 << 22


def forms(secret: str, *users: str) -> list[bytes]:
    """As it is, as UTF-16, and in base64: alone at each of the three places it can begin, and as Basic."""
    raw = secret.encode()
    found = [raw, secret.encode("utf-16-le"), secret.encode("utf-16-be")]
    for lead in range(3):
        # The ends of a base64 text hang together with their neighbours: what is compared is the middle.
        coded = base64.b64encode(b"\0" * lead + raw)
        found.append(coded[4 if lead else 0 : -4])
    found += [base64.b64encode(f"{user}:{secret}".encode()).rstrip(b"=") for user in users]
    return found


@dataclass(frozen=True)
class Names:
    """Secrets in all their forms, by what they are called; looked for all at once."""

    forms: Mapping[str, list[bytes]]

    @cached_property
    def longest(self) -> int:
        return max(len(form) for found in self.forms.values() for form in found)

    @cached_property
    def _pattern(self) -> Any:
        # One automaton for hundreds of words: the standard library's would try each at each byte of a memory.
        options = re2.Options()
        options.encoding = re2.Options.Encoding.LATIN1
        options.max_mem = 256 << 20
        return re2.compile(b"|".join(re2.escape(form) for found in self.forms.values() for form in found), options)

    def within(self, text: bytes) -> set[str]:
        """Whose secret stands in there."""
        if self._pattern.search(text) is None:
            return set()
        return {name for name, found in self.forms.items() if any(form in text for form in found)}

    def __or__(self, other: "Names") -> "Names":
        return Names({**self.forms, **other.forms})


def in_folder(folder: Path, names: Names) -> dict[str, set[str]]:
    """By file, below this folder; or in this one file."""
    found = {}
    for path in sorted(folder.rglob("*")) if folder.is_dir() else [folder]:
        if path.is_file() and (hits := names.within(path.read_bytes())):
            found[path.name] = hits
    return found


def in_memory(pid: int, names: Names) -> set[str]:
    """In all that the process may write in its own memory."""
    hits: set[str] = set()
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            words = line.split(maxsplit=5)
            if words[1].startswith("rw"):
                begin, end = (int(word, 16) for word in words[0].split("-"))
                hits |= _in_range(memory, begin, end, names)
    return hits


def _in_range(memory: RawIOBase, begin: int, end: int, names: Names) -> set[str]:
    hits: set[str] = set()
    tail, at = b"", begin
    while at < end:
        try:
            memory.seek(at)
            piece = memory.read(min(_CHUNK, end - at)) or b""
        except OSError:  # a page that was given back meanwhile
            piece = b""
        if not piece:
            return hits
        hits |= names.within(tail + piece)
        tail, at = piece[-names.longest :], at + len(piece)
    return hits
