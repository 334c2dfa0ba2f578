"""Peripherals that make themselves known: `Connect`, a heart-beat that must come in time, `List`, `Purge`.

Their numbers in the status begin at 1001, as in a real fixture.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from roomgate.sim.asked import Answer, Asked, Commands
from roomgate.sim.refusal import CommandError
from roomgate.sim.state import State

_FIRST = 1001
_MOST = 64
_HERE = ("Peripherals", "ConnectedDevice")
_MEMBERS = ("Name", "Type", "SerialNumber", "SoftwareInfo", "HardwareInfo", "NetworkAddress")


@dataclass(slots=True)
class Peripheral:
    """``due`` is when its next heart-beat must have come; None before its first."""

    number: int
    kind: str
    is_connected: bool = True
    due: datetime | None = None


@dataclass(slots=True)
class Peripherals:
    """What is connected, by the id that it gave."""

    state: State
    by_id: dict[str, Peripheral] = field(default_factory=dict)

    def connect(self, asked: Asked) -> Answer:
        id_ = asked.text("ID")
        found = self.by_id.get(id_)
        if found is None:
            if len(self.by_id) >= _MOST:
                raise CommandError("No space for another peripheral")
            taken = {one.number for one in self.by_id.values()}
            number = next(n for n in range(_FIRST, _FIRST + _MOST) if n not in taken)
            found = self.by_id[id_] = Peripheral(number, asked.text("Type"))
        self.state.put(*_HERE, found.number, "ID", value=id_)
        for name, value in asked.given(*_MEMBERS).items():
            self.state.put(*_HERE, found.number, name, value=value)
        self._show(found, "Connected")
        return {}

    def beat(self, asked: Asked) -> Answer:
        found = self._peripheral(asked)
        found.due = asked.now + timedelta(seconds=asked.number("Timeout", 60))
        self._show(found, "Connected")
        return {}

    def list(self, asked: Asked) -> Answer:
        kind, connected = asked.text("Type", "All"), asked.text("Connected")
        rows = [
            {**self.state.read("Status", *_HERE, one.number), "id": n}
            for n, one in enumerate(self.by_id.values(), 1)
            if kind in ("All", one.kind) and connected in ("", str(one.is_connected))
        ]
        return {"Device": rows} if rows else {}

    def purge(self, asked: Asked) -> Answer:
        found = self._peripheral(asked)
        if found.is_connected:
            raise CommandError("The peripheral is connected")
        shown = self.state.read("Status", *_HERE, found.number)
        facts = {"ID": asked.text("ID"), "SerialNumber": shown.get("SerialNumber", ""), "Type": found.kind}
        del self.by_id[asked.text("ID")]
        self.state.drop(*_HERE, found.number)
        self.state.event("Peripherals", "PeripheralRemoved", **facts)
        return {}

    def tick(self, now: datetime) -> None:
        for one in self.by_id.values():
            if one.due is not None and now >= one.due:
                one.due = None
                self._show(one, "LostConnection")

    def next_at(self, now: datetime) -> datetime | None:
        return min((one.due for one in self.by_id.values() if one.due is not None), default=None)

    def _show(self, one: Peripheral, status: str) -> None:
        one.is_connected = status == "Connected"
        self.state.put(*_HERE, one.number, "Status", value=status)

    def _peripheral(self, asked: Asked) -> Peripheral:
        found = self.by_id.get(asked.text("ID"))
        if found is None:
            raise CommandError("No such peripheral")
        return found


COMMANDS: Commands[Peripherals] = {
    "Peripherals/Connect": Peripherals.connect,
    "Peripherals/HeartBeat": Peripherals.beat,
    "Peripherals/List": Peripherals.list,
    "Peripherals/Purge": Peripherals.purge,
}
