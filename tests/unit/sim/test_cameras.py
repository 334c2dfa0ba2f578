"""Where the camera looks."""

from typing import Any

from support.simulated import ADMIN, DAILY, Talk

POSITION = ["Status", "Cameras", "Camera", 1, "Position"]


def position(talk: Talk) -> Any:
    return talk.result("xGet", Path=POSITION)


def test_a_position_is_set_read_and_reset() -> None:
    talk = Talk.open(DAILY)
    talk.result("xCommand/Camera/PositionSet", CameraId=1, Pan=100, Tilt=-50, Zoom=8000)
    assert (position(talk)["Pan"], position(talk)["Tilt"], position(talk)["Zoom"]) == (100, -50, 8000)
    talk.result("xCommand/Camera/PositionReset", CameraId=1, Axis="PanTilt")
    assert (position(talk)["Pan"], position(talk)["Zoom"]) == (0, 8000)
    assert talk.code("xCommand/Camera/PositionReset", CameraId=7) == 1
    assert talk.code("xCommand/Camera/PositionSet", CameraId=1, Pan=17001) == -32602


def test_a_ramp_goes_on_until_it_is_stopped_or_at_the_end() -> None:
    talk = Talk.open(DAILY)
    talk.result("xCommand/Camera/Ramp", CameraId=1, Pan="Right", PanSpeed=10)
    talk.wait(2)
    assert position(talk)["Pan"] == 800
    talk.wait(1)
    talk.result("xCommand/Camera/Ramp", CameraId=1, Pan="Stop")
    talk.wait(60)
    assert position(talk)["Pan"] == 1200
    talk.result("xCommand/Camera/Ramp", CameraId=1, Zoom="In", ZoomSpeed=15)
    talk.wait(3600)
    assert position(talk)["Zoom"] == 12000
    talk.wait(60)
    assert position(talk)["Zoom"] == 12000


def test_a_preset_brings_the_camera_back() -> None:
    talk = Talk.open(ADMIN)
    talk.result("xFeedback/Subscribe", Query=["Event", "CameraPresetActivated"])
    talk.result("xCommand/Camera/PositionSet", CameraId=1, Pan=300)
    number = talk.result("xCommand/Camera/Preset/Store", CameraId=1, Name="Door", DefaultPosition="True")["PresetId"]
    talk.result("xCommand/Camera/PositionSet", CameraId=1, Pan=0)
    talk.result("xCommand/Camera/Preset/Activate", PresetId=number)
    assert position(talk)["Pan"] == 300
    assert talk.heard()[0]["Event"] == {"CameraPresetActivated": {"CameraId": 1, "PresetId": number}}
    other = talk.result("xCommand/Camera/Preset/Store", CameraId=1, PresetId=9, DefaultPosition="True")["PresetId"]
    listed = talk.result("xCommand/Camera/Preset/List", DefaultPosition="True")["Preset"]
    assert [one["PresetId"] for one in listed] == [other], "one is the default"
    talk.result("xCommand/Camera/Preset/Edit", PresetId=number, Name="Window")
    assert talk.result("xCommand/Camera/Preset/Show", PresetId=number)["Name"] == "Window"
    talk.result("xCommand/Camera/Preset/Remove", PresetId=number)
    for command in ("Activate", "Show", "Remove", "Edit"):
        assert talk.code(f"xCommand/Camera/Preset/{command}", PresetId=number) == 1


def test_the_default_position_is_home_until_a_preset_is_it() -> None:
    talk = Talk.open(ADMIN)
    talk.result("xCommand/Camera/PositionSet", CameraId=1, Pan=300)
    talk.result("xCommand/Camera/Preset/ActivateDefaultPosition")
    assert position(talk)["Pan"] == 0


def test_presets_come_to_an_end() -> None:
    talk = Talk.open(ADMIN)
    for _ in range(35):
        talk.result("xCommand/Camera/Preset/Store", CameraId=1)
    assert talk.code("xCommand/Camera/Preset/Store", CameraId=1) == 1


def test_tracking_is_on_until_somebody_moves_the_camera() -> None:
    talk = Talk.open(ADMIN)
    status = ["Status", "Cameras", "SpeakerTrack", "Status"]
    talk.result("xCommand/Cameras/SpeakerTrack/Activate")
    assert talk.result("xGet", Path=status) == "Active"
    talk.result("xCommand/Camera/PositionSet", CameraId=1, Pan=1)
    assert talk.result("xGet", Path=status) == "Inactive"
    talk.result("xCommand/Cameras/SpeakerTrack/Activate")
    talk.result("xCommand/Cameras/SpeakerTrack/Deactivate")
    assert talk.result("xGet", Path=status) == "Inactive"


def test_a_room_preset_is_defined_recalled_and_cleared() -> None:
    talk = Talk.open(ADMIN)
    talk.result("xCommand/Camera/PositionSet", CameraId=1, Tilt=70)
    talk.result("xCommand/RoomPreset/Store", PresetId=2, Type="Camera", Description="Wide")
    assert talk.result("xGet", Path=["Status", "RoomPreset", 2, "Defined"]) == "True"
    talk.result("xCommand/Camera/PositionReset", CameraId=1)
    talk.result("xCommand/RoomPreset/Activate", PresetId=2)
    assert position(talk)["Tilt"] == 70
    talk.result("xCommand/RoomPreset/Clear", PresetId=2)
    assert talk.result("xGet", Path=["Status", "RoomPreset"]) == []
    assert talk.code("xCommand/RoomPreset/Activate", PresetId=2) == 1
