"""Where a browser would go, compared with what Node's own URL says; and which answers move it at all."""

import json
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.checks.navigation import By, moves_of, resolve
from roomgate.checks.rules.k13_open_redirect import PAYLOADS
from roomgate.checks.snapshot import Exchange
from support.node import node_binary

BASE = "https://own.example/sign/in?next=1"
PARTS = (
    "https:",
    "http:",
    "//",
    "/",
    "\\",
    "\\\\",
    "evil.example",
    "own.example",
    "@",
    "?",
    "#",
    "\t",
    "\n",
    " ",
    ":443",
    "..",
    "%2f",
    "x",
    ".",
)
READ = """
const [base, texts] = JSON.parse(require('fs').readFileSync(0, 'utf8'));
console.log(JSON.stringify(texts.map(t => { try { const u = new URL(t, base); return [u.protocol, u.hostname]; } catch { return null; } })));
"""


def browsers(texts: list[str], base: str = BASE) -> list[tuple[str, str] | None]:
    done = subprocess.run(
        [node_binary(), "-e", READ], input=json.dumps([base, texts]), capture_output=True, text=True, check=True
    )
    return [None if one is None else (one[0].rstrip(":"), one[1]) for one in json.loads(done.stdout)]


def written() -> list[str]:
    made = [payload.replace("{own}", "own.example").replace("{}", "evil.example") for payload in PAYLOADS]
    made += [a + b + c for a in PARTS for b in PARTS for c in PARTS]
    return made + [a + b + "evil.example" + c for a in PARTS for b in PARTS for c in PARTS]


@pytest.mark.parametrize("base", [BASE, "http://own.example/"])
def test_addresses_lead_where_browsers_are_led(base):
    """What no browser goes to at all may be told as any host but the foreign one."""
    texts = written()
    wrong = []
    for text, theirs in zip(texts, browsers(texts, base), strict=True):
        ours = resolve(base, text)
        foreign = [
            one is not None and one[0] in ("http", "https") and one[1].removesuffix(".") == "evil.example"
            for one in (ours, theirs)
        ]
        if foreign[0] != foreign[1] and theirs is not None:
            wrong.append((text, ours, theirs))
    assert wrong == []


def answer(status=200, body="", kind="text/html", **headers):
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Exchange(
        label="x",
        t=0,
        at="",
        method="GET",
        url=BASE,
        status=status,
        headers=(("Content-Type", kind), *named),
        body=body,
    )


@pytest.mark.parametrize(("step", "by"), [
    (answer(302, Location="//evil.example/"), By.LOCATION),
    (answer(302, Location="/\\evil.example"), By.LOCATION),
    (answer(200, Refresh="0; url=https://evil.example/"), By.REFRESH),
    (answer(200, '<meta http-equiv="refresh" content="1;URL=\'//evil.example\'">'), By.REFRESH),
    (answer(200, '<meta http-equiv="refresh" content="10; url=//evil.example">'), By.LATER),
    (answer(200, '<script>window.location.href = "\\/\\/evil.example\\/";</script>'), By.SCRIPT),
    (answer(200, "<script>location.replace('https:\\u002f\\x2fevil.example')</script>"), By.SCRIPT),
    (answer(200, "<script>top.location='//evil.example'</script>"), By.SCRIPT),
    (answer(200, "<script>go.onclick = () => { location = '//evil.example'; }</script>"), By.LATER),
])  # fmt: skip
def test_what_moves_a_browser(step, by):
    assert [(move.by, move.host) for move in moves_of(step)] == [(by, "evil.example")]


@pytest.mark.parametrize("step", [
    answer(200, Location="//evil.example/"),
    answer(200, '<a href="//evil.example/">You are leaving</a>'),
    answer(200, '{"location": "//evil.example"}', "application/json"),
    answer(200, "<script>const next = '//evil.example'; if (location == '//evil.example') {}</script>"),
    answer(200, "<script>my.location = '//evil.example'; relocation = '//evil.example'</script>"),
    answer(200, "&lt;script&gt;location='//evil.example'&lt;/script&gt;"),
    answer(200, '<meta http-equiv="refresh" content="5">'),
    answer(0),
])  # fmt: skip
def test_what_does_not(step):
    assert not [move for move in moves_of(step) if move.host == "evil.example"]


@given(st.text(max_size=60))
def test_any_text_is_resolved_or_refused(text):
    try:
        resolve(BASE, text)
    except ValueError:
        pass
    moves_of(answer(302, Location=text))
    moves_of(answer(200, f"<script>location = '{text}'</script>", Refresh=text))
