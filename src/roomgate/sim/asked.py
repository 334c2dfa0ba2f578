"""One command as the device's parts get it: who, with what, when."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from roomgate.sim.accounts import Account
from roomgate.xapi.call import Call

Answer = dict[str, Any]


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

    def listed(self, name: str) -> list[str | int]:
        value = self.call.argument(name)
        if value is None:
            return []
        return list(value) if isinstance(value, tuple) else [value]


def stamp(moment: datetime) -> str:
    """A time as the device writes it: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
