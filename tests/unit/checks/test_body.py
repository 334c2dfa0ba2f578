import gzip
import zlib

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.checks import body as module
from roomgate.checks.body import Body, charset_of
from roomgate.checks.snapshot import TEXT_MOST


def answer(content, **headers):
    return httpx.Response(200, headers=headers, stream=httpx.ByteStream(content))


async def read(content, **headers):
    body = Body()
    await body.read(answer(content, **headers))
    return body


@pytest.mark.parametrize(
    ("coding", "pack"),
    [("gzip", gzip.compress), ("x-gzip", gzip.compress), ("deflate", zlib.compress), ("identity", bytes)],
)
@pytest.mark.asyncio
async def test_what_is_packed_is_unpacked(coding, pack):
    body = await read(pack("Größe".encode()), **{"content-encoding": coding})
    assert body.fields()["body"] == "Größe"


@pytest.mark.asyncio
async def test_what_is_packed_small_and_opens_large_stops_at_the_bound(monkeypatch):
    monkeypatch.setattr(module, "BODY_MOST", 100_000)
    body = await read(gzip.compress(bytes(50_000_000)), **{"content-encoding": "gzip"})
    assert (len(body.raw), body.truncated) == (100_000, True)


@pytest.mark.asyncio
async def test_damaged_packing_is_said():
    with pytest.raises(ValueError, match="damaged"):
        await read(b"not packed at all", **{"content-encoding": "gzip"})


@pytest.mark.asyncio
async def test_what_is_longer_than_is_kept_is_marked():
    body = await read(b"x" * (TEXT_MOST + 1))
    fields = body.fields()
    assert (len(fields["body"]), fields["body_bytes"], fields["truncated"]) == (TEXT_MOST, TEXT_MOST + 1, True)


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("text/html", "utf-8"),
        ("text/html; charset=ISO-8859-1", "iso8859-1"),
        ('text/html; Charset="shift_jis"', "shift_jis"),
        ("text/html; charset=punycode", "utf-8"),
        ("text/html; charset=utf-7", "utf-8"),
        ("text/html; charset=unicode_escape", "utf-8"),
        ("text/html; charset=nothing-of-the-kind", "utf-8"),
    ],
)
def test_only_charsets_in_which_pages_are_written_are_used(content_type, expected):
    assert charset_of(content_type) == expected


@given(st.text(max_size=60))
def test_any_content_type_gives_a_charset_that_reads(kind):
    assert isinstance(b"\xff+2AA-".decode(charset_of("text/html; charset=" + kind), "replace"), str)
