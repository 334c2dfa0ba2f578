"""The pictures of the console in docs/pictures, from a demonstration's world: `make pictures`.

Four programs are started as `roomgate demo` starts them, rooms and people are brought into a state worth
showing, and the machine's Chromium takes each page in light and in dark.
"""

import asyncio
import base64
import json
import sqlite3
import struct
import subprocess
import sys
import tempfile
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from playwright.async_api import Browser, Page  # noqa: E402

from roomgate import xapi  # noqa: E402
from roomgate.cli.demo import invitations  # noqa: E402
from roomgate.cli.demo.people import Caller, Unexpected  # noqa: E402
from roomgate.clock import iso  # noqa: E402
from support.browser import Scheme, Tab, chromium, tab  # noqa: E402
from support.world import EVERYTHING, RunningWorld, Somebody, running_world  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
LARGEST_BYTES = 150_000
WIDTH = 1440
SCHEMES: tuple[Scheme, Scheme] = ("light", "dark")
# What the second part shows takes more of the site than the demonstration's own policy gives.
POLICY = """\
name = "looked after"
cedar = "managed"
open = ["Macros Macro Save", "Macros Macro Activate"]
"""
CARE = ("observe", "configure", "ui", "macros", "system", "network", "security", "logs", "users", "provisioning")
# In a page: the pixels of a picture, four bytes each.
_PIXELS = """async (url) => {
  const picture = await createImageBitmap(await (await fetch(url)).blob());
  const paper = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
  paper.drawImage(picture, 0, 0);
  const found = new Blob([paper.getImageData(0, 0, picture.width, picture.height).data]);
  const reader = new FileReader();
  reader.readAsDataURL(found);
  await new Promise((done) => { reader.onload = done; });
  return { width: picture.width, pixels: reader.result };
}"""
MACRO = """\
import xapi from 'xapi';

const WIDGET = 'ceiling';

xapi.Event.UserInterface.Extensions.Widget.Action.on((event) => {
  if (event.WidgetId !== WIDGET || event.Type !== 'changed') return;
  console.log('ceiling', event.Value);
  xapi.Command.Audio.Sound.Play({ Sound: 'KeyInput' });
});
"""
REPORT = {
    "target": "Old connector, trial", "grade": "F",
    "findings": [
        {
            "id": id, "outcome": outcome, "severity": severity, "title": title, "says": says,
            "mend": "Ask for a sign-in on every page, and on every request for data behind it."
            if id == "K01"
            else "Send the header on every answer.",
        }
        for id, outcome, severity, title, says in (
            ("K01", "fail", "critical", "A device link opens without signing in", "Two of two links show the device."),
            ("K10", "fail", "medium", "Browsers are not told to use HTTPS only", "No page sends the header."),
            ("K21", "inconclusive", "high", "The connector trusts any device", "Nobody gave access to the site."),
        )
    ],
}  # fmt: skip
PLAN = """\
name = "Autumn settings"

[everything.settings]
"Audio/DefaultVolume" = 45
"Standby/Delay" = 15

[only]
rooms = ["lima", "kyoto", "accra", "turin"]
"""


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
        await shoot(
            world, browser, admin,
            ("signin", "/signin"), ("rooms", "/rooms"), ("room", "/rooms/oslo"), ("access", "/access?q=oslo"), ("meetings", "/meetings"),
            ("approvals", "/approvals"), ("settings", "/settings"),
        )  # fmt: skip
    await take_care(world, browser, admin)


async def take_care(world: RunningWorld, browser: Browser, admin: Somebody) -> None:
    """Rooms that are looked after: settings, macros, a plan, and what somebody has to see to."""
    world.world.file("policy.toml", POLICY)
    for room in world.world.names:
        await grant(world, admin, room, CARE, 480, "Looking after the rooms")
    past(world, "oslo")
    async with world.caller(admin.token) as caller:
        await in_force(caller)
        sheet = "name,tags\noslo,boardroom floor-2\nlima,boardroom\nkyoto,huddle\nquito,huddle floor-2\n"
        await caller.call("POST", "/api/v1/inventory/tags", {"csv": sheet})
        for path, value in (
            ("Macros/Mode", "On"), ("Audio/DefaultVolume", 45), ("Standby/Delay", 15),
            ("SystemUnit/Name", "Board room"), ("UserInterface/SettingsMenu/Mode", "Locked"),
        ):  # fmt: skip
            await caller.ask("oslo", {"set": f"Configuration/{path}", "value": value})
        for text in (MACRO.replace("log('", "info('"), MACRO):
            await caller.call("PUT", "/api/v1/rooms/oslo/macros/lights", {"text": text})
        await caller.call("POST", "/api/v1/rooms/oslo/macros/lights/activate", {})
        plan = await caller.call("POST", "/api/v1/plans", {"document": PLAN, "reason": "Quieter rooms"})
        await caller.call("GET", f"/api/v1/plans/{plan['id']}?past=planning")
        await caller.call("POST", f"/api/v1/plans/{plan['id']}/start", {})
        await world.world.inside["quito"].touch("fault", kind="changed-certificate", lasting=0)
        await caller.call("GET", f"/api/v1/plans/{plan['id']}?past=running")
        await caller.ask(
            "oslo", {"command": "Dial", "arguments": {"Number": "standup@example.com"}, "reason": "The weekly call"}
        )
        await world.world.inside["oslo"].say_yes()
        await world.world.inside["oslo"].shows(lambda state: state["calls"])
        await caller.call("POST", "/api/v1/findings/reports", REPORT | {"began": iso(datetime.now(UTC))})  # noqa: TID251
    await shoot(
        world, browser, admin,
        ("status", "/rooms/oslo/status"), ("room-settings", "/rooms/oslo/settings"),
        ("macro", "/rooms/oslo/macros/edit?name=lights"), ("inventory", "/inventory"),
        ("plan", f"/fleet/{plan['id']}"), ("alerts", "/alerts"),
        ("findings", "/findings"),
    )  # fmt: skip


