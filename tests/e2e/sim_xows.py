"""PyPI's xows, unmodified, against a simulated room: run as a program, told by its arguments."""

import asyncio
import json
import sys

import xows


async def main(host: str, port: str, user: str, password: str) -> None:
    async with (
        asyncio.timeout(30),
        xows.XoWSClient(f"wss://{host}:{port}/ws", username=user, password=password) as room,
    ):
        before = await room.xGet(["Status", "Audio", "Volume"])
        await room.xCommand(["Audio", "Volume", "Set"], Level=23)
        after = await room.xGet(["Status", "Audio", "Volume"])
        seen: list[str] = []
        states: asyncio.Queue[str] = asyncio.Queue()

        async def tell(data, _):  # type: ignore[no-untyped-def]  # xows has no types
            for call in data["Status"]["Call"]:
                states.put_nowait("ghost" if "ghost" in call else call.get("Status", ""))

        await room.subscribe(["Status", "Call"], tell)
        call = (await room.xCommand(["Dial"], Number="meet@example.com"))["CallId"]
        while not seen or seen[-1] != "ghost":
            if state := await states.get():
                seen.append(state)
            if state == "Connected":
                await room.xCommand(["Call", "Disconnect"], CallId=call)
        errors = []
        for command, arguments in (
            (["Dail"], {}),
            (["Audio", "Volume", "Set"], {}),
            (["Bookings", "Put"], {"body": "{}"}),
        ):
            try:
                await room.xCommand(command, **arguments)
            except xows.XoWSError as error:
                errors.append(type(error).__name__)
        print(json.dumps({"before": before, "after": after, "seen": seen, "errors": errors}))
    try:
        await xows.XoWSClient(f"wss://{host}:{port}/ws", username=user, password="wrong").connect()
    except xows.AuthenticationFailure:
        return
    raise SystemExit("the wrong passphrase was taken")


asyncio.run(main(*sys.argv[1:]))
