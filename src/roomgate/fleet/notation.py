"""How a document is written: TOML, YAML or JSON, all to the same plain tables.

YAML is read with less power than it has: no tags, no anchors (a few lines of them can fill the memory), no key
twice, and every word as it stands, so that ``On`` stays a word. Of TOML, no key has more parts than tables may be
deep: the library's time and memory go with the square of them.
"""

import json
import re
import tomllib
from typing import Any

import yaml  # type: ignore[import-untyped]  # it has no types of its own

from roomgate.errors import BadInput

LARGEST = 8 * 1024 * 1024
LARGEST_BY_HAND = 512 * 1024  # of TOML and YAML, which take seconds for a few MiB; what is larger comes as JSON
DEEPEST = 40
_LONG_KEY = re.compile(r"""(?<![\w-])(?:(?:[\w-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')[ \t]*\.[ \t]*){%d}""" % DEEPEST)  # noqa: UP031


class _Plain(yaml.BaseLoader):  # type: ignore[misc]  # as above
    """Every scalar is a text; no anchors, no key twice."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("anchors are not read here")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        made: dict[Any, Any] = {}
        for key, value in node.value:
            name = self.construct_object(key, deep=True)
            if not isinstance(name, str) or name in made:
                raise yaml.YAMLError(f"{str(name)[:80]} stands here twice, or is no name")
            made[name] = self.construct_object(value, deep=True)
        return made


def _no_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return made


def read_tables(text: str) -> dict[str, Any]:
    """The document's tables; raises BadInput where it is none of the three, or too large."""
    if len(text.encode("utf-8", "surrogatepass")) > LARGEST:
        raise BadInput("A document has at most 8 MiB.")
    try:
        found = _read(text.removeprefix("\ufeff"))
    except (ValueError, yaml.YAMLError, RecursionError) as bad:
        raise BadInput(
            f"The document cannot be read: {_line(bad)}", hint="It is written in TOML, YAML or JSON."
        ) from bad
    if not isinstance(found, dict) or _depth(found) > DEEPEST:
        raise BadInput("The document holds no tables.", hint="`roomgate fleet --help` shows one.")
    return found


def _read(text: str) -> Any:
    found = _parse(text)
    if "\\" in text:  # JSON and YAML can write half of a character, and that can be neither told nor sent
        try:
            json.dumps(found, ensure_ascii=False, default=str).encode()
        except UnicodeEncodeError as bad:
            raise ValueError("it holds half of a character, written with a backslash") from bad
    return found


def _parse(text: str) -> Any:
    if text.lstrip().startswith("{"):
        return json.loads(text, object_pairs_hook=_no_twice)
    if len(text) > LARGEST_BY_HAND:
        raise ValueError("TOML and YAML have at most 512 KiB; name files beside it, or write JSON")
    if _LONG_KEY.search(text):
        raise ValueError(f"a key has more than {DEEPEST} parts")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as bad:
        # A line of YAML's has a colon where TOML has "=" or a bracket: then it is YAML's mistakes that are told.
        first = next((line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")), "")
        if first.lstrip().startswith("[") or "=" in first.partition(":")[0]:
            raise ValueError(str(bad)) from bad
        return yaml.load(text, Loader=_Plain)  # noqa: S506  # BaseLoader makes texts, lists and tables alone


def _depth(node: Any) -> int:
    deepest, level = 0, [node]
    while level:
        deepest += 1
        if deepest > DEEPEST:
            break
        level = [
            below
            for one in level
            if isinstance(one, dict | list)
            for below in (one.values() if isinstance(one, dict) else one)
        ]
    return deepest


def _line(fault: Exception) -> str:
    return " ".join(str(fault).split())[:300] or type(fault).__name__
