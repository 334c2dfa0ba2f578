"""Volume and microphones."""

import pytest

from support.simulated import ADMIN, DAILY, Talk


def test_the_volume_stays_in_its_space() -> None:
    talk = Talk.open(DAILY)
    talk.result("xCommand/Audio/Volume/Set", Level=98)
    talk.result("xCommand/Audio/Volume/Increase", Steps=10)
    assert talk.result("xGet", Path=["Status", "Audio", "Volume"]) == 100
    talk.result("xSet", Path=["Configuration", "Audio", "DefaultVolume"], Value=33)
    talk.result("xCommand/Audio/Volume/SetToDefault")
    assert talk.result("xGet", Path=["Status", "Audio", "Volume"]) == 33


@pytest.mark.parametrize(
    ("command", "leaf", "value"),
    [
        ("Microphones/NoiseRemoval/Activate", ["Microphones", "NoiseRemoval"], "On"),
        ("Microphones/MusicMode/Start", ["Microphones", "MusicMode"], "On"),
        ("Volume/ToggleMute", ["VolumeMute"], "On"),
    ],
)
def test_switches_go_on_and_off(command: str, leaf: list[str], value: str) -> None:
    talk = Talk.open(ADMIN)
    talk.result(f"xCommand/Audio/{command}")
    assert talk.result("xGet", Path=["Status", "Audio", *leaf]) == value
    back = {"Activate": "Deactivate", "Start": "Stop", "ToggleMute": "ToggleMute"}
    *words, last = command.split("/")
    talk.result(f"xCommand/Audio/{'/'.join([*words, back[last]])}")
    assert talk.result("xGet", Path=["Status", "Audio", *leaf]) == "Off"


def test_microphones_are_toggled_both_ways() -> None:
    talk = Talk.open(DAILY)
    talk.result("xCommand/Audio/Microphones/ToggleMute")
    assert talk.device.audio.microphones_are_muted()
    talk.result("xCommand/Audio/Microphones/ToggleMute")
    assert not talk.device.audio.microphones_are_muted()
