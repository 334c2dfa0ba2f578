import json
from typing import Any

import pytest

from roomgate.cli.room_status import describe, flatten
from roomgate.hub.status.summary import build_summary
from support.cli import RealHub, run

pytestmark = pytest.mark.xdist_group("cli")
STATUS: dict[str, Any] = {
    "Call": [{"id": 4, "Status": "Connected", "DisplayName": "Ada", "Protocol": "SIP", "Duration": 61}],
    "MediaChannels": {
        "Call": [{"id": 4, "Channel": [{"id": 1, "Type": "Audio", "Direction": "Incoming", "Netstat": {"Jitter": 64}}]}]
    },
    "RoomAnalytics": {"PeopleCount": {"Current": 1}, "AmbientTemperature": "21.5"},
    "Network": [{"id": 1, "IPv4": {"Address": "192.0.2.7"}, "VLAN": {"Voice": {"VlanId": "12"}}}],
    "Diagnostics": {"Message": [{"id": 1, "Level": "Error", "Type": "TemperatureCheck", "Description": "Hot"}]},
    "Peripherals": {"ConnectedDevice": [{"id": 1001, "Status": "Connected", "Name": "Panel"}]},
    "SIP": {"Registration": [{"id": 1, "Status": "Failed", "Reason": "403"}]},
}


def builtins(status: object) -> Any:
    import msgspec

    return msgspec.to_builtins(build_summary(status))


def test_a_summary_is_a_few_lines() -> None:
    lines = list(describe(builtins(STATUS), [{"type": "TemperatureCheck", "words": "Let air in."}]))
    assert lines == [
        "In a call with Ada: SIP, Connected, 61 s",
        "  Audio Incoming: poor, 64 ms jitter",
        "Room: 1 person, 21.5 °C",
        "Network: 192.0.2.7, VLAN 12",
        "SIP: Failed, 403",
        "Peripheral: Connected, Panel",
        "Error: TemperatureCheck, Hot",
        "  Let air in.",
    ]
    assert list(describe(builtins({}), [])) == []


def test_a_tree_is_a_line_for_each_value() -> None:
    value = {"Volume": 50, "None": None, "Mic": [{"id": 7, "Gain": 3}, "odd"]}
    assert list(flatten(value, "Status/Audio")) == [
        "Status/Audio/Volume: 50", "Status/Audio/Mic/7/Gain: 3", "Status/Audio/Mic/2: odd",
    ]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def granted(one_hub: RealHub) -> None:
    async def give() -> None:
        await one_hub.hub.grant("ada", "oslo", minutes=60)

    one_hub.do(give())


def test_the_status_of_a_room_and_a_part_of_it(hub: RealHub) -> None:
    told = run("room", "status", "oslo", "--json").json
    assert told["name"] == "oslo"
    assert "calls" in told["device"]
    assert "device" not in run("room", "status", "oslo", "--brief", "--json").json
    assert run("room", "status", "oslo", "--tree", "Audio/Volume").out == "Status/Audio/Volume: 50\n"
    assert json.loads(run("room", "status", "oslo", "--tree", "Status/Audio/Volume", "--json").out) == 50
    assert run("room", "status", "oslo", "--tree", "Nowhere/At/All").code != 0


def test_a_room_that_is_not_ones_own_is_told_as_far_as_the_hub_knows_it(hub: RealHub) -> None:
    told = run("room", "status", "rome")
    assert told.code == 0
    assert "Its device was not read" in told.out
