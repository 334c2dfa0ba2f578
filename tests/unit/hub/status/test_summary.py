from typing import Any

import pytest

from roomgate.hub.status.summary import ambient_of, build_summary, judge_quality


def channel(id: int, **net: int) -> dict[str, Any]:
    video = {"ResolutionX": 1920, "ResolutionY": 1080, "FrameRate": 30, "Protocol": "H264", "ChannelRole": "Main"}
    return {"id": id, "Type": "Video", "Direction": "Outgoing", "Video": video, "Netstat": net}


def test_a_call_tells_each_of_its_streams() -> None:
    status = {
        "Call": [{"id": 4, "Status": "Connected", "CallbackNumber": "sip:a@example.com", "Duration": 61}],
        "MediaChannels": {"Call": [{"id": 4, "Channel": [channel(1, Jitter=40, ChannelRate=2_400_000)]}]},
    }
    [call] = build_summary(status).calls
    assert (call.number, call.seconds) == ("sip:a@example.com", 61)
    [one] = call.streams
    assert (one.resolution, one.frames, one.rate_kbps, one.codec, one.quality) == (
        "1920×1080",
        30,
        2400,
        "H264",
        "fair",
    )


@pytest.mark.parametrize(
    ("loss", "jitter", "word"),
    [(None, None, ""), (0, None, "good"), (1, 30, "good"), (1.1, 0, "fair"), (0, 31, "fair"), (5.1, 0, "poor"), (None, 51, "poor")],
)  # fmt: skip
def test_quality_is_a_word(loss: float | None, jitter: float | None, word: str) -> None:
    assert judge_quality(loss, jitter) == word


def test_network_registration_peripherals_and_messages() -> None:
    said = build_summary(
        {
            "Network": [
                {
                    "id": 1,
                    "ActiveInterface": "LAN",
                    "VLAN": {"Voice": {"VlanId": "Off"}},
                    "IEEE8021X": {"Status": "Off"},
                },
                {"id": 2, "ActiveInterface": "WLAN", "Wifi": {"SSID": "guests"}, "VLAN": {"Voice": {"VlanId": "12"}}},
            ],
            "SIP": {
                "Registration": [{"id": 1, "Status": "Failed", "Reason": "403 Forbidden"}, {"id": 2, "Status": ""}]
            },
            "H323": {"Gatekeeper": {"Status": "Rejected"}},
            "Webex": {"Status": "Registered"},
            "Peripherals": {"ConnectedDevice": [{"id": 1001, "Type": "TouchPanel", "Status": "LostConnection"}]},
            "Diagnostics": {
                "Message": [{"id": 1, "Level": "Info"}, {"id": 2, "Level": "Odd"}, {"id": 3, "Level": "Error"}]
            },
        }
    )
    assert [(one.vlan, one.wifi, one.dot1x) for one in said.networks] == [("", "", ""), ("12", "guests", "")]
    assert [(one.kind, one.fine) for one in said.registrations] == [("SIP", False), ("H323", False), ("Webex", True)]
    assert [one.fine for one in said.peripherals] == [False]
    assert [one.level for one in said.messages] == ["Error", "Info", "Odd"]


def test_warmth_is_the_devices_or_a_panels() -> None:
    panel = {"Peripherals": {"ConnectedDevice": [{"id": 1, "RoomAnalytics": {"AmbientTemperature": "22.46"}}]}}
    assert ambient_of(panel) == 22.5
    assert ambient_of({**panel, "RoomAnalytics": {"AmbientTemperature": "20"}}) == 20.0
    assert ambient_of({"RoomAnalytics": {"AmbientTemperature": "900"}}) is None
