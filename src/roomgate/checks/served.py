"""Whether an answer serves what only somebody who is let in gets. Pure.

Where the target file says what such an answer holds (``expects``, or a link's marker), that decides. Where it says
nothing, what was served before the cut is the measure: an answer of another form afterwards is unclear, and nobody
is judged by it.
"""

import json
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from roomgate.checks.forms import has_password_field
from roomgate.checks.likeness import skeleton_likeness
from roomgate.checks.snapshot import Exchange

_MOST = 64 * 1024
_ALIKE = 0.8
_DEEP = 6
_BUSY = (408, 425, 429)
_HEARTBEAT = re.compile(
    r"(?i)[\s{\[\"']*(?:(?:type|event|op|kind|action|t)[\"']?\s*:\s*[\"']?)?"
    r"(?:ping|pong|heart-?_?beat|keep-?_?alive|hb|noop)?[\s}\]\"']*"
)


class Manner(StrEnum):
    SERVED = "served"
    REFUSED = "refused"
    TROUBLE = "trouble"  # nobody answered, or the server was busy or broken: says nothing about access
    UNCLEAR = "unclear"  # an answer, but not one that was seen before


@dataclass(slots=True)
class Known:
    """What is known of a channel's served answers: from the file, and from what was seen before the cut."""

    expects: str = ""
    marker: str = ""
    samples: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)  # what a stranger is answered
    paths: set[str] = field(default_factory=set)
    password: bool = False  # what is served has itself a field for a password
    learning: bool = True
    broken_is_refused: bool = False  # a server that cannot reach the device any more says so in its own way

    @property
    def told(self) -> bool:
        """Whether the file says what only somebody who is let in gets."""
        return bool(self.expects or self.marker)

    def learn(self, text: str, url: str = "") -> None:
        if not self.learning:
            return
        self.password |= has_password_field(text[:_MOST])
        if url:
            self.paths.add(urlsplit(url).path)
        if len(self.samples) < 10 and not any(alike(text, one) for one in self.samples):
            self.samples.append(text[:_MOST])


def manner_of(step: Exchange, known: Known) -> Manner:
    """What an HTTP answer is."""
    if step.status >= 500 and known.broken_is_refused and not known.learning:
        return Manner.REFUSED
    if not step.answered or step.status >= 500 or step.status in _BUSY or (step.fault and not step.truncated):
        return Manner.TROUBLE
    if not step.succeeded:
        return Manner.REFUSED
    if has_password_field(step.body) and not known.password and not known.learning:
        return Manner.REFUSED
    found = manner_of_text(step.body, known)
    elsewhere = not known.learning and bool(known.paths) and urlsplit(step.url).path not in known.paths
    return Manner.REFUSED if found is Manner.UNCLEAR and elsewhere else found


def manner_of_text(text: str, known: Known) -> Manner:
    """What an answer's text is, or one message of a live channel."""
    if known.expects:
        return Manner.SERVED if known.expects in text else Manner.REFUSED
    if known.marker and known.marker not in text:
        return Manner.REFUSED
    if known.learning or any(alike(text, one) for one in known.samples):
        return Manner.SERVED
    return Manner.REFUSED if any(alike(text, one) for one in known.strange) else Manner.UNCLEAR


def is_heartbeat(text: str) -> bool:
    """What keeps a line open and tells nothing: ``ping``, ``{"type": "heartbeat"}``, an empty event."""
    return len(text) <= 200 and _HEARTBEAT.fullmatch(text) is not None


def alike(one: str, other: str) -> bool:
    """Whether two answers are of one form, whatever their figures are."""
    a, b = _parsed(one), _parsed(other)
    if a is not None and b is not None:
        return _same_form(a[0], b[0], _DEEP)
    if a is not None or b is not None:
        return False
    one, other = one[:_MOST], other[:_MOST]
    if "<" in one and "<" in other:
        likeness = skeleton_likeness(one[:16384], other[:16384])
        if likeness:
            return likeness >= _ALIKE
    return re.sub(r"\d+", "0", one) == re.sub(r"\d+", "0", other)


def _parsed(text: str) -> tuple[Any] | None:
    try:
        return (json.loads(text),)
    except (ValueError, RecursionError):
        return None


def _same_form(a: Any, b: Any, deep: int) -> bool:
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and (deep == 0 or all(_same_form(a[key], b[key], deep - 1) for key in a))
    if isinstance(a, list) and isinstance(b, list):
        return not a or not b or deep == 0 or _same_form(a[0], b[0], deep - 1)
    if isinstance(a, bool) or isinstance(b, bool):
        return isinstance(a, bool) and isinstance(b, bool)
    if isinstance(a, int | float) and isinstance(b, int | float):
        return True
    return type(a) is type(b)
