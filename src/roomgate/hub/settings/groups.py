"""Pure: settings in groups that a page can hold, by the first word of their names, and by the second where it is big."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from roomgate.hub.settings.setting import Setting

BIG = 60


@dataclass(frozen=True, slots=True)
class Group:
    """``name``: one word, or two with a slash."""

    name: str
    count: int


def group_settings(settings: Sequence[Setting]) -> list[Group]:
    """Each with how many it has; together they hold every setting once."""
    sizes = Counter(one.path.words[0] for one in settings)
    counts = Counter(_group(one, sizes) for one in settings)
    return [Group(name, count) for name, count in sorted(counts.items(), key=lambda item: item[0].lower())]


def settings_in(settings: Sequence[Setting], group: str) -> list[Setting]:
    """Those of a group, whatever case it is written in; of a first word alone also those of its parts."""
    sizes, wanted = Counter(one.path.words[0] for one in settings), group.lower()
    return [one for one in settings if wanted in (_group(one, sizes).lower(), one.path.words[0].lower())]


def _group(setting: Setting, sizes: "Counter[str]") -> str:
    words = setting.path.words
    return "/".join(words[:2]) if sizes[words[0]] > BIG and len(words) > 2 else words[0]


def changed(settings: Iterable[Setting]) -> list[Setting]:
    """Those that have not their default any more."""
    return [one for one in settings if not one.at_default]
