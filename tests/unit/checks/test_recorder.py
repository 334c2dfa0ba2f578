import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomgate.checks.pace import HandTime
from roomgate.checks.recorder import DEEPEST, Masks, Recorder
from roomgate.checks.snapshot import Exchange, Fact, Snapshot, decode_snapshot, encode_snapshot


def recorder(masks: Masks | None = None) -> Recorder:
    return Recorder(HandTime(), masks or Masks())


@pytest.mark.parametrize(
    "text",
    [
        "p@ss wörd/1",
        "user=ada&pass=p%40ss+w%C3%B6rd%2F1",
        "/in?p=p%40ss%20w%C3%B6rd%2F1",
        '{"pass": "p@ss w\\u00f6rd/1"}',
        "<input value='p@ss wörd/1'>",
    ],
)
def test_a_secret_is_masked_however_it_is_spelt(text):
    shown = Masks({"p@ss wörd/1": "password of ada"}).clean(text)
    assert "‹password of ada›" in shown
    assert "rd/1" not in shown.replace("%2F", "/")


def test_the_longer_secret_is_masked_whole():
    shown = Masks({"secret-1": "one", "secret-12345": "two"}).clean("secret-12345 secret-1")
    assert shown == "‹two› ‹one›"


def test_short_finds_are_not_masked_and_what_is_masked_stays_so_everywhere():
    masks = Masks()
    masks.add("short", "cookie")
    masks.add("long-enough", "cookie")
    made = recorder(masks)
    step = made.add(
        Exchange, label="x", method="GET", url="https://t.example/?c=long-enough", sent=(("Cookie", "a=long-enough"),),
        body="short long-enough",
    )  # fmt: skip
    assert step.body == "short ‹cookie›"
    assert "long-enough" not in msgspec.json.encode(step).decode()
    assert isinstance(step.sent, tuple)


def test_steps_have_their_times_and_each_is_handed_on_at_once():
    time, kept = HandTime(), []
    made = Recorder(time, Masks(), kept.append)
    made.fact("a", "first")
    time.advance(1.5)
    made.fact("b", "second")
    made.make(Fact, label="c", name="not kept")
    assert [(step.label, step.t) for step in kept] == [("a", 0.0), ("b", 1.5)]
    assert kept == made.steps
    assert kept[1].at == "2026-03-10T09:00:01.500Z"


def deep(levels: int):
    value: object = "inner"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        "\ud800",
        {"\udfff": "\ud800x"},
        2**64,
        -(2**70),
        10**4000,
        deep(900),
        {"a": deep(DEEPEST)},
        float("nan"),
        [float("inf")],
    ],
)
def test_what_a_peer_sends_can_always_be_kept(value):
    made = recorder()
    made.fact("x", "sent", value)
    whole = Snapshot(look="x", steps=tuple(made.steps))
    assert len(decode_snapshot(encode_snapshot(whole)).steps) == 1


documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.text(st.characters(categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=40)
@given(documents)
def test_any_document_can_be_kept_and_read_again(value):
    made = recorder(Masks({"secret": "s"}))
    made.fact("x", "sent", value)
    read = decode_snapshot(encode_snapshot(Snapshot(look="x", steps=tuple(made.steps))))
    assert len(read.steps) == 1
    json.loads(encode_snapshot(read))
