"""Everything that somebody can hold open, in one process that stands for their machine.

Reads one JSON task a line: {"id", "channel", "hub", "ca", "room", "token", "user", "password", "cookie"}, and
prints one JSON line for each thing that happens, with the monotonic time at which it was felt here (one clock
for all processes of a machine): "open", "news", and "closed" with what was said last.
"""

import asyncio
import contextlib
import json
import ssl
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import xows

from roomgate.cli.api import Api
from roomgate.cli.tunnel_wire import open_wire
from roomgate.redact import Secret
from roomgate.tunnel.ends import End

POLL_S = 0.05
ACT_S, PUT_S = 1.2, 1.6  # a room takes 120 commands a minute
PAGE_S = 1.5
NO = (401, 403, 404)  # anything else says that the hub, the link or the device is not there just now
SHOW = "UserInterface/Message/TextLine/Display"
Task = dict[str, str]


def say(task: Task, event: str, **facts: Any) -> None:
    line = {"id": task["id"], "channel": task["channel"], "event": event, "at": time.monotonic()}
    print(json.dumps(line | facts), flush=True)


@asynccontextmanager
async def http(task: Task, **headers: str) -> AsyncIterator[httpx.AsyncClient]:
    trust = ssl.create_default_context(cafile=task["ca"])
    async with httpx.AsyncClient(base_url=task["hub"], verify=trust, headers=headers, timeout=40) as client:
        yield client


async def rest(task: Task) -> None:
    """Asks again and again until the hub says no."""
    async with http(task, Authorization=f"Bearer {task['token']}") as client:
        first = True
        while True:
            answer = await client.post(f"/api/v1/rooms/{task['room']}/asks", json={"get": "Status/Audio/Volume"})
            if answer.status_code in NO:
                say(task, "closed", status=answer.status_code, last=answer.json().get("code", ""))
                return
            if answer.status_code == httpx.codes.OK:
                say(task, "open" if first else "news")
                first = False
            await asyncio.sleep(POLL_S)


async def acts(task: Task) -> None:
    """Shows a line of text on the room's screen again and again, until the hub says no; the device writes it down."""
    wish = {"command": SHOW, "arguments": {"Text": task["user"], "Duration": 1}, "reason": "to be seen"}
    async with http(task, Authorization=f"Bearer {task['token']}") as client:
        first = True
        while True:
            answer = await client.post(f"/api/v1/rooms/{task['room']}/asks", json=wish)
            if answer.status_code in NO:
                say(task, "closed", status=answer.status_code, last=answer.json().get("code", ""))
                return
            if answer.status_code == httpx.codes.OK and first:
                say(task, "open")
                first = False
            await asyncio.sleep(ACT_S)


async def putxml(task: Task) -> None:
    """A script that posts a device's own documents again and again, by Basic credentials, until the hub says no."""
    document = "<Command><UserInterface><Message><TextLine><Display><Text>{}</Text><Duration>1</Duration></Display></TextLine></Message></UserInterface></Command>"
    async with http(task) as client:
        client.auth = (task["room"], task["token"])
        first = True
        while True:
            answer = await client.post("/putxml", content=document.format(task["user"]))
            if answer.status_code in NO:
                say(task, "closed", status=answer.status_code, last=answer.text)
                return
            if 'status="OK"' in answer.text and first:
                say(task, "open")
                first = False
            await asyncio.sleep(PUT_S)


async def consent(task: Task) -> None:
    """An ask that only the room can grant, and nobody there answers: waits until there is an outcome."""
    async with http(task, Authorization=f"Bearer {task['token']}") as client:
        wish = {"command": "Audio/Microphones/Unmute", "arguments": {}, "reason": "to hear"}
        asked = await client.post(f"/api/v1/rooms/{task['room']}/asks", json=wish, headers={"Prefer": "wait=1"})
        assert asked.status_code == httpx.codes.ACCEPTED, asked.text
        say(task, "open")
        answer = await client.get(f"/api/v1/asks/{asked.json()['ask']}", params={"wait": 30})
        say(task, "closed", status=answer.status_code, last=answer.json().get("outcome", ""))


