from collections.abc import MutableMapping
from typing import Any

import pytest

from roomgate.errors import BadInput
from roomgate.sim.servers.asgi import HttpRequest, read_request, send_response, static, text


def request(**headers: str) -> HttpRequest:
    return HttpRequest(
        "POST", "/", {name.replace("_", "-"): value for name, value in headers.items()}, b"a=1&a=2&b=%20"
    )


@pytest.mark.parametrize(
    ("headers", "same"),
    [
        ({"host": "x:1"}, True),
        ({"host": "x:1", "origin": "https://x:1"}, True),
        ({"host": "x:1", "origin": "https://y:1"}, False),
        ({"host": "x:1", "origin": "null"}, False),
        ({"host": "x:1", "sec_fetch_site": "cross-site"}, False),
        ({"host": "x:1", "sec_fetch_site": "same-site"}, False),
    ],
)
def test_a_browser_tells_whose_page_sent_it(headers: dict[str, str], same: bool) -> None:
    assert request(**headers).is_same_origin is same


def test_forms_and_cookies_are_read() -> None:
    assert request().form() == {"a": "2", "b": " "}
    assert request(cookie="a=1; b=2").cookie("b") == "2"
    assert request(cookie="=;=").cookie("b") == ""
    with pytest.raises(BadInput):
        HttpRequest("POST", "/", {}, b"\xff").form()


def scope() -> MutableMapping[str, Any]:
    return {"method": "POST", "path": "/", "headers": [(b"Host", b"x")]}


@pytest.mark.asyncio
async def test_a_body_comes_in_pieces_and_has_a_limit() -> None:
    pieces = [{"type": "http.request", "body": b"a", "more_body": True}, {"type": "http.request", "body": b"b"}]
    read = await read_request(scope(), _giver(pieces))
    assert (read.body, read.headers) == (b"ab", {"host": "x"})
    with pytest.raises(BadInput):
        await read_request(scope(), _giver([{"type": "http.request", "body": b"x" * (1 << 20) + b"x"}]))
    with pytest.raises(BadInput):
        await read_request(scope(), _giver([{"type": "http.disconnect"}]))


def _giver(messages: list[dict[str, Any]]) -> Any:
    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    return receive


@pytest.mark.asyncio
async def test_every_response_forbids_script_from_elsewhere() -> None:
    sent: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await send_response(send, text(404, "no"))
    headers = dict(sent[0]["headers"])
    assert b"default-src 'none'" in headers[b"content-security-policy"]
    assert b"unsafe" not in headers[b"content-security-policy"]
    assert headers[b"content-length"] == b"3"


def test_the_pages_carry_no_script_or_style_of_their_own() -> None:
    for name in ("panel.html", "signin.html", "home.html", "users.html"):
        markup = static(name).body.decode()
        assert "<style" not in markup
        assert "style=" not in markup
        assert 'src="' in markup
        assert markup.count("<script") == markup.count('<script type="module" src=')
