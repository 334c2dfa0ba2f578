"""Macros: kept as text, switched on and off, and never run. The runtime's log says so.

At most 10 are active and 2 MB are kept in all. Of an answer of `Macro Get` only Name and Content are established.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from roomgate.sim.asked import Answer, Asked, Commands, stamp
from roomgate.sim.profile import Profile
from roomgate.sim.refusal import CommandError
from roomgate.sim.state import State

MOST_ACTIVE = 10
MOST_BYTES = 2 * 1024 * 1024
_KEPT_LINES = 500


@dataclass(frozen=True, slots=True)
class Macro:
    """``source`` is what was saved, to the letter."""

    source: str
    is_active: bool = False
    roles: tuple[str, ...] = ()


@dataclass(slots=True)
class Macros:
    """The macros by their name, and whether the runtime is on."""

    state: State
    profile: Profile
    by_name: dict[str, Macro] = field(default_factory=dict)
    is_running: bool = False
    _log: list[dict[str, Any]] = field(default_factory=list)
    _offset: int = 0

    def save(self, asked: Asked) -> Answer:
        name, source = asked.text("Name"), asked.call.body or ""
        old = self.by_name.get(name)
        if not name:
            raise CommandError("A macro needs a name")
        if old is not None and not asked.flag("Overwrite", otherwise=True):
            raise CommandError("A macro of this name is there already")
        kept = sum(len(one.source.encode()) for other, one in self.by_name.items() if other != name)
        if kept + len(source.encode()) > MOST_BYTES:
            raise CommandError("No space: all macros together take at most 2 MB")
        self.by_name[name] = Macro(source, old.is_active if old else False, old.roles if old else ())
        self._tell("Saved", name, asked)
        if self.profile.macro_save_restarts and self.by_name[name].is_active and self.is_running:
            self._reload(asked.now)
        return {}

    def get(self, asked: Asked) -> Answer:
        name = asked.text("Name")
        if name and name not in self.by_name:
            raise CommandError("No such macro")
        rows = []
        for n, (own, one) in enumerate(sorted(self.by_name.items()), 1):
            if name in ("", own):
                row: dict[str, Any] = {"id": n, "Name": own}
                if self.profile.extra_members:
                    row |= {"Active": str(one.is_active), "Roles": ",".join(one.roles)}
                rows.append(row | ({"Content": one.source} if asked.flag("Content") else {}))
        return {"Macro": rows} if rows else {}

    def activate(self, asked: Asked) -> Answer:
        name, macro = self._macro(asked)
        if not macro.is_active and sum(one.is_active for one in self.by_name.values()) >= MOST_ACTIVE:
            raise CommandError(f"At most {MOST_ACTIVE} macros are active at a time")
        self.by_name[name] = replace(macro, is_active=True)
        self._tell("Activated", name, asked)
        return {}

    def deactivate(self, asked: Asked) -> Answer:
        name, macro = self._macro(asked)
        self.by_name[name] = replace(macro, is_active=False)
        self._tell("Deactivated", name, asked)
        return {}

    def rename(self, asked: Asked) -> Answer:
        name, macro = self._macro(asked)
        new = asked.text("NewName")
        if not new:
            raise CommandError("A macro needs a name")
        if new != name and new in self.by_name and not asked.flag("Overwrite"):
            raise CommandError("A macro of this name is there already")
        del self.by_name[name]
        self.by_name[new] = macro
        self.state.event("Macros", "Macro", "Renamed", Name=name, NewName=new)
        self.state.note("macro.renamed", name=name, to=new, by=asked.account.name)
        return {}

    def remove(self, asked: Asked) -> Answer:
        name, _ = self._macro(asked)
        del self.by_name[name]
        self._tell("Removed", name, asked)
        return {}

    def remove_all(self, asked: Asked) -> Answer:
        for name in list(self.by_name):
            del self.by_name[name]
            self._tell("Removed", name, asked)
        return {}

    def set_roles(self, asked: Asked) -> Answer:
        name, macro = self._macro(asked)
        self.by_name[name] = replace(macro, roles=tuple(map(str, asked.listed("Role"))))
        return {}

    def start(self, asked: Asked) -> Answer:
        self._refuse_off()
        self.is_running = True
        self.state.event("Macros", "Runtime", "Ready")
        self._say(asked.now)
        return {}

    def stop(self, _: Asked) -> Answer:
        self.is_running = False
        return {}

    def restart(self, asked: Asked) -> Answer:
        self._refuse_off()
        self.is_running = True
        self._reload(asked.now)
        return {}

    def status(self, _: Asked) -> Answer:
        active = sum(one.is_active for one in self.by_name.values())
        extra = {"Running": str(self.is_running)} if self.profile.extra_members else {}
        return {"ActiveMacros": active if self.is_running else 0, "Crashes": 0, **extra}

    def get_log(self, asked: Asked) -> Answer:
        lines = [line for line in self._log if line["Offset"] >= asked.number("Offset", 0)]
        return {"Log": [{"id": n, **line} for n, line in enumerate(lines, 1)]} if lines else {}

    def clear_log(self, _: Asked) -> Answer:
        self._log.clear()
        return {}

    def _reload(self, now: datetime) -> None:
        self.state.event("Macros", "Runtime", "Reloading")
        self.state.event("Macros", "Runtime", "Reloaded")
        self._say(now)

    def _say(self, now: datetime) -> None:
        """The one true thing to log of each active macro: it was not run."""
        for name, one in sorted(self.by_name.items()):
            if one.is_active:
                line = {
                    "Level": "Info",
                    "Macro": name,
                    "Message": "Simulated device: kept, not run",
                    "Offset": self._offset,
                    "Timestamp": stamp(now),
                }
                self._offset += 1
                self._log = [*self._log[-_KEPT_LINES + 1 :], line]
                self.state.event("Macros", "Log", **line)

    def _refuse_off(self) -> None:
        if self.state.read("Configuration", "Macros", "Mode") != "On":
            raise CommandError("Macros are off: set Configuration Macros Mode to On first")

    def _tell(self, what: str, name: str, asked: Asked) -> None:
        self.state.event("Macros", "Macro", what, Name=name)
        self.state.note(f"macro.{what.lower()}", name=name, by=asked.account.name)

    def _macro(self, asked: Asked) -> tuple[str, Macro]:
        name = asked.text("Name")
        if name not in self.by_name:
            raise CommandError("No such macro")
        return name, self.by_name[name]


COMMANDS: Commands[Macros] = {
    "Macros/Macro/Save": Macros.save,
    "Macros/Macro/Get": Macros.get,
    "Macros/Macro/Activate": Macros.activate,
    "Macros/Macro/Deactivate": Macros.deactivate,
    "Macros/Macro/Rename": Macros.rename,
    "Macros/Macro/Remove": Macros.remove,
    "Macros/Macro/RemoveAll": Macros.remove_all,
    "Macros/Macro/Roles/Set": Macros.set_roles,
    "Macros/Runtime/Start": Macros.start,
    "Macros/Runtime/Stop": Macros.stop,
    "Macros/Runtime/Restart": Macros.restart,
    "Macros/Runtime/Status": Macros.status,
    "Macros/Log/Get": Macros.get_log,
    "Macros/Log/Clear": Macros.clear_log,
}
