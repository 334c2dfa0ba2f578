"""Pure: where a room's cameras look before somebody outside moves them, and the calls that bring them back.

Focus is left to the camera: to set it would end its own focusing. A camera that does not tell where it looks, or
tells less than all of it, is not moved back.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from roomgate.xapi import tree
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.errors import XapiError
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue

CAMERAS = Path.parse("Status/Cameras/Camera")
MOVES = frozenset(
    {
        "Camera PositionSet",
        "Camera PositionReset",
        "Camera Ramp",
        "Camera Preset Activate",
        "Camera Preset ActivateDefaultPosition",
        "RoomPreset Activate",
    }
)
_AXES = ("Pan", "Tilt", "Zoom")


class View(msgspec.Struct, frozen=True):
    """Where one camera looks."""

    camera: int
    pan: int
    tilt: int
    zoom: int


def moves_camera(call: Call) -> bool:
    return call.verb is Verb.COMMAND and " ".join(call.path.words) in MOVES


def views_in(told: Any, catalogue: Catalogue) -> tuple[View, ...]:
    """Those that can be brought back, of what the device answers to `CAMERAS`."""
    found = []
    for one in told if isinstance(told, list) else []:
        position = one.get("Position") if isinstance(one, dict) and not tree.is_ghost(one) else None
        number = tree.member_id(one)
        axes = [_whole(position.get(axis)) for axis in _AXES] if isinstance(position, dict) else []
        if number is not None and axes and None not in axes:
            found.append(View(number, *(axis for axis in axes if axis is not None)))
    return tuple(view for view in found if calls_back((view,), catalogue))


def calls_back(views: Iterable[View], catalogue: Catalogue) -> list[Call]:
    """One call for each camera; none for a view that the catalogue does not take."""
    calls = []
    for view in views:
        wanted = {"CameraId": view.camera, "Pan": view.pan, "Tilt": view.tilt, "Zoom": view.zoom}
        try:
            calls.append(catalogue.canonical(Verb.COMMAND, "Command/Camera/PositionSet", wanted))
        except XapiError:
            continue
    return calls


def _whole(value: Any) -> int | None:
    text = str(value)
    plain = text.removeprefix("-")
    return int(text) if plain.isascii() and plain.isdigit() and len(plain) <= 6 else None
