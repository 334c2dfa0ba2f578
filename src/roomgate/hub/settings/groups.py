"""Pure: settings in groups that a page can hold, by the first word of their names, and by the second where it is big."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from roomgate.hub.settings.setting import Setting

BIG = 60
OWN_GROUP = 8  # so many with the same second word are a group of their own


@dataclass(frozen=True, slots=True)
class Group:
    """``name``: one word, or two with a slash."""

    name: str
    count: int


def group_settings(settings: Sequence[Setting]) -> list[Group]:
    """Each with how many it has; together they hold every setting once."""
    counts = Counter(_groups(settings))
    return [Group(name, count) for name, count in sorted(counts.items(), key=lambda item: item[0].lower())]


def settings_in(settings: Sequence[Setting], group: str) -> list[Setting]:
    """Those of a group, whatever case it is written in."""
    wanted = group.lower()
    return [one for one, name in zip(settings, _groups(settings), strict=True) if name.lower() == wanted]


def _groups(settings: Sequence[Setting]) -> list[str]:
    """The group of each."""
    every = [one.path.words for one in settings]
    firsts, pairs = Counter([words[0] for words in every]), Counter([words[:2] for words in every])
    return [
        "/".join(words[:2]) if len(words) > 2 and firsts[words[0]] > BIG and pairs[words[:2]] >= OWN_GROUP else words[0]
        for words in every
    ]


def changed(settings: Iterable[Setting]) -> list[Setting]:
    """Those that have not their default any more."""
    return [one for one in settings if not one.at_default]
