import pytest

from roomgate.checks.doubles.device import HELPER, PretendDevice
from roomgate.checks.doubles.flaws import ALL, NONE, Flaw
from roomgate.checks.doubles.scene import build_bare
from roomgate.checks.doubles.wire import Asked
from roomgate.checks.pace import HandTime
from support.double import Browser, double_in_memory

pytestmark = pytest.mark.asyncio


async def test_without_the_token_nothing_is_done():
    async with double_in_memory(NONE) as double:
        browser = Browser(double)
        await browser.sign_in("ada")
        for path in ("/api/admin/record", "/api/admin/nothing"):
            assert (await browser.get(path)).status_code == 401
            assert (await browser.get(path, Authorization="Bearer wrong")).status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "body", "comes_back"),
    [
        ("POST", "/api/admin/people/ada/password", {"password": "another"}, False),
        ("POST", "/api/admin/people/ada/disable", None, False),
        ("POST", "/api/admin/people/ada/lock", None, False),
        ("DELETE", "/api/admin/people/ada", None, False),
        ("PATCH", "/scim/v2/Users/ada", {"Operations": [{"op": "replace", "path": "active", "value": False}]}, False),
        ("PATCH", "/scim/v2/Users/ada", {"Operations": [{"op": "replace", "value": {"active": False}}]}, False),
        ("POST", "/api/admin/people/ada/role", {"role": "none"}, True),
        ("POST", "/api/admin/people/ada/grants", {"rooms": []}, True),
        ("POST", "/api/admin/people/ada/end-sessions", None, True),
        ("POST", "/backchannel-logout", {"user": "ada"}, True),
    ],
)
async def test_what_the_operator_does_ends_what_is_open(method, path, body, comes_back):
    async with double_in_memory(NONE) as double:
        browser = Browser(double)
        await browser.sign_in("ada")
        assert (await browser.get("/api/rooms/oak/status")).status_code == 200
        assert (await browser.operate(method, path, body)).status_code == 200
        assert (await browser.get("/api/rooms/oak/status")).status_code == 401
        assert ((await browser.sign_in("ada")).status_code == 303) is comes_back


async def test_what_is_wrong_is_refused():
    async with double_in_memory(NONE) as double:
        browser = Browser(double)
        wrong = [
            ("POST", "/api/admin/people", {}), ("PUT", "/api/admin/device", {"host": "x", "port": "y"}),
            ("POST", "/api/admin/people/ada/password", None), ("PATCH", "/scim/v2/Users/ada", {}),
        ]  # fmt: skip
        for method, path, body in wrong:
            assert (await browser.operate(method, path, body)).status_code == 400
        assert (await browser.operate("POST", "/api/admin/people/nobody/lock")).status_code == 404
        assert (await browser.operate("POST", "/api/admin/people/ada/promote")).status_code == 404


async def test_links_codes_calls_and_the_record():
    async with double_in_memory(NONE) as double:
        browser = Browser(double)
        link = (await browser.operate("POST", "/api/admin/links", {"owner": "ada", "room": "oak"})).text
        await browser.sign_in("ada")
        assert (await browser.get(link)).status_code == 200
        await browser.operate("DELETE", f"/api/admin/links/{link.rpartition('/')[2]}")
        assert (await browser.get(link)).status_code == 404
        code = (await browser.operate("POST", "/api/admin/enrolments")).text
        assert [(await browser.post("/enrol", json={"code": code})).status_code for _ in range(2)] == [201, 403]
        await browser.post("/api/rooms/oak/call", json={"number": "x"})
        assert (await browser.operate("GET", "/api/admin/room/oak/call")).json() == {"in a call": True}
        await browser.operate("POST", "/api/admin/room/oak/hang-up")
        assert (await browser.operate("GET", "/api/admin/room/oak/call")).json() == {"in a call": False}
        assert (await browser.operate("GET", "/api/admin/room/oak/screen")).text == ""
        record = (await browser.operate("GET", "/api/admin/record")).json()
        assert {"sign-in", "enrol", "call"} <= {line["what"] for line in record}
        assert (await browser.operate("GET", "/api/admin/record/verify")).json()["whole"] is True


async def test_the_devices_password_shuts_everything_until_it_is_told():
    async with double_in_memory(NONE) as double:
        browser = Browser(double)
        await browser.sign_in("ada")
        await browser.operate("POST", "/api/admin/device-password", {"password": "new"})
        assert (await browser.get("/api/rooms/oak/status")).status_code == 401
        await browser.sign_in("ada")
        assert (await browser.get("/api/rooms/oak/status")).status_code == 404
        await browser.operate("POST", "/api/admin/device-password", {"password": "newer", "told": True})
        assert (await browser.get("/api/rooms/oak/status")).status_code == 200


@pytest.mark.parametrize("flaw", [None, Flaw.LEAVES_TRACES])
async def test_after_it_is_gone_nothing_is_left(flaw):
    async with double_in_memory(frozenset({flaw} if flaw else ())) as double:
        browser, device = Browser(double), double.scene.double.devices["oak"]
        assert isinstance(device, PretendDevice)
        await browser.sign_in("ada")
        await browser.operate("POST", "/api/admin/uninstall")
        left = (await browser.get(f"/d/{double.scene.links[0].code}")).status_code == 200
        assert left is (HELPER in device.macros) is (flaw is not None)
        await browser.operate("POST", "/api/admin/install")
        assert (await browser.get("/api/rooms/oak/status")).status_code == 200


async def test_the_demonstrations_portal():
    double = build_bare(ALL, HandTime(), {"oak": PretendDevice("Oak")}, "secret")

    async def portal(act: str, **form: str) -> tuple[int, str]:
        body = "&".join(f"{k}={v}" for k, v in form.items()).encode()
        answer = await double.answer(Asked("POST", f"/portal/{act}", {}, body))
        return answer.status, answer.body

    root = {"user": "admin", "password": "secret"}
    assert await portal("link", user="admin", password="wrong") == (403, "No")
    assert await portal("add", **root, new="eve", new_password="x") == (200, "Done")
    status, link = await portal("link", user="eve", password="x")
    assert status == 200
    assert await portal("password", user="eve", password="x", new="y") == (200, "Done")
    assert (await portal("link", user="eve", password="x"))[0] == 403
    assert await portal("remove", **root, who="eve") == (200, "Done")
    assert (await portal("link", user="eve", password="y"))[0] == 403
    assert (await portal("remove", **root, who="nobody"))[0] == 404
    assert (await double.answer(Asked("GET", f"/d/{link}/name", {}))).body == "Oak"
