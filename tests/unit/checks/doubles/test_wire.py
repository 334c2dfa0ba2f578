import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.checks.doubles.wire import (
    BODY,
    Answer,
    Asked,
    as_json,
    asked_of,
    plain,
    read_body,
    see_other,
    send_answer,
)


def asked(**headers: str) -> Asked:
    return Asked("POST", "/a/b", {"host": "double.example", **{k.replace("_", "-"): v for k, v in headers.items()}})


@pytest.mark.parametrize(
    ("headers", "elsewhere"),
    [
        ({}, False),
        ({"origin": "https://double.example"}, False),
        ({"origin": "https://evil.example"}, True),
        ({"origin": "null"}, True),
        ({"sec_fetch_site": "cross-site"}, True),
        ({"sec_fetch_site": "same-site"}, True),
        ({"sec_fetch_site": "same-origin", "origin": "https://double.example"}, False),
    ],
)
def test_whose_page_sent_it(headers, elsewhere):
    assert asked(**headers).is_from_elsewhere is elsewhere


@given(st.binary(max_size=200), st.text(max_size=60))
def test_rubbish_is_no_form_no_json_and_no_cookie(body, cookie):
    one = Asked("POST", "/", {"cookie": cookie}, body)
    assert isinstance(one.form(), dict)
    assert isinstance(one.json(), dict)
    assert isinstance(one.cookie("session"), str)


def test_a_request_is_taken_apart():
    scope = {
        "method": "GET", "path": "/d/x", "query_string": b"next=%2Fa&b=", "client": ("192.0.2.1", 5),
        "headers": [(b"Host", b"double.example"), (b"cookie", b"session=abc; x=y")],
    }  # fmt: skip
    one = asked_of(scope)
    assert (one.words, one.query, one.where) == (["d", "x"], {"next": "/a", "b": ""}, "192.0.2.1")
    assert (one.cookie("session"), one.origin) == ("abc", "https://double.example")


@pytest.mark.asyncio
async def test_a_body_without_end_is_not_read_to_its_end():
    async def receive():
        return {"body": b"x" * 10_000, "more_body": True}

    assert BODY < len(await read_body(receive)) < BODY + 20_000


@pytest.mark.asyncio
async def test_a_body_in_parts_ends_when_nobody_listens():
    sent, told = [], [{"type": "http.disconnect"}]

    async def parts():
        while True:
            yield b"part"
            await asyncio.sleep(0)

    async def receive():
        return told[0]

    async def send(message):
        sent.append(message)

    await send_answer(Answer(parts=parts()), receive, send, {"x-a": "b"})
    assert (b"x-a", b"b") in sent[0]["headers"]
    assert len(sent) < 5


def test_short_ways_to_answer():
    assert plain("no", 403).status == 403
    assert json.loads(as_json({"a": "é"}).body) == {"a": "é"}
    assert see_other("/x", ("set-cookie", "a=b")).headers == (("location", "/x"), ("set-cookie", "a=b"))
