"""The camera: where it looks, its presets, ramps that go on until they are stopped, and speaker tracking.

How fast a ramp moves is not established; here one step of speed is 40 units a second, within the spaces of
`Camera PositionSet`. Moving the camera by hand ends speaker tracking, as it must to have an effect.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from roomgate.sim.asked import Answer, Asked, Commands
from roomgate.sim.refusal import CommandError
from roomgate.sim.state import State

CAMERA = 1
SPACES = {"Pan": (-17000, 17000), "Tilt": (-9000, 9000), "Zoom": (0, 12000), "Focus": (0, 65535), "Roll": (-300, 300)}
HOME = {"Pan": 0, "Tilt": 0, "Zoom": 0, "Focus": 4096}
_MOST_PRESETS = 35
_UNITS_PER_STEP_S = 40
_WAYS = {"Left": -1, "Right": 1, "Down": -1, "Up": 1, "Out": -1, "In": 1, "Near": -1, "Far": 1, "Stop": 0}
_RESET = {"All": ("Pan", "Tilt", "Zoom", "Focus"), "PanTilt": ("Pan", "Tilt"), "Zoom": ("Zoom",), "Focus": ("Focus",)}


@dataclass(frozen=True, slots=True)
class Preset:
    name: str
    position: dict[str, int]
    is_default: bool


@dataclass(slots=True)
class Cameras:
    """One camera, as a room with one has it."""

    state: State
    presets: dict[int, Preset] = field(default_factory=dict)
    room_presets: dict[int, dict[str, int]] = field(default_factory=dict)
    _ramps: dict[str, int] = field(default_factory=dict)  # axis → units per second
    _moved: datetime | None = None

    def set_position(self, asked: Asked) -> Answer:
        self._settle(asked.now)
        given = asked.given(*SPACES)
        self._take_over()
        for axis, value in given.items():
            self._ramps.pop(axis, None)
            self._put(axis, int(value))
        if lens := asked.text("Lens"):
            self.state.put("Cameras", "Camera", CAMERA, "Position", "Lens", value=lens)
        return {}

    def reset_position(self, asked: Asked) -> Answer:
        self._is_there(asked)
        self._settle(asked.now)
        self._take_over()
        for axis in _RESET[asked.text("Axis", "All")]:
            self._ramps.pop(axis, None)
            self._put(axis, HOME[axis])
        return {}

    def ramp(self, asked: Asked) -> Answer:
        self._settle(asked.now)
        self._take_over()
        for axis in ("Pan", "Tilt", "Zoom", "Focus"):
            if word := asked.text(axis):
                speed = asked.number(f"{axis}Speed", 1) * _UNITS_PER_STEP_S * _WAYS[word]
                self._ramps.pop(axis, None)
                if speed:
                    self._ramps[axis] = speed
        return {}

    def trigger_autofocus(self, asked: Asked) -> Answer:
        self._is_there(asked)
        self._settle(asked.now)
        self._put("Focus", HOME["Focus"])
        return {}

    def position(self) -> dict[str, int]:
        found = self.state.read("Status", "Cameras", "Camera", CAMERA, "Position") or {}
        return {axis: value for axis, value in found.items() if axis in SPACES}

    def store_preset(self, asked: Asked) -> Answer:
        self._settle(asked.now)
        number = asked.number("PresetId", 0) or next(
            (n for n in range(1, _MOST_PRESETS + 1) if n not in self.presets), 0
        )
        if not number:
            raise CommandError("No free preset")
        self.presets[number] = Preset(asked.text("Name"), self.position(), asked.flag("DefaultPosition"))
        self._one_default(number)
        self.state.event("CameraPresetListUpdated")
        return {"PresetId": number}

    def edit_preset(self, asked: Asked) -> Answer:
        number, preset = self._preset(asked)
        is_default = asked.flag("DefaultPosition", otherwise=preset.is_default)
        self.presets[number] = replace(preset, name=asked.text("Name", preset.name), is_default=is_default)
        self._one_default(number)
        self.state.event("CameraPresetListUpdated")
        return {}

    def remove_preset(self, asked: Asked) -> Answer:
        number, _ = self._preset(asked)
        del self.presets[number]
        self.state.event("CameraPresetListUpdated")
        return {}

    def activate_preset(self, asked: Asked) -> Answer:
        self._settle(asked.now)
        number, preset = self._preset(asked)
        self._recall(preset.position)
        self.state.event("CameraPresetActivated", CameraId=CAMERA, PresetId=number)
        return {}

    def activate_default(self, asked: Asked) -> Answer:
        self._settle(asked.now)
        default = next((one for one in self.presets.values() if one.is_default), None)
        self._recall(default.position if default else dict(HOME))
        return {}

    def list_presets(self, asked: Asked) -> Answer:
        wanted = asked.text("DefaultPosition")
        rows = [
            self._row(number, preset)
            for number, preset in sorted(self.presets.items())
            if wanted in ("", str(preset.is_default))
        ]
        return {"Preset": [{"id": n, **row} for n, row in enumerate(rows, 1)]} if rows else {}

    def show_preset(self, asked: Asked) -> Answer:
        number, preset = self._preset(asked)
        return {**self._row(number, preset), "Position": dict(preset.position)}

    def track(self, asked: Asked) -> Answer:
        self._settle(asked.now)
        self._ramps.clear()
        self._tracking("Active", "BestOverview")
        return {}

    def stop_tracking(self, _: Asked) -> Answer:
        self._tracking("Inactive", "Off")
        return {}

    def store_room_preset(self, asked: Asked) -> Answer:
        number = asked.number("PresetId", 0)
        self._settle(asked.now)
        self.room_presets[number] = self.position()
        for leaf, value in (
            ("Defined", "True"),
            ("Description", asked.text("Description")),
            ("Type", asked.text("Type")),
        ):
            self.state.put("RoomPreset", number, leaf, value=value)
        return {}

    def activate_room_preset(self, asked: Asked) -> Answer:
        self._settle(asked.now)
        position = self.room_presets.get(asked.number("PresetId", 0))
        if position is None:
            raise CommandError("No such preset")
        self._recall(position)
        return {}

    def clear_room_preset(self, asked: Asked) -> Answer:
        self.room_presets.pop(asked.number("PresetId", 0), None)
        self.state.drop("RoomPreset", asked.number("PresetId", 0))
        return {}

    def tick(self, now: datetime) -> None:
        self._settle(now)

    def next_at(self, now: datetime) -> datetime | None:
        """A ramp is looked at when somebody reads or acts, so nothing waits for it."""
        return None

    def _settle(self, now: datetime) -> None:
        """Move what ramps to where it is by now."""
        seconds = (now - self._moved).total_seconds() if self._moved is not None else 0.0
        self._moved = now if self._ramps else None
        for axis, speed in list(self._ramps.items()):
            at = self.position().get(axis, 0) + int(speed * seconds)
            self._put(axis, at)
            if not SPACES[axis][0] < at < SPACES[axis][1]:
                del self._ramps[axis]
        self._moved = now

    def _put(self, axis: str, value: int) -> None:
        low, high = SPACES[axis]
        self.state.put("Cameras", "Camera", CAMERA, "Position", axis, value=max(low, min(high, value)))

    def _recall(self, position: dict[str, int]) -> None:
        self._take_over()
        self._ramps.clear()
        for axis, value in position.items():
            self._put(axis, value)

    def _take_over(self) -> None:
        if self.state.read("Status", "Cameras", "SpeakerTrack", "Status") == "Active":
            self._tracking("Inactive", "Off")

    def _tracking(self, status: str, shown: str) -> None:
        self.state.put("Cameras", "SpeakerTrack", "Status", value=status)
        self.state.put("Cameras", "SpeakerTrack", "State", value=shown)

    def _is_there(self, asked: Asked) -> None:
        if asked.number("CameraId", CAMERA) != CAMERA:
            raise CommandError("No such camera")

    def _preset(self, asked: Asked) -> tuple[int, Preset]:
        number = asked.number("PresetId", 0)
        if number not in self.presets:
            raise CommandError("No such preset")
        return number, self.presets[number]

    def _one_default(self, number: int) -> None:
        if self.presets[number].is_default:
            for other, preset in self.presets.items():
                if preset.is_default and other != number:
                    self.presets[other] = replace(preset, is_default=False)

    def _row(self, number: int, preset: Preset) -> dict[str, Any]:
        return {
            "PresetId": number,
            "Name": preset.name,
            "CameraId": CAMERA,
            "DefaultPosition": str(preset.is_default),
        }


COMMANDS: Commands[Cameras] = {
    "Camera/PositionSet": Cameras.set_position,
    "Camera/PositionReset": Cameras.reset_position,
    "Camera/Ramp": Cameras.ramp,
    "Camera/TriggerAutofocus": Cameras.trigger_autofocus,
    "Camera/Preset/Store": Cameras.store_preset,
    "Camera/Preset/Edit": Cameras.edit_preset,
    "Camera/Preset/Remove": Cameras.remove_preset,
    "Camera/Preset/Activate": Cameras.activate_preset,
    "Camera/Preset/ActivateDefaultPosition": Cameras.activate_default,
    "Camera/Preset/List": Cameras.list_presets,
    "Camera/Preset/Show": Cameras.show_preset,
    "Cameras/SpeakerTrack/Activate": Cameras.track,
    "Cameras/SpeakerTrack/Deactivate": Cameras.stop_tracking,
    "RoomPreset/Store": Cameras.store_room_preset,
    "RoomPreset/Activate": Cameras.activate_room_preset,
    "RoomPreset/Clear": Cameras.clear_room_preset,
}
