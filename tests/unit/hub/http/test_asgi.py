import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.hub.http.asgi import Message, cookie, header, read_body
from roomgate.hub.http.problem import TooLarge


def test_a_header_sent_twice_counts_as_not_sent() -> None:
    scope = {"headers": [(b"authorization", b"Bearer a"), (b"authorization", b"Bearer b"), (b"host", b"x")]}
    assert (header(scope, "authorization"), header(scope, "host"), header(scope, "none")) == ("", "x", "")


@given(st.text(alphabet="ab=; _-", max_size=30))
def test_any_cookie_line_is_read(text: str) -> None:
    value = cookie({"headers": [(b"cookie", text.encode())]}, "a")
    assert value in text


@pytest.mark.asyncio
async def test_a_body_is_read_up_to_its_limit() -> None:
    parts = [b"ab", b"cd", b"e"]

    def receiver():  # type: ignore[no-untyped-def]
        left = list(parts)

        async def receive() -> Message:
            body = left.pop(0)
            return {"type": "http.request", "body": body, "more_body": bool(left)}

        return receive

    assert await read_body(receiver(), 5) == b"abcde"
    with pytest.raises(TooLarge):
        await read_body(receiver(), 4)
