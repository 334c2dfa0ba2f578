"""What is seen at the site, on a device that really answers: each flaw of a connector alone fails its own check."""

import json
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from roomgate import xapi
from roomgate.checks.catalogue import all_checks
from roomgate.checks.declared import Tier
from roomgate.checks.journal import Journal
from roomgate.checks.outcome import Outcome
from roomgate.checks.pace import HandTime
from roomgate.checks.run import Around, Wish, judge_all, run
from roomgate.sim.config import RoomReady
from support.checks import ONE, target_of
from support.simulated import simulator

ONLY = ("K08", "K21", "K26", "K28")
SILENT_S = 4.0  # how long the connector waits for an impostor, which takes the password and says nothing
MACRO = "vendor-join"


@dataclass
class Connector(httpx.AsyncBaseTransport):
    """A vendor's connector, with one flaw or none: its web face is in memory, its device is real."""

    room: RoomReady
    flaw: str
    open: AsyncExitStack = field(default_factory=AsyncExitStack)
    installed: bool = True

    def device(self, host: str = "127.0.0.1", port: int = 0, **more: float):
        url = f"wss://{host}:{port or self.room.port}/ws"
        trust = {"unsafe_accept_any_certificate": True} if self.flaw == "K21" else {"pin": self.room.pin}
        return xapi.connect(url, user=self.room.user, password=self.room.password, **trust, **more)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content) if request.content else {}
        status, text = await self.answer(request.url.path, body, request.headers.get("authorization", ""))
        return httpx.Response(status, stream=httpx.ByteStream(text.encode()))

    async def answer(self, path: str, body: dict[str, str], bearer: str) -> tuple[int, str]:
        match path:
            case "/call" if bearer or self.flaw == "K08":
                async with self.device() as device:
                    await device.command("Dial", arguments={"Number": body["to"]})
            case "/call":
                return 401, ""
            case "/visit" if self.flaw == "K26":
                for _ in range(2):
                    await self.open.enter_async_context(self.device())
                return 200, "Volume 50"
            case "/visit":
                async with self.device() as device:
                    return 200, f"Volume {await device.get('Status/Audio/Volume')}"
            case "/device" if body:
                try:
                    async with self.device(body["host"], int(body["port"]), connect_timeout_s=SILENT_S):
                        return 200, ""
                except xapi.XapiError as wrong:
                    return 502, str(wrong)
            case "/d/1":
                return (200, "room-4711") if self.installed else (404, "")
            case "/uninstall":
                self.installed = False
                if self.flaw != "K28":
                    async with owner(self.room) as device:
                        await device.command("Macros.Macro.Remove", arguments={"Name": MACRO})
        return 200, ""


def owner(room: RoomReady):
    url = f"wss://127.0.0.1:{room.port}/ws"
    return xapi.connect(url, user=room.admin_user, password=room.admin_password, pin=room.pin)


def text_of(room: RoomReady) -> str:
    at = "https://target.example"
    return f"""{ONE}
[permitted]
intrusive = true
room = "Test room"
callee = "echo@example.com"
[device]
url = "https://localhost:{room.port}"
user = "{room.admin_user}"
password = "{room.admin_password}"
certificate_sha256 = "{room.pin}"
[[accounts]]
name = "may"
token = "token-of-may"
[[links]]
url = "{at}/d/1"
marker = "room-4711"
[K08]
allowed = "may"
place = {{method = "POST", url = "{at}/call", json = {{to = "{{callee}}"}}}}
[K21]
listen = "127.0.0.1"
wait_s = 5.0
point_at = {{request = {{method = "PUT", url = "{at}/device", json = {{host = "{{host}}", port = "{{port}}"}}}}}}
point_back = {{request = {{method = "PUT", url = "{at}/device"}}}}
[K26]
accounts = ["{room.user}"]
visit = {{request = {{method = "POST", url = "{at}/visit", expects = "Volume"}}}}
[K28]
macros = ["vendor-"]
uninstall = {{request = {{method = "POST", url = "{at}/uninstall"}}}}
"""


@pytest.mark.asyncio
@pytest.mark.parametrize("flaw", ["", *ONLY])
async def test_each_flaw_fails_its_own_check(tmp_path: Path, flaw: str):
    async with simulator(tmp_path / "rooms") as (room,):
        connector = Connector(room, flaw)
        async with owner(room) as device:
            await device.set("Configuration/Macros/Mode", "On")
            await device.command("Macros.Macro.Save", arguments={"Name": MACRO}, body="import xapi from 'xapi'")

        async def look_up(host: str) -> list[str]:
            return ["127.0.0.1"]

        target, journal = target_of(text_of(room)), Journal(tmp_path / "run")
        around = Around(time=HandTime(), transport=lambda: connector, look_up=look_up)
        async with connector.open:
            await run(target, "text", all_checks(), Wish(Tier.SITE, ONLY, False, True), journal, around)
        assert room.password not in (journal.folder / "looks" / "impostor.json").read_text()
        found = {one.id: one for one in judge_all(all_checks(), journal.snapshots(), target) if one.id in ONLY}
        assert {id: one.outcome for id, one in found.items()} == {
            id: Outcome.FAIL if id == flaw else Outcome.PASS for id in ONLY
        }, {id: one.says for id, one in found.items()}
