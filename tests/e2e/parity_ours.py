"""`roomgate.xapi`, feature by feature, on one simulated room: see `support/parity.py`."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from roomgate import xapi
from roomgate.xapi import blocking

ROOM = json.loads(os.environ["ROOM"])
HOST, PORT, PIN = ROOM["host"], ROOM["port"], ROOM["pin"]
URL = f"wss://{HOST}:{PORT}/ws"
ACCOUNT = {"user": ROOM["user"], "password": ROOM["password"]}
VOLUME, DEFAULT = "Status/Audio/Volume", "Configuration/Audio/DefaultVolume"
PANEL = os.environ["PANEL_XML"]
FEATURES: dict[str, Callable[[], Awaitable[Any]]] = {}


def feature(do: Callable[[], Awaitable[Any]]) -> Callable[[], Awaitable[Any]]:
    FEATURES[do.__name__] = do
    return do


@contextlib.asynccontextmanager
async def connected(**options: Any) -> AsyncIterator[xapi.Client]:
    async with xapi.connect(URL, **{**ACCOUNT, "pin": PIN, **options}) as room:
        yield room


@feature
async def wss() -> Any:
    async with connected() as room:
        return await room.get(VOLUME)


@feature
async def subprotocol() -> Any:
    async with connected(subprotocol=True) as room:
        return await room.get(VOLUME)


@feature
async def https() -> Any:
    async with xapi.connect(f"https://{HOST}:{PORT}", **ACCOUNT, pin=PIN, http_session=False) as room:
        return await room.get(VOLUME)


@feature
async def ssh() -> Any:
    async with xapi.connect(f"ssh://{HOST}:{ROOM['ssh_port']}", **ACCOUNT, pin=ROOM["ssh_host_key"]) as room:
        return await room.get(VOLUME)


@feature
async def verified() -> Any:
    try:
        async with connected(pin="00" * 32):
            return "entered"
    except xapi.CertificateChanged:
        return "refused"


@feature
async def refused() -> Any:
    try:
        async with connected(password="wrong"):
            return "entered"
    except xapi.AuthenticationFailed:
        return "refused"


@feature
async def blocks() -> Any:
    def work() -> Any:
        with blocking.connect(URL, **ACCOUNT, pin=PIN) as room:
            return room.get(VOLUME)

    return await asyncio.to_thread(work)


@feature
async def closed() -> Any:
    async with connected() as room:
        drop()
        await room.wait_closed()
        return "told"


@feature
async def comes_back() -> Any:
    async with xapi.reconnecting(URL, **ACCOUNT, pin=PIN) as room, await room.subscribe(VOLUME) as changes:
        drop()
        gap = await anext(changes)
        return [gap.gap, gap.document, await room.get(VOLUME)]


def drop() -> None:
    request = urllib.request.Request(
        ROOM["panel"] + "fault", b'{"kind":"drop"}', {"X-Panel": "1", "Content-Type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=10).close()


@feature
async def get_leaf() -> Any:
    async with connected() as room:
        return await room.get(VOLUME)


@feature
async def get_tree() -> Any:
    async with connected() as room:
        return (await room.get("Status/Audio"))["Volume"]


@feature
async def get_member() -> Any:
    async with connected() as room:
        return await room.get("Status/Network/1/ActiveInterface")


@feature
async def nothing() -> Any:
    async with connected() as room:
        return await room.get("Status/Call")


@feature
async def query() -> Any:
    async with connected() as room:
        return await room.query("Status/**/VolumeMute")


@feature
async def spelling() -> Any:
    async with connected() as room:
        return [await room.get(path) for path in ("status audio volume", "Status.Audio.Volume", VOLUME)]


@feature
async def attributes() -> Any:
    async with connected() as room:
        await room.xcommand.Audio.Volume.Set(Level=50)
        return [await room.status.Audio.Volume(), await room.config.SystemUnit.Name()]


@feature
async def typed() -> Any:
    async with connected() as room:
        return await room.get(VOLUME, type=float)


@feature
async def set_one() -> Any:
    async with connected() as room:
        await room.set(DEFAULT, 61)
        return await room.get(DEFAULT)


@feature
async def set_many() -> Any:
    async with connected() as room:
        await room.set_many({DEFAULT: 62, "Configuration/Audio/Input/Microphone/1/Mode": "On"})
        return await room.get(DEFAULT)


@feature
async def command() -> Any:
    async with connected() as room:
        await room.command("Audio.Volume.Set", Level=50)
        return await room.get(VOLUME)


@feature
async def repeated() -> Any:
    async with connected() as room:
        return (await room.command("Presentation.Start", ConnectorId=[1, 2]))["Instance"] > 0


@feature
async def body() -> Any:
    async with connected() as room:
        answer = await room.command("UserInterface.Extensions.Panel.Save", PANEL, PanelId="parity")
        return answer["status"]


@feature
async def checked() -> Any:
    async with connected() as room:
        try:
            await room.command("Audio.Volume.Set", Level=400)
        except xapi.BadArgument as bad:
            return str(bad)


@feature
async def any_method() -> Any:
    async with connected() as room:
        return await room.execute("xGet", {"Path": ["Status", "Audio", "Volume"]})


@feature
async def feedback() -> Any:
    async with connected() as room, await room.subscribe(VOLUME) as changes:
        await room.command("Audio.Volume.Set", Level=24)
        seen = await anext(changes)
        await room.command("Audio.Volume.Set", Level=50)
        return seen.document["Status"]["Audio"]["Volume"]


@feature
async def current() -> Any:
    async with connected() as room, await room.subscribe(VOLUME, current=True) as changes:
        return (await anext(changes)).document


@feature
async def event() -> Any:
    async with connected() as room, await room.subscribe("Event/UserInterface/Message/Prompt/Display") as prompts:
        await room.command("UserInterface.Message.Prompt.Display", Text="?", FeedbackId="parity")
        document = (await anext(prompts)).document
        return document["Event"]["UserInterface"]["Message"]["Prompt"]["Display"]["FeedbackId"]


@feature
async def member() -> Any:
    path = "Configuration/Audio/Input/Microphone/1/Mode"
    async with connected() as room, await room.subscribe(path) as changes:
        await room.set(path, "Off")
        seen = (await anext(changes)).document["Configuration"]["Audio"]["Input"]["Microphone"]
        await room.set(path, "On")
        return [seen[0]["id"], seen[0]["Mode"]]


@feature
async def ghost() -> Any:
    async with connected() as room, await room.subscribe("Status/Call") as calls:
        call = (await room.command("Dial", Number="meet@example.com"))["CallId"]
        await room.command("Call.Disconnect", CallId=call)
        async for seen in calls:
            for one in seen.document["Status"]["Call"]:
                if one.get("ghost") == "True":
                    return one["id"] == call
    return None


@feature
async def once() -> Any:
    async with connected() as room:
        async with await room.subscribe(VOLUME) as changes:
            await room.command("Audio.Volume.Set", Level=25)
            first = (await anext(changes)).document["Status"]["Audio"]["Volume"]
        await room.command("Audio.Volume.Set", Level=50)
        return first


@feature
async def unsubscribe() -> Any:
    async with connected() as room:
        gone = await room.subscribe(VOLUME)
        async with await room.subscribe(VOLUME) as stays:
            await gone.aclose()
            await room.command("Audio.Volume.Set", Level=26)
            await anext(stays)
            await room.command("Audio.Volume.Set", Level=50)
            return [one async for one in gone]


@feature
async def group() -> Any:
    seen = []
    async with connected() as room:
        async with contextlib.AsyncExitStack() as together:
            for path in (VOLUME, "Status/Standby"):
                await together.enter_async_context(await room.subscribe(path))
        async with await room.subscribe(VOLUME) as stays:
            await room.command("Audio.Volume.Set", Level=27)
            await anext(stays)
            await room.command("Audio.Volume.Set", Level=50)
        return seen


@feature
async def overlapping() -> Any:
    async with (
        connected() as room,
        await room.subscribe("Status/Audio") as wide,
        await room.subscribe(VOLUME) as narrow,
    ):
        await room.command("Audio.Volume.Set", Level=28)
        await room.command("Audio.Volume.Set", Level=50)
        return [[(await anext(one)).document["Status"]["Audio"]["Volume"] for _ in range(2)] for one in (wide, narrow)]


@feature
async def doc() -> Any:
    async with connected() as room:
        return (await room.doc(VOLUME))["ValueSpace"]["type"]


@feature
async def catalogue() -> Any:
    return xapi.Catalogue.shipped().completions("Status/Audio/VolumeM")


@feature
async def unknown() -> Any:
    async with connected() as room:
        try:
            await room.command("Dail", unvalidated=True)
        except xapi.UnknownPath:
            return "unknown"


@feature
async def argument() -> Any:
    async with connected() as room:
        try:
            await room.command("Audio.Volume.Set", unvalidated=True)
        except xapi.BadArgument:
            return "argument"


@feature
async def denied() -> Any:
    async with connected() as room:
        try:
            await room.command("UserManagement.User.List")
        except xapi.PermissionDenied:
            return "denied"


@feature
async def failed() -> Any:
    async with connected() as room:
        try:
            await room.command("Call.Accept", CallId=99)
        except xapi.CommandFailed:
            return "failed"


@feature
async def command_line() -> Any:
    words = ["xapi", "get", VOLUME, "--device", URL, "--user", ROOM["user"], "--pin", PIN]
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-m", "roomgate.cli.main", *words], capture_output=True, text=True, timeout=60,
        env={**os.environ, "ROOMGATE_XAPI_PASSWORD": ROOM["password"]}, check=False,
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
