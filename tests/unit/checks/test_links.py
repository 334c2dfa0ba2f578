"""Which part of an address is its secret, and that a made-up one is nobody's."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomgate.checks.links import never_issued, secret_parts


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("https://a.example/d/7f3a91", ["7f3a91"]),
        ("https://a.example/d/7f3a91/control", ["7f3a91", "control"]),
        ("https://a.example/open?token=abc&room=4711", ["abc", "4711"]),
        ("https://a.example/rooms/boardroom", ["boardroom"]),
        ("https://a.example/#/d/7f3a91", ["7f3a91"]),
        ("https://a.example/v2/d/7f3a91/", ["7f3a91"]),
        ("https://a.example/", []),
    ],
)
def test_the_secret_part(url, parts):
    assert secret_parts(url) == parts


def test_a_long_one_keeps_its_form_and_a_short_one_does_not():
    long = never_issued("https://a.example/d/9b1f04c7-d2e8-4a63-b0fc-71be94d2a857")
    assert [len(part) for part in long.rsplit("/", 1)[1].split("-")] == [8, 4, 4, 4, 12]
    # The neighbour of a short number may be somebody's device.
    assert never_issued("https://a.example/d/1001").startswith("https://a.example/d/none")


@settings(max_examples=40)
@given(st.from_regex(r"https://a\.example(/[A-Za-z0-9_.-]{1,40}){1,3}(\?t=[A-Za-z0-9]{1,30})?", fullmatch=True))
def test_it_is_another_address_at_the_same_place(url):
    made = never_issued(url)
    assert made.startswith("https://a.example/")
    if any(any(letter.isalnum() for letter in part) for part in secret_parts(url)):
        assert made != url
