"""A room whose device is a few lines of memory: for speed. The keeper over the simulator keeps the same promises."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from roomgate.connector.room import Listener, RoomCondition
from roomgate.ids import DeviceId, RoomName
from roomgate.xapi import tree
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.errors import CommandFailed
from roomgate.xapi.path import Path


@dataclass
class MemoryRoom:
    """Remembers what was done to it; answers prompts as told."""

    device: DeviceId = DeviceId("dev_oslo")
    name: RoomName = RoomName("oslo")
    condition: RoomCondition = RoomCondition.FINE
    state: dict[str, Any] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    privileged: list[bool] = field(default_factory=list)  # of each of these: whether by the Admin account
    prompts: list[Call] = field(default_factory=list)
    cleared: list[Call] = field(default_factory=list)
    answer: int | None = None  # the option that somebody in the room presses at once
    failure: Exception | None = None
    broken_panel: Exception | None = None
    lets_in: bool = True  # both accounts, afresh
    document: dict[str, Any] = field(
        default_factory=lambda: {
            "Status": {
                "Audio": {"Volume": 50},
                "Call": [{"id": 7, "RemoteNumber": "sip:secret@example.com", "Status": "Connected"}],
            }
        }
    )
    before: Callable[[Call], None] | None = None
    _listeners: list[tuple[Path, Listener]] = field(default_factory=list)

    def done(self, name: str) -> list[Call]:
        """The calls of this command that reached the device."""
        return [c for c in self.calls if " ".join(c.path.words) == name]

    async def call(self, call: Call, *, privileged: bool = False) -> Any:
        words = " ".join(call.path.words)
        if self.broken_panel and words.startswith("UserInterface Message"):
            raise self.broken_panel
        if words == "UserInterface Message Prompt Clear":
            self.cleared.append(call)
        if words == "UserInterface Message Prompt Display":
            self.prompts.append(call)
            if self.answer is not None:
                self.press(self.answer)
            return {"status": "OK"}
        if words.startswith("UserInterface Message"):
            return {"status": "OK"}
        if self.before:
            self.before(call)
        if self.failure:
            raise self.failure
        self.calls.append(call)
        self.privileged.append(privileged)
        if call.verb is Verb.GET:
            return self.document if call.path.is_pattern else tree.lookup(self.document, call.path.parts)
        if call.verb is Verb.SET:
            change = tree.expand(call.path, call.argument("Value"))
            self.document = tree.merge(self.document, change)
        if words == "Dial":
            return {"CallId": 7, "ConferenceId": 1}
        if words == "Call Disconnect":
            if call.argument("CallId") != 7:
                raise CommandFailed("no such call")
            self.feedback("status", {"Status": {"Call": [{"id": 7, "ghost": "True"}]}})
        return {"status": "OK"}

    @asynccontextmanager
    async def hold(self, what: Path, *, privileged: bool = False) -> AsyncIterator["_Way"]:
        yield _Way(self, privileged)

    async def prove(self) -> bool:
        return self.lets_in

    def press(self, option: int) -> None:
        mark = self.prompts[-1].argument("FeedbackId")
        response = {"FeedbackId": mark, "OptionId": option}
        self.feedback("event", {"Event": {"UserInterface": {"Message": {"Prompt": {"Response": response}}}}})

    def feedback(self, kind: str, document: dict[str, Any]) -> None:
        for path, listener in list(self._listeners):
            if path.root in document:
                listener(kind, document)

    def heard(self, text: str) -> int:
        """How many listen to this path."""
        return sum(1 for path, _ in self._listeners if str(path) == text)

    async def subscribe(self, path: Path, listener: Listener) -> Callable[[], None]:
        entry = (path, listener)
        self._listeners.append(entry)
        present = tree.lookup(self.document, path.parts)
        if present is not None:
            listener("status", tree.expand(path, present))

        def forget() -> None:
            if entry in self._listeners:
                self._listeners.remove(entry)

        return forget


@dataclass
class _Way:
    room: MemoryRoom
    privileged: bool

    async def call(self, call: Call) -> Any:
        return await self.room.call(call, privileged=self.privileged)