async def in_force(caller: Caller) -> None:
    """Wait until the connector goes by the new policy."""
    async with asyncio.timeout(60):
        while True:
            try:
                await caller.call("GET", "/api/v1/rooms/oslo/macros")
            except Unexpected:
                await asyncio.sleep(0.2)
            else:
                return


async def shoot(world: RunningWorld, browser: Browser, admin: Somebody, *pages: tuple[str, str]) -> None:
    """Each page by its name, in both schemes."""
    painter = await browser.new_page()
    for scheme in SCHEMES:
        async with tab(browser, world.hub, scheme=scheme, width=WIDTH) as one:
            for name, path in pages:
                if path != "/signin":
                    await one.carry(admin.cookie)
                await one.page.goto(path)
                if name == "alerts":
                    await shown(one, "quito")
                if await one.page.locator("[data-stream]").count():
                    await one.live()
                await keep(one, painter, f"{name}-{scheme}")


async def shown(one: Tab, text: str) -> None:
    """Load the page again until it says so."""
    async with asyncio.timeout(60):
        while text not in await one.page.locator("#main").inner_text():
            await one.page.reload()


async def grant(world: RunningWorld, who: Somebody, room: str, may: tuple[str, ...], minutes: int, reason: str) -> None:
    wish = {"person": who.id, "rooms": [room], "capabilities": list(may), "minutes": minutes, "reason": reason}
    await world.admin.call("POST", "/api/v1/grants", wish)


async def ask(world: RunningWorld, who: Somebody, room: str, may: tuple[str, ...], minutes: int, reason: str) -> None:
    async with world.caller(who.token) as caller:
        wish = {"rooms": [room], "capabilities": list(may), "minutes": minutes, "reason": reason}
        await caller.call("POST", "/api/v1/approvals", wish)


def invite(world: RunningWorld, room: str, text: str, name: str) -> None:
    (world.folder / "calendar" / room / f"{name}.ics").write_text(text, "utf-8", newline="")


def past(world: RunningWorld, room: str) -> None:
    """A week of samples of a room, as the hub would have kept them: office hours, meetings, a bad afternoon."""
    now = int(datetime.now(UTC).timestamp())  # noqa: TID251
    with sqlite3.connect(world.folder / "hub" / "hub.db", timeout=30) as db:
        (id,) = db.execute("SELECT id FROM rooms WHERE name = ?", (room,)).fetchone()
        for ago in range(1, 7 * 24):
            at = now - ago * 3600
            hour, day = at // 3600 % 24, at // 86400 % 7
            values = {"online": 0 if ago == 50 else 1, "call": 0}
            if values["online"] and 8 <= hour < 18 and day not in (2, 3):
                busy = (ago * 7) % 5
                values |= {"call": int(busy > 1), "people": busy * 2, "ambient": 20.5 + busy / 2}
                if busy > 1:
                    values |= {"loss": 4.2 if 28 <= ago <= 31 else busy / 10, "jitter": 6 + busy * 3}
            db.execute("INSERT OR IGNORE INTO samples VALUES (?, ?, ?)", (at, id, json.dumps(values)))


async def keep(one: Tab, painter: Page, name: str) -> None:
    picture = await smaller(painter, await one.page.screenshot())
    if len(picture) > LARGEST_BYTES:
        raise SystemExit(f"{name}.png has {len(picture)} bytes: more than {LARGEST_BYTES}.")
    (PICTURES / f"{name}.png").write_bytes(picture)
    print(f"{name}.png: {len(picture)} bytes", flush=True)


async def smaller(painter: Page, png: bytes) -> bytes:
    """The same pixels without the filters that a browser applies: flat areas pack better as they are.

    ``painter``: an empty page, which reads the picture quicker than Python would.
    """
    told = await painter.evaluate(_PIXELS, "data:image/png;base64," + base64.b64encode(png).decode())
    width, pixels = told["width"], base64.b64decode(told["pixels"].partition(",")[2])
    rows = bytearray()
    for at in range(0, len(pixels), width * 4):
        row = bytearray(width * 3)
        for colour in range(3):
            row[colour::3] = pixels[at + colour : at + width * 4 : 4]
        rows += b"\0" + row
    header = struct.pack(">IIBBBBB", width, len(pixels) // (width * 4), 8, 2, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b"")]
    return png[:8] + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )


if __name__ == "__main__":
    if not subprocess.run(["fc-list", ":lang=zh"], capture_output=True, text=True, check=True).stdout:
        raise SystemExit("No font here has Chinese letters: apt-get install fonts-wqy-microhei, then again.")
    asyncio.run(main())
