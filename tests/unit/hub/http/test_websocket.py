"""A WebSocket of the hub ends once, for one reason, and after a cut nothing is said in it but that."""

import asyncio

import pytest

from roomgate.hub.channels import Cutoff
from roomgate.hub.http import websocket as module
from roomgate.hub.http.websocket import CLOSE_CUT, CLOSE_LOST, CLOSE_SLOW, Over, Socket

pytestmark = pytest.mark.asyncio


class Channel:
    open = True


class Person:
    """The other end: what it was sent, and how it takes that."""

    def __init__(self):
        self.got, self.fault, self.stuck = [], None, False
        self.socket = Socket(asyncio.Queue().get, self.send)

    async def send(self, event):
        if self.fault is not None:
            raise self.fault
        if self.stuck and event["type"] != "websocket.close":
            await asyncio.Event().wait()
        self.got.append(event)

    async def life(self, work):
        return await self.socket.until_over(Channel(), lambda group: group.create_task(work()))


def closed(code, cause):
    return {"type": "websocket.close", "code": code, "reason": cause}


async def test_a_cut_is_said_at_once_and_once_and_ends_the_tasks():
    ada = Person()

    async def work():
        await ada.socket.transmit({"type": "websocket.send", "text": "hello"})
        ada.socket.channel.open = False
        await ada.socket.cut(Cutoff("lock", "It was locked."))
        await ada.socket.transmit({"type": "websocket.send", "text": "and another thing"})
        ada.socket.end(CLOSE_LOST, "too late to matter")
        await asyncio.Event().wait()

    assert await ada.life(work) == "lock"
    assert ada.got == [{"type": "websocket.send", "text": "hello"}, closed(CLOSE_CUT, "lock")]


async def test_whatever_a_task_raises_over_is_said_and_what_ended_there_is_not():
    for code, said in ((CLOSE_LOST, [closed(CLOSE_LOST, "why")]), (0, [])):
        ada = Person()

        async def work(code=code):
            raise Over(code, "why")

        assert (await ada.life(work), ada.got) == ("why", said)


async def test_a_reader_that_takes_nothing_or_is_gone_ends_it(monkeypatch):
    monkeypatch.setattr(module, "SEND_WITHIN_S", 0.01)
    for fault, stuck, cause, said in (
        (None, True, "slow", [closed(CLOSE_SLOW, "slow")]),
        (ConnectionResetError(), False, "left", []),
    ):
        ada = Person()
        ada.fault, ada.stuck = fault, stuck

        async def work(ada=ada):
            await ada.socket.transmit({"type": "websocket.send", "text": "hello"})
            await asyncio.Event().wait()

        assert (await ada.life(work), ada.got) == (cause, said)


async def test_a_goodbye_that_nobody_takes_is_no_fault():
    ada = Person()
    ada.fault = ConnectionResetError()
    await ada.socket.cut(Cutoff("lock", "It was locked."))
    assert await ada.life(asyncio.Event().wait) == "lock"
