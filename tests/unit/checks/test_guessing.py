"""The bound on what is to be guessed: only ever lowered, and never by chance."""

import base64
import hashlib
import random
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.checks.guessing import STRONG_BITS, WEAK_BITS, bound_all
from roomgate.checks.target import Link


def bounds(*parts: str, **more: str):
    return bound_all([Link(url=f"https://a.example/d/{part}", **more) for part in parts])


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("how", ["hex", "url"])
def test_what_is_drawn_by_chance_is_not_held_to_be_weak(seed, how):
    draw = random.Random(seed)
    raw = [draw.randbytes(16) for _ in range(5)]
    parts = [one.hex() if how == "hex" else base64.urlsafe_b64encode(one).decode().rstrip("=") for one in raw]
    assert all(one.bits >= STRONG_BITS - 13 and not one.is_name for one in bounds(*parts))


def test_of_many_drawn_by_chance_none_is_a_name():
    """One of 700 has no digit, and a hyphen between what could be two words but for its great and small letters."""
    draw = random.Random(0)
    parts = [base64.urlsafe_b64encode(draw.randbytes(16)).decode().rstrip("=") for _ in range(5000)]
    assert [one.shown for part in parts for one in bounds(part) if one.is_name] == []


@pytest.mark.parametrize("part", ["oslo", "Board-Room-12", "BoardRoomOslo", "OSLO_2"])
def test_words_are_a_name_however_they_are_written(part):
    assert bounds(part)[0].is_name


@pytest.mark.parametrize(
    ("part", "why"),
    [
        ("7f3a91", "alphabet of 16"),
        ("1764190000", "a time"),
        ("1764190000123", "a time"),
        ("boardroom-4711", "a name"),
        (hashlib.sha256(b"4711").hexdigest(), "the hash of 4711"),
        (base64.urlsafe_b64encode(b"room-4711").decode(), "base64"),
        (str(uuid.UUID(fields=(1, 2, 0x1003, 0x80, 4, 5))), "version 1"),
        ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "alphabet"),
    ],
)
def test_what_is_weak_alone(part, why):
    found = bounds(part)[0]
    assert found.bits < WEAK_BITS
    assert why in found.why


def test_the_hash_of_what_everybody_knows_of_the_room():
    assert "hash of Room 4711" in bounds(hashlib.md5(b"Room 4711").hexdigest(), marker="Room 4711")[0].why  # noqa: S324


def test_what_only_several_show():
    numbered = bounds("a81-1001", "a81-1002", "a81-1005")
    assert all(one.bits < 8 and "count" in one.why for one in numbered)
    shared = bounds("9b1f04c7d2e85a6330fc0001", "9b1f04c7d2e85a6330fc77a1", "9b1f04c7d2e85a6330fce3b2")
    assert all(one.bits < 20 for one in shared)


def test_a_part_that_all_have_is_no_secret():
    links = [
        Link(url=f"https://a.example/d/open-{n}?tenant=acme-4711-long-and-the-same") for n in ("ab1", "cd2", "ef3")
    ]
    assert all("acme" not in one.shown for one in bound_all(links))


def test_a_host_for_each_device():
    links = [Link(url=f"https://{name}.a.example/") for name in ("room1", "room2")]
    assert [one.shown for one in bound_all(links)] == ["room1", "room2"]


@given(st.lists(st.text(alphabet="abc019-_/=.%?#eyJ", max_size=45), min_size=1, max_size=4))
def test_any_addresses_have_a_bound(parts):
    for one in bounds(*parts):
        assert one.bits >= 0
        assert one.why
