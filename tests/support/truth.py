"""What is known of a RoomOS device: loads `tests/corpus/roomos`, refuses what is no entry, compares an answer with it."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

GENERATIONS = ("9.15", "11", "26")
CORPUS = Path(__file__).resolve().parents[1] / "corpus" / "roomos"
_ENTRY = {"id", "source", "says", "generations", "request"}
_MAY = {"as", "room", "socket", "sign in", "mode", "listen", "prepare", "after", "answer", "readings"}
_ACTS = {"frame", "frames", "text", "ping", "close", "upgrade", "tls", "http", "type", "account"}
_STEP = {"as", "on", "times", "until", "bind", "may fail", "may end", "until end", "roles", "passphrase"}
_ANSWER = {
    "reply", "replies", "then", "any order", "more", "reply comes", "ends", "status", "statuses", "headers", "text", "xml",
    "json", "pong", "close", "self-signed", "version", "lines", "documents", "refused",
}  # fmt: skip
_WILD = {
    "integer": {"from", "to"}, "string": set(), "text": set(), "object": set(), "anything": set(), "absent": set(),
    "one of": {"values"}, "not": {"value"}, "matching": {"pattern"},
    "list": {"each", "at least", "at most", "some", "times"},
    "lines until": {"line"}, "some line": {"line"},
}  # fmt: skip


class BadTruth(Exception):
    """An entry of the corpus that says nothing, or not what was meant; the message names it."""


@dataclass(frozen=True)
class Truth:
    """One request and what a device answers to it: one answer if it is confirmed, several readings if nobody knows."""

    id: str
    source: str
    generations: tuple[str, ...]
    entry: dict[str, Any]

    @property
    def interface(self) -> str:
        return self.id.partition("/")[0]

    @property
    def room(self) -> str:
        return str(self.entry.get("room", "main"))

    @property
    def readings(self) -> dict[str, dict[str, Any]]:
        """Every answer that is accepted, by its name."""
        if "answer" in self.entry:
            return {"": self.entry["answer"]}
        return dict(self.entry["readings"])


# ---- the corpus --------------------------------------------------------------------------------------


def load_truths(folder: Path = CORPUS) -> list[Truth]:
    """Every entry, in the order of the files; raises `BadTruth` at the first that is none."""
    truths: list[Truth] = []
    for file in sorted(folder.glob("*.json")):
        said = json.loads(file.read_text("utf-8"))
        if said.keys() != {"interface", "truths"} or said["interface"] != file.stem:
            raise BadTruth(f"{file.name}: it has an interface, which is its name, and truths")
        truths += [check_truth(entry, file.stem) for entry in said["truths"]]
    ids = [truth.id for truth in truths]
    if twice := {one for one in ids if ids.count(one) > 1}:
        raise BadTruth(f"twice: {', '.join(sorted(twice))}")
    return truths


def check_truth(entry: dict[str, Any], interface: str) -> Truth:
    """The entry as a `Truth`; raises `BadTruth` with what is wrong about it."""
    name = str(entry.get("id"))

    def need(holds: object, what: str) -> None:
        if not holds:
            raise BadTruth(f"{name}: {what}")

    need(entry.keys() >= _ENTRY, f"it lacks {sorted(_ENTRY - entry.keys())}")
    need(entry.keys() <= _ENTRY | _MAY, f"unknown: {sorted(entry.keys() - _ENTRY - _MAY)}")
    need(re.fullmatch(rf"{re.escape(interface)}/[a-z0-9-]+", name), "its id is the interface and words")
    need(entry["generations"] and set(entry["generations"]) <= set(GENERATIONS), "its generations are unknown")
    source = entry["source"]
    need(re.search(r"C3?\[|\bI\b|not established", source), "its source has no mark")
    need(("answer" in entry) != ("readings" in entry), "it has an answer or readings")
    need("answer" not in entry or re.search(r"C3?\[", source), "what is not confirmed has readings")
    for step in [*entry.get("prepare", []), entry["request"], *entry.get("after", [])]:
        acts = step.keys() & _ACTS
        need(len(acts) == 1, f"a step does one thing, not {sorted(acts)}")
        need(step.keys() <= _ACTS | _STEP, f"a step cannot {sorted(step.keys() - _ACTS - _STEP)}")
    for answer in [entry["answer"]] if "answer" in entry else entry["readings"].values():
        need(answer and answer.keys() <= _ANSWER, f"no answer has {sorted(answer.keys() - _ANSWER)}")
        _check_pattern(answer, need)
    return Truth(name, source, tuple(entry["generations"]), entry)


def _check_pattern(pattern: Any, need: Any) -> None:
    if isinstance(pattern, dict):
        if "?" in pattern:
            need(pattern["?"] in _WILD, f"no wildcard {pattern['?']!r}")
            need(pattern.keys() - {"?"} <= _WILD[pattern["?"]], f"{pattern['?']} has no {sorted(pattern.keys())}")
        need("..." not in pattern or pattern["..."] == "more", "... says more")
        for one in pattern.values():
            _check_pattern(one, need)
    elif isinstance(pattern, list):
        for one in pattern:
            _check_pattern(one, need)


# ---- JSON --------------------------------------------------------------------------------------------

_ABSENT = object()


def mismatches(pattern: Any, value: Any, where: str = "") -> list[str]:
    """Each place where the value is not what the pattern says; types count, so 1, 1.0, "1" and true all differ."""
    at = where or "it"
    if isinstance(pattern, dict) and "?" in pattern:
        return _wild(pattern, value, at, where)
    if value is _ABSENT:
        return [f"{at} is missing"]
    if isinstance(pattern, dict):
        return _members(pattern, value, at, where)
    if isinstance(pattern, list):
        if not isinstance(value, list) or len(value) != len(pattern):
            return [f"{at} is {_show(value)}, not a list of {len(pattern)}"]
        return [no for n, one in enumerate(pattern) for no in mismatches(one, value[n], f"{where}[{n}]")]
    if type(pattern) is not type(value) or pattern != value:
        return [f"{at} is {_show(value)}, not {_show(pattern)}"]
    return []


def _members(pattern: dict[str, Any], value: Any, at: str, where: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{at} is {_show(value)}, not an object"]
    found, known = [], set()
    for name, one in pattern.items():
        if name == "...":
            continue
        plain = name.removesuffix("?")
        known.add(plain)
        if plain not in value and name.endswith("?"):
            continue
        found += mismatches(one, value.get(plain, _ABSENT), f"{where}.{plain}")
    if "..." not in pattern:
        found += [f"{where}.{name} is too much: {_show(value[name])}" for name in value if name not in known]
    return found


def _wild(pattern: dict[str, Any], value: Any, at: str, where: str) -> list[str]:
    kind = pattern["?"]
    if kind == "absent":
        return [] if value is _ABSENT else [f"{at} is there: {_show(value)}"]
    if value is _ABSENT:
        return [f"{at} is missing"]
    whole = isinstance(value, int) and not isinstance(value, bool)
    match kind:
        case "anything":
            return []
        case "integer":
            holds = whole and pattern.get("from", value) <= value <= pattern.get("to", value)
        case "string":
            holds = isinstance(value, str)
        case "text":
            holds = isinstance(value, str) and value.strip() != ""
        case "object":
            holds = isinstance(value, dict)
        case "one of":
            holds = any(not mismatches(one, value) for one in pattern["values"])
        case "not":
            holds = bool(mismatches(pattern["value"], value))
        case "matching":
            holds = isinstance(value, str) and re.search(pattern["pattern"], value) is not None
        case "list":
            return _list(pattern, value, at, where)
        case _:
            raise BadTruth(f"no wildcard {kind!r}")
    return [] if holds else [f"{at} is {_show(value)}, not {_show(pattern)}"]


def _list(pattern: dict[str, Any], value: Any, at: str, where: str) -> list[str]:
    if not isinstance(value, list):
        return [f"{at} is {_show(value)}, not a list"]
    if not pattern.get("at least", 0) <= len(value) <= pattern.get("at most", len(value)):
        return [f"{at} has {len(value)} members"]
    found = []
    if "each" in pattern:
        found += [no for n, one in enumerate(value) for no in mismatches(pattern["each"], one, f"{where}[{n}]")]
    if "some" in pattern:
        like = [one for one in value if not mismatches(pattern["some"], one)]
        if len(like) != pattern["times"] if "times" in pattern else not like:
            near = min((mismatches(pattern["some"], one, "one") for one in value), key=len, default=[])
            wanted = pattern.get("times", "some")
            found.append(f"{at} has {len(like)} like {_show(pattern['some'])}, not {wanted}; nearest: {near}")
    return found


def _show(value: Any) -> str:
    if value is _ABSENT:
        return "missing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) < 200 else text[:200] + "…"


def decode_frame(text: str) -> tuple[Any, list[str]]:
    """A frame's JSON, and each object in it whose members are not in ASCII order."""
    astray: list[str] = []

    def look(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        if names != sorted(names):
            astray.append(f"members not in ASCII order: {names}")
        return dict(pairs)

    return json.loads(text, object_pairs_hook=look), astray


# ---- XML ---------------------------------------------------------------------------------------------


def xml_mismatches(pattern: str, text: str) -> list[str]:
    """Each place where a document is not what the pattern says; see ORIGIN.md for its wildcards."""
    try:
        want, seen = (ElementTree.fromstring(one) for one in (pattern, text))  # noqa: S314  # our own simulator's words
        return _element(want, seen, "")
    except ElementTree.ParseError as bad:
        return [f"no XML ({bad}): {text[:200]!r}"]


def _element(want: ElementTree.Element, seen: ElementTree.Element, where: str) -> list[str]:
    here = f"{where}/{want.tag}"
    if want.tag != seen.tag:
        return [f"{here} is {seen.tag}"]
    found = [
        no
        for name, one in want.attrib.items()
        if name != "truth"
        for no in _text(one, seen.attrib.get(name), f"{here}@{name}")
    ]
    inside = [no for one in [want.text] if one and one.strip() for no in _text(one, (seen.text or "").strip(), here)]
    if not len(want) and want.get("truth") != "open" and not (want.text or "").strip():
        inside += [f"{here} holds {seen.text!r}"] if (seen.text or "").strip() else []
    found += inside
    rest = list(seen)
    for child in want:
        if want.get("truth") == "open":
            near = [_element(child, one, here) for one in rest if one.tag == child.tag]
            if not near:
                found.append(f"{here}/{child.tag} is missing")
            elif all(near):
                found += min(near, key=len)
        elif not rest:
            found.append(f"{here}/{child.tag} is missing")
        else:
            found += _element(child, rest.pop(0), here)
    if want.get("truth") != "open":
        found += [f"{here}/{one.tag} is too much" for one in rest]
    return found


def _text(want: str, seen: str | None, at: str) -> list[str]:
    kind, _, rest = want.removeprefix("?").partition(" ")
    if seen is None:
        holds = False
    elif not want.startswith("?"):
        holds = want == seen
    else:
        match kind:
            case "anything":
                holds = True
            case "integer":
                holds = re.fullmatch(r"-?\d+", seen) is not None
            case "text":
                holds = seen.strip() != ""
            case "one":
                holds = seen in rest.removeprefix("of ").split("|")
            case "matching":
                holds = re.search(rest, seen) is not None
            case _:
                raise BadTruth(f"no wildcard {want!r}")
    return [] if holds else [f"{at} is {seen!r}, not {want!r}"]
