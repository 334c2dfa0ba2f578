"""Presentation: up to six local instances, shown in the room only or sent to the far end of a call."""

from dataclasses import dataclass, field

from roomgate.sim.asked import Answer, Asked, Commands
from roomgate.sim.calls import Calls
from roomgate.sim.refusal import CommandError
from roomgate.sim.state import State

_MOST = 6
_HERE = ("Conference", "Presentation", "LocalInstance")


@dataclass(frozen=True, slots=True)
class Instance:
    """One source that is shown; ``call`` is the one that it is sent into, 0 for none."""

    source: int
    call: int = 0


@dataclass(slots=True)
class Sharing:
    """What is shared now, by its instance number."""

    state: State
    calls: Calls
    instances: dict[int, Instance] = field(default_factory=dict)

    def start(self, asked: Asked) -> Answer:
        number = self._number(asked.text("Instance", "New"))
        sources = asked.listed("ConnectorId") or asked.listed("PresentationSource") or [2]
        source = int(sources[0]) if str(sources[0]).isdigit() else 0
        mode = asked.text("SendingMode", "LocalRemote")
        call = next(iter(self.calls.ongoing), 0) if mode == "LocalRemote" else 0
        self.instances[number] = Instance(source, call)
        self.state.put(*_HERE, number, "Source", value=source)
        self.state.put(*_HERE, number, "SendingMode", value="LocalRemote" if call else "LocalOnly")
        if call:
            self.state.put("Conference", "Presentation", "Mode", value="Sending")
            where = {"CallId": call, "ConferenceId": call, "LocalInstance": number, "LocalSource": source}
            self.state.event("PresentationStarted", **where, Mode="Sending", Cause="userRequested")
        else:
            self.state.event("PresentationPreviewStarted", Cause="userRequested", Instance=number, LocalSource=source)
        self.state.note("presentation.started", instance=number, by=asked.account.name)
        return {"Instance": number}

    def stop(self, asked: Asked) -> Answer:
        wanted, source = asked.number("Instance", 0), asked.text("PresentationSource")
        gone = [
            number
            for number, one in self.instances.items()
            if wanted in (0, number) and source in ("", str(one.source))
        ]
        if not gone:
            raise CommandError("No presentation")
        for number in gone:
            self._stop(number, "userRequested")
            self.state.note("presentation.stopped", instance=number, by=asked.account.name)
        return {}

    def end_of(self, call: int) -> None:
        """A call is over, and what was sent into it stops being sent."""
        for number in [number for number, one in self.instances.items() if one.call == call]:
            self._stop(number, "disconnect")

    def end_all(self) -> None:
        for number in list(self.instances):
            self._stop(number, "unspecified")

    def _stop(self, number: int, cause: str) -> None:
        one = self.instances.pop(number)
        self.state.drop(*_HERE, number)
        if one.call:
            where = {"CallId": one.call, "ConferenceId": one.call, "LocalInstance": number}
            self.state.event("PresentationStopped", **where, Mode="Sending", Cause=cause)
        else:
            self.state.event("PresentationPreviewStopped", Cause=cause, Instance=number, LocalSource=one.source)
        if not any(other.call for other in self.instances.values()):
            self.state.put("Conference", "Presentation", "Mode", value="Off")

    def _number(self, wanted: str) -> int:
        if wanted.isdigit():
            return int(wanted)
        number = next((n for n in range(1, _MOST + 1) if n not in self.instances), 0)
        if not number:
            raise CommandError("No free presentation instance")
        return number


COMMANDS: Commands[Sharing] = {"Presentation/Start": Sharing.start, "Presentation/Stop": Sharing.stop}
