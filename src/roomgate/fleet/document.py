"""What rooms should have, as somebody wrote it down: read strictly, with every complaint at once.

A layer says settings, macros, panels, branding and users. `everything` is for all rooms of the document, `site`,
`tag` and `room` for those of that name; `layers` lays them over each other. Values are canonical from here on.
"""

import base64
import binascii
import difflib
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from roomgate.errors import BadInput
from roomgate.xapi.call import Value, Verb
from roomgate.xapi.errors import BadArgument, XapiError
from roomgate.xapi.schema import BODY_LIMIT_BYTES, Catalogue

PLACES = ("everything", "site", "tag", "room")
PARTS = ("settings", "macros", "panels", "branding", "users")
LAID = (*PARTS, "others")  # what layers lay over each other
LARGEST_PICTURE_BYTES = 2 * 1024 * 1024
_TOP = ("name", *PLACES, "only", "upgrade")
_ONLY = ("sites", "tags", "rooms", "products")
_MOST_COMPLAINTS = 100
_ENOUGH = 300  # complaints, after which nobody reads on: looking for the right name takes its time
_MOST_KEYS = 20_000
_FILE = "the command line and the page read files; here the text itself is given"
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")  # how PNG and JPEG begin


class BadDocument(BadInput):
    """The document says something that cannot be meant; nothing was planned. ``complaints``: each with its place."""

    code = "fleet.document"
    hint = "Correct what each line names, and plan again."

    def __init__(self, complaints: Sequence[str]) -> None:
        shown = list(complaints[:_MOST_COMPLAINTS])
        more = len(complaints) - len(shown)
        super().__init__("\n".join([*shown, *([f"… and {more} more"] if more else [])]))
        self.complaints = tuple(complaints)


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True, slots=True)
class Macro:
    """``code`` None: what is there stays as it is, and is only switched on or off. ``active`` None: stays as it is."""

    code: str | None = None
    active: bool | None = None
    absent: bool = False
    digest: str = field(init=False, default="", compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", digest_of((self.code or "").encode()))


@dataclass(frozen=True, slots=True)
class Panel:
    xml: str = ""
    absent: bool = False
    digest: str = field(init=False, default="", compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", digest_of(self.xml.encode()))


@dataclass(frozen=True, slots=True)
class Branding:
    """An image as the device takes it: base64. ``digest`` and ``size_bytes`` are the picture's own."""

    image: str = ""
    absent: bool = False
    digest: str = field(init=False, default="", compare=False)
    size_bytes: int = field(init=False, default=0, compare=False)

    def __post_init__(self) -> None:
        picture = base64.b64decode(self.image)
        object.__setattr__(self, "digest", digest_of(picture))
        object.__setattr__(self, "size_bytes", len(picture))


@dataclass(frozen=True, slots=True)
class User:
    """An account as it should be, or must not be. A passphrase stands in no document."""

    roles: tuple[str, ...] | None = None
    active: bool | None = None
    absent: bool = False


@dataclass(frozen=True, slots=True)
class Layer:
    """What one part of the document says. Settings by their path below Configuration, in the device's spelling."""

    settings: Mapping[str, Value] = field(default_factory=dict)
    macros: Mapping[str, Macro] = field(default_factory=dict)
    panels: Mapping[str, Panel] = field(default_factory=dict)
    branding: Mapping[str, Branding] = field(default_factory=dict)
    users: Mapping[str, User] = field(default_factory=dict)
    others: Mapping[str, str] = field(default_factory=dict)  # of a part (users): remove, or keep what is not named


@dataclass(frozen=True, slots=True)
class Only:
    """Which rooms the document is about. What is not said leaves nobody out; what is said must all fit."""

    sites: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None
    rooms: tuple[str, ...] | None = None
    products: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Upgrade:
    """Software from an address. ``version``: what the device says afterwards, as far as it is known."""

    url: str
    version: str = ""
    minutes: int = 30


@dataclass(frozen=True, slots=True)
class Document:
    name: str
    everything: Layer
    site: Mapping[str, Layer]
    tag: Mapping[str, Layer]
    room: Mapping[str, Layer]
    only: Only
    upgrade: Upgrade | None = None

    @property
    def layers(self) -> list[Layer]:
        return [self.everything, *(one for some in (self.site, self.tag, self.room) for one in some.values())]

    def bodies(self) -> dict[str, str]:
        """All that its steps send along, by digest: steps name it, since a thousand rooms send the same."""
        found: dict[str, str] = {}
        for layer in self.layers:
            found |= {one.digest: one.code for one in layer.macros.values() if one.code is not None}
            found |= {one.digest: one.xml for one in layer.panels.values()}
            found |= {one.digest: one.image for one in layer.branding.values()}
        return found


def parse_document(tables: Mapping[str, Any], catalogue: Catalogue) -> Document:
    """Raises BadDocument with every complaint."""
    return _Reader(catalogue).document(tables)


class _Reader:
    """Reads one document; what is wrong is noted, and reading goes on."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.complaints: list[str] = []

    def document(self, tables: Mapping[str, Any]) -> Document:
        if _size(tables) > _MOST_KEYS:  # before each is looked at, which takes its time
            raise BadDocument([f"the document says more than {_MOST_KEYS} things"])
        self._known("the document", tables, _TOP)
        name = self._text("name", tables.get("name", ""), 120)
        everything = self._layer("everything", tables.get("everything", {}))
        named = {
            place: {
                one: self._layer(f"{place}.{one}", said)
                for one, said in self._table(place, tables.get(place, {})).items()
            }
            for place in PLACES[1:]
        }
        only = self._only(tables.get("only", {}))
        upgrade = self._upgrade(tables["upgrade"]) if "upgrade" in tables else None
        made = Document(name, everything, named["site"], named["tag"], named["room"], only, upgrade)
        says = sum(len(part) for one in made.layers for part in (getattr(one, name) for name in LAID))
        if upgrade is not None and says:
            self.complaints.append("upgrade: a document that upgrades software says nothing else")
        elif upgrade is None and not says and not self.complaints:
            self.complaints.append(f"the document says nothing: give {', '.join(PARTS[:-1])} or {PARTS[-1]}")
        if self.complaints:
            raise BadDocument(self.complaints)
        return made

    # -- parts -------------------------------------------------------------------------------------

    def _layer(self, place: str, said: Any) -> Layer:
        said = self._table(place, said)
        self._known(place, said, PARTS)
        made: dict[str, dict[str, Any]] = {}
        for part in PARTS:
            made[part] = {}
            where = f"{place}.{part}"
            entries = self._table(where, said.get(part, {}))
            if part == "settings":
                made[part] = self._settings(where, entries)
                continue
            if part == "users" and isinstance(said_of_others := entries.get("others"), str):
                entries = {name: entry for name, entry in entries.items() if name != "others"}
                made["others"] = self._others(where, said_of_others)
            read = getattr(self, f"_{part}")
            for name, entry in entries.items():
                here = f'{where}."{name[:80]}"'
                if (one := read(here, name, self._table(here, entry))) is not None:
                    made[part][name] = one
        return Layer(**made)

    def _settings(self, where: str, entries: Mapping[str, Any]) -> dict[str, Value]:
        made: dict[str, Value] = {}
        for path, value in _flat(entries):
            here = f'{where}."{path[:120]}"'
            try:
                call = self.catalogue.canonical(Verb.SET, f"Configuration/{path}", {"Value": value})
            except XapiError as bad:
                self.complaints.append(f"{here}: {bad}")
                if len(self.complaints) > _ENOUGH:
                    break
                continue
            key, canonical = str(call.path).removeprefix("Configuration/"), call.argument("Value")
            assert canonical is not None, "a set has a Value"
            if key in made:
                self.complaints.append(f"{here}: {key} is said twice")
            made[key] = canonical
        return made

    def _macros(self, here: str, name: str, entry: Mapping[str, Any]) -> Macro | None:
        if not self._known(here, entry, ("code", "active", "absent")) or not self._named(here, name, 250):
            return None
        if self._absent(here, entry):
            return Macro(absent=True)
        code = entry.get("code")
        if code is not None and not self._is_body(here, "code", code):
            return None
        active = self._flag(here, "active", entry)
        if code is None and active is None:
            self.complaints.append(f"{here}: give code, active or absent")
            return None
        return Macro(code, active)

    def _panels(self, here: str, name: str, entry: Mapping[str, Any]) -> Panel | None:
        if not self._known(here, entry, ("xml", "absent")) or not self._named(here, name, 255):
            return None
        if self._absent(here, entry):
            return Panel(absent=True)
        xml = entry.get("xml")
        return Panel(xml) if self._is_body(here, "xml", xml) and isinstance(xml, str) else None

    def _branding(self, here: str, name: str, entry: Mapping[str, Any]) -> Branding | None:
        if not self._known(here, entry, ("image", "absent")):
            return None
        try:
            self.catalogue.canonical(Verb.COMMAND, "UserInterface.Branding.Delete", {"Type": name})
        except BadArgument as bad:
            self.complaints.append(f"{here}: {bad}")
            return None
        if self._absent(here, entry):
            return Branding(absent=True)
        image = entry.get("image")
        try:
            picture = base64.b64decode("".join(image.split()), validate=True) if isinstance(image, str) else b""
        except (ValueError, binascii.Error):
            picture = b""
        if not picture.startswith(_PICTURES):
            self.complaints.append(f"{here}: image is a PNG or JPEG in base64")
            return None
        if len(picture) > LARGEST_PICTURE_BYTES:
            most = LARGEST_PICTURE_BYTES // 1024 // 1024
            self.complaints.append(f"{here}: a picture has at most {most} MiB; this one has {len(picture)} bytes")
            return None
        return Branding(base64.b64encode(picture).decode())

    def _users(self, here: str, name: str, entry: Mapping[str, Any]) -> User | None:
        for key in entry:
            if "pass" in key.lower():
                self.complaints.append(f"{here}: a document holds no passphrase; give the account one at the device")
                return None
        if not self._known(here, entry, ("roles", "active", "absent")) or not self._named(here, name, 127):
            return None
        if self._absent(here, entry):
            return User(absent=True)
        roles = entry.get("roles")
        checked: tuple[str, ...] | None = None
        if roles is not None:
            space = self.catalogue.command("Command/UserManagement/User/Modify").parameter("AddRole")
            assert space is not None, "the catalogue knows the roles of users"
            try:
                found = space.space.check(roles, "roles")
            except BadArgument as bad:
                self.complaints.append(f"{here}: {bad}")
                return None
            checked = tuple(sorted({str(one) for one in (found if isinstance(found, tuple) else (found,))}))
        active = self._flag(here, "active", entry)
        if checked is None and active is None:
            self.complaints.append(f"{here}: give roles, active or absent")
            return None
        return User(checked, active)

    def _others(self, where: str, said: str) -> dict[str, str]:
        if said not in ("remove", "keep"):
            self.complaints.append(f'{where}.others: what becomes of accounts that are not named: "remove" or "keep"')
        return {"users": said}

    def _only(self, said: Any) -> Only:
        said = self._table("only", said)
        self._known("only", said, _ONLY)
        lists: dict[str, tuple[str, ...]] = {}
        for key in _ONLY:
            if key in said:
                if not isinstance(said[key], list) or not all(isinstance(one, str) for one in said[key]):
                    self.complaints.append(f"only.{key}: give a list of names")
                else:
                    lists[key] = tuple(said[key])
        return Only(**lists)

    def _upgrade(self, said: Any) -> Upgrade | None:
        said = self._table("upgrade", said)
        self._known("upgrade", said, ("url", "version", "minutes"))
        url, version = said.get("url", ""), self._text("upgrade.version", said.get("version", ""), 80)
        if not isinstance(url, str) or not url.startswith("https://") or len(url) > 1024:
            self.complaints.append("upgrade.url: give an address that begins with https://")
            return None
        minutes = said.get("minutes", 30)
        if isinstance(minutes, str) and minutes.isascii() and minutes.isdigit():
            minutes = int(minutes)
        if not isinstance(minutes, int) or isinstance(minutes, bool) or not 1 <= minutes <= 24 * 60:
            self.complaints.append("upgrade.minutes: how long a room may take, from 1 to 1440")
            return None
        return Upgrade(url, version, minutes)

    # -- words -------------------------------------------------------------------------------------

    def _table(self, where: str, said: Any) -> Mapping[str, Any]:
        if isinstance(said, dict):
            return said
        self.complaints.append(f"{where}: this is a table, not {_shown(said)}")
        return {}

    def _known(self, where: str, said: Mapping[str, Any], names: Sequence[str]) -> bool:
        unknown = [key for key in said if key not in names]
        for key in unknown:
            if key == "file":
                self.complaints.append(f"{where}: {_FILE}")
                continue
            near = difflib.get_close_matches(key.lower()[:64], names, n=1, cutoff=0.5)
            hint = f" (did you mean {near[0]}?)" if near else f" (there are {', '.join(names)})"
            self.complaints.append(f"{where} has no {key[:64]}{hint}")
        return not unknown

    def _named(self, here: str, name: str, longest: int) -> bool:
        if 0 < len(name) <= longest and name.isprintable():
            return True
        self.complaints.append(f"{here}: a name has 1 to {longest} printable characters")
        return False

    def _text(self, where: str, said: Any, longest: int) -> str:
        if isinstance(said, str) and len(said) <= longest and (said.isprintable() or not said):
            return said
        self.complaints.append(f"{where}: give one line of at most {longest} characters")
        return ""

    def _flag(self, here: str, key: str, entry: Mapping[str, Any]) -> bool | None:
        said = entry.get(key)
        if isinstance(said, str) and said.lower() in ("true", "false"):  # as YAML is read
            return said.lower() == "true"
        if said is not None and not isinstance(said, bool):
            self.complaints.append(f"{here}: {key} is true or false")
            return None
        return said

    def _absent(self, here: str, entry: Mapping[str, Any]) -> bool:
        absent = self._flag(here, "absent", entry)
        if absent and len(entry) > 1:
            self.complaints.append(f"{here}: absent stands alone")
        return bool(absent)

    def _is_body(self, here: str, key: str, said: Any) -> bool:
        if isinstance(said, str) and said and _encodes(said) and len(said.encode()) <= BODY_LIMIT_BYTES:
            return True
        self.complaints.append(f"{here}: {key} is a text of at most 8 MiB")
        return False


def _encodes(text: str) -> bool:
    if "\x00" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _size(said: Any) -> int:
    """How many values it holds; no more than one beyond the most."""
    found, left = 0, [said]
    while left and found <= _MOST_KEYS:
        one = left.pop()
        if isinstance(one, dict | list):
            left.extend(one.values() if isinstance(one, dict) else one)
        found += 1
    return found


def _flat(entries: Mapping[str, Any], above: str = "") -> list[tuple[str, Any]]:
    """Settings by their whole path, also where a document nests them."""
    found: list[tuple[str, Any]] = []
    for name, value in entries.items():
        path = f"{above}/{name}" if above else name
        if isinstance(value, dict):
            found += _flat(value, path)
        else:
            found.append((path, value))
    return found


def _shown(said: Any) -> str:
    return {list: "a list", str: "a text", bool: "true or false", int: "a number"}.get(type(said), "that")
