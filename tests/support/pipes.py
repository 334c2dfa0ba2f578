"""A wire in memory, with the test at its other end."""

import asyncio
import json

from roomgate.xapi.errors import DeviceGone


class Pipe:
    """A wire with the test at its other end. ``answer`` gives the frames that each request brings about."""

    def __init__(self, answer):
        self.answer = answer
        self.sent = []
        self.closed = False
        self._inbox = asyncio.Queue(1000)

    async def send(self, frame):
        if self.closed:
            raise DeviceGone("closed")
        request = json.loads(frame)
        self.sent.append(request)
        for body in self.answer(request):
            self.say(body)

    def say(self, body):
        self._inbox.put_nowait(json.dumps(body).encode() if isinstance(body, dict) else body)

    async def read(self, hear):
        while (frame := await self._inbox.get()) is not None:
            hear(frame)
        raise DeviceGone("cut")

    async def close(self):
        if not self.closed:
            self.closed = True
            self._inbox.put_nowait(None)


def result(value):
    return lambda request: [{"id": request["id"], "jsonrpc": "2.0", "result": value}]


def error(code, message=""):
    return lambda request: [{"id": request["id"], "jsonrpc": "2.0", "error": {"code": code, "message": message}}]


def event(number, **document):
    return {"jsonrpc": "2.0", "method": "xFeedback/Event", "params": {"Id": number, **document}}


def silence(request):
    return []
