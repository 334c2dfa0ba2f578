"""PyPI's xows, unmodified, on the hub's /ws: run as a program, told by its arguments; one JSON object at its end."""

import asyncio
import json
import sys
from typing import Any

import xows


async def refusal(url: str, room: str, token: str) -> str:
    """The name of the error that these credentials get."""
    client = xows.XoWSClient(url, username=room, password=token)
    try:
        await client.connect()
    except (xows.XoWSError, ConnectionError) as error:
        return type(error).__name__
    return "let in"


async def main(url: str, room: str, token: str) -> None:
    seen: asyncio.Queue[Any] = asyncio.Queue()

    async def hear(data: Any, _: Any) -> None:
        seen.put_nowait(data["Status"]["Audio"]["Volume"])

    told: dict[str, Any] = {}
    async with asyncio.timeout(30), xows.XoWSClient(url, username=room, password=token) as client:
        told["get"] = await client.xGet(["Status", "Audio", "Volume"])
        await client.subscribe(["Status", "Audio", "Volume"], hear, True)
        told["present"] = await seen.get()
        told["command"] = await client.xCommand(["Audio", "Volume", "Set"], Level=23)
        told["feedback"] = await seen.get()
        told["set"] = await client.xSet(["Configuration", "Audio", "DefaultVolume"], 61)
        told["config"] = await client.xGet(["Configuration", "Audio", "DefaultVolume"])
        told["errors"] = []
        for command, arguments in (
            (["Dail"], {}),
            (["Audio", "Volume", "Set"], {}),
            (["UserManagement", "User", "List"], {}),
        ):
            try:
                await client.xCommand(command, **arguments)
            except xows.XoWSError as error:
                told["errors"].append(type(error).__name__)
    told["wrong"] = [await refusal(url, room, "wrong"), await refusal(url, "nowhere", token)]
    print(json.dumps(told))


asyncio.run(main(*sys.argv[1:]))
