"""The console put together: who is turned away, how refusals look, and that no page changes anything by being looked at."""

from pathlib import Path

import pytest

from roomgate.hub.console.routes import console_front
from roomgate.hub.http.door import CSP, LANGUAGE_COOKIE
from roomgate.hub.http.gate import Asked
from support.console import console, words

pytestmark = pytest.mark.asyncio
HTML = "text/html; charset=utf-8"


async def test_what_is_not_there_is_a_page_for_a_browser_and_a_document_for_a_script(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        ada = await it.as_("ada")
        for path in ("/nowhere", "/no/such/page", "/rooms/nowhere", "/access/grants", "/rooms/a/b/c"):
            page = await ada.get(path)
            assert (page.status_code, page.headers["content-type"]) == (404, HTML)
            assert "Nothing here" in words(page)
        script = await it.http.get("/nowhere", headers=ada.headers)
        assert (script.status_code, script.headers["content-type"]) == (404, "application/problem+json")
        api = await ada.get("/api/v1/nowhere")
        assert api.headers["content-type"] == "application/problem+json"


async def test_a_question_that_cannot_be_read_is_refused_as_a_page(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        page = await (await it.as_("ada")).get("/rooms/oslo?since=yesterday")
        assert (page.status_code, page.headers["content-type"]) == (400, HTML)


async def test_a_form_without_its_token_changes_nothing_and_is_answered_in_the_readers_language(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        bob = await it.hub.person("bob")
        ada = await it.as_("ada", "zh-CN")
        ada.csrf = "stale"
        page = await ada.post(f"/access/people/{bob.id}/disable")
        assert (page.status_code, page.headers["content-type"]) == (403, HTML)
        assert "此表单已过期。" in page.text
        assert (await it.hub.parts.identity.get("bob")).active


async def test_every_answer_carries_the_content_policy(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        ada = await it.as_("ada")
        for path in ("/rooms", "/signin", "/nowhere", "/static/main.js"):
            assert (await ada.get(path)).headers["content-security-policy"] == CSP
        assert "unsafe" not in CSP
        assert "require-trusted-types-for 'script'" in CSP
        # With "no-referrer" browsers send our own forms with "Origin: null", and the door takes them for another's.
        assert (await ada.get("/rooms")).headers["referrer-policy"] == "same-origin"


async def test_whoever_is_signed_in_is_led_past_the_sign_in_page(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        ada = await it.as_("ada")
        for path in ("/signin", "/"):
            answer = await ada.get(path)
            assert (answer.status_code, answer.headers["location"]) == (303, "/rooms")


async def test_the_language_is_chosen_and_leads_back(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        ada = await it.as_("ada")
        sent = {"csrf": ada.csrf, "to": "zh-Hans", "back": "//evil.example"}
        answer = await it.http.post("/language", data=sent, headers=ada.headers)
        assert (answer.status_code, answer.headers["location"]) == (303, "/rooms")
        assert answer.headers["set-cookie"].startswith(f"{LANGUAGE_COOKIE}=zh-Hans;")
        unknown = await it.http.post("/language", data={**sent, "to": "xx"}, headers=ada.headers)
        assert "set-cookie" not in unknown.headers


async def test_nobody_anonymous_sees_a_page(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        front = console_front().sign_in_page("", "", "", Asked(passkeys=True)).decode()
        for path in ("/rooms", "/rooms/oslo", "/rooms/paris", "/access", "/nowhere", "/rooms.csv", "/access/stream"):
            page = await it.http.get(path, headers={"Accept": "text/html"})
            assert (page.status_code, page.text) == (401, front)
