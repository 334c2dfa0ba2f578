"""One command as the device's parts get it: who, with what, when."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from roomgate.sim.accounts import Account
from roomgate.xapi.call import Call

Answer = dict[str, Any]
A = TypeVar("A")
Commands = Mapping[str, Callable[[A, "Asked"], Answer]]
"""What one area of a device does: a command's words, with slashes, and its handler."""


class Living(Protocol):
    """An area in which something happens as time passes."""

    def tick(self, now: datetime) -> None: ...

    def next_at(self, now: datetime) -> datetime | None:
        """When `tick` is due next; None where nothing waits."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A canonical command of an account at a moment. ``session`` is the device's own id of the connection."""

    call: Call
    account: Account
    session: str
    now: datetime

    def text(self, name: str, otherwise: str = "") -> str:
        value = self.call.argument(name)
        return otherwise if value is None else str(value)

    def number(self, name: str, otherwise: int) -> int:
        value = self.call.argument(name)
        return int(value) if isinstance(value, int | str) else otherwise

    def flag(self, name: str, *, otherwise: bool = False) -> bool:
        """An argument that takes the words True and False."""
        return self.text(name, str(otherwise)) == "True"

    def given(self, *names: str) -> dict[str, str | int]:
        """Those of the arguments that were given and are one value each."""
        found = {name: self.call.argument(name) for name in names}
        return {name: value for name, value in found.items() if isinstance(value, str | int)}

    def listed(self, name: str) -> list[str | int]:
        value = self.call.argument(name)
        if value is None:
            return []
        return list(value) if isinstance(value, tuple) else [value]


def stamp(moment: datetime) -> str:
    """A time as the device writes it: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
