"""How links are looked at: politely, as whom, and which addresses of a page are followed."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.checks.declared import Tier
from roomgate.checks.looks import links
from roomgate.checks.looks.links import FOUND_MOST, find_reads, without_sign_in
from roomgate.checks.outcome import Outcome
from roomgate.checks.rules.k01_link_needs_no_sign_in import judge, judge_link
from roomgate.checks.snapshot import Exchange, Fact
from roomgate.checks.target import Ask
from support.checks import AUTHORISED, looked, target_of

LINK = "https://target.example/d/9b1f04c7d2e85a63"
TEXT = f"""[target]
name = "A target"
urls = ["https://target.example/"]
{AUTHORISED}
[[links]]
url = "{LINK}"
account = "ana"
reads = [{{url = "{LINK}/status", method = "POST", json = {{get = "status"}}, headers = {{Authorization = "Bearer {{token}}", X-A = "1"}}}}]
[[accounts]]
name = "ana"
token = "a-token-of-ana-0123456789"
"""


def test_only_what_reads_and_is_below_the_link_is_followed():
    page = f"""<a href="{LINK}/state">x</a><a href="/d/other/state">x</a><script>
      fetch('/d/9b1f04c7d2e85a63/volume'); fetch("/d/9b1f04c7d2e85a63/participants?since=1"); get(`/api/9b1f04c7d2e85a63/info`)
      fetch("/d/9b1f04c7d2e85a63/hangUp"); fetch("/d/9b1f04c7d2e85a63/do?action=x"); fetch("/d/9b1f04c7d2e85a63/sign-in")
      fetch("https://elsewhere.example/d/9b1f04c7d2e85a63/state"); src="/d/9b1f04c7d2e85a63/app.js"</script>
      <a href="/d/9b1f04c7d2e85a63/logout">x</a><a href="{LINK}#top">x</a><a href="/d/9b1f04c7d2e85a63/reboot">x</a>"""
    assert find_reads(page, LINK, LINK) == [
        f"{LINK}/state",
        f"{LINK}/participants?since=1",
        "https://target.example/api/9b1f04c7d2e85a63/info",
    ]


@given(st.text(alphabet="\"'/d9b1f:.[]?#<> http", max_size=120))
def test_any_page_is_searched(page):
    assert all(url.startswith("https://target.example/") for url in find_reads(page, LINK, LINK))


def test_what_shows_who_somebody_is_is_left_out():
    ask = Ask(
        url=LINK, method="POST", json={"a": 1}, headers={"cookie": "x", "X-B": "{token}", "X-A": "1"}, account="ana"
    )
    assert without_sign_in(ask) == Ask(url=LINK, method="POST", json={"a": 1}, headers={"X-A": "1"})


def answer(request: httpx.Request) -> httpx.Response:
    page = "".join(f'<a href="{LINK}/part{n}">x</a>' for n in range(20))
    if request.url.path == "/login":
        return httpx.Response(200, text="<input type=password>")
    if "authorization" not in request.headers:
        return httpx.Response(302, headers={"location": f"/login?state={request.headers['user-agent'][:4]}"})
    return httpx.Response(200, text=page)


@pytest.mark.asyncio
async def test_as_strangers_and_as_the_account(tmp_path):
    shot = (await looked(tmp_path, answer, TEXT, only=["K01"]))["links"]
    strangers = shot.of(Exchange, links.STRANGER)
    assert len({dict(step.sent)["user-agent"] for step in strangers}) == 3
    assert sum(step.url.startswith("https://target.example/login") for step in strangers) == 1
    assert not any("authorization" in dict(step.sent) for step in strangers)
    read = shot.of(Exchange, links.STRANGER_READ)[0]
    assert (read.method, "authorization" in dict(read.sent), dict(read.sent)["x-a"]) == ("POST", False, "1")
    assert shot.of(Exchange, links.LET_IN_READ)[0].succeeded
    assert len(shot.of(Exchange, links.STRANGER_FOUND)) == FOUND_MOST
    assert "a-token-of-ana-0123456789" not in repr(shot)


@pytest.mark.asyncio
async def test_from_outside_no_account_is_used(tmp_path):
    shot = (await looked(tmp_path, answer, TEXT, only=["K01"], tier=Tier.OUTSIDE))["links"]
    assert shot.of(Exchange, links.LET_IN) == []
    assert "from outside" in shot.of(Fact, links.NOT_LET_IN)[0].fault


@pytest.mark.asyncio
async def test_a_message_that_is_not_there_is_told(tmp_path):
    text = TEXT.replace('account = "ana"', 'account = "ana"\nmail = "nowhere.eml"')
    shot = (await looked(tmp_path, answer, text, only=["K01"]))["links"]
    assert shot.of(Fact, links.MAIL)[0].fault


@pytest.mark.asyncio
async def test_a_quick_run_takes_the_first_links_and_the_rest_are_not_known(tmp_path):
    def shut(request: httpx.Request) -> httpx.Response:
        return httpx.Response(401 if "/d/" in request.url.path else 404)

    more = "".join(f'[[links]]\nurl = "{LINK[:-2]}{n}"\nname = "{n}"\n' for n in range(10, 10 + links.LINKS_QUICK))
    shot = (await looked(tmp_path, shut, TEXT + more, only=["K01"], tier=Tier.OUTSIDE, quick=True))["links"]
    strangers = shot.of(Exchange, links.STRANGER)
    assert len({step.url for step in strangers}) == links.LINKS_QUICK
    assert len(strangers) == len(links.AGENTS) + links.LINKS_QUICK - 1
    target = target_of(TEXT + more)
    assert "quick" in judge_link(shot, target.links[-1], target).says
    assert judge(shot, target).outcome is Outcome.INCONCLUSIVE
