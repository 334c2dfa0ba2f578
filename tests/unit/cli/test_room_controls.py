from collections.abc import Sequence

import pytest

from roomgate.cli.room_controls import tell_layouts, tell_presets
from support.cli import RealHub, run

pytestmark = pytest.mark.xdist_group("cli")


@pytest.fixture(scope="module", autouse=True)
def granted(one_hub: RealHub) -> None:
    """The administrator gave themself what the controls need."""
    from roomgate.access.capability import Capability

    rights = frozenset(map(Capability, ("observe", "call", "in-call", "av-control", "privacy")))
    one_hub.do(one_hub.hub.parts.grants.make(one_hub.hub.admin, "ada", ["oslo"], rights, minutes=60, reason="test"))


@pytest.mark.parametrize(
    ("words", "call", "arguments", "said"),
    [
        (["wake", "oslo"], "Standby Deactivate", {}, "oslo is awake"),
        (["wake", "oslo", "--half"], "Standby Halfwake", {}, "half-awake"),
        (["hold", "oslo"], "Call Hold", {}, "is held"),
        (["hold", "oslo", "--off"], "Call Resume", {}, "goes on"),
        (["dtmf", "oslo", "12#"], "Call DTMFSend", {"DTMFString": "12#"}, "the tones are sent"),
        (["layout", "oslo", "Stack"], "Video Layout SetLayout", {"LayoutName": "Stack"}, "layout Stack"),
        (["layout", "oslo"], "Status/Video/Layout/CurrentLayouts", {}, "layout not known"),
        (["selfview", "oslo", "full"], "Video Selfview Set", {"Mode": "On", "FullscreenMode": "On"}, "self-view full"),
        (["selfview", "oslo", "off"], "Video Selfview Set", {"Mode": "Off", "FullscreenMode": "Off"}, "self-view off"),
        (["picture", "oslo", "off"], "Video Input MainVideo Mute", {}, "is hidden"),
        (["picture", "oslo", "on"], "Video Input MainVideo Unmute", {}, "is shown"),
        (["camera", "oslo"], "Camera Preset List", {}, "no camera presets"),
        (["camera", "oslo", "2"], "Camera Preset Activate", {"PresetId": 2}, "preset 2"),
        (["camera", "oslo", "--track", "on"], "Cameras SpeakerTrack Activate", {}, "speaker track on"),
        (["camera", "oslo", "--track", "off"], "Cameras SpeakerTrack Deactivate", {}, "speaker track off"),
        (["share", "oslo", "2"], "Presentation Start", {"PresentationSource": ["2"]}, "is sharing"),
        (["share", "oslo"], "Presentation Start", {}, "is sharing"),
        (["share", "oslo", "--off"], "Presentation Stop", {}, "shares nothing"),
        (["quiet", "oslo", "30"], "Conference DoNotDisturb Activate", {"Timeout": 30}, "for 30 min"),
        (["quiet", "oslo", "--off"], "Conference DoNotDisturb Deactivate", {}, "takes calls"),
    ],
)
def test_each_verb_asks_for_one_thing(
    hub: RealHub, words: list[str], call: str, arguments: dict[str, object], said: str
) -> None:
    done = run("room", *words)
    assert (done.code, done.err) == (0, "")
    assert said in done.out
    order = hub.link.orders[-1]
    path = "/".join(map(str, order.path))
    assert path == call or path == "Command/" + call.replace(" ", "/")
    told = {name: list(v) if isinstance(v, Sequence) and not isinstance(v, str) else v for name, v in order.arguments}
    assert told == arguments


def test_a_preset_and_speaker_track_do_not_go_together(hub: RealHub) -> None:
    assert run("room", "camera", "oslo", "2", "--track", "on").code == 2


def test_what_there_is_to_choose_from_is_told() -> None:
    layouts = {"ActiveLayout": "Grid", "AvailableLayouts": [{"id": 1, "LayoutName": "Grid"}, {"id": 2}, "rubbish"]}
    assert tell_layouts("oslo", layouts) == "oslo: layout Grid. To choose from: Grid."
    assert tell_layouts("oslo", "rubbish") == "oslo: layout not known. To choose from: nothing."
    presets = {"Preset": [{"id": 1, "PresetId": 4, "Name": "Door"}, {"id": 2, "PresetId": 5}]}
    assert tell_presets("oslo", presets) == "4  Door\n5"
    assert tell_presets("oslo", {}) == "oslo has no camera presets."
