"""What stays open: a long poll, events, a socket, a download. Each goes on only for as long as its sign-in does."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from roomgate.checks.doubles.device import Bridged
from roomgate.checks.doubles.flaws import Flaw
from roomgate.checks.doubles.service import Service
from roomgate.checks.doubles.wire import Answer, Asked, Receive, Send
from roomgate.checks.pace import Time

EVERY_S = 0.5
LOOK_S = 0.1
MOST = 3_000  # parts of one stream: some 25 minutes


@dataclass(slots=True)
class Live:
    """The live side of one request, by the sign-in with this id."""

    KINDS: ClassVar[tuple[str, ...]] = ("wait", "events", "recording")

    service: Service
    devices: Mapping[str, Bridged]
    time: Time
    asked: Asked
    id: str

    def _goes_on(self, room: str) -> bool:
        found = self.service.person_of(self.id, live=True)
        return found is not None and room in self.devices and self.service.may_enter(found, room, live=True)

    async def _reading(self, room: str, number: int) -> str:
        return json.dumps(await self.devices[room].read() | {"reading": number})

    def stream(self, room: str, what: str) -> Answer:
        match what:
            case "events":
                return Answer(200, "", "text/event-stream", parts=self._parts(room, "data: {}\n\n"))
            case "recording":
                return Answer(200, "", "application/octet-stream", parts=self._parts(room, "{}\n"))
        return Answer(200, "", "application/json", parts=self._one(room))

    async def _parts(self, room: str, form: str) -> AsyncIterator[bytes]:
        for number in range(MOST):
            if not self._goes_on(room):
                return
            yield form.replace("{}", await self._reading(room, number)).encode()
            if not await self._pause(room, EVERY_S):
                return

    async def _one(self, room: str) -> AsyncIterator[bytes]:
        """A long poll's: it comes when there is something new, or not at all."""
        if await self._pause(room, EVERY_S):
            yield (await self._reading(room, 0)).encode()

    async def _pause(self, room: str, seconds: float) -> bool:
        """Whether it goes on after that; it is cut while it waits."""
        until = self.time.monotonic() + seconds
        while (left := until - self.time.monotonic()) > 0:
            if not self._goes_on(room):
                return False
            await self.time.sleep(min(LOOK_S, left))
        return self._goes_on(room)

    # ---- a socket ----------------------------------------------------------------------------------

    async def converse(self, receive: Receive, send: Send) -> None:
        """A WebSocket: each text that comes is answered with a reading."""
        await receive()
        words = self.asked.words
        origin = self.asked.headers.get("origin")
        foreign = origin is not None and origin != self.asked.origin
        room = words[1] if len(words) == 2 and words[0] == "ws" else ""
        if (foreign and not self.service.has(Flaw.ANY_ORIGIN)) or not self._goes_on(room):
            await send({"type": "websocket.close", "code": 1008})
            return
        await send({"type": "websocket.accept"})
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(self._answer(room, receive, send), name="double.socket")
            while not reading.done():
                if not self._goes_on(room):
                    reading.cancel()
                    await send({"type": "websocket.close", "code": 1008})
                    return
                await self.time.sleep(LOOK_S)

    async def _answer(self, room: str, receive: Receive, send: Send) -> None:
        number = 0
        while (await receive())["type"] == "websocket.receive":
            number += 1
            if self._goes_on(room):
                await send({"type": "websocket.send", "text": await self._reading(room, number)})
