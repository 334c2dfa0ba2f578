"""The controls of a room's page as verbs: one click, one verb."""

from typing import Any, Literal

from roomgate.cli.output import Json
from roomgate.cli.room import Reason, ask_room, do
from roomgate.errors import BadInput
from roomgate.xapi import tree


def wake(room: str, /, *, half: bool = False, json: Json = False) -> int:
    """Wake the room's screens, or half of the way: lit, with nothing going on.

    Example: ``roomgate room wake oslo``

    Parameters
    ----------
    half
        as a room is that somebody has just come into
    """
    if half:
        return do(room, "Standby Halfwake", {}, f"{room} is half-awake.", json=json)
    return do(room, "Standby Deactivate", {}, f"{room} is awake.", json=json)


def hold(room: str, /, *, off: bool = False, reason: Reason = "", json: Json = False) -> int:
    """Hold the call in the room, or go on with it (the room may have to say yes to that).

    Example: ``roomgate room hold oslo``

    Parameters
    ----------
    off
        go on with the call
    """
    if off:
        return do(room, "Call Resume", {}, f"{room}'s call goes on.", json=json, reason=reason)
    return do(room, "Call Hold", {}, f"{room}'s call is held.", json=json, reason=reason)


def dtmf(room: str, tones: str, /, *, json: Json = False) -> int:
    """Send tones into the call. The ledgers keep that tones were sent, never which.

    Example: ``roomgate room dtmf oslo 4711#``

    Parameters
    ----------
    tones
        digits, A to D, * and #; a comma waits
    """
    return do(room, "Call DTMFSend", {"DTMFString": tones}, f"{room}: the tones are sent.", json=json)


def layout(room: str, name: str | None = None, /, *, json: Json = False) -> int:
    """The room's layout and what there is to choose from, or set it.

    Example: ``roomgate room layout oslo Stack``

    Parameters
    ----------
    name
        of the layout, as the device calls it; without it the layouts are told
    """
    if name is None:
        return ask_room(
            room, {"get": "Status/Video/Layout/CurrentLayouts"}, json=json,
            words=lambda answer: tell_layouts(room, answer["result"]),
        )  # fmt: skip
    return do(room, "Video Layout SetLayout", {"LayoutName": name}, f"{room}: layout {name}.", json=json)


def selfview(room: str, view: Literal["on", "off", "full"], /, *, json: Json = False) -> int:
    """Show the room its own picture: in a corner, on the whole screen, or not at all.

    Example: ``roomgate room selfview oslo full``
    """
    modes = {"Mode": "Off" if view == "off" else "On", "FullscreenMode": "On" if view == "full" else "Off"}
    return do(room, "Video Selfview Set", modes, f"{room}: self-view {view}.", json=json)


def picture(room: str, view: Literal["off", "on"], /, *, reason: Reason = "", json: Json = False) -> int:
    """Hide the room's picture from the others in the call, or show it (the room may have to say yes to that).

    Example: ``roomgate room picture oslo off``
    """
    if view == "on":
        return do(room, "Video Input MainVideo Unmute", {}, f"{room}'s picture is shown.", json=json, reason=reason)
    return do(room, "Video Input MainVideo Mute", {}, f"{room}'s picture is hidden.", json=json, reason=reason)


def camera(
    room: str,
    preset: int | None = None,
    /,
    *,
    track: Literal["on", "off"] | None = None,
    reason: Reason = "",
    json: Json = False,
) -> int:
    """The camera's presets, or move it to one, or let it follow whoever speaks. The room may have to say yes.

    Example: ``roomgate room camera oslo 1 --reason "the door was in the picture"``

    Parameters
    ----------
    preset
        its number; without it and without ``--track`` the presets are told
    track
        on: the camera follows whoever speaks; off: it stays
    """
    if track is not None:
        if preset is not None:
            raise BadInput("Give a preset or --track, not both.")
        name = f"Cameras SpeakerTrack {'Activate' if track == 'on' else 'Deactivate'}"
        return do(room, name, {}, f"{room}: speaker track {track}.", json=json, reason=reason)
    if preset is None:
        wish = {"command": "Camera Preset List"}
        return ask_room(room, wish, json=json, words=lambda answer: tell_presets(room, answer["result"]))
    return do(
        room, "Camera Preset Activate", {"PresetId": preset}, f"{room}: preset {preset}.", json=json, reason=reason
    )


def share(
    room: str, source: int | None = None, /, *, off: bool = False, reason: Reason = "", json: Json = False
) -> int:
    """Share what is plugged in (the room may have to say yes), or stop sharing.

    Example: ``roomgate room share oslo 2``

    Parameters
    ----------
    source
        the number of the input; without it the device's own choice
    off
        stop sharing
    """
    if off:
        return do(room, "Presentation Stop", {}, f"{room} shares nothing.", json=json)
    chosen = {} if source is None else {"PresentationSource": str(source)}
    return do(room, "Presentation Start", chosen, f"{room} is sharing.", json=json, reason=reason)


def quiet(room: str, minutes: int = 60, /, *, off: bool = False, json: Json = False) -> int:
    """Turn calls away for a while (do not disturb), or take them again.

    Example: ``roomgate room quiet oslo 30``

    Parameters
    ----------
    minutes
        until it ends by itself
    off
        take calls again, now
    """
    if off:
        return do(room, "Conference DoNotDisturb Deactivate", {}, f"{room} takes calls.", json=json)
    words = f"{room} turns calls away for {minutes} min."
    return do(room, "Conference DoNotDisturb Activate", {"Timeout": minutes}, words, json=json)


def tell_layouts(room: str, told: Any) -> str:
    """Pure: the layouts that the device has now, the one that is shown first."""
    names = [str(one.get("LayoutName", "")) for one in _members(tree.lookup(told, ("AvailableLayouts",)))]
    now = tree.lookup(told, ("ActiveLayout",)) or "not known"
    return f"{room}: layout {now}. To choose from: {', '.join(filter(None, names)) or 'nothing'}."


def tell_presets(room: str, told: Any) -> str:
    """Pure: a line for each preset."""
    lines = [
        f"{one.get('PresetId')}  {one.get('Name', '')}".strip() for one in _members(tree.lookup(told, ("Preset",)))
    ]
    return "\n".join(lines) or f"{room} has no camera presets."


def _members(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
