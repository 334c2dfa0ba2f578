from dataclasses import replace

import pytest

from roomgate.errors import BadInput
from roomgate.hub.console.visit import Form
from roomgate.hub.rooms.controls import CONTROLS, READS, SAMPLE, Choice, Undo, read_heard, read_known, undo_of
from roomgate.xapi.schema import Catalogue


def form(**fields: str) -> Form:
    return Form({name: [text] for name, text in fields.items()})


@pytest.mark.parametrize(
    ("control", "fields", "call"),
    [
        ("speaker", {"on": "yes"}, "Command/Audio/Volume/Mute"),
        ("speaker", {"on": "no"}, "Command/Audio/Volume/Unmute"),
        ("hold", {"on": "yes"}, "Command/Call/Hold"),
        ("hold", {"on": "no"}, "Command/Call/Resume"),
        ("quiet", {"on": "yes"}, "Command/Conference/DoNotDisturb/Activate Timeout=60"),
        ("quiet", {"on": "no"}, "Command/Conference/DoNotDisturb/Deactivate"),
        ("picture", {"on": "yes"}, "Command/Video/Input/MainVideo/Mute"),
        ("picture", {"on": "no"}, "Command/Video/Input/MainVideo/Unmute"),
        ("self-view", {"view": "off"}, "Command/Video/Selfview/Set FullscreenMode=Off Mode=Off"),
        ("self-view", {"view": "full"}, "Command/Video/Selfview/Set FullscreenMode=On Mode=On"),
        ("layout", {"layout": " Stack "}, "Command/Video/Layout/SetLayout LayoutName=Stack"),
        ("share", {"source": "2"}, "Command/Presentation/Start PresentationSource=('2',)"),
        ("share", {"on": "no"}, "Command/Presentation/Stop"),
        ("preset", {"preset": "3"}, "Command/Camera/Preset/Activate PresetId=3"),
        ("track", {"on": "yes"}, "Command/Cameras/SpeakerTrack/Activate"),
        ("track", {"on": "no"}, "Command/Cameras/SpeakerTrack/Deactivate"),
        (
            "say",
            {"text": " Five\n minutes ", "seconds": "30"},
            "Command/UserInterface/Message/Alert/Display Duration=30 Text=Five minutes",
        ),
    ],
)
def test_a_control_asks_for_one_thing(control: str, fields: dict[str, str], call: str) -> None:
    assert str(CONTROLS[control](form(**fields)).call(Catalogue.shipped())) == call


def test_tones_go_to_the_device_as_they_were_written() -> None:
    call = CONTROLS["tones"](form(tones="1a,#")).call(Catalogue.shipped())
    assert call.argument("DTMFString") == "1A,#"
    assert "1A" not in str(call)  # a meeting's code is a secret wherever a call is told of


