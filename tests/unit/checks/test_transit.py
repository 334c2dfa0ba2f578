"""What was done to a page is told apart from what changes by itself."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.checks.snapshot import Exchange
from roomgate.checks.transit import compare, normalised

PAGE = """<!doctype html>
<html><head><title>Board</title><meta name="csrf-token" content="abc"></head>
<body><header><b>Board</b></header>
<main><h1>This device</h1><dl><dt>Serial</dt><dd>FOC1234</dd><dt>Up since</dt><dd>2026-01-02 10:11</dd></dl>
<p>Temperature: 41 degrees</p>
<form method="post" action="/web/restart"><input type="hidden" name="t" value="one"><button>Restart</button></form>
<script nonce="r4nd0m">start("0123456789abcdef0123456789abcdef");</script></main>
<footer>Made by nobody</footer></body></html>"""


def answer(body: str, url: str = "https://10.0.0.9/web/", headers=()) -> Exchange:
    raw = body.encode("utf-8", "replace")
    return Exchange(
        label="x", t=0, at="", method="GET", url=url, status=200, headers=tuple(headers), body=body,
        body_sha256=hashlib.sha256(raw).hexdigest(), body_bytes=len(raw),
    )  # fmt: skip


def via(body: str, headers=()) -> Exchange:
    return answer(body, "https://connector.example/d/abc/web/", headers)


def test_the_same_bytes_are_the_same():
    found = compare([answer(PAGE)], via(PAGE))
    assert found.same_bytes
    assert (found.added, found.gone, found.guards) == ((), (), ())


def test_what_changes_by_itself_is_no_change():
    later = (
        PAGE.replace('content="abc"', 'content="xyz"')
        .replace('value="one"', 'value="two"')
        .replace("r4nd0m", "0ther")
        .replace("0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210")
        .replace("2026-01-02 10:11", "2026-01-03 22:00")
        .replace("\n", "\r\n")
    )
    found = compare([answer(PAGE)], via(later))
    assert not found.same_bytes
    assert (found.added, found.gone, found.scripts, found.actions) == ((), (), (), ())


def test_what_differs_directly_is_left_out_and_told_apart_otherwise():
    warm, hot = (PAGE.replace("41 degrees", f"{n} degrees") for n in (42, 43))
    assert compare([answer(PAGE), answer(warm)], via(PAGE.replace("41", "41"))).added == ()
    only_text = compare([answer(PAGE)], via(hot))
    assert only_text.added == ("<p>Temperature: 43 degrees</p>",)
    assert only_text.only_text


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda page: page.replace("</main>", '</main><script src="/page.js"></script>'), "scripts"),
        (lambda page: page.replace("</main>", "</main><script>spy()</script>"), "scripts"),
        (lambda page: page.replace("/web/restart", "/d/abc/command"), "actions"),
        (lambda page: page.replace("/web/restart", "https://elsewhere.example/x"), "actions"),
        (lambda page: page.replace("</main>", "<p>Added on the way</p></main>"), "added"),
        (lambda page: page.replace("<footer>Made by nobody</footer>", ""), "gone"),
    ],
)
def test_what_was_done_to_it_is_told(change, told):
    found = compare([answer(PAGE)], via(change(PAGE)))
    assert getattr(found, told)
    assert not found.only_text
    assert found.likeness > 0.6
    assert found.diff


def test_guards_that_were_taken_away():
    guarded = [("Content-Security-Policy", "default-src 'self'"), ("Strict-Transport-Security", "max-age=1")]
    assert compare([answer(PAGE, headers=guarded)], via(PAGE)).guards == ("content-security-policy",)
    assert compare([answer(PAGE, headers=guarded)], via(PAGE, guarded)).guards == ()


def test_another_page_is_unlike():
    own = "<html><head><title>Our console</title></head><body><nav>Rooms</nav><table><tr><td>Board</td></tr></table></body></html>"
    assert compare([answer(PAGE)], via(own)).likeness < 0.3


markup = st.text("<>/=\"' \n!-&;#\x00éscriptformaction:1a[]", max_size=200)


@given(markup, markup)
def test_any_rubbish_can_be_compared(one, other):
    found = compare([answer(one), answer(other)], via(other))
    assert 0.0 <= found.likeness <= 1.0
    assert compare([answer(one)], via(other)).diff.count("\n") <= 60
    assert all(line == line.strip() for line in normalised(one))
