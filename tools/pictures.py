"""The pictures of the console in docs/pictures, from a demonstration's world: `make pictures`.

Four programs are started as `roomgate demo` starts them, rooms and people are brought into a state worth
showing, and the machine's Chromium takes each page in light and in dark.
"""

import asyncio
import struct
import sys
import tempfile
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from playwright.async_api import Browser  # noqa: E402

from roomgate import xapi  # noqa: E402
from roomgate.cli.demo import invitations  # noqa: E402
from support.browser import Scheme, Tab, chromium, tab  # noqa: E402
from support.world import EVERYTHING, RunningWorld, Somebody, running_world  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
LARGEST_BYTES = 200_000
WIDTH = 1440
SCHEMES: tuple[Scheme, Scheme] = ("light", "dark")


async def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        async with running_world(Path(folder) / "world") as world, chromium() as browser:
            await take(world, browser)


async def take(world: RunningWorld, browser: Browser) -> None:
    admin = await world.person(name="robin", roles=["administrator"], minutes=60)
    guest, service = await world.person(name="guest"), await world.person(name="technician")
    for name in world.world.names:
        await grant(world, admin, name, EVERYTHING, 480, "Looking after the rooms")
    await grant(world, guest, "oslo", ("observe", "bookings", "call"), 25, "Repair of the camera")
    await grant(world, service, "kyoto", ("observe", "av-control"), 4, "Microphone check")
    await ask(world, guest, "lima", ("observe", "call", "av-control"), 120, "The camera is stuck in the corner")
    now = datetime.now(UTC).replace(second=0, microsecond=0)  # noqa: TID251
    invite(world, "oslo", invitations.zoom(now + timedelta(minutes=12)), "zoom")
    invite(world, "oslo", invitations.sip(now + timedelta(minutes=45)), "sip")
    invite(world, "lima", invitations.sip(now + timedelta(minutes=40)), "sip")
    await world.world.inside["oslo"].shows(lambda state: len(state["bookings"]) == 2)

    kyoto = world.world.inside["kyoto"]
    async with (
        xapi.connect(
            f"wss://{kyoto.host}:{kyoto.port}/ws", user=kyoto.user, password=kyoto.password, pin=kyoto.pin
        ) as device,
        tab(browser, world.hub) as guests,
        world.caller(admin.token) as caller,
    ):
        await device.command("Dial", Number="standup@example.com")
        await guests.page.goto("/r/oslo")
        await guests.sign_in(guest.name, guest.password)
        await guests.live()
        await caller.ask("oslo", {"set": "Configuration/Audio/DefaultVolume", "value": 45})
        await caller.ask("oslo", {"command": "Audio.Volume.Set", "arguments": {"Level": 40}})
        await caller.ask(
            "oslo", {"command": "Dial", "arguments": {"Number": "late@example.com"}, "reason": "A test call"}
        )
        await world.world.inside["oslo"].say_yes()
        await world.world.inside["oslo"].shows(lambda state: state["calls"])
        for scheme in SCHEMES:
            async with tab(browser, world.hub, scheme=scheme, width=WIDTH) as one:
                await one.page.goto("/signin")
                await keep(one, f"signin-{scheme}")
                await one.carry(admin.cookie)
                for name, path in (
                    ("rooms", "/rooms"),
                    ("room", "/rooms/oslo"),
                    ("access", "/access?q=oslo"),
                    ("approvals", "/approvals"),
                    ("settings", "/settings"),
                ):
                    await one.page.goto(path)
                    if name != "settings":
                        await one.live()
                    await keep(one, f"{name}-{scheme}")


async def grant(world: RunningWorld, who: Somebody, room: str, may: tuple[str, ...], minutes: int, reason: str) -> None:
    wish = {"person": who.id, "rooms": [room], "capabilities": list(may), "minutes": minutes, "reason": reason}
    await world.admin.call("POST", "/api/v1/grants", wish)


async def ask(world: RunningWorld, who: Somebody, room: str, may: tuple[str, ...], minutes: int, reason: str) -> None:
    async with world.caller(who.token) as caller:
        wish = {"rooms": [room], "capabilities": list(may), "minutes": minutes, "reason": reason}
        await caller.call("POST", "/api/v1/approvals", wish)


def invite(world: RunningWorld, room: str, text: str, name: str) -> None:
    (world.folder / "calendar" / room / f"{name}.ics").write_text(text, "utf-8", newline="")


async def keep(one: Tab, name: str) -> None:
    picture = smaller(await one.page.screenshot())
    if len(picture) > LARGEST_BYTES:
        raise SystemExit(f"{name}.png has {len(picture)} bytes: more than {LARGEST_BYTES}.")
    (PICTURES / f"{name}.png").write_bytes(picture)
    print(f"{name}.png: {len(picture)} bytes")


def smaller(png: bytes) -> bytes:
    """The same picture with its pixels packed as tightly as zlib can."""
    chunks, at = [], 8
    while at < len(png):
        size = struct.unpack(">I", png[at : at + 4])[0]
        chunks.append((png[at + 4 : at + 8], png[at + 8 : at + 8 + size]))
        at += size + 12
    pixels = zlib.decompress(b"".join(data for kind, data in chunks if kind == b"IDAT"))
    kept = [(kind, data) for kind, data in chunks if kind in (b"IHDR", b"PLTE", b"tRNS")]
    kept += [(b"IDAT", zlib.compress(pixels, 9)), (b"IEND", b"")]
    return png[:8] + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in kept
    )


if __name__ == "__main__":
    asyncio.run(main())
