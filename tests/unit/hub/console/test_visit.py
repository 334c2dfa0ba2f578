from datetime import UTC, datetime
from pathlib import Path

import pytest

from roomgate.access.decision import Denied
from roomgate.errors import NotFound
from roomgate.hub.console.visit import (
    Form,
    clock,
    date,
    language_cookie,
    refusal,
    refused,
    sign_in_page,
    turned_away_page,
    utc,
)
from roomgate.hub.console.words import Words
from roomgate.hub.http.problem import NO_SUCH_ROOM, Problem
from support.console import console, words

EN, ZH = Words.of("en"), Words.of("zh-Hans")
MOMENT = datetime(2026, 3, 10, 9, 5, 7, tzinfo=UTC)


def test_a_form_gives_text_without_its_edges() -> None:
    form = Form({"a": [" x ", "y"], "b": ["", " "]})
    assert (form.text("a"), form.text("b"), form.text("c")) == ("x", "", "")
    assert (form.all("a"), form.all("b"), form.all("c")) == (["x", "y"], [], [])


def test_times_stand_in_the_page_in_utc() -> None:
    assert (utc(MOMENT), clock(MOMENT), date(MOMENT)) == (
        "2026-03-10 09:05:07 UTC",
        "09:05 UTC",
        "2026-03-10 09:05 UTC",
    )


def test_a_refusal_says_what_and_what_next_with_a_code() -> None:
    said = refusal(EN, Denied("site.policy", "The site says no.", some_grant=True, hint="Ask there."))
    assert (said.status, said.text, said.hint, said.code) == (403, "The site says no.", "Ask there.", "site.policy")
    notice = refused(EN, NotFound("There is no such page."), "dial")
    assert (notice.kind, notice.code, notice.at) == ("bad", NotFound.code, "dial")
    assert refusal(ZH, NotFound(NO_SUCH_ROOM)).text == ZH("said: There is no such room.")


def test_whoever_may_not_know_of_the_room_is_told_of_no_room() -> None:
    secret = refusal(EN, Denied("capability", "Your grant on oslo does not include it."))
    assert (secret.status, secret.text) == (404, NO_SUCH_ROOM)
    assert secret.code == refusal(EN, NotFound(NO_SUCH_ROOM)).code


def test_an_error_that_is_not_ours_says_nothing_of_itself() -> None:
    said = refusal(EN, ValueError("/etc/secret"))
    assert said.status == 500
    assert "secret" not in said.text + said.hint + said.code


def test_the_sign_in_page_speaks_the_readers_language_and_names_nobody() -> None:
    page = sign_in_page("The name and the password do not fit.", "zh-CN").decode()
    assert '<html lang="zh-Hans">' in page
    assert ZH("said: The name and the password do not fit.") in page
    assert sign_in_page("<script>").decode().count("<script>") == 0
    assert "<script" not in sign_in_page().decode()  # it needs none


def test_whoever_was_turned_away_is_told_what_to_do_next() -> None:
    problem = Problem("Forbidden", 403, "csrf", "This form is out of date.", "<b>Load</b> the page again.")
    page = turned_away_page(problem).decode()
    assert "This form is out of date." in page
    assert "&lt;b&gt;Load&lt;/b&gt;" in page
    assert "csrf" in page


def test_the_language_is_remembered_for_this_site_alone() -> None:
    cookie = language_cookie("zh-Hans")
    assert cookie.key.startswith("__Host-")
    assert (cookie.secure, cookie.httponly, cookie.path) == (True, True, "/")


@pytest.mark.asyncio
async def test_every_page_has_the_readers_name_and_token_and_no_inline_code(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        await it.hub.person("<i>bob</i>")
        bob = await it.as_("<i>bob</i>")
        for path in ("/rooms", "/access", "/rooms/nowhere", "/nowhere"):
            page = (await bob.get(path)).text
            assert "&lt;i&gt;bob&lt;/i&gt;" in page
            assert f'value="{bob.csrf}"' in page
            assert " style=" not in page
            assert " onclick=" not in page
            assert page.count("<script") == page.count('<script type="module" src="/static/main.js') == 1
        assert "<i>bob</i>" in words(page.replace("&lt;", "<").replace("&gt;", ">")) or "bob" in words(page)
