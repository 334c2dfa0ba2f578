"""Pure: one setting of one device, as the person who looks may see and change it.

The catalogue says what there is and what it takes; the device's own answer says what this device has, list members
included. What a device tells beyond the catalogue is not shown: no rule says whose it is.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any

from roomgate.access.branch import ends, may_cut
from roomgate.access.capability import Capability, Classes, Words, longest
from roomgate.xapi import tree
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.errors import XapiError
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue, Leaf
from roomgate.xapi.tables import space_of
from roomgate.xapi.values import AnyOf, Literals, Number, Text, ValueSpace

ROOT = "Configuration"
HIDDEN = "***"
Scalar = str | int
# A device's own words say that these are in force only after its next restart.
_AT_RESTART: frozenset[Words] = frozenset(
    {
        ("Security", "Fips"),
        ("Security", "Session", "FailedLoginsLockoutTime"),
        ("Security", "Session", "InactivityTimeout"),
        ("Security", "Session", "MaxFailedLogins"),
    }
)
_OWN_SECRETS = frozenset({("NetworkServices", "SNMP", "CommunityName"), ("Standby", "Signage", "Url")})


@dataclass(frozen=True, slots=True)
class Control:
    """How a value is put in: ``select`` of ``options``, ``number`` from ``low`` to ``high``, ``text``."""

    kind: str
    options: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """``missing``: the classes that the person's grants lack to change it. ``addressable``: whether the catalogue has
    this member of its list, so that a change of it can be said."""

    path: Path
    value: Scalar
    space: ValueSpace
    default: str | None
    kind: Capability
    missing: tuple[Capability, ...]
    secret: bool
    addressable: bool = True

    @property
    def name(self) -> str:
        """Its address without the root, as people write it."""
        return name_of(self.path)

    @property
    def writable(self) -> bool:
        return self.addressable and not self.missing

    @property
    def at_default(self) -> bool:
        """Whether it has its default; also where none is known, since there is nothing to go back to."""
        return self.default is None or self.secret or str(self.value) == self.default

    @property
    def control(self) -> Control:
        return control_of(self.space)

    @property
    def shown(self) -> str:
        """Its value for people; of a secret no more than whether there is one."""
        return shown_value(self.value, self.secret)

    @property
    def searched(self) -> str:
        """What a search goes by, in small letters."""
        return f"{_searched(self.name)} {self.shown.lower()}"


@lru_cache(maxsize=16_384)  # bounded, since devices choose the paths
def _searched(name: str) -> str:
    return f"{name} {name.replace('/', ' ')}".lower()


def name_of(path: Path) -> str:
    return _joined(path.parts)


@lru_cache(maxsize=16_384)  # bounded, since devices choose the paths
def _joined(parts: tuple[str | int, ...]) -> str:
    return "/".join(map(str, parts[1:]))


def shown_value(value: Scalar | None, secret: bool) -> str:
    if secret:
        return "•••" if value else ""
    return "" if value is None else str(value)


def build_settings(document: Any, held: Collection[frozenset[Capability]], catalogue: Catalogue) -> list[Setting]:
    """The settings in a device's answer to a read of all of Configuration, in the catalogue's order of groups.

    ``held``: what each of the person's live grants gives. Rights of two grants do not add up to a third.
    """
    readable = frozenset().union(*held)
    lacks: dict[Capability, tuple[Capability, ...]] = {}
    found = []
    for path, value in tree.leaves(document, Path((ROOT,))):
        known = _known(catalogue, path)
        if known is None or known.kind not in readable or not isinstance(value, str | int):
            continue
        kind, leaf = known.kind, known.leaf
        if kind not in lacks:
            lacks[kind] = _lacking(kind, held)
        secret = known.secret or value == HIDDEN  # what this hub hid because of its name (`masking`)
        setting = Setting(path, value, known.space, leaf.default, kind, lacks[kind], secret, known.addressable)
        found.append((known.order, setting))
    return [setting for _, setting in sorted(found, key=itemgetter(0))]


@dataclass(frozen=True, slots=True)
class _Known:
    """What follows from a path alone."""

    leaf: Leaf
    kind: Capability
    space: ValueSpace
    secret: bool
    addressable: bool
    order: tuple[tuple[int, int, str], ...]


@lru_cache(maxsize=16_384)  # bounded, since devices choose the paths
def _known(catalogue: Catalogue, path: Path) -> _Known | None:
    leaf, kind = known_leaves(catalogue).get(path.words), Classes.shipped().of(path)
    if leaf is None or kind is None:
        return None
    fitting = tuple(variant for variant in leaf.variants if variant.fits(path))
    order = tuple(map(_sorting, path.parts))
    return _Known(leaf, kind, space_of(fitting or leaf.variants), is_secret(leaf), bool(fitting), order)


def is_secret(leaf: Leaf) -> bool:
    """Whether nobody may read it back."""
    return leaf.masked or leaf.path.words in _OWN_SECRETS


@lru_cache(maxsize=4)
def known_leaves(catalogue: Catalogue) -> Mapping[Words, Leaf]:
    """Every configuration of the catalogue by its words."""
    return {leaf.path.words: leaf for leaf in catalogue.leaves(Path((ROOT,)))}


def control_of(space: ValueSpace) -> Control:
    match space:
        case Literals(words=words, open=False):
            return Control("select", words)
        case Number(low=low, high=high):
            return Control("number", (), low, high)
        case Text(longest=most):
            return Control("text", (), None, most)
        case AnyOf(spaces=spaces):
            return _united([control_of(one) for one in spaces])
        case _:
            return Control("text")


def _united(controls: list[Control]) -> Control:
    kinds = {one.kind for one in controls}
    if kinds == {"select"}:
        return Control("select", tuple(dict.fromkeys(word for one in controls for word in one.options)))
    if kinds == {"number"}:
        lows, highs = [one.low for one in controls], [one.high for one in controls]
        low = None if None in lows else min(one for one in lows if one is not None)
        return Control("number", (), low, None if None in highs else max(one for one in highs if one is not None))
    return Control("text")


def parse_change(name: str, value: object, catalogue: Catalogue) -> Call:
    """A change by the setting's name, with or without the root; raises XapiError for what nobody can set."""
    path = Path.parse(name if name.lower().startswith(ROOT.lower()) else f"{ROOT}/{name}")
    return catalogue.canonical(Verb.SET, path, {"Value": value})


def warnings(call: Call) -> tuple[str, ...]:
    """What somebody should know before: ``ends`` (the site will refuse), ``fence``, ``restart``."""
    words = call.path.words
    found = ["ends"] if ends(call) else ["fence"] if may_cut(call) else []
    return tuple(found + (["restart"] if longest(_AT_RESTART, words) else []))


def matches(setting: Setting, wanted: str) -> bool:
    """Whether each of the wanted words stands in the setting's name or value."""
    text = setting.searched
    return all(word in text for word in wanted.lower().split())


def reset_value(setting: Setting, catalogue: Catalogue) -> str | None:
    """The default, if it can be set."""
    try:
        parse_change(setting.name, setting.default, catalogue)
    except XapiError:
        return None
    return setting.default


def _lacking(kind: Capability, held: Collection[frozenset[Capability]]) -> tuple[Capability, ...]:
    """What the best of the grants lacks of what a change of this class needs."""
    needed = (kind, Capability.CONFIGURE)
    lacks = [tuple(one for one in needed if one not in grant) for grant in held] or [needed]
    return min(lacks, key=len)


def _sorting(part: str | int) -> tuple[int, int, str]:
    return (0, part, "") if isinstance(part, int) else (1, 0, part.lower())
