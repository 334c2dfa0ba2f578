"""A room's security and logs as people have them: a real Chromium, a site that opened what it keeps shut by default."""

import io
import json
import os
import zipfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from playwright.async_api import Browser, expect

from roomgate import xapi
from roomgate.cli.demo.inside import Inside
from roomgate.hub.http.door import COOKIE
from support.browser import Tab, tab
from support.waiting import until
from support.world import RunningWorld, in_world

pytestmark = in_world("world-3")

OPEN = """\
name = "managed"
cedar = "managed"
open = ["UserManagement", "Security Certificates"]
"""
MAY = ("observe", "security", "users", "logs", "macros", "network", "privacy", "system", "call", "provisioning")
CANARY = "kanarienvogel"  # begins everything that must never leave the site


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def opened(world: RunningWorld) -> AsyncIterator[None]:
    """The site's policy for these tests alone; before and after it is the world's own."""
    file = world.folder / "policy.toml"
    before = file.read_text("utf-8")
    await put_policy(world, file, OPEN)
    yield
    await put_policy(world, file, before)


async def put_policy(world: RunningWorld, file: Path, text: str) -> None:
    """Returns when it is in force: the connector looks at the file twice a second, and ends what lived by the other."""
    name = next(room for room in world.rooms if room not in world.spent)
    who = await world.guest(name, ["users"])
    wanted = "done" if text == OPEN else "refused"
    fresh = file.with_suffix(".new")
    fresh.write_text(text, "utf-8")
    os.replace(fresh, file)
    async with world.caller(who.token) as caller:

        async def in_force() -> bool:
            answer = await caller.call("GET", f"/api/v1/rooms/{name}/security")
            return bool(answer["parts"]["users"]["outcome"] == wanted)

        while not await in_force():
            pass


def certificate(days: int) -> str:
    """A certificate for the device that ends soon, with its key, as PEM."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "codec.example.com")])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=days, hours=1))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return (made.public_bytes(Encoding.PEM) + private).decode()


@asynccontextmanager
async def furnished(room: Inside) -> AsyncIterator[xapi.Client]:
    """The device's administrator is signed in on it, and has left much to be said about it; tidied up afterwards."""
    address = f"wss://{room.host}:{room.port}/ws"
    async with AsyncExitStack() as stack:
        admin = await stack.enter_async_context(
            xapi.connect(address, user=room.admin_user, password=room.admin_password, pin=room.pin)
        )
        other = await stack.enter_async_context(
            xapi.connect(address, user=room.admin_user, password=room.admin_password, pin=room.pin)
        )
        await admin.set("Configuration/Conference/AutoAnswer/Mode", "On")
        await admin.set("Configuration/NetworkServices/HTTP/Proxy/Password", f"{CANARY}-of-the-proxy")
        await admin.set("Configuration/SystemUnit/Name", f"oslo password={CANARY}-in-a-name")
        added = await admin.command("Security.Certificates.Services.Add", body=certificate(12))
        address = f"https://ada:{CANARY}-in-an-address@hook.example.com/x?token={CANARY}"
        await admin.command(
            "HttpFeedback.Register", FeedbackSlot=1, ServerUrl=address, Expression=["/Status/Audio/Volume"]
        )
        await admin.command("Dial", Number=f"token={CANARY}-called@example.com")
        await admin.command("Call.Disconnect")
        try:
            yield other
        finally:
            await admin.set("Configuration/Conference/AutoAnswer/Mode", "Off")
            await admin.set("Configuration/NetworkServices/HTTP/Proxy/Password", "")
            await admin.set("Configuration/SystemUnit/Name", room.name)
            await admin.command("HttpFeedback.Deregister", FeedbackSlot=1)
            await admin.command("Security.Certificates.Services.Delete", Fingerprint=added["Fingerprint"])


async def good(one: Tab) -> None:
    """The page is for everybody: in both schemes, on a narrow screen and on a wide one."""
    for width in (320, 3840, 1280):
        await one.page.set_viewport_size({"width": width, "height": 900})
        assert (width, await one.fits()) == (width, True)
    for scheme in ("dark", "light"):
        await one.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert (scheme, await one.axe()) == (scheme, [])
    assert await one.violations() == []
    assert one.faults == []
    assert len(await one.page.content()) < 100_000


def files_of(packed: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(packed)) as bundle:
        return {name: json.loads(bundle.read(name)) for name in bundle.namelist()}


async def test_what_is_exposed_is_seen_a_session_ended_and_logs_collected_without_a_secret(
    browser: Browser, world: RunningWorld
) -> None:
    async with world.room() as room, furnished(room) as other, tab(browser, world.hub) as one:
        who = await world.guest(room.name, MAY)
        async with world.visitor(who) as visitor:
            await one.carry(visitor.http.cookies[COOKIE])
        page = one.page

        await page.goto(f"/rooms/{room.name}/security")
        advice = page.locator("#advice")
        await expect(advice).to_contain_text("Whoever calls is answered by the device itself")
        await expect(advice).to_contain_text("A certificate of the device ends within 30 days.")
        await expect(page.locator("#certificates")).to_contain_text("12 days left")
        await expect(page.locator("#listeners")).to_contain_text("https://***@hook.example.com/x?***")
        await expect(page.locator("#users")).to_contain_text(room.privileged_user)
        await expect(page.locator("#ciphers")).to_contain_text("ciphers")
        assert CANARY not in await page.content()
        await good(one)

        # Our own account has no button; somebody else's session is ended, on the device itself.
        ours = page.locator("#sessions tr", has_text=room.user).first
        await expect(ours).to_contain_text("Roomgate's own")
        await expect(ours.get_by_role("button")).to_have_count(0)
        theirs = page.locator("#sessions tr", has_text=room.admin_user)
        await expect(theirs).to_have_count(2)
        await theirs.last.get_by_role("button", name="Sign out").click()
        await expect(page.locator("#said")).to_contain_text("The session on the device has ended.")
        await expect(theirs).to_have_count(1)
        await until(lambda: other.closed)
        async with world.caller(who.token) as caller:
            for arguments in ({"Username": room.user, "Active": "False"}, {"Username": room.privileged_user.upper()}):
                status, said = await caller.ask(
                    room.name, {"command": "UserManagement.User.Modify", "arguments": arguments}
                )
                assert (status, "own account" in said["detail"]) == (409, True)

        await page.goto(f"/rooms/{room.name}/logs?q=CALLED")
        await expect(page.locator("#calls")).to_contain_text("called@example.com")
        async with page.expect_download() as coming:
            await page.get_by_role("button", name="Collect and download").click()
        packed = Path(await (await coming.value).path()).read_bytes()
        await good(one)
        files = files_of(packed)
        assert set(files) >= {"status.json", "configuration.json", "call-history.json", "sessions.json", "bundle.json"}
        assert files["configuration.json"]["Configuration"]["Conference"]["AutoAnswer"]["Mode"] == "On"
        said = json.dumps(files)
        secrets = (CANARY, room.password, room.privileged_password, room.admin_password)
        assert [secret for secret in secrets if secret in said] == []
        entries = [entry["kind"] for entry in files["site-ledger.json"]]
        assert "privileged.used" in entries

        code, out, _ = await world.cli("room", "security", room.name, token=who.token)
        assert (code, "answered by the device itself" in out) == (1, True)
