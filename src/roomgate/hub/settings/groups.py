"""Pure: settings in groups that a page can hold, by the first word of their names, and by the second where it is big."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from roomgate.hub.settings.setting import Setting

BIG = 60
OWN_GROUP = 8  # so many with the same second word are a group of their own


def group_settings(settings: Sequence[Setting]) -> dict[str, list[Setting]]:
    """The settings of each group by its name, one word or two with a slash; together they hold every setting once."""
    every = [one.path.words for one in settings]
    firsts, pairs = Counter([words[0] for words in every]), Counter([words[:2] for words in every])
    found: dict[str, list[Setting]] = {}
    for one, words in zip(settings, every, strict=True):
        split = len(words) > 2 and firsts[words[0]] > BIG and pairs[words[:2]] >= OWN_GROUP
        found.setdefault("/".join(words[:2]) if split else words[0], []).append(one)
    return dict(sorted(found.items(), key=lambda item: item[0].lower()))


def settings_in(groups: Mapping[str, list[Setting]], wanted: str) -> list[Setting]:
    """Those of a group, whatever case it is written in."""
    return next((found for name, found in groups.items() if name.lower() == wanted.lower()), [])


def changed(settings: Iterable[Setting]) -> list[Setting]:
    """Those that have not their default any more."""
    return [one for one in settings if not one.at_default]