async def dial(task: Task) -> None:
    """One call, by the same token as everything else; the room is asked."""
    async with http(task, Authorization=f"Bearer {task['token']}", Prefer="wait=20") as client:
        wish = {"command": "Dial", "arguments": {"Number": "friend@example.com"}, "reason": "to talk"}
        answer = await client.post(f"/api/v1/rooms/{task['room']}/asks", json=wish)
        say(task, "open", status=answer.status_code, outcome=answer.json().get("outcome", ""))


async def follow(task: Task, client: httpx.AsyncClient, address: str) -> None:
    """A stream of server-sent events, until it ends."""
    kind, last, first = "", "", True
    async with client.stream("GET", address) as stream:
        stream.raise_for_status()
        async for line in stream.aiter_lines():
            if line.startswith("event:"):
                kind = line.removeprefix("event:").strip()
            elif line.startswith("data:"):
                last = kind
                if kind != "cut":
                    say(task, "open" if first else "news", kind=kind)
                first = False
    say(task, "closed", last=last)


async def events(task: Task) -> None:
    async with http(task, Authorization=f"Bearer {task['token']}") as client:
        await follow(task, client, f"/api/v1/rooms/{task['room']}/events?path=Status/Audio")


async def page(task: Task) -> None:
    """The room's page with its stream, signed in by the console's own form, or with a cookie that is there already."""
    async with http(task, Origin=task["hub"]) as client:
        if task["cookie"]:
            client.headers["Cookie"] = task["cookie"]
        else:
            answer = await client.post("/signin", data={"user": task["user"], "password": task["password"]})
            assert answer.status_code == httpx.codes.SEE_OTHER, answer.text
        shown = await client.get(f"/rooms/{task['room']}")
        assert shown.status_code == httpx.codes.OK, shown.text
        await follow(task, client, f"/rooms/{task['room']}/stream")


async def socket(task: Task) -> None:
    """PyPI's xows, unmodified, with a subscription."""

    async def hear(_: Any, __: Any) -> None:
        say(task, "news")

    url = task["hub"].replace("https://", "wss://") + "/ws"
    async with xows.XoWSClient(url, username=task["room"], password=task["token"]) as client:
        await client.subscribe(["Status", "Audio"], hear, False)
        await client.xGet(["Status", "Audio", "Volume"])
        say(task, "open")
        await client.wait_until_closed()
    say(task, "closed")


async def tunnel(task: Task) -> None:
    """`roomgate room tunnel`'s own end; one connection inside it, in which the device's page is read again and again."""
    trust = ssl.create_default_context(cafile=task["ca"])
    wire = await open_wire(Api(task["hub"], Secret(task["token"]), task["ca"]), task["room"], "to see", trust)
    await wire.opened(lambda: None)
    async with asyncio.TaskGroup() as group:
        end = End(group, wire.put)
        server = await asyncio.start_server(lambda *both: group.create_task(end.carry(*both)), "127.0.0.1", 0)
        wire.listen(end.feed)
        wire.ended.add_done_callback(lambda _: end.close())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # that is test_tunnel.py's affair
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname(), ssl=context)

        async def ask() -> None:
            while True:
                writer.write(b"GET /web/hello.js HTTP/1.1\r\nHost: device\r\n\r\n")
                await asyncio.sleep(PAGE_S)

        asking = group.create_task(ask())
        first = True
        with contextlib.suppress(OSError):
            while await reader.read(2**16):
                say(task, "open" if first else "news")
                first = False
        say(task, "closed", last=str(wire.ended.exception() if wire.ended.done() else ""))
        asking.cancel()
        end.close()
        server.close()
        wire.close()


CHANNELS = {
    "rest": rest,
    "acts": acts,
    "putxml": putxml,
    "consent": consent,
    "dial": dial,
    "events": events,
    "page": page,
    "xows": socket,
    "tunnel": tunnel,
}


async def kept(task: Task) -> None:
    try:
        await CHANNELS[task["channel"]](task)
    except Exception as fault:  # the edge of a channel: the test reads what it was
        say(task, "fault", last=f"{type(fault).__name__}: {fault}"[:300])


async def main() -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async with asyncio.TaskGroup() as group:
        async for line in reader:
            group.create_task(kept(json.loads(line)))


asyncio.run(main())
