"""Single facts out of documents that devices wrote, of whatever shape."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.hub.status.outline import build_outline
from roomgate.hub.status.reading import (
    MOST_MEMBERS,
    live_calls,
    loss_of,
    media_channels,
    members,
    read_count,
    read_number,
    read_text,
)
from roomgate.hub.status.sampling import build_facts, build_values
from roomgate.hub.status.summary import build_summary

NAMES = st.sampled_from(
    ["Call", "MediaChannels", "Channel", "Netstat", "Jitter", "Network", "Status", "id", "ghost", "Diagnostics",
     "Message", "Peripherals", "ConnectedDevice", "RoomAnalytics", "AmbientTemperature", "x/y", ""]
)  # fmt: skip
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["NaN", "1e999"])
)
ODD = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4))


@given(ODD)
def test_any_shape_makes_a_summary_values_facts_and_a_tree(status: Any) -> None:
    build_summary(status)
    assert all(map(math.isfinite, build_values({"Status": status}, online=True).values()))
    assert all(text.isprintable() for text in build_facts(status).values())
    outline = build_outline(status, most=5)
    assert outline.shown <= 5


@pytest.mark.parametrize(
    ("leaf", "number", "count"),
    [
        (3, 3.0, 3), ("21.5", 21.5, 22), ("-1", -1.0, None), (-1, -1.0, None), (True, None, None), ("NaN", None, None),
        (float("nan"), None, None), (float("inf"), None, None), ("1e400", None, None), (10**400, None, None),
        ("twelve", None, None), ([], None, None), (None, None, None),
    ],
)  # fmt: skip
def test_numbers_are_finite_or_not_there(leaf: object, number: float | None, count: int | None) -> None:
    assert read_number({"a": leaf}, "a") == number
    assert read_count({"a": leaf}, "a") == count


def test_text_is_one_line_and_bounded() -> None:
    assert read_text({"a": "x\x1b[31m\u202ey\n"}, "a") == "x·[31m·y·"
    assert len(read_text({"a": "x" * 999}, "a", limit=10)) == 11
    assert [read_text({"a": one}, "a") for one in (7, True, {}, None, 1.5)] == ["7", "", "", "", ""]


def test_members_are_bounded_and_without_ghosts() -> None:
    node = {"a": [{"id": 5}, {"id": 6, "ghost": "True"}, "x", {"b": 1}, *({"id": n} for n in range(100, 300))]}
    found = list(members(node, "a"))
    assert [id for id, _ in found[:2]] == [5, 4]
    assert len(found) == MOST_MEMBERS


def test_only_calls_that_go_on_and_their_channels_count() -> None:
    status = {
        "Call": [{"id": 1, "Status": "Idle"}, {"id": 2, "Status": "Connected"}, {"id": 3}],
        "MediaChannels": {"Call": [{"id": 2, "Channel": [{"id": 1}, {"id": 2}]}]},
    }
    assert [id for id, _ in live_calls(status)] == [2]
    assert [call for call, _ in media_channels(status)] == [2, 2]


@pytest.mark.parametrize(
    ("net", "loss"),
    [
        ({"LastIntervalLost": 1, "LastIntervalReceived": 99, "Loss": 50, "Packets": 50}, 1.0),
        ({"Loss": 5, "Packets": 95}, 5.0), ({"LastIntervalLost": 0, "LastIntervalReceived": 0}, None), ({}, None),
    ],
)  # fmt: skip
def test_loss_is_of_the_last_interval_or_of_all(net: dict[str, int], loss: float | None) -> None:
    assert loss_of({"Netstat": net}) == loss
