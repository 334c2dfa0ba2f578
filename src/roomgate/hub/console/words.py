"""The catalogue of messages: every sentence of the console's own, in each language, under one key."""

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources

LANGUAGES = {"en": "English", "zh-Hans": "简体中文"}
DEFAULT = "en"


class Words:
    """The messages of one language. Calling it gives a message with its fields filled in."""

    def __init__(self, language: str, messages: Mapping[str, str]) -> None:
        self.language = language
        self._messages = messages

    def __call__(self, key: str, /, **fields: object) -> str:
        """Raises KeyError for a key that the catalogue has not, or a field that the message wants and was not given."""
        return self._messages[key].format_map(fields)

    def count(self, key: str, number: int) -> str:
        """``key.one`` or ``key.other``, with ``n`` filled in."""
        return self(f"{key}.{'one' if number == 1 else 'other'}", n=number)

    def said(self, sentence: str) -> str:
        """A fixed sentence of the hub's in this language; anything else as it is."""
        return self._messages.get(f"said: {sentence}", sentence)

    def raw(self, key: str) -> str:
        """With its fields left open, for the script to fill."""
        return self._messages[key]

    def has(self, key: str) -> bool:
        return key in self._messages

    def duration(self, seconds: float) -> str:
        """In words, with the two largest units that say something."""
        left = max(0, int(seconds))
        days, hours, minutes = left // 86400, left % 86400 // 3600, left % 3600 // 60
        if days:
            if hours and days < 4:
                return self(f"time.days-hours.{'one' if days == 1 else 'other'}", n=days, hours=hours)
            return self.count("time.days", days)
        if hours:
            return self("time.hours-minutes", hours=hours, minutes=minutes) if minutes else self("time.hours", n=hours)
        return self("time.minutes", n=minutes) if minutes else self("time.seconds", n=left)

    @classmethod
    @cache
    def of(cls, language: str) -> "Words":
        """One of `LANGUAGES`."""
        text = resources.files("roomgate.hub.console").joinpath(f"messages/{language}.json").read_text("utf-8")
        return cls(language, json.loads(text))


def choose(chosen: str, accepted: str) -> Words:
    """The language that somebody chose, else the first of Accept-Language that there is, else English."""
    if chosen in LANGUAGES:
        return Words.of(chosen)
    for part in sorted(accepted[:400].split(","), key=_weight, reverse=True):
        tag = part.split(";")[0].strip().lower()
        if tag.split("-")[0] == "zh" and _weight(part) > 0:
            return Words.of("zh-Hans")
        if tag.split("-")[0] == "en" and _weight(part) > 0:
            return Words.of("en")
    return Words.of(DEFAULT)


def _weight(part: str) -> float:
    _, _, weight = part.partition(";q=")
    try:
        return float(weight) if weight else 1.0
    except ValueError:
        return 0.0
