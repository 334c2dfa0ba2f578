"""Restarts and software: `SystemUnit Boot`, an upgrade in its phases, and the restart that ends it.

The server does the restart itself when ``is_wanted`` is set (sockets drop, the web server answers 502 for a while)
and then calls `restart`. How long a phase lasts is ours (2 s each). The version of the new software is read from
the address; nothing is fetched, and an address that names none fails, as a device would that finds no image there.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from roomgate.sim.asked import Answer, Asked, Commands, stamp
from roomgate.sim.profile import display_name
from roomgate.sim.refusal import CommandError
from roomgate.sim.state import State

PHASE_S = 2.0
_PHASES = ("Downloading", "DownloadDone", "AboutToInstallUpgrade", "Installing")
_VERSION = re.compile(r"(?:ce|roomos|cmterm-[a-z0-9-]*?)[-_.]?(\d+(?:[._]\d+){1,4}(?:[._][0-9a-f]{6,16})?)", re.ASCII)
_HERE = ("Provisioning", "Software", "UpgradeStatus")


@dataclass(slots=True)
class Power:
    """``is_wanted`` asks for a restart; ``booted`` is when the last one was over."""

    state: State
    booted: datetime
    is_wanted: bool = False
    reason: str = "Restart"
    _version: str = ""
    _phase: int = -1
    _due: datetime | None = None
    _postponed: bool = False

    def boot(self, asked: Asked) -> Answer:
        self.want(asked.text("Action", "Restart"), asked.account.name)
        return {}

    def want(self, reason: str, by: str) -> None:
        self.is_wanted, self.reason = True, reason
        self.state.note("boot.asked", by=by, reason=reason)

    def upgrade(self, asked: Asked) -> Answer:
        url = asked.text("URL")
        if not url.lower().startswith(("http://", "https://")):
            raise CommandError("Invalid URL specified")
        if self._due is not None:
            raise CommandError("An upgrade is in progress")
        found = _VERSION.search(url.lower().rpartition("/")[2])
        self._version = found[1].replace("_", ".") if found else ""
        self.state.put(*_HERE, "URL", value=url)
        self.state.put(*_HERE, "VersionId", value=self._version)
        self.state.put(*_HERE, "Status", value="InProgress")
        self.state.note("upgrade.began", url=url, version=self._version, by=asked.account.name)
        self._enter(0, asked.now)
        return {}

    def postpone(self, asked: Asked) -> Answer:
        if self._due is None:
            raise CommandError("No upgrade to postpone")
        self._postponed = True
        self._due = asked.now + timedelta(seconds=asked.number("SecondsToPostpone", 0))
        self._say("Postponed", asked.now)
        return {}

    def complete(self, asked: Asked) -> Answer:
        if self._due is None:
            raise CommandError("No upgrade to complete")
        self._enter(_PHASES.index("Installing"), asked.now)
        return {}

    def tick(self, now: datetime) -> None:
        while self._due is not None and now >= self._due:
            if self._postponed:
                self._enter(self._phase, self._due)
            elif not self._version:
                self._finish("Failed", "No software was found at the address", now)
            elif self._phase + 1 < len(_PHASES):
                self._enter(self._phase + 1, self._due)
            else:
                self._due = None
                self.want("Upgrade", "upgrade")

    def next_at(self, now: datetime) -> datetime | None:
        return self._due

    def restart(self, now: datetime) -> None:
        """The device is up again, with other software if an upgrade wanted the restart."""
        if self.reason == "Upgrade" and self._version:
            self.state.put("SystemUnit", "Software", "Version", value=f"ce{self._version}")
            self.state.put("SystemUnit", "Software", "DisplayName", value=display_name(f"ce{self._version}"))
            self._finish("Succeeded", "", now)
        elif self._due is not None:
            self._finish("Failed", "The device was restarted", now)
        self.state.put("SystemUnit", "LastShutdownReason", value=self.reason)
        self.state.put("SystemUnit", "LastShutdownTime", value=stamp(now))
        self.booted, self.is_wanted, self.reason = now, False, "Restart"

    def _enter(self, phase: int, now: datetime) -> None:
        self._phase, self._postponed = phase, False
        self._due = now + timedelta(seconds=PHASE_S)
        self._say(_PHASES[phase], now)

    def _finish(self, status: str, message: str, now: datetime) -> None:
        self._due, self._phase, self._version = None, -1, ""
        self.state.put(*_HERE, "Status", value=status)
        self.state.put(*_HERE, "Message", value=message)
        self._say("None", now)
        self.state.note("upgrade.ended", status=status, message=message)

    def _say(self, phase: str, now: datetime) -> None:
        self.state.put(*_HERE, "Phase", value=phase)
        self.state.put(*_HERE, "LastChange", value=stamp(now))


COMMANDS: Commands[Power] = {
    "SystemUnit/Boot": Power.boot,
    "SystemUnit/SoftwareUpgrade": Power.upgrade,
    "Provisioning/PostponeUpgrade": Power.postpone,
    "Provisioning/CompleteUpgrade": Power.complete,
}
