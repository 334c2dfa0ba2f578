"""Links are told to others by what a page loads, leads to, or a message is wrapped in; or to nobody."""

import httpx
import pytest

from roomgate.checks.outcome import Outcome
from roomgate.checks.rules.k14_link_leaks import CHECK, MILDER
from support.checks import AUTHORISED, judged

SECRET = "9b1f04c7d2e85a6330fc71be94d2a857"
HEAD = f'[target]\nname = "A target"\nurls = ["https://target.example/"]\n\n{AUTHORISED}\n'
DEVICE = "<html><head>{}</head><body><h1>Room 4711</h1></body></html>"


def toml(part: str = SECRET, *, account: bool = False, mail: str = "") -> str:
    link = f'[[links]]\nurl = "https://target.example/d/{part}"\nmarker = "Room 4711"\n'
    link += 'account = "ana"\n' if account else ""
    link += f'mail = "{mail}"\n' if mail else ""
    return HEAD + link + ('[[accounts]]\nname = "ana"\ntoken = "a-token-of-ana-0123456789"\n' if account else "")


def serving(page: str, headers: dict[str, str] | None = None, *, alone: bool = True, part: str = SECRET):
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path != f"/d/{part}":
            return httpx.Response(404)
        if not alone and "authorization" not in request.headers:
            return httpx.Response(401)
        return httpx.Response(200, headers={"content-type": "text/html", **(headers or {})}, text=page)

    return answer


async def of(folder, page, headers=None, *, alone=True, part=SECRET, **more):
    text = toml(part, account=not alone, **more)
    found = await judged(folder, serving(page, headers, alone=alone, part=part), text, only=["K14"])
    return found["K14"]


LOADS = [
    '<img src="https://pixel.other.example/p.gif">',
    '<script src="//cdn.other.example/x.js"></script>',
    '<link rel="stylesheet" href="https://fonts.other.example/f.css">',
]


@pytest.mark.asyncio
@pytest.mark.parametrize("part", LOADS)
async def test_what_is_loaded_from_others_without_a_policy_tells_them(tmp_path, part):
    found = await of(tmp_path, DEVICE.format(part))
    assert (found.outcome, found.vector) == (Outcome.FAIL, CHECK.vector), found.says
    assert found.points[0].steps


@pytest.mark.asyncio
@pytest.mark.parametrize("part", LOADS)
@pytest.mark.parametrize("policy", ["no-referrer", "same-origin", "unsafe-url, strict-origin-when-cross-origin"])
async def test_a_strict_policy_tells_nobody(tmp_path, part, policy):
    page = DEVICE.format(part)
    assert (await of(tmp_path / "a", page, {"Referrer-Policy": policy})).outcome is Outcome.PASS
    meta = '<meta name="referrer" content="no-referrer">'
    assert (await of(tmp_path / "b", DEVICE.format(meta + part))).outcome is Outcome.PASS


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "part",
    [
        f'<img src="https://other.example/?page=https%3A%2F%2Ftarget.example%2Fd%2F{SECRET}">',
        '<img src="https://other.example/a.png" referrerpolicy="unsafe-url">',
        '<script src="https://other.example/analytics.js"></script>',
    ],
)
async def test_a_strict_policy_does_not_help_against_these(tmp_path, part):
    assert (await of(tmp_path, DEVICE.format(part), {"Referrer-Policy": "no-referrer"})).outcome is Outcome.FAIL


@pytest.mark.asyncio
async def test_what_stays_at_home_is_sound(tmp_path):
    page = DEVICE.format('<img src="/a.png"><script src="https://static.target.example/x.js"></script>')
    assert (await of(tmp_path, page + '<a href="https://help.other.example/">Help</a>')).outcome is Outcome.PASS
    loose = {"Referrer-Policy": "unsafe-url"}
    found = await of(tmp_path / "b", DEVICE.format("") + '<a href="https://help.other.example/">Help</a>', loose)
    assert found.outcome is Outcome.FAIL
    quiet = DEVICE.format("") + '<a rel="noopener noreferrer" href="https://help.other.example/">Help</a>'
    assert (await of(tmp_path / "c", quiet, loose)).outcome is Outcome.PASS


@pytest.mark.asyncio
async def test_a_link_that_needs_a_sign_in_leaks_less(tmp_path):
    found = await of(tmp_path / "a", DEVICE.format(LOADS[0]), alone=False)
    assert (found.outcome, found.vector) == (Outcome.FAIL, MILDER)
    found = await of(tmp_path / "b", DEVICE.format(LOADS[0]), alone=False, part="boardroom-4711")
    assert found.outcome is Outcome.PASS
    assert found.points


@pytest.mark.asyncio
async def test_a_page_that_nobody_saw_is_no_pass(tmp_path):
    found = (await judged(tmp_path, lambda request: httpx.Response(404), toml(), only=["K14"]))["K14"]
    assert found.outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        (f"Your link: https://target.example/d/{SECRET}", Outcome.PASS),
        (f"Your link: http://target.example/d/{SECRET}", Outcome.FAIL),
        (f'<a href="https://clicks.other.example/go?u=https%3A%2F%2Ftarget.example%2Fd%2F{SECRET}">', Outcome.FAIL),
        ("Nothing", Outcome.PASS),
    ],
)
async def test_the_message_that_it_came_in(tmp_path, words, outcome):
    mail = tmp_path / "mail.eml"
    mail.write_text(f"From: a@b.example\nContent-Type: text/html; charset=utf-8\n\n{words}\n")
    assert (await of(tmp_path / "run", DEVICE.format(""), mail=str(mail))).outcome is outcome
