"""The sections of settings: one's own factors, and invitations, by their forms."""

import re
from pathlib import Path

import httpx
import pytest

from roomgate.hub.http.door import COOKIE
from support.console import Console, Reader, console, words
from support.factors import App
from support.hub import PASSWORD
from support.passkey import Authenticator

pytestmark = pytest.mark.asyncio


async def at_settings(it: Console, name: str, *roles: str) -> Reader:
    """Somebody new who signed in by a password alone."""
    await it.hub.person(name, *roles)
    web, cookie = await it.hub.parts.identity.sign_in(name, PASSWORD, "192.0.2.1")
    return Reader(it.http, {"Cookie": f"{COOKIE}={cookie.reveal()}"}, web.csrf)


async def send(reader: Reader, path: str, **fields: str) -> str:
    """Send a form that changes what one signs in with, and go on with the new cookie; gives the page."""
    answer = await reader.http.post(path, data={"csrf": reader.csrf, **fields}, headers=reader.headers)
    assert answer.status_code == httpx.codes.SEE_OTHER, answer.text
    if "set-cookie" in answer.headers:
        reader.headers["Cookie"] = answer.headers["set-cookie"].split(";")[0]
    page = await reader.get("/settings")
    reader.csrf = re.search(r'name="csrf" value="([^"]+)"', page.text)[1]
    return page.text


async def test_a_role_leads_to_settings_until_a_factor_is_added(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        bob = await at_settings(it, "bob", "administrator")
        page = words(await bob.get("/rooms"))
        assert "Your role waits for a second factor. Until you add one" in page
        api = await it.http.get("/api/v1/people", headers=bob.headers)
        assert (api.status_code, api.json()["code"]) == (403, "factor.needed")
        page = words(await bob.get("/settings"))
        assert "Your role takes a second factor" in page
        assert "Invitations" not in page
        page = await send(bob, "/settings/totp")
        secret = re.search(r'data-copy="([A-Z2-7]{32})"', page)
        assert secret is not None
        assert "otpauth://totp/Roomgate:bob?secret=" in page
        app = App(it.hub, secret[1])
        assert "This code does not fit." in await send(bob, "/settings/totp/confirm", code="12345", name="x")
        page = words(await send(bob, "/settings/totp/confirm", code=app.code(), name="my <b>telephone"))
        assert "The second factor is added" in page
        assert "my &lt;b&gt;telephone" in page
        assert "Invitations" in page
        assert "Your role takes a second factor" not in page
        assert (await it.http.get("/api/v1/people", headers=bob.headers)).status_code == 200


async def test_codes_are_shown_once_and_a_factor_is_removed(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        bob = await at_settings(it, "bob")
        options = await it.http.post("/settings/passkeys/options", headers={**bob.headers, "X-CSRF-Token": bob.csrf})
        mine = Authenticator("https://hub")
        page = words(await send(bob, "/settings/passkeys", passkey=mine.make(options.content), name="my key"))
        assert "my key" in page
        code = re.compile(r"[0-9a-z]{4}(-[0-9a-z]{4}){3}")
        assert code.search(await send(bob, "/settings/recovery"))
        page = (await bob.get("/settings")).text
        assert not code.search(page)
        assert "Codes left: 10." in page
        id = re.search(r"/settings/factors/(factor_[0-9a-z]+)/remove", page)[1]
        assert "There is no such factor." in await send(bob, "/settings/factors/factor_none/remove")
        page = await send(bob, f"/settings/factors/{id}/remove")
        assert "The second factor is removed" in page
        assert "my key" not in page
        assert "cannot be taken" in await send(bob, "/settings/passkeys", passkey="{}", name="x")


async def test_the_own_password_takes_the_present_one(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        bob = await at_settings(it, "bob")
        new = "five other unrelated words"
        assert "The present password is another." in await send(bob, "/settings/password", present="wrong", new=new)
        assert "Refused" in await send(bob, "/settings/password", new=new)
        assert "The password is changed" in await send(bob, "/settings/password", present=PASSWORD, new=new)
        assert await it.hub.parts.identity.sign_in("bob", new, "192.0.2.1")


async def test_somebody_is_invited_and_the_invitation_is_cut(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        ada = await it.as_("ada")
        assert "Nobody is invited now." in words(await ada.get("/settings"))
        page = await ada.post("/settings/invitations", name="bob", roles=["auditor"], hours="24")
        code = re.search(r"[0-9a-z]{4}(-[0-9a-z]{4}){4}", page.text)
        assert code is not None
        assert "Give this code to bob" in words(page)
        page = await ada.get("/settings")
        assert code[0] not in page.text
        assert "23 h" in words(page) or "1 d" in words(page)
        id = re.search(r"/settings/invitations/(invitation_[0-9a-z]+)/cut", page.text)[1]
        for wrong in ({"name": "bob", "hours": "24"}, {"name": "eve", "hours": "soon"}, {"name": "", "hours": "1"}):
            assert "Refused" in words(await ada.post("/settings/invitations", **wrong))
        assert "The invitation has ended." in words(await ada.post(f"/settings/invitations/{id}/cut"))
        assert "Refused" in words(await ada.post(f"/settings/invitations/{id}/cut"))


async def test_where_the_hub_has_no_name_passkeys_are_not_offered(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        ada = await it.as_("ada")
        assert "data-passkey-make" in (await ada.get("/settings")).text
        assert "data-passkey-make" not in (await ada.get("/settings", Host="127.0.0.1:8443")).text
