"""HttpFeedback: four slots, each with an address, a format and expressions. The posting itself is the server's.

How a slot's expressions stand in the status document is not established; here they are a list of words. A slot that could not be posted to is Failed, and stays so until `HttpFeedback Enable`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from roomgate.sim.asked import Answer, Asked, Commands
from roomgate.sim.pattern import matches
from roomgate.sim.profile import Profile
from roomgate.sim.refusal import CommandError, InvalidParams
from roomgate.sim.state import Change, State
from roomgate.xapi.errors import InvalidPath
from roomgate.xapi.path import Path


@dataclass(frozen=True, slots=True)
class Slot:
    """Where changes are posted to. ``account`` is whose rights the expressions were registered with."""

    number: int
    url: str
    format: str
    expressions: tuple[Path, ...]
    account: str
    has_failed: bool = False

    def wants(self, change: Change) -> bool:
        return not self.has_failed and any(matches(one, change.path) for one in self.expressions)


@dataclass(slots=True)
class Slots:
    """The slots by their number."""

    state: State
    profile: Profile
    by_number: dict[int, Slot] = field(default_factory=dict)

    def register(self, asked: Asked) -> Answer:
        number, url = asked.number("FeedbackSlot", 1), asked.text("ServerUrl")
        expressions = asked.listed("Expression")
        if not url.lower().startswith(("http://", "https://")):
            raise CommandError("Invalid URL specified")
        if len(expressions) > self.profile.slot_expressions:
            raise InvalidParams(f"Bad usage: at most {self.profile.slot_expressions} expressions")
        paths = tuple(_parse(str(one)) for one in expressions)
        self.keep(Slot(number, url, asked.text("Format", "XML"), paths, asked.account.name))
        self.state.note("slot.registered", slot=number, url=url, by=asked.account.name)
        return {}

    def deregister(self, asked: Asked) -> Answer:
        number = asked.number("FeedbackSlot", 1)
        if self.by_number.pop(number, None) is None:
            raise CommandError("No such slot")
        self.state.drop("HttpFeedback", number)
        return {}

    def enable(self, asked: Asked) -> Answer:
        slot = self.by_number.get(asked.number("FeedbackSlot", 1))
        if slot is None:
            raise CommandError("No such slot")
        self.keep(replace(slot, has_failed=False))
        return {}

    def fail(self, number: int) -> None:
        """The server of a slot could not be reached; nothing is posted until somebody enables it again."""
        if slot := self.by_number.get(number):
            self.keep(replace(slot, has_failed=True))
            self.state.note("slot.failed", slot=number)

    def concerned(self, change: Change) -> Iterator[Slot]:
        """The slots that want to hear of a change."""
        for slot in self.by_number.values():
            if slot.wants(change):
                yield slot

    def restart(self) -> None:
        if not self.profile.slots_survive_boot:
            for number in list(self.by_number):
                del self.by_number[number]
                self.state.drop("HttpFeedback", number)

    def keep(self, slot: Slot) -> None:
        """Put a slot into force, and show it."""
        self.by_number[slot.number] = slot
        for leaf, value in (
            ("URL", slot.url),
            ("Format", slot.format),
            ("Status", "Failed" if slot.has_failed else "OK"),
        ):
            self.state.put("HttpFeedback", slot.number, leaf, value=value)
        shown = [f"/{'/'.join(map(str, one.parts))}" for one in slot.expressions]
        if shown != self.state.read("Status", "HttpFeedback", slot.number, "Expression"):
            self.state.put("HttpFeedback", slot.number, "Expression", value=shown or None)


def _parse(expression: str) -> Path:
    try:
        path = Path.parse(expression)
    except InvalidPath as bad:
        raise InvalidParams("Bad usage: Expression is no path") from bad
    if path.root not in ("Status", "Configuration", "Event"):
        raise InvalidParams("Bad usage: Expression begins with Status, Configuration or Event")
    return path


COMMANDS: Commands[Slots] = {
    "HttpFeedback/Register": Slots.register,
    "HttpFeedback/Deregister": Slots.deregister,
    "HttpFeedback/Enable": Slots.enable,
}
