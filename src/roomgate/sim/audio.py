"""Loudspeaker and microphones: volume within its setting's space, mute, noise removal, music mode."""

from collections.abc import Callable
from dataclasses import dataclass

from roomgate.sim.asked import Answer, Asked, Commands
from roomgate.sim.state import State


@dataclass(slots=True)
class Audio:
    """What is heard in the room, and what leaves it."""

    state: State

    def set_volume(self, asked: Asked) -> Answer:
        return self._volume(asked.number("Level", 0))

    def set_to_default(self, _: Asked) -> Answer:
        default = self.state.read("Configuration", "Audio", "DefaultVolume")
        return self._volume(default if isinstance(default, int) else 50)

    def increase(self, asked: Asked) -> Answer:
        return self._volume(self._level() + asked.number("Steps", 5))

    def decrease(self, asked: Asked) -> Answer:
        return self._volume(self._level() - asked.number("Steps", 5))

    def mute_microphones(self, *, muted: bool) -> None:
        self.state.put("Audio", "Microphones", "Mute", value="On" if muted else "Off")

    def microphones_are_muted(self) -> bool:
        return bool(self.state.read("Status", "Audio", "Microphones", "Mute") == "On")

    def toggle_microphones(self, _: Asked) -> Answer:
        self.mute_microphones(muted=not self.microphones_are_muted())
        return {}

    def toggle_mute(self, _: Asked) -> Answer:
        muted = self.state.read("Status", "Audio", "VolumeMute") == "On"
        self.state.put("Audio", "VolumeMute", value="Off" if muted else "On")
        return {}

    def _level(self) -> int:
        return int(self.state.read("Status", "Audio", "Volume"))

    def _volume(self, level: int) -> Answer:
        self.state.put("Audio", "Volume", value=max(0, min(100, level)))
        return {}


def _puts(value: str, *parts: str) -> Callable[[Audio, Asked], Answer]:
    def put(audio: Audio, _: Asked) -> Answer:
        audio.state.put("Audio", *parts, value=value)
        return {}

    return put


COMMANDS: Commands[Audio] = {
    "Audio/Volume/Set": Audio.set_volume,
    "Audio/Volume/SetToDefault": Audio.set_to_default,
    "Audio/Volume/Increase": Audio.increase,
    "Audio/Volume/Decrease": Audio.decrease,
    "Audio/Volume/Mute": _puts("On", "VolumeMute"),
    "Audio/Volume/Unmute": _puts("Off", "VolumeMute"),
    "Audio/Volume/ToggleMute": Audio.toggle_mute,
    "Audio/Microphones/Mute": _puts("On", "Microphones", "Mute"),
    "Audio/Microphones/Unmute": _puts("Off", "Microphones", "Mute"),
    "Audio/Microphones/ToggleMute": Audio.toggle_microphones,
    "Audio/Microphones/NoiseRemoval/Activate": _puts("On", "Microphones", "NoiseRemoval"),
    "Audio/Microphones/NoiseRemoval/Deactivate": _puts("Off", "Microphones", "NoiseRemoval"),
    "Audio/Microphones/MusicMode/Start": _puts("On", "Microphones", "MusicMode"),
    "Audio/Microphones/MusicMode/Stop": _puts("Off", "Microphones", "MusicMode"),
}
