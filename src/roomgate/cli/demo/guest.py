"""A guest with three live channels, in a process of its own: REST, the event stream, and somebody else's client.

Prints one JSON line for each thing that happens, with the machine's monotonic time (the same clock in every
process on Linux), so that a cut is timed where it is felt. ``python -m roomgate.cli.demo.guest`` reads its
task from standard input: {"hub", "ca", "room", "token", "dial"?}.
"""

import asyncio
import json
import ssl
import sys
import time
from dataclasses import dataclass
from typing import Any

import httpx
import xows

_POLL_S = 0.05


def say(channel: str, event: str, **facts: Any) -> None:
    print(json.dumps({"channel": channel, "event": event, "at": time.monotonic(), **facts}), flush=True)


@dataclass(frozen=True, slots=True)
class Task:
    hub: str
    ca: str
    room: str
    token: str


def _http(task: Task) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=task.hub,
        verify=ssl.create_default_context(cafile=task.ca),
        headers={"Authorization": f"Bearer {task.token}"},
        timeout=35,
    )


async def rest(task: Task) -> None:
    """Ask for the volume again and again until the hub says no."""
    async with _http(task) as http:
        while True:
            answer = await http.post(f"/api/v1/rooms/{task.room}/asks", json={"get": "Status/Audio/Volume"})
            if answer.status_code != httpx.codes.OK or answer.json().get("outcome") != "done":
                say("rest", "refused", status=answer.status_code)
                return
            say("rest", "answer", value=answer.json()["result"])
            await asyncio.sleep(_POLL_S)


async def events(task: Task) -> None:
    """Read the event stream until it ends."""
    path = f"/api/v1/rooms/{task.room}/events"
    async with _http(task) as http, http.stream("GET", path, params={"path": "Status/Audio"}) as stream:
        kind = ""
        async for line in stream.aiter_lines():
            if line.startswith("event:"):
                kind = line.removeprefix("event:").strip()
            elif line.startswith("data:"):
                say("events", kind or "message", data=line.removeprefix("data:").strip()[:200])
    say("events", "closed")


async def socket(task: Task) -> None:
    """The unmodified xows client on the hub's /ws, with a subscription, until the hub closes it."""
    url = task.hub.replace("https://", "wss://") + "/ws"

    async def hear(data: Any, _id: Any) -> None:
        say("socket", "feedback", data=json.dumps(data)[:200])

    async with xows.XoWSClient(url, username=task.room, password=task.token) as client:
        await client.subscribe(["Status", "Audio"], hear, True)
        say("socket", "answer", value=await client.xGet(["Status", "Audio", "Volume"]))
        await client.wait_until_closed()
        say("socket", "closed")


async def main() -> None:
    task = Task(**json.loads(sys.stdin.readline()))
    async with asyncio.TaskGroup() as group:
        for channel in (rest, events, socket):
            group.create_task(channel(task))


if __name__ == "__main__":
    asyncio.run(main())
