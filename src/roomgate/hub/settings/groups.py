"""Pure: settings in groups that a page can hold, by the first word of their names, and by the second where it is big."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from roomgate.access.capability import Words
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
    sizes = _sizes(settings)
    counts = Counter(_group(one, sizes) for one in settings)
    return [Group(name, count) for name, count in sorted(counts.items(), key=lambda item: item[0].lower())]


def settings_in(settings: Sequence[Setting], group: str) -> list[Setting]:
    """Those of a group, whatever case it is written in."""
    sizes, wanted = _sizes(settings), group.lower()
    return [one for one in settings if _group(one, sizes).lower() == wanted]


def _sizes(settings: Sequence[Setting]) -> Mapping[Words, int]:
    return Counter(one.path.words[:length] for one in settings for length in (1, 2))


def _group(setting: Setting, sizes: Mapping[Words, int]) -> str:
    words = setting.path.words
    splits = len(words) > 2 and sizes[words[:1]] > BIG and sizes[words[:2]] >= OWN_GROUP
    return "/".join(words[:2]) if splits else words[0]


def changed(settings: Iterable[Setting]) -> list[Setting]:
    """Those that have not their default any more."""
    return [one for one in settings if not one.at_default]
