import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.hub.gateway.auth import NOTHING, read_credentials


def basic(text):
    return [(b"authorization", b"Basic " + base64.b64encode(text.encode()))]


def protocol(text):
    return "auth-" + base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@given(st.text(max_size=20).filter(lambda t: ":" not in t), st.text(max_size=30))
def test_both_forms_say_the_same(room, token):
    for shown in (read_credentials(basic(f"{room}:{token}"), []), read_credentials([], [protocol(f"{room}:{token}")])):
        assert (shown.room, shown.token.reveal()) == (room, token)


def test_the_sub_protocol_is_echoed_and_goes_first():
    offered = protocol("oslo:rg_one")
    shown = read_credentials(basic("rome:rg_two"), ["chat", offered])
    assert (shown.room, shown.protocol) == ("oslo", offered)
    assert read_credentials(basic("oslo:rg_one"), []).protocol is None


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"authorization", b"Bearer rg_x")],
        [(b"authorization", b"Basic ???")],
        [(b"authorization", b"Basic " + base64.b64encode(b"no colon"))],
        [(b"authorization", b"Basic " + base64.b64encode(b"\xff:\xfe"))],
        basic("a:b") * 2,
        [(b"authorization", b"Basic " + b"A" * 5000)],
    ],
)
def test_anything_else_is_nobody(headers):
    assert read_credentials(headers, []) is NOTHING


@given(st.binary(max_size=60), st.text(max_size=60))
def test_rubbish_never_raises(header, offered):
    shown = read_credentials([(b"Authorization", b"Basic " + header)], ["auth-" + offered])
    assert isinstance(shown.room, str)


def test_the_token_is_not_printed():
    assert "rg_one" not in repr(read_credentials(basic("oslo:rg_one"), []))
