"""The clean double does it right, and each flaw is as wrong as it claims: were it not, a fail would prove nothing."""

import pytest

from roomgate.checks.doubles.app import COUNTER
from roomgate.checks.doubles.flaws import NONE, Flaw
from support.double import ADDRESS, Browser, InMemory, double_in_memory

pytestmark = pytest.mark.asyncio
EVIL = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}


def link_of(double: InMemory) -> str:
    return f"/d/{double.scene.links[0].code}"


async def test_a_stranger_learns_nothing_of_links():
    async with double_in_memory(NONE) as double:
        browser = Browser(double)
        for path in (link_of(double), "/d/unknown"):
            answer = await browser.get(path)
            assert (answer.status_code, answer.headers["location"]) == (303, f"/signin?next={path}")
            assert (await browser.get(f"{path}/status")).status_code == 401
            assert (await browser.post(f"{path}/call", json={"number": "x"})).status_code == 401


async def test_the_owner_of_a_link_is_let_in_and_nobody_else():
    async with double_in_memory(NONE) as double:
        ada, ben = Browser(double), Browser(double)
        await ada.sign_in("ada")
        await ben.sign_in("ben")
        serial = (await double.scene.double.devices["oak"].read())["serial"]
        assert serial in (await ada.get(link_of(double))).text
        assert serial in (await ada.get(f"{link_of(double)}/status")).text
        assert (await ben.get(link_of(double))).status_code == 404
        assert (await ben.get("/api/rooms/oak/status")).status_code == 404
        assert (await ada.get(f"{link_of(double)}/web/signin")).status_code == 404


async def test_every_answer_is_shielded():
    async with double_in_memory(NONE) as double:
        for path in ("/", "/signin", "/nothing", "/style.css"):
            headers = (await Browser(double).get(path)).headers
            assert "max-age=31536000" in headers["strict-transport-security"]
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")


async def test_a_sign_in_needs_its_token_and_this_site():
    async with double_in_memory(NONE) as double:
        browser = Browser(double)
        assert (await browser.sign_in("ada", token="invented")).status_code == 403
        fields = {"user": "ada", "password": double.scene.passwords["ada"], "token": await browser.token("/signin")}
        assert (await browser.post("/signin", data=fields, headers=EVIL)).status_code == 403
        answer = await browser.sign_in("ada")
        assert answer.headers["set-cookie"].startswith("__Host-session=")
        for word in ("Secure", "HttpOnly", "SameSite=Lax"):
            assert word in answer.headers["set-cookie"]
        assert (await browser.get("/api/me")).json()["name"] == "ada"


@pytest.mark.parametrize(
    "place", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:x", "\t//x"]
)
async def test_a_sign_in_leads_nowhere_else(place):
    async with double_in_memory(NONE) as double:
        assert (await Browser(double).sign_in("ada", next=place)).headers["location"] == "/"
    async with double_in_memory(frozenset({Flaw.OPEN_REDIRECT})) as double:
        led = (await Browser(double).sign_in("ada", next="//evil.example")).headers["location"]
        assert led == "//evil.example"


async def test_too_many_wrong_passwords_are_too_many():
    async with double_in_memory(NONE) as double:
        browser = Browser(double)
        seen = [(await browser.sign_in("gus", "wrong")).status_code for _ in range(7)]
        assert seen == [403] * 5 + [429] * 2


async def test_a_change_is_made_by_its_own_page_alone():
    async with double_in_memory(NONE) as double:
        browser = Browser(double)
        await browser.sign_in("ben")
        token = await browser.token("/")

        async def language() -> str:
            return str((await browser.get("/api/me")).json()["language"])

        await browser.post("/preferences", data={"language": "fr"})
        await browser.post("/preferences", data={"language": "fr", "token": token}, headers=EVIL)
        await browser.get("/preferences?language=fr")
        assert await language() == "en"
        await browser.post("/preferences", data={"language": "fr", "token": token})
        assert await language() == "fr"


async def test_signing_out_needs_the_token_and_ends_it():
    async with double_in_memory(NONE) as double:
        browser = Browser(double)
        await browser.sign_in("ada")
        await browser.post("/signout", data={"token": "invented"})
        assert (await browser.get("/api/me")).status_code == 200
        await browser.post("/signout", data={"token": await browser.token("/")})
        assert (await browser.get("/api/me")).status_code == 401


async def test_a_camera_and_a_call_are_told_in_the_room():
    async with double_in_memory(NONE) as double:
        browser, device = Browser(double), double.scene.double.devices["oak"]
        await browser.sign_in("ada")
        assert (await browser.post("/api/rooms/oak/camera", data={"x": "y"})).status_code == 403
        assert (await browser.post("/api/rooms/oak/camera", json={}, headers=EVIL)).status_code == 403
        await browser.post("/api/rooms/oak/camera", json={})
        assert "camera" in await device.shown()
        answer = await browser.post(f"{link_of(double)}/call", json={"number": "x@example.com"})
        assert answer.json()["placed"]
        assert "call" in await device.shown()
        assert (await browser.post("/api/rooms/oak/call", json={})).status_code == 400


async def test_what_each_flaw_lets_a_stranger_do():
    wrong = {Flaw.NO_SIGN_IN, Flaw.CALL_BY_LINK, Flaw.LEAKS_LINK, Flaw.LEAKS_SECRETS, Flaw.SILENT, Flaw.MODIFIES_PAGES}
    async with double_in_memory(frozenset(wrong)) as double:
        stranger, device, link = Browser(double), double.scene.double.devices["oak"], link_of(double)
        assert "Added on the way" in (await stranger.get(link)).text
        assert (await stranger.get(f"{link}/name")).text == "Oak room"
        await stranger.post(f"{link}/command", json={"command": "Dial", "arguments": {"Number": "x"}})
        assert await device.in_call()
        assert await device.shown() == ""
        for body in ({}, {"command": 1}, {"command": "No Such"}, {"command": "Dial", "arguments": 1}):
            assert (await stranger.post(f"{link}/command", json=body)).status_code == 400
        assert double.scene.service.operator_token in (await stranger.get("/page.js")).text
        assert (await stranger.get(link)).headers["referrer-policy"] == "unsafe-url"
    async with double_in_memory(frozenset({Flaw.NO_SIGN_IN, Flaw.LEAKS_LINK})) as double:
        assert COUNTER in (await Browser(double).get(link_of(double))).text


async def test_what_is_missing_with_a_flaw():
    wrong = {Flaw.NO_HSTS, Flaw.NO_CSP, Flaw.NO_SECURITY_CONTACT, Flaw.LOOSE_COOKIES, Flaw.IMITATES_SIGN_IN}
    async with double_in_memory(frozenset(wrong)) as double:
        browser = Browser(double)
        headers = (await browser.get("/")).headers
        assert not {"strict-transport-security", "content-security-policy", "x-frame-options"} & set(headers)
        assert (await browser.get("/.well-known/security.txt")).status_code == 404
        assert "Pretended Board" in (await browser.get("/signin")).text
        assert (await browser.sign_in("ada")).headers["set-cookie"].endswith("; Path=/")
    async with double_in_memory(NONE) as double:
        text = (await Browser(double).get("/.well-known/security.txt")).text
        assert f"Contact: {ADDRESS}/" in text
