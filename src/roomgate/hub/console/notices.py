"""What a page says once about what was just done, and where on the page it says so."""

from collections import OrderedDict
from dataclasses import dataclass

MOST_READERS = 10_000
MOST_EACH = 5


@dataclass(frozen=True, slots=True)
class Notice:
    """``kind``: ok, warn, bad, void (on its way). ``at``: the place on the page; empty for its head."""

    kind: str
    title: str
    text: str = ""
    code: str = ""  # for support
    at: str = ""
    secret: str = ""  # shown this once, to be copied


class Notices:
    """Kept in memory until the next page of the same credential; the oldest go first."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, list[Notice]] = OrderedDict()

    def put(self, credential: str, notice: Notice) -> None:
        told = self._waiting.setdefault(credential, [])
        told.append(notice)
        del told[:-MOST_EACH]
        self._waiting.move_to_end(credential)
        while len(self._waiting) > MOST_READERS:
            self._waiting.popitem(last=False)

    def take(self, credential: str) -> list[Notice]:
        return self._waiting.pop(credential, [])
