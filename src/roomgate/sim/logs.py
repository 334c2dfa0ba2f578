"""Extended logging, markers, and the log bundle.

The lines of a real bundle are not established: what is in this one is made up, and every file of it says so in its
first line. Where a file lies is as real bundles were seen to have it. A packet dump is announced and never made.
"""

import gzip
import io
import tarfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from roomgate.sim.asked import Answer, Asked, Commands, stamp
from roomgate.sim.refusal import CommandError
from roomgate.sim.state import State

SYNTHETIC = "# synthetic: made up by the Roomgate simulator; real devices write other lines"
_KEPT = 500
_DEFAULT_S = 600
_MODES = ("Logging", "ExtendedLogging")


@dataclass(slots=True)
class Logs:
    """``until`` is when extended logging ends by itself."""

    state: State
    lines: list[str] = field(default_factory=list)
    until: datetime | None = None
    rendering: bool = False

    def add_event(self, asked: Asked) -> Answer:
        self._write(asked.now, f"{asked.text('Type')} marker {asked.text('Text')}")
        return {}

    def start(self, asked: Asked) -> Answer:
        if self.until is not None:
            raise CommandError("Extended logging is on already")
        self.until = asked.now + timedelta(seconds=asked.number("Duration", _DEFAULT_S))
        packets, rendering = asked.text("PacketDump", "None"), asked.text("RenderingDump", "None")
        self.rendering = self.rendering or rendering != "None"
        self._show(on=True, packets=packets != "None", rendering=rendering != "None")
        self._write(asked.now, f"Info extended logging on, packets {packets}, rendering {rendering}")
        return {}

    def stop(self, asked: Asked) -> Answer:
        if asked.flag("RemoveRenderingDump"):
            self.rendering = False
        self._end(asked.now)
        return {}

    def send(self, _: Asked) -> Answer:
        raise CommandError("Not registered with the cloud")

    def tick(self, now: datetime) -> None:
        if self.until is not None and now >= self.until:
            self._end(now)

    def next_at(self, now: datetime) -> datetime | None:
        return self.until

    def build_bundle(self, now: datetime) -> tuple[str, bytes]:
        """The name and the bytes of the bundle that the device's web server offers; marked as synthetic."""
        mac = str(self.state.read("Status", "Network", 1, "Ethernet", "MacAddress") or "").replace(":", "")
        folder = f"log_bundle-SEP{mac}-{now.strftime('%Y%m%d-%H%M%S')}"
        version = self.state.read("Status", "SystemUnit", "Software", "Version")
        files = {
            "current/eventlog/all.log": [f"{stamp(now)} Info version {version}", *self.lines],
            "current/eventlog/softwareupgrade.log": [f"{stamp(now)} Info version {version}"],
        }
        if self.rendering:
            files["current/osd.log"] = [f"{stamp(now)} Info rendering"]
        packed = io.BytesIO()
        with (
            gzip.GzipFile(fileobj=packed, mode="wb", mtime=int(now.timestamp())) as zipped,
            tarfile.open(fileobj=zipped, mode="w") as tar,
        ):
            for name, lines in files.items():
                content = "\n".join([SYNTHETIC, *lines, ""]).encode()
                info = tarfile.TarInfo(f"{folder}/{name}")
                info.size, info.mtime = len(content), int(now.timestamp())
                tar.addfile(info, io.BytesIO(content))
        return f"{folder}.tar.gz", packed.getvalue()

    def _end(self, now: datetime) -> None:
        if self.until is not None:
            self.until = None
            self._show(on=False, packets=False, rendering=False)
            self._write(now, "Info extended logging off")

    def _show(self, *, on: bool, packets: bool, rendering: bool) -> None:
        for leaf, value in (("Mode", on), ("PacketDump", packets), ("RenderingDump", rendering)):
            self.state.put(*_MODES, leaf, value="On" if value else "Off")

    def _write(self, now: datetime, words: str) -> None:
        self.lines = [*self.lines[-_KEPT + 1 :], f"{stamp(now)} {words}"]


COMMANDS: Commands[Logs] = {
    "Logging/AddEvent": Logs.add_event,
    "Logging/ExtendedLogging/Start": Logs.start,
    "Logging/ExtendedLogging/Stop": Logs.stop,
    "Logging/SendLogs": Logs.send,
}
