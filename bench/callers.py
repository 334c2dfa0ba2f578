"""A client of one device, as a program of its own: ours, a bare connection of the same library, or PyPI's xows.

It reads JSON lines: `{"do": "call", "kind", "port", "pin", "flight", "calls"}` makes so many calls, that many at a
time, and says how long they took and what they cost; `feedback` waits for notifications; `idle` opens connections and
says what they take. The bare one sends and counts frames, and looks at nothing.
"""

import asyncio
import gc
import logging
import os
import resource
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache
from typing import Any

import msgspec
import uvloop
import xows
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from bench.process import memory_kib
from bench.program import serve_lines
from roomgate import xapi

_write, _read = msgspec.json.Encoder().encode, msgspec.json.Decoder().decode
_AT_ONCE = 16
_USER = "bench"
VOLUME = ["Status", "Audio", "Volume"]


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class Bare(WSListener):
    """Asks again as soon as it has an answer, as often as it is told to."""

    def __init__(self) -> None:
        self.transport: WSTransport | None = None
        self.to_send = self.to_come = 0
        self.done = asyncio.Event()

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    def ask(self, method: str = "xGet") -> None:
        if self.to_send:
            self.to_send -= 1
            assert self.transport is not None
            params = {"Path": VOLUME} if method == "xGet" else {"Query": ["Status", "Call"]}
            asked = {"jsonrpc": "2.0", "id": self.to_send, "method": method, "params": params}
            self.transport.send(WSMsgType.TEXT, _write(asked))

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type != WSMsgType.TEXT:
            return
        _read(frame.get_payload_as_bytes())
        self.to_come -= 1
        if self.to_come:
            self.ask()
        else:
            self.done.set()


@asynccontextmanager
async def _bare(port: int) -> AsyncIterator[Bare]:
    transport, listener = await ws_connect(
        Bare, f"wss://127.0.0.1:{port}/ws", ssl_context=_unverifying(), read_buffer_init_size=2048,
        use_aiofastnet=False,
    )  # fmt: skip
    assert isinstance(listener, Bare)
    try:
        yield listener
    finally:
        transport.disconnect()


@cache
def _unverifying() -> ssl.SSLContext:
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    return trust


def _ours(port: int, pin: str) -> Any:
    return xapi.connect(f"wss://127.0.0.1:{port}/ws", user=_USER, password=_USER, pin=pin)


async def _many(flight: int, calls: int, once: Callable[[], Awaitable[Any]]) -> None:
    async def worker() -> None:
        for _ in range(calls // flight):
            await once()

    async with asyncio.TaskGroup() as group:
        for _ in range(flight):
            group.create_task(worker())


class Callers:
    def __init__(self) -> None:
        self._open = AsyncExitStack()

    async def call(self, kind: str, port: int, pin: str, flight: int, calls: int) -> dict[str, Any]:
        match kind:
            case "ours":
                async with _ours(port, pin) as room:
                    return await _timed(calls, _many(flight, calls, lambda: room.get("Status/Audio/Volume")))
            case "xows":
                async with xows.XoWSClient(f"wss://127.0.0.1:{port}/ws", username=_USER, password=_USER) as theirs:
                    return await _timed(calls, _many(flight, calls, lambda: theirs.xGet(VOLUME)))
            case _:
                async with _bare(port) as bare:
                    return await _timed(calls, _ask_on(bare, flight, calls))

    async def feedback(self, kind: str, port: int, pin: str, frames: int) -> dict[str, Any]:
        """Subscribed; the answer comes when all frames have been dispatched."""
        done, seen = asyncio.Event(), 0

        def hear(_: xapi.Feedback) -> None:
            nonlocal seen
            seen += 1
            if seen == frames:
                done.set()

        if kind == "ours":
            async with _ours(port, pin) as room:
                await room.hear("Status/Call", hear)
                return await _timed(frames, done.wait(), begin=lambda: seen)
        async with _bare(port) as bare:
            bare.to_send, bare.to_come = 1, frames + 1
            bare.ask("xFeedback/Subscribe")
            return await _timed(frames, bare.done.wait(), begin=lambda: frames - bare.to_come)

    async def idle(self, kind: str, port: int, pin: str, connections: int) -> dict[str, Any]:
        gc.collect()
        before, left = memory_kib(os.getpid())["pss"], connections

        async def opener() -> None:
            nonlocal left
            while left:
                left -= 1
                await self._open.enter_async_context(_bare(port) if kind == "bare" else _ours(port, pin))

        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(opener())
        gc.collect()
        return {"kib": (memory_kib(os.getpid())["pss"] - before) / connections}


async def _ask_on(bare: Bare, flight: int, calls: int) -> None:
    bare.to_send = bare.to_come = calls
    for _ in range(flight):
        bare.ask()
    await bare.done.wait()


async def _timed(number: int, work: Awaitable[Any], begin: Callable[[], int] | None = None) -> dict[str, Any]:
    """Of feedback, the time runs from the first one."""
    while begin is not None and not begin():
        await asyncio.sleep(0.001)
    began, used = time.perf_counter(), _cpu_s()
    await work
    return {"seconds": time.perf_counter() - began, "cpu_s": _cpu_s() - used, "number": number}


async def main() -> None:
    logging.disable(logging.CRITICAL)  # xows warns of the certificate at each connection
    callers = Callers()
    await serve_lines({"call": callers.call, "feedback": callers.feedback, "idle": callers.idle})


if __name__ == "__main__":
    uvloop.run(main())
