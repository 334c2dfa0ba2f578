"""Whose pages are tried, with what goes along by itself; and which sockets pages and scripts name."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.checks.looks.origins import FULL, LOOK, OWN, STRANGE, STRANGER, origins_of, shielded, sockets_in
from roomgate.checks.snapshot import Fact, Frame
from roomgate.checks.web import Session
from support.checks import kit_of, looked
from support.cut_target import HEAD, SOCKET, Site

HEADERS = """
[[accounts]]
name = "eve"
token = "a-long-token"
headers = { Authorization = "Bearer {token}" }

[[channels]]
name = "socket"
kind = "websocket"
request = { url = "wss://target.example/ws", account = "eve" }
send = "name"
expects = "room-4711"
"""


async def look(folder, site, text=HEAD + SOCKET):
    snapshots = await looked(folder, site.answer, text, only=["K17"], time=site.time, open_socket=site.open_socket)
    return snapshots["origins"]


@pytest.mark.asyncio
async def test_every_origin_is_tried_once_and_politely(tmp_path):
    site = Site()
    snapshot = await look(tmp_path, site)
    tried = [frame.label for frame in snapshot.of(Frame) if frame.way in ("opened", "refused")]
    assert tried == [OWN, "evil", "look-alike", "null", "sub-domain", "other port", "none"]
    assert site.time.mono - 1000 <= 15


@pytest.mark.asyncio
async def test_a_stranger_without_cookies_is_the_control_of_a_fail(tmp_path):
    snapshot = await look(tmp_path, Site(origins=None))
    (control,) = [frame for frame in snapshot.of(Frame, STRANGER) if frame.way in ("opened", "refused")]
    assert (control.way, control.code) == ("refused", 401)


@pytest.mark.asyncio
async def test_a_header_that_no_browser_sends_by_itself_stays_at_home(tmp_path):
    class Tokens(Site):
        headers: list = []

        async def open_socket(self, url, headers, subprotocols):
            self.headers.append({name.lower(): value for name, value in headers})
            return await super().open_socket(url, headers, subprotocols)

    site = Tokens(origins=None, open_to_all=True)
    kit_text = HEAD.split("[[accounts]]")[0] + HEADERS
    await look(tmp_path, site, kit_text)
    assert not any("authorization" in headers for headers in site.headers)


@pytest.mark.asyncio
async def test_a_secret_in_the_address_is_tried_by_its_owner_alone(tmp_path):
    text = HEAD.split("[[accounts]]")[0] + HEADERS.replace("/ws", "/ws?t={token}")
    site = Site(open_to_all=True)
    snapshot = await look(tmp_path, site, text)
    assert {frame.label for frame in snapshot.of(Frame)} == {FULL}
    assert not any("a-long-token" in frame.url for frame in snapshot.of(Frame))  # and it is masked


@pytest.mark.asyncio
async def test_a_socket_on_a_host_that_is_not_permitted_is_told_and_not_asked(tmp_path):
    async def page(request):
        return httpx.Response(200, text="new WebSocket('wss://elsewhere.example/ws')")

    site = Site()
    site.answer = page
    snapshot = await look(tmp_path, site, HEAD.split("[[accounts]]")[0])
    assert [step.name for step in snapshot.of(Fact, "not-asked")] == ["wss://elsewhere.example/ws"]
    assert snapshot.of(Frame) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('new WebSocket("/ws")', ["wss://target.example/ws"]),
        ("new WebSocket(`wss://${host}/ws`)", []),
        ("var u = 'wss://a.example:8443/x?y=1';", ["wss://a.example:8443/x?y=1"]),
        ("ws://[", []),
        ("nothing", []),
    ],
)
def test_the_sockets_that_a_page_names(text, found):
    assert sockets_in(text, "https://target.example/app/") == found


@given(st.text(max_size=200))
def test_any_page_is_read_without_an_error(text):
    sockets_in(f"new WebSocket('{text}') wss://{text}", "https://target.example/")


@pytest.mark.parametrize(
    ("own", "names"),
    [
        ("https://target.example", {*STRANGE, "sub-domain", "other port"}),
        ("https://127.0.0.1:9000", {*STRANGE, "other port"}),
        ("https://[::1]:8443", {*STRANGE, "other port"}),
    ],
)
def test_the_origins_of_other_pages(own, names):
    found = origins_of(own)
    assert set(found) == names
    assert own not in found.values()


def test_cookies_that_browsers_keep_from_other_sites(tmp_path):
    kit = kit_of(tmp_path, lambda request: httpx.Response(200, headers={"set-cookie": "a=b"}))
    assert not shielded(kit.web.fresh())
    session = Session("ada")
    for value, expected in (("a=1; SameSite=Strict", True), ("b=2; SameSite=lax", True), ("c=3", False)):
        answer = httpx.Response(
            200, headers={"set-cookie": value}, request=httpx.Request("GET", "https://target.example/")
        )
        session.cookies.extract_cookies(answer)
        assert shielded(session) is expected


def test_it_needs_accounts_and_nothing_else():
    assert LOOK.needs(None) == ""
