"""What the others see and how the room sees them: main video, its source, selfview, layouts."""

from collections.abc import Callable
from dataclasses import dataclass

from roomgate.sim.asked import Answer, Asked, Commands
from roomgate.sim.refusal import CommandError
from roomgate.sim.state import State

# Names that were seen in real statuses (reference §6); the set differs with product and call.
LAYOUTS = ("Grid", "Stack", "Focus", "Overlay", "Prominent")


@dataclass(slots=True)
class Video:
    """The picture that leaves the room, and the pictures on its screens."""

    state: State

    def set_main_source(self, asked: Asked) -> Answer:
        sources = asked.listed("ConnectorId") or asked.listed("SourceId")
        if not sources:
            raise CommandError("Either ConnectorId or SourceId is needed")
        several = len(sources) > 1
        self.state.put("Video", "Input", "MainVideoSource", value="Composed" if several else str(sources[0]))
        return {}

    def set_selfview(self, asked: Asked) -> Answer:
        for name, value in asked.given("Mode", "FullscreenMode", "OnMonitorRole", "PIPPosition").items():
            self.state.put("Video", "Selfview", name, value=value)
        return {}

    def set_layout(self, asked: Asked) -> Answer:
        name = asked.text("LayoutName")
        if name not in LAYOUTS:
            raise CommandError(f"Layout not available: {name[:60]}")
        self.state.put("Video", "Layout", "CurrentLayouts", "ActiveLayout", value=name)
        return {}

    def set_family(self, asked: Asked) -> Answer:
        family = asked.text("LayoutFamily") or asked.text("CustomLayoutName")
        if not family:
            raise CommandError("Either LayoutFamily or CustomLayoutName is needed")
        self.state.put("Video", "Layout", "LayoutFamily", asked.text("Target", "Local"), value=family)
        return {}

    def set_presentation_pip(self, asked: Asked) -> Answer:
        self.state.put("Video", "Presentation", "PIPPosition", value=asked.text("Position"))
        return {}


def _mutes(value: str) -> Callable[[Video, Asked], Answer]:
    def mute(video: Video, _: Asked) -> Answer:
        video.state.put("Video", "Input", "MainVideoMute", value=value)
        return {}

    return mute


COMMANDS: Commands[Video] = {
    "Video/Input/MainVideo/Mute": _mutes("On"),
    "Video/Input/MainVideo/Unmute": _mutes("Off"),
    "Video/Input/SetMainVideoSource": Video.set_main_source,
    "Video/Selfview/Set": Video.set_selfview,
    "Video/Layout/SetLayout": Video.set_layout,
    "Video/Layout/LayoutFamily/Set": Video.set_family,
    "Video/PresentationPIP/Set": Video.set_presentation_pip,
}
