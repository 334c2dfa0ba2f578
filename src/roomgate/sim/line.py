"""The role of whoever really carries a room's SIP calls: without one, a far end is played."""

from typing import Protocol


class Line(Protocol):
    """What calls ask of it. Nothing here waits; what becomes of it is told to `Calls` later, or never."""

    def dial(self, call: int, number: str) -> None: ...

    def hang_up(self, call: int) -> None:
        """Also a call that is over already."""

    def send_tones(self, call: int, tones: str) -> None: ...

    def hold(self, call: int, *, on: bool) -> None: ...
