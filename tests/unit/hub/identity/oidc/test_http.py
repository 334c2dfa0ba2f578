"""The addresses of single sign-on behind the real door, and the section of the settings, with a provider in memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from msgspec import structs

from roomgate.clock import parse_iso
from roomgate.hub.app import build_app
from roomgate.hub.http.door import COOKIE
from roomgate.hub.identity.oidc import flow
from roomgate.hub.identity.oidc.flow import Answered
from roomgate.hub.identity.oidc.http import show_identity
from roomgate.hub.identity.oidc.store import Linked
from roomgate.hub.program import extend_with
from roomgate.hub.relay.extension import open_relay
from roomgate.ids import PersonId
from support.hostile_provider import HUB, Rig, provider, rig

pytestmark = pytest.mark.asyncio

PAGE = {"Accept": "text/html"}


@asynccontextmanager
async def site(folder: Path) -> AsyncIterator[tuple[Rig, httpx.AsyncClient]]:
    """The whole hub, and a browser that is nobody yet."""
    async with rig(folder, roles={"desk": ("service-desk",)}) as r:
        config = structs.replace(r.hub.parts.config, providers=(provider(folder),), public_url=HUB)
        parts = replace(r.hub.parts, sign_on=r.sign_on, config=config)
        app = build_app(parts, extend_with(parts, open_relay(parts)))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HUB, headers=PAGE) as browser:
            yield r, browser


def query(answered: Answered) -> str:
    return urlencode({"state": answered.state, "code": answered.code})


async def begin(r: Rig, browser: httpx.AsyncClient, **headers: str) -> Answered:
    answer = await browser.get("/auth/corp/start", headers=headers)
    assert answer.status_code == 303
    return r.double.authorize(answer.headers["location"])


async def test_a_sign_in_from_the_button_to_the_page_where_it_was(tmp_path: Path) -> None:
    async with site(tmp_path) as (r, browser):
        await r.linked("bob")
        assert 'href="/auth/corp/start"' in (await browser.get("/r/oslo")).text
        answered = await begin(r, browser, Referer=f"{HUB}/r/oslo")
        held = browser.cookies.jar
        assert [(c.name, c.secure, c.path) for c in held] == [(flow.COOKIE, True, "/")]
        answer = await browser.get(f"/auth/corp/callback?{query(answered)}")
        assert (answer.status_code, answer.headers["refresh"]) == (200, "0; url=/r/oslo")
        set_by = answer.headers.get_list("set-cookie")
        ours = next(one for one in set_by if one.startswith(f"{COOKIE}="))
        assert all(word in ours.lower() for word in ("secure", "httponly", "samesite=strict", "path=/"))
        assert any(one.startswith(f"{flow.COOKIE}=") and "Max-Age=0" in one for one in set_by)
        who = await browser.get("/api/v1/whoami")
        assert who.json()["name"] == "bob"


async def test_where_one_goes_on_is_a_page_of_ours(tmp_path: Path) -> None:
    async with site(tmp_path) as (r, browser):
        await r.linked("bob")
        for referer in ("https://evil.example.com/x", f"{HUB}//evil.example.com", f"{HUB}/auth/corp/callback", ""):
            answered = await begin(r, browser, Referer=referer)
            answer = await browser.get(f"/auth/corp/callback?{query(answered)}")
            assert answer.headers["refresh"] == "0; url=/rooms"


async def test_a_refusal_is_a_page_that_says_so_in_words_and_opens_nothing(tmp_path: Path) -> None:
    async with site(tmp_path) as (r, browser):
        answered = await begin(r, browser)
        for path, status, words in (
            (f"/auth/corp/callback?{query(answered)}", 401, "Nobody here is linked"),
            (f"/auth/corp/callback?{query(answered)}", 400, "does not hold"),
            (f"/auth/corp/callback?{query(answered)}&state=x", 400, "does not hold"),
            ("/auth/corp/callback?error=%3Cscript%3E", 400, "does not hold"),
            ("/auth/corp/callback", 400, "does not hold"),
            ("/auth/nobody/callback", 404, "no such identity provider"),
            ("/auth/nobody/start", 404, "no such identity provider"),
        ):
            answer = await browser.get(path)
            assert (answer.status_code, words in answer.text) == (status, True), answer.text
            assert "<script" not in answer.text
            assert COOKIE + "=" not in "".join(answer.headers.get_list("set-cookie"))
        assert (await browser.get("/auth/corp/callback", headers={"Accept-Language": "zh"})).text.count("不成立") == 1
        assert (await browser.get("/auth/corp/other")).status_code == 401
        assert (await browser.post("/auth/corp/start")).status_code == 401


async def test_an_answer_by_form_is_asked_for_again_with_the_cookie(tmp_path: Path) -> None:
    async with site(tmp_path) as (r, browser):
        await r.linked("bob")
        answered = await begin(r, browser)
        form = {"state": answered.state, "code": answered.code, "user": '{"name":"x"}', "extra": "y"}
        answer = await browser.post("/auth/corp/callback", data=form, headers={"Origin": "https://id.example.com"})
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/auth/corp/callback?{query(answered)}"
        assert (await browser.get(answer.headers["location"])).status_code == 200
        assert (await browser.post("/auth/nobody/callback", data=form)).status_code == 404


async def test_back_channel_logout_answers_when_it_is_cut(tmp_path: Path) -> None:
    async with site(tmp_path) as (r, browser):
        await r.linked("bob")
        await browser.get(f"/auth/corp/callback?{query(await begin(r, browser))}")
        assert (await browser.get("/api/v1/whoami")).status_code == 200
        async with httpx.AsyncClient(transport=browser._transport, base_url=HUB) as caller:
            token = r.double.logout_token()
            for data, status in (
                ({"logout_token": "x"}, 400), ({}, 400), ({"logout_token": [token, token]}, 400),
                ({"logout_token": token}, 200), ({"logout_token": token}, 400),
            ):  # fmt: skip
                answer = await caller.post("/auth/corp/logout", data=data)
                assert (answer.status_code, answer.headers["cache-control"]) == (status, "no-store")
                if status == 400:
                    assert answer.json()["error"] == "invalid_request"
            assert (await caller.post("/auth/corp/logout", json={"logout_token": token})).status_code == 400
            assert (await caller.post("/auth/corp/logout", content=b"x" * 40_000)).status_code == 413
            assert (await caller.post("/auth/nobody/logout", data={"logout_token": token})).status_code == 404
            assert (await caller.get("/auth/corp/logout")).status_code == 405
        assert (await browser.get("/api/v1/whoami")).status_code == 401


async def test_identities_over_rest(tmp_path: Path) -> None:
    async with site(tmp_path) as (r, browser):
        await r.hub.person("bob")
        path, issuer = "/api/v1/people/bob/identities", r.double.issuer
        _, admin = await r.hub.token("ada")
        _, bob = await r.hub.token("bob")
        await r.hub.person("eve")
        _, eve = await r.hub.token("eve")
        headers = {"Authorization": f"Bearer {admin}"}
        body = {"issuer": issuer, "subject": "auth0|1/2"}
        made = await browser.post(path, json=body, headers=headers)
        assert (made.status_code, made.json()["subject"]) == (201, "auth0|1/2")
        assert (await browser.post(path, json=body, headers=headers)).status_code == 409
        assert (await browser.post(path, json=body | {"x": 1}, headers=headers)).status_code == 400
        assert (await browser.post(path, json=body, headers={"Authorization": f"Bearer {bob}"})).status_code == 403
        for token, status in ((admin, 200), (bob, 200), (eve, 404)):
            listed = await browser.get(path, headers={"Authorization": f"Bearer {token}"})
            assert listed.status_code == status
        assert (await browser.delete(path, params=body, headers={"Authorization": f"Bearer {eve}"})).status_code == 404
        assert (await browser.delete(path, params=body, headers=headers)).status_code == 204
        assert (await browser.delete(path, params=body, headers=headers)).status_code == 404


async def test_the_settings_say_what_to_register_to_those_who_may_see_it(tmp_path: Path) -> None:
    async with site(tmp_path) as (r, browser):
        await r.linked("bob")
        signed, cookie = await r.hub.sign_in("bob")
        assert signed.web is not None
        mine = {"Cookie": f"{COOKIE}={cookie}"}
        page = (await browser.get("/settings", headers=mine)).text
        assert "sub-1" in page
        assert r.double.issuer + "</code>" not in page
        page = (await browser.get("/settings", headers={"Cookie": f"{COOKIE}={r.hub.cookie}"})).text
        for words in (r.double.issuer, f"{HUB}/auth/corp/callback", f"{HUB}/auth/corp/logout", "desk"):
            assert words in page
        form = {"csrf": signed.web.csrf, "do": "link", "provider": "corp"}
        begun = await browser.post("/settings/identities", data=form, headers=mine)
        assert (begun.status_code, begun.headers["refresh"].startswith(f"0; url={r.double.issuer}")) == (200, True)
        r.double.subject = "sub-2"
        answered = r.double.authorize(begun.headers["refresh"].removeprefix("0; url="))
        answer = await browser.get(f"/auth/corp/callback?{query(answered)}")
        assert answer.headers["refresh"] == "0; url=/settings"
        assert {one.subject for one in await r.sign_on.identities(signed.person.id)} == {"sub-1", "sub-2"}
        browser.cookies.clear()
        for changed in ({"provider": "nobody"}, {"do": "x"}):
            answer = await browser.post("/settings/identities", data=form | changed, headers=mine)
            assert (answer.status_code, answer.headers["location"]) == (303, "/settings")
        form |= {"do": "unlink", "issuer": r.double.issuer, "subject": "sub-1"}
        await browser.post("/settings/identities", data=form, headers=mine)
        assert {one.subject for one in await r.sign_on.identities(signed.person.id)} == {"sub-2"}


async def test_an_identity_is_shown_whole() -> None:
    at = parse_iso("2026-03-10T09:00:00Z")
    shown = show_identity(Linked("https://i", "s", PersonId("person_1"), at, at))
    assert (shown.issuer, shown.subject, shown.person, shown.seen) == (
        "https://i", "s", "person_1", "2026-03-10T09:00:00.000Z",
    )  # fmt: skip
