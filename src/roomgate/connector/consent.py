"""The room's say: a Yes or No on its own touch panel, and the notice with Keep.

Prompts go to the device by the connector's own calls; an order can neither show, answer nor clear one (the
never-list). Each prompt has an id that nobody outside can guess or learn, and silence is no.
"""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from roomgate import log
from roomgate.connector.room import Room
from roomgate.ids import DeviceId
from roomgate.redact import foreign
from roomgate.xapi import tree
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.errors import XapiError
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue

_log = log.get("consent")

CONSENT_S = 25.0  # how long the room has; silence is no
CLEAN_UP_S = 3.0
_EVENTS = Path.parse("Event/UserInterface/Message/Prompt")
_PROMPT = ("Event", "UserInterface", "Message", "Prompt")


class Said(StrEnum):
    YES = "yes"
    NO = "no"
    NOTHING = "silence"
    BUSY = "busy"  # another question is on the panel


@dataclass(frozen=True, slots=True)
class Question:
    """Who wants what, and why: in words that a person in the room understands."""

    who: str
    what: str
    why: str

    def text(self) -> str:
        why = f" · Why: {foreign(self.why, 80)}" if self.why.strip() else ""
        return f"Who: {foreign(self.who, 40)}, from outside · What: {foreign(self.what, 100)}{why}"[:255]


@dataclass(slots=True)
class Panel:
    """What is on the panels of all rooms on our behalf."""

    catalogue: Catalogue
    _asking: dict[DeviceId, asyncio.Event] = field(default_factory=dict)  # set when the question is gone
    _notices: dict[DeviceId, asyncio.Event] = field(default_factory=dict)  # set when a question takes the panel

    async def ask(self, room: Room, question: Question, wait_s: float = CONSENT_S) -> Said:
        """Show the question with Yes, No and a countdown; wait for the answer. Silence and faults are no.

        A panel shows one prompt at a time: a notice makes way for a question and comes back after it.
        Cancelling takes the question off the panel.
        """
        if room.device in self._asking:
            return Said.BUSY
        gone = self._asking[room.device] = asyncio.Event()
        if notice := self._notices.pop(room.device, None):
            notice.set()
        try:
            return await self._asked(room, question, wait_s)
        finally:
            del self._asking[room.device]
            gone.set()

    async def _asked(self, room: Room, question: Question, wait_s: float) -> Said:
        mark = _mark()
        said: asyncio.Future[Said] = asyncio.get_running_loop().create_future()

        def hear(option: int | None) -> None:
            if not said.done():
                # Cleared without an answer: the device's own countdown ran out, or somebody waved it away.
                said.set_result(Said.NOTHING if option is None else Said.YES if option == 1 else Said.NO)

        async with self._shown(room, mark, "May this happen?", question.text(), ("Yes", "No"), wait_s, hear):
            try:
                async with asyncio.timeout(wait_s):
                    return await said
            except TimeoutError:
                return Said.NOTHING

    async def notice(
        self,
        room: Room,
        text: str,
        over: asyncio.Event,
        offer: str = "Keep",
        *,
        title: str = "Started from outside",
        shown: Callable[[], None] | None = None,
    ) -> bool:
        """Show, until ``over``, what was begun from outside, with Keep beside it. True: somebody pressed Keep.

        ``offer`` is what stands on that button instead, and ``title`` above, where there is something else to decide.
        ``shown`` is called whenever it has come onto the panel.
        """
        kept, seen = asyncio.Event(), asyncio.Event()

        def hear(option: int | None) -> None:
            (kept if option == 1 else seen).set()

        while not over.is_set() and not kept.is_set():
            if question := self._asking.get(room.device):
                await _first(over, question)
            elif seen.is_set():
                await over.wait()
            else:
                displaced = self._notices.setdefault(room.device, asyncio.Event())
                words = title, text[:255]
                async with self._shown(room, _mark(), *words, (offer, "Seen"), 0, hear, displaced):
                    if shown is not None and not displaced.is_set():
                        shown()
                    await _first(over, kept, seen, displaced)
                if displaced.is_set() and not kept.is_set():
                    seen.clear()  # the question pushed the notice away: nobody has seen to it
        return kept.is_set()

    @contextlib.asynccontextmanager
    async def _shown(
        self,
        room: Room,
        mark: str,
        title: str,
        text: str,
        options: tuple[str, ...],
        duration_s: float,
        hear: Callable[[int | None], None],
        unless: asyncio.Event | None = None,
    ) -> AsyncIterator[None]:
        """``unless`` is looked at last of all: a notice on its way must not push away a question that came meanwhile."""

        def listen(kind: str, document: Any) -> None:
            response = tree.lookup(document, (*_PROMPT, "Response"))
            if kind == "event" and isinstance(response, dict) and response.get("FeedbackId") == mark:
                hear(_option(response.get("OptionId")))
            cleared = tree.lookup(document, (*_PROMPT, "Cleared"))
            if kind == "event" and isinstance(cleared, dict) and cleared.get("FeedbackId") == mark:
                hear(None)

        forget = await room.subscribe(_EVENTS, listen)
        try:
            arguments: dict[str, object] = {
                "Title": title,
                "Text": text,
                "FeedbackId": mark,
                "Duration": round(duration_s),
            }
            arguments |= {f"Option.{n}": word for n, word in enumerate(options, 1)}
            if unless is None or not unless.is_set():
                await room.call(self._command("Command/UserInterface/Message/Prompt/Display", arguments))
            yield
        finally:
            forget()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLEAN_UP_S):
                    await self._clear(room, mark)

    async def _clear(self, room: Room, mark: str) -> None:
        try:
            await room.call(self._command("Command/UserInterface/Message/Prompt/Clear", {"FeedbackId": mark}))
        except XapiError as gone:  # answered prompts are gone already; a lost device shows nothing
            _log.debug("prompt.clear", device=room.device, error=gone.code)

    def _command(self, path: str, arguments: dict[str, object]) -> Call:
        return self.catalogue.canonical(Verb.COMMAND, path, arguments)

    async def tell(self, room: Room, text: str, seconds: int = 20) -> None:
        """Say something on the panel; a device that cannot is no reason to stop."""
        alert = self._command(
            "Command/UserInterface/Message/Alert/Display",
            {"Title": "Roomgate", "Text": foreign(text, 250), "Duration": seconds},
        )
        try:
            async with asyncio.timeout(CLEAN_UP_S):
                await room.call(alert)
        except (XapiError, TimeoutError) as gone:
            _log.warning("panel.untold", device=room.device, error=str(gone)[:200])


async def _first(*events: asyncio.Event) -> None:
    """Wait until one of these is set."""
    async with asyncio.TaskGroup() as group:
        waits = [group.create_task(event.wait()) for event in events]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()


def _mark() -> str:
    return "roomgate-" + secrets.token_urlsafe(16)


def _option(value: object) -> int | None:
    return int(value) if isinstance(value, int | str) and str(value) in "12345" and str(value) else None
