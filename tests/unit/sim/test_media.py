"""What flows in a call, as the device tells of it."""

import pytest

from roomgate.sim.media import close_channels, count_packets, open_channels
from roomgate.sim.state import State


@pytest.mark.parametrize(("far_end", "jitter"), [("ada@example.com", {4}), ("lossy@example.com", {4, 64})])
def test_sound_and_picture_flow_each_way_and_are_gone_with_the_call(far_end: str, jitter: set[int]) -> None:
    state = State()
    open_channels(state, 7, far_end, "On")
    channels = state.read("Status", "MediaChannels", "Call", 7, "Channel")
    assert [(one["Type"], one["Direction"]) for one in channels] == [
        ("Audio", "Incoming"), ("Audio", "Outgoing"), ("Video", "Incoming"), ("Video", "Outgoing"),
    ]  # fmt: skip
    assert {one["Netstat"]["Jitter"] for one in channels} == jitter
    state.take_changes()

    count_packets(state, 7, 10)
    for one in state.read("Status", "MediaChannels", "Call", 7, "Channel"):
        net = one["Netstat"]
        assert net["Packets"] + net["Loss"] == 10 * (net["LastIntervalLost"] + net["LastIntervalReceived"])
    assert state.take_changes() == []

    close_channels(state, 7)
    assert state.read("Status", "MediaChannels", "Call") is None
    count_packets(state, 7, 10)
    assert [(str(change.path), change.gone) for change in state.take_changes()] == [
        ("Status/MediaChannels/Call/7", True)
    ]
