"""Pure: the daily controls of a room's page: what each asks of the room, and what is known of their state.

What the site lets out by itself is read from the room's document, as it changes; the rest the device is asked for
when the page is opened, and is unknown where it does not answer.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from roomgate.errors import BadInput
from roomgate.hub.console.visit import Form
from roomgate.hub.relay.asked import Wish
from roomgate.redact import foreign
from roomgate.xapi import tree
from roomgate.xapi.call import Verb
from roomgate.xapi.tree import Document

LONGEST_MESSAGE = 255
SHOWN_S = (10, 30, 60, 300)  # how long a message may stand on the screen
QUIET_MINUTES = 60
_TONES = re.compile(r"[0-9A-Da-d*#,]{1,32}")
_SELF_VIEWS = {"off": ("Off", "Off"), "on": ("On", "Off"), "full": ("On", "On")}
_MOST_CHOICES = 35
_CHOOSE = "Choose one of those that the page offers."


def read_number(form: Form, name: str, least: int, most: int, otherwise: str) -> int:
    """A whole number of a form; raises BadInput with these words."""
    text = form.text(name)
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and least <= int(text) <= most):
        raise BadInput(otherwise)
    return int(text)


def switch(form: Form, yes: str, no: str, **arguments: object) -> Wish:
    """One of two commands, by the field ``on``; the arguments are of the first."""
    if form.text("on") == "no":
        return Wish(Verb.COMMAND, no, reason=form.text("reason"))
    return Wish(Verb.COMMAND, yes, arguments, reason=form.text("reason"))


def _say(form: Form) -> Wish:
    text = " ".join(form.text("text").split())
    if not 0 < len(text) <= LONGEST_MESSAGE or not text.isprintable():
        raise BadInput("Write a message of at most 255 characters.")
    shown = read_number(form, "seconds", min(SHOWN_S), max(SHOWN_S), _CHOOSE)
    return Wish(Verb.COMMAND, "UserInterface.Message.Alert.Display", {"Text": text, "Duration": shown})


def _tones(form: Form) -> Wish:
    if not _TONES.fullmatch(form.text("tones")):
        raise BadInput("Tones are digits, A to D, * and #; a comma waits. At most 32.")
    return Wish(Verb.COMMAND, "Call.DTMFSend", {"DTMFString": form.text("tones").upper()})


def _self_view(form: Form) -> Wish:
    found = _SELF_VIEWS.get(form.text("view"))
    if found is None:
        raise BadInput(_CHOOSE)
    return Wish(Verb.COMMAND, "Video.Selfview.Set", {"Mode": found[0], "FullscreenMode": found[1]})


def _layout(form: Form) -> Wish:
    name = form.text("layout")
    if not 0 < len(name) <= 128:
        raise BadInput(_CHOOSE)
    return Wish(Verb.COMMAND, "Video.Layout.SetLayout", {"LayoutName": name})


def _share(form: Form) -> Wish:
    if form.text("on") == "no":
        return Wish(Verb.COMMAND, "Presentation.Stop")
    source = read_number(form, "source", 1, 9, _CHOOSE)
    return Wish(Verb.COMMAND, "Presentation.Start", {"PresentationSource": [str(source)]})


def _preset(form: Form) -> Wish:
    number = read_number(form, "preset", 1, _MOST_CHOICES, _CHOOSE)
    return Wish(Verb.COMMAND, "Camera.Preset.Activate", {"PresetId": number})


CONTROLS: dict[str, Callable[[Form], Wish]] = {
    "speaker": lambda form: switch(form, "Audio.Volume.Mute", "Audio.Volume.Unmute"),
    "hold": lambda form: switch(form, "Call.Hold", "Call.Resume"),
    "tones": _tones,
    "quiet": lambda form: switch(
        form, "Conference.DoNotDisturb.Activate", "Conference.DoNotDisturb.Deactivate", Timeout=QUIET_MINUTES
    ),
    "picture": lambda form: switch(form, "Video.Input.MainVideo.Mute", "Video.Input.MainVideo.Unmute"),
    "self-view": _self_view,
    "layout": _layout,
    "share": _share,
    "preset": _preset,
    "track": lambda form: switch(form, "Cameras.SpeakerTrack.Activate", "Cameras.SpeakerTrack.Deactivate"),
    "say": _say,
}
SAMPLE = {
    "on": ["no"], "text": ["1"], "seconds": ["10"], "tones": ["1"], "view": ["on"], "layout": ["1"], "source": ["1"],
    "preset": ["1"],
}  # fmt: skip

# What the device is asked for when the page is opened, and the controls of which any one needs it.
READS: dict[str, tuple[Wish, frozenset[str]]] = {
    "video": (Wish(Verb.GET, "Status/Video"), frozenset({"self-view", "layout", "share"})),
    "sharing": (Wish(Verb.GET, "Status/Conference/Presentation"), frozenset({"share"})),
    "quiet": (Wish(Verb.GET, "Status/Conference/DoNotDisturb"), frozenset({"quiet"})),
    "track": (Wish(Verb.GET, "Status/Cameras/SpeakerTrack"), frozenset({"track"})),
    "presets": (Wish(Verb.COMMAND, "Camera.Preset.List"), frozenset({"preset"})),
}

# -- what can be taken back ----------------------------------------------------------------------------

_BACK = {"volume": "level", "layout": "layout", "self-view": "view"}  # the field that says what it was before


@dataclass(frozen=True, slots=True)
class Undo:
    """The field of the same form that brings back what was before."""

    at: str
    field: str
    value: str


def undo_of(at: str, was: str) -> Undo | None:
    """``was`` is what the page showed before, as the form sent it along; it is checked when it is asked for."""
    return Undo(at, _BACK[at], was) if at in _BACK and 0 < len(was) <= 128 else None


# -- what is known -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Heard:
    """What the site lets out by itself. None: not known."""

    speaker_off: bool | None
    picture_off: bool | None
    held: bool


@dataclass(frozen=True, slots=True)
class Choice:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Known:
    """What the device said when it was asked. Empty or None: not known, or nothing to choose from."""

    self_view: str
    layout: str
    layouts: tuple[str, ...]
    sources: tuple[Choice, ...]
    sharing: bool | None
    quiet: bool | None
    tracking: bool | None
    presets: tuple[Choice, ...]


def read_heard(document: Document) -> Heard:
    calls = _members(tree.lookup(document, ("Status", "Call")))
    return Heard(
        _is(tree.lookup(document, ("Status", "Audio", "VolumeMute")), "On"),
        _is(tree.lookup(document, ("Status", "Video", "Input", "MainVideoMute")), "On"),
        any(call.get("Status") == "OnHold" for call in calls),
    )


def read_known(told: Mapping[str, Any]) -> Known:
    """``told``: the results of `READS` that came."""
    video, sharing, track = told.get("video"), told.get("sharing"), told.get("track")
    modes = tuple(_at(video, "Selfview", leaf) for leaf in ("Mode", "FullscreenMode"))
    mode = (modes[0], "Off" if modes[0] == "Off" else modes[1])
    instances = _members(_at(sharing, "LocalInstance"))
    layouts = [
        _text(one.get("LayoutName")) for one in _members(_at(video, "Layout", "CurrentLayouts", "AvailableLayouts"))
    ]
    can_track = _at(track, "Availability") != "Unavailable"
    return Known(
        self_view=next((name for name, pair in _SELF_VIEWS.items() if pair == mode), ""),
        layout=_text(_at(video, "Layout", "CurrentLayouts", "ActiveLayout")),
        layouts=tuple(dict.fromkeys(name for name in layouts if name))[:_MOST_CHOICES],
        sources=tuple(_sources(video)),
        sharing=None if sharing is None else bool(instances) or _at(sharing, "Mode") == "Sending",
        quiet=_is(_scalar(told.get("quiet")), "Active"),
        tracking=_is(_at(track, "Status"), "Active") if can_track else None,
        presets=tuple(_presets(told.get("presets"))),
    )


def _sources(video: Any) -> list[Choice]:
    """What is plugged in and is no camera."""
    found = []
    for one in _members(_at(video, "Input", "Connector")):
        id, kind = str(one.get("SourceId") or tree.member_id(one) or ""), _text(one.get("Type"))
        if one.get("Connected") == "True" and kind not in ("Camera", "Unused") and id.isascii() and id.isdigit():
            found.append(Choice(id, f"{kind} {id}".strip()))
    return found


def _presets(listed: Any) -> list[Choice]:
    found = []
    for one in _members(_at(listed, "Preset"))[:_MOST_CHOICES]:
        id = str(one.get("PresetId", ""))
        if id.isascii() and id.isdigit():
            found.append(Choice(id, _text(one.get("Name")) or id))
    return found


def _at(value: Any, *parts: str) -> Any:
    return tree.lookup(value, parts) if isinstance(value, dict) else None


def _members(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict) and not tree.is_ghost(one)] if isinstance(value, list) else []


def _scalar(value: Any) -> Any:
    return next(iter(value.values())) if isinstance(value, dict) and len(value) == 1 else value


def _is(value: Any, yes: str) -> bool | None:
    return value == yes if isinstance(value, str) else None


def _text(value: Any) -> str:
    return foreign(value, 128) if isinstance(value, str) else ""
