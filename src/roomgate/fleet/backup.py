"""What a backup of a room holds, and how it is read out of a device's own answers. Pure.

Settings by their path without its root (``Audio/DefaultVolume``), panels as the XML that `Panel Save` takes, macros
as their code, pictures (branding) in base64. What is not in it is named in it: masked settings, web apps, and what the device would not tell.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

import msgspec

from roomgate.errors import BadInput
from roomgate.fleet.reading import find_picture
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue
from roomgate.xapi.tree import leaves

CATALOGUE = "RoomOS 26.4.1"  # whose names the settings are in
MASK = "***"  # as a device shows its own passwords
MOST_BYTES = 4 * 1024 * 1024  # of one backup's plain text: with its answer around it, it goes over the link at once
MOST_PICTURE_CHARACTERS = 2 * 1024 * 1024  # of base64, in all: the rest of a backup is to have place too
MOST_ITEMS = 20_000  # of settings
_DEEPEST = 12  # of a panel's elements
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")  # what no XML and no document holds
_OWN_PANELS = ("", "Custom")  # the kinds whose whole content is in the XML; the others lead out into the network


class TooLarge(BadInput):
    """The room keeps more than a backup takes."""

    code = "backup.too-large"
    hint = "Remove macros or panels that nobody uses."


class Panel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    xml: str


class Macro(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``active``: None where the device does not say."""

    code: str
    active: bool | None = None


class Contents(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one room was like. It names neither the room nor the time: alike rooms give the same bytes."""

    product: str = ""
    software: str = ""
    catalogue: str = CATALOGUE
    settings: dict[str, str | int] = {}
    masked: list[str] = []  # settings that the device shows as dots
    panels: dict[str, Panel] = {}
    macros: dict[str, Macro] = {}
    branding: dict[str, str] = {}  # by the type
    left_out: list[str] = []  # what else is not in it, in sentences


class Shown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One backup in a list. ``by``: who had it made; empty where the site's own schedule did."""

    id: str
    made: str = ""
    name: str = ""
    by: str = ""
    size: int = 0
    digest: str = ""
    product: str = ""
    software: str = ""
    settings: int = 0
    panels: int = 0
    macros: int = 0
    pictures: int = 0
    masked: int = 0
    damaged: str = ""  # why it cannot be read, in a sentence


class Opened(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A backup's contents as far as one person may read them; the counts say how much was withheld."""

    id: str
    made: str
    name: str
    digest: str  # of the whole, not of what is left of it here
    contents: Contents
    settings_withheld: int = 0
    panels_withheld: int = 0
    macros_withheld: int = 0
    pictures_withheld: int = 0


_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(Contents)


def encode(contents: Contents) -> bytes:
    """The one canonical form: JSON, sorted, without spaces. Raises TooLarge."""
    plain = _encoder.encode(contents)
    if len(plain) > MOST_BYTES or len(contents.settings) > MOST_ITEMS:
        raise TooLarge(f"A backup takes at most {MOST_BYTES // 1024 // 1024} MiB; this would be {len(plain)} bytes.")
    return plain


def decode(plain: bytes | msgspec.Raw) -> Contents:
    """Raises BadInput for what `encode` never made."""
    try:
        return _decoder.decode(plain)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as bad:
        raise BadInput(f"This is not what a backup holds: {bad}"[:300]) from bad


def digest_of(plain: bytes) -> str:
    return hashlib.sha256(plain).hexdigest()


def read_settings(answer: Any, catalogue: Catalogue) -> tuple[dict[str, str | int], list[str], int]:
    """Out of the answer to a get of Configuration: the settings, those that are masked, and how many are unknown here.

    What the catalogue does not know has no class, so nobody could be shown it and nothing could set it.
    """
    settings: dict[str, str | int] = {}
    masked: list[str] = []
    unknown = 0
    for path, value in leaves(answer, Path(("Configuration",))):
        known = catalogue.leaves(path)
        name = "/".join(map(str, path.parts[1:]))
        if len(known) != 1 or not isinstance(value, str | int) or isinstance(value, bool):
            unknown += 1
        elif known[0].masked or value == MASK:
            masked.append(name)
        else:
            settings[name] = _fit(value) if isinstance(value, str) else value
    return settings, sorted(masked), unknown


def read_panels(answer: Any) -> tuple[dict[str, Panel], list[str]]:
    """Out of the answer to `Extensions Export`: the panels as XML, and the ids of those that lead out of the device.

    Its layout is that of the XML: names for elements, lists for those that come again.
    """
    top = answer.get("Extensions") if isinstance(answer, dict) else None
    rows = top.get("Panel", []) if isinstance(top, dict) else []
    version = str(top.get("Version", "")) if isinstance(top, dict) else ""
    panels: dict[str, Panel] = {}
    outward: list[str] = []
    for row in rows if isinstance(rows, list) else [rows]:
        id_ = _fit(str(row.get("PanelId", ""))) if isinstance(row, dict) else ""
        if not id_ or len(id_) > 255:
            continue
        if str(row.get("ActivityType", "")) not in _OWN_PANELS:
            outward.append(id_)
            continue
        panels[id_] = Panel(f"<Extensions>{_element('Version', version, 0)}{_element('Panel', row, 0)}</Extensions>")
    return panels, sorted(outward)


def _element(name: str, value: Any, depth: int) -> str:
    """One element, or several for a list. A list member's place in its list and a panel's origin are no content."""
    if isinstance(value, list):
        return "".join(_element(name, one, depth) for one in value)
    if not _NAME.fullmatch(name) or depth > _DEEPEST:
        return ""
    if isinstance(value, dict):
        inner = "".join(_element(k, v, depth + 1) for k, v in value.items() if k not in ("id", "Origin"))
        return f"<{name}>{inner}</{name}>"
    return f"<{name}>{escape(_fit(str(value)))}</{name}>"


def read_macros(answer: Any) -> dict[str, Macro]:
    """Out of the answer to `Macro Get` with contents."""
    rows = answer.get("Macro", []) if isinstance(answer, dict) else []
    found: dict[str, Macro] = {}
    for row in rows if isinstance(rows, list) else [rows]:
        name, code = (row.get("Name"), row.get("Content")) if isinstance(row, dict) else (None, None)
        if isinstance(name, str) and isinstance(code, str) and name and len(name) <= 250:
            active = {"true": True, "false": False}.get(str(row.get("Active", "")).lower())
            found[_fit(name)] = Macro(_fit(code), active)
    return found


def read_pictures(answers: Mapping[str, Any]) -> tuple[dict[str, str], list[str]]:
    """Out of the answers to `Branding Get` by type: the pictures, and the types of those that are too large."""
    found: dict[str, str] = {}
    large: list[str] = []
    for kind, answer in answers.items():
        picture = base64.b64encode(find_picture(answer)).decode()
        if sum(map(len, found.values())) + len(picture) > MOST_PICTURE_CHARACTERS:
            large.append(kind)
        elif picture:
            found[kind] = picture
    return found, large


def _fit(text: str) -> str:
    """Without the few characters that neither XML nor a document can hold."""
    return _UNFIT.sub("", text)
