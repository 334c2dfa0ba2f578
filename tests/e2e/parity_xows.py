"""PyPI's xows, unmodified, feature by feature, on one simulated room: see `support/parity.py`."""

import asyncio
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import xows

ROOM = json.loads(os.environ["ROOM"])
URL = f"wss://{ROOM['host']}:{ROOM['port']}/ws"
VOLUME, DEFAULT = ["Status", "Audio", "Volume"], ["Configuration", "Audio", "DefaultVolume"]
SET = ["Audio", "Volume", "Set"]
FEATURES: dict[str, Callable[[], Awaitable[Any]]] = {}


def feature(do: Callable[[], Awaitable[Any]]) -> Callable[[], Awaitable[Any]]:
    FEATURES[do.__name__] = do
    return do


def client(**changes: str) -> Any:
    return xows.XoWSClient(URL, **{"username": ROOM["user"], "password": ROOM["password"], **changes})


class Heard:
    """A queue behind a handler."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Any] = asyncio.Queue()

    def __call__(self, document: Any, _: int) -> None:
        self.queue.put_nowait(document)


async def _volume() -> Any:
    async with client() as room:
        return await room.xGet(VOLUME)


FEATURES |= {"wss": _volume, "get_leaf": _volume}


@feature
async def refused() -> Any:
    try:
        async with client(password="wrong"):
            return "entered"
    except xows.AuthenticationFailure:
        return "refused"


@feature
async def closed() -> Any:
    async with client() as room:
        request = urllib.request.Request(ROOM["panel"] + "fault", b'{"kind":"drop"}', {"X-Panel": "1"})
        await asyncio.to_thread(lambda: urllib.request.urlopen(request, timeout=10).close())
        with suppress(xows.ConnectionClosed):
            await room.wait_until_closed()
        return "told"


@feature
async def get_tree() -> Any:
    async with client() as room:
        return (await room.xGet(["Status", "Audio"]))["Volume"]


@feature
async def get_member() -> Any:
    async with client() as room:
        return await room.xGet(["Status", "Network", 1, "ActiveInterface"])


@feature
async def query() -> Any:
    async with client() as room:
        return await room.xQuery(["Status", "**", "VolumeMute"])


@feature
async def set_one() -> Any:
    async with client() as room:
        await room.xSet(DEFAULT, 61)
        return await room.xGet(DEFAULT)


@feature
async def command() -> Any:
    async with client() as room:
        await room.xCommand(SET, Level=50)
        return await room.xGet(VOLUME)


@feature
async def repeated() -> Any:
    async with client() as room:
        return (await room.xCommand(["Presentation", "Start"], ConnectorId=[1, 2]))["Instance"] > 0


@feature
async def body() -> Any:
    async with client() as room:
        save = ["UserInterface", "Extensions", "Panel", "Save"]
        return (await room.xCommand(save, PanelId="parity", body=os.environ["PANEL_XML"]))["status"]


@feature
async def any_method() -> Any:
    async with client() as room:
        return await room.api_call("xGet", Path=VOLUME)


@feature
async def feedback() -> Any:
    heard = Heard()
    async with client() as room:
        await room.subscribe(VOLUME, heard)
        await room.xCommand(SET, Level=24)
        seen = await heard.queue.get()
        await room.xCommand(SET, Level=50)
        return seen["Status"]["Audio"]["Volume"]


@feature
async def current() -> Any:
    heard = Heard()
    async with client() as room:
        await room.subscribe(VOLUME, heard, True)
        return await heard.queue.get()


@feature
async def event() -> Any:
    heard = Heard()
    async with client() as room:
        await room.subscribe(["Event", "UserInterface", "Message", "Prompt", "Display"], heard)
        await room.xCommand(["UserInterface", "Message", "Prompt", "Display"], Text="?", FeedbackId="parity")
        document = await heard.queue.get()
        return document["Event"]["UserInterface"]["Message"]["Prompt"]["Display"]["FeedbackId"]


@feature
async def member() -> Any:
    path, heard = ["Configuration", "Audio", "Input", "Microphone", 1, "Mode"], Heard()
    async with client() as room:
        await room.subscribe(path, heard)
        await room.xSet(path, "Off")
        seen = (await heard.queue.get())["Configuration"]["Audio"]["Input"]["Microphone"]
        await room.xSet(path, "On")
        return [seen[0]["id"], seen[0]["Mode"]]


@feature
async def ghost() -> Any:
    heard = Heard()
    async with client() as room:
        await room.subscribe(["Status", "Call"], heard)
        call = (await room.xCommand(["Dial"], Number="meet@example.com"))["CallId"]
        await room.xCommand(["Call", "Disconnect"], CallId=call)
        while True:
            for one in (await heard.queue.get())["Status"]["Call"]:
                if one.get("ghost") == "True":
                    return one["id"] == call


@feature
async def unsubscribe() -> Any:
    gone, stays = Heard(), Heard()
    async with client() as room:
        number = await room.subscribe(VOLUME, gone)
        await room.subscribe(VOLUME, stays)
        await room.unsubscribe(number)
        await room.xCommand(SET, Level=26)
        await stays.queue.get()
        await room.xCommand(SET, Level=50)
        return [gone.queue.get_nowait() for _ in range(gone.queue.qsize())]


@feature
async def overlapping() -> Any:
    wide, narrow = Heard(), Heard()
    async with client() as room:
        await room.subscribe(["Status", "Audio"], wide)
        await room.subscribe(VOLUME, narrow)
        await room.xCommand(SET, Level=28)
        await room.xCommand(SET, Level=50)
        return [[(await one.queue.get())["Status"]["Audio"]["Volume"] for _ in range(2)] for one in (wide, narrow)]


def _error(name: str, kind: type[Exception], path: list[str], **arguments: Any) -> None:
    async def do() -> Any:
        async with client() as room:
            try:
                await room.xCommand(path, **arguments)
            except kind:
                return name

    FEATURES[name] = do


_error("unknown", xows.MethodNotFound, ["Dail"])
_error("argument", xows.InvalidParameter, SET)
_error("denied", xows.PermissionDenied, ["UserManagement", "User", "List"])
_error("failed", xows.CommandError, ["Call", "Accept"], CallId=99)


@feature
async def command_line() -> Any:
    words = ["-u", ROOM["user"], "-p", ROOM["password"], URL, "get", "Status", "Audio", "Volume"]
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-W", "ignore", "-m", "xows", *words],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return done.stdout.strip()


async def main() -> None:
    told = {}
    for name, do in FEATURES.items():
        try:
            async with asyncio.timeout(20):
                told[name] = await do()
        except Exception as fault:
            told[name] = f"{type(fault).__name__}: {fault}"
    print(json.dumps(told))


if __name__ == "__main__":
    asyncio.run(main())
