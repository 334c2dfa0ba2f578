"""Tags: short words that rooms bear, so that a grant may cover all that bear one."""

import re
from collections.abc import Iterable

from roomgate.errors import BadInput

MOST = 20  # on one room
_TAG = re.compile(r"\w(?:[\w.-]{0,38}\w)?")


def parse_tags(words: Iterable[str]) -> frozenset[str]:
    """In the one spelling that is kept: case does not count. Raises BadInput."""
    tags = frozenset(word.strip().casefold() for word in words)
    if bad := sorted(tag for tag in tags if not _TAG.fullmatch(tag)):
        raise BadInput(
            f"{bad[0][:60]!r} is no tag.", hint="A tag is one word of 1 to 40 letters, digits, dots, dashes or underscores."
        )  # fmt: skip
    if len(tags) > MOST:
        raise BadInput(f"At most {MOST} tags.")
    return tags