@pytest.mark.parametrize(
    ("control", "fields"),
    [
        ("tones", {"tones": ""}),
        ("tones", {"tones": "E"}),
        ("tones", {"tones": "1" * 33}),
        ("tones", {"tones": "1 2"}),
        ("say", {"text": "", "seconds": "30"}),
        ("say", {"text": "x" * 256, "seconds": "30"}),
        ("say", {"text": "x\x1b[2J", "seconds": "30"}),
        ("say", {"text": "x\u202ey", "seconds": "30"}),
        ("say", {"text": "x", "seconds": "0"}),
        ("say", {"text": "x", "seconds": "3600"}),
        ("self-view", {"view": "upside-down"}),
        ("layout", {"layout": ""}),
        ("layout", {"layout": "x" * 129}),
        ("share", {"source": "0"}),
        ("share", {"source": "10"}),
        ("share", {}),
        ("preset", {"preset": "36"}),
        ("preset", {"preset": "٣"}),
    ],
)
def test_what_no_device_would_take_is_not_asked_for(control: str, fields: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        CONTROLS[control](form(**fields))


def test_the_sample_fits_each_control() -> None:
    for build in CONTROLS.values():
        build(Form(SAMPLE)).call(Catalogue.shipped())


def test_each_read_is_for_controls_that_there_are() -> None:
    for wish, needed_by in READS.values():
        assert needed_by <= CONTROLS.keys()
        wish.call(Catalogue.shipped())


def test_what_can_be_taken_back_says_how() -> None:
    assert undo_of("volume", "50") == Undo("volume", "level", "50")
    assert undo_of("layout", "Grid") == Undo("layout", "layout", "Grid")
    assert undo_of("self-view", "off") == Undo("self-view", "view", "off")
    for at, was in (("preset", "1"), ("volume", ""), ("layout", "x" * 129), ("", "1")):
        assert undo_of(at, was) is None


def test_what_the_site_lets_out_is_read_from_the_document() -> None:
    nothing = read_heard({})
    assert (nothing.speaker_off, nothing.picture_off, nothing.held) == (None, None, False)
    document = {
        "Status": {
            "Audio": {"VolumeMute": "On"}, "Video": {"Input": {"MainVideoMute": "Off"}},
            "Call": [{"id": 1, "ghost": "True"}, {"id": 2, "Status": "OnHold"}],
        }
    }  # fmt: skip
    heard = read_heard(document)
    assert (heard.speaker_off, heard.picture_off, heard.held) == (True, False, True)


VIDEO = {
    "Selfview": {"Mode": "On", "FullscreenMode": "Off"},
    "Layout": {
        "CurrentLayouts": {
            "ActiveLayout": "Stack",
            "AvailableLayouts": [
                {"id": 1, "LayoutName": "Grid"}, {"id": 2, "LayoutName": "Stack"}, {"id": 3, "LayoutName": "Grid"},
                {"id": 4}, {"id": 5, "ghost": "True", "LayoutName": "Gone"},
            ],
        }
    },
    "Input": {
        "Connector": [
            {"id": 1, "Connected": "True", "Type": "Camera", "SourceId": 1},
            {"id": 2, "Connected": "True", "Type": "HDMI", "SourceId": 2},
            {"id": 3, "Connected": "False", "Type": "USBC-DP", "SourceId": 3},
            {"id": 4, "Connected": "True", "Type": "HDMI", "SourceId": "x"},
        ]
    },
}  # fmt: skip


def test_what_the_device_said_is_what_there_is_to_choose_from() -> None:
    known = read_known(
        {
            "video": VIDEO, "sharing": {"Mode": "Off", "LocalInstance": [{"id": 1, "Source": 2}]}, "quiet": "Active",
            "track": {"Availability": "Available", "Status": "Inactive"},
            "presets": {
                "Preset": [{"id": 1, "PresetId": 4, "Name": "Door"}, {"id": 2, "PresetId": "5"}, {"PresetId": "x"}]
            },
        }
    )  # fmt: skip
    assert (known.self_view, known.layout, known.layouts) == ("on", "Stack", ("Grid", "Stack"))
    assert known.sources == (Choice("2", "HDMI 2"),)
    assert (known.sharing, known.quiet, known.tracking) == (True, True, False)
    assert known.presets == (Choice("4", "Door"), Choice("5", "5"))


def test_what_did_not_come_is_not_known() -> None:
    known = read_known({})
    assert (known.self_view, known.layout, known.layouts, known.sources, known.presets) == ("", "", (), (), ())
    assert (known.sharing, known.quiet, known.tracking) == (None, None, None)
    assert read_known(dict.fromkeys(READS, "rubbish")) == replace(known, sharing=False, quiet=False)
    assert read_known({"quiet": {"DoNotDisturb": "Inactive"}}).quiet is False


def test_what_cannot_track_has_no_switch() -> None:
    assert read_known({"track": {"Availability": "Unavailable", "Status": "Inactive"}}).tracking is None


@pytest.mark.parametrize(("full", "view"), [("On", "full"), ("Off", "on"), ("", "")])
def test_the_self_view_is_one_of_three(full: str, view: str) -> None:
    assert read_known({"video": {"Selfview": {"Mode": "On", "FullscreenMode": full}}}).self_view == view
    assert read_known({"video": {"Selfview": {"Mode": "Off", "FullscreenMode": full}}}).self_view == "off"
