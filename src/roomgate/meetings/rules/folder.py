"""The customer's own packs: a folder of TOML files beside those of the release.

A pack for a new service is added. One for a service that the release knows takes its place if its version is
higher; otherwise it is passed over and that is told, so that a new release never fails for the sake of an old file.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from roomgate.meetings.rules.build import parse_pack
from roomgate.meetings.rules.catalogue import Catalogue, shipped
from roomgate.meetings.rules.form import MOST_BYTES, BadPack
from roomgate.meetings.rules.pack import Pack
from roomgate.meetings.rules.samples import check_samples

MOST_PACKS = 50


@dataclass(frozen=True, slots=True)
class Rules:
    """What a site goes by. ``own``: the packs that were taken; ``passed_over``: those that were not, and why."""

    catalogue: Catalogue
    own: tuple[Pack, ...] = ()
    passed_over: tuple[str, ...] = ()


def load_rules(folder: Path) -> Rules:
    """The release's packs and the folder's, samples and all. Raises `BadPack` with every complaint."""
    return build_rules(load_files(folder))


def load_files(folder: Path) -> list[tuple[str, bytes]]:
    """What the folder holds, by name, as it stands. Raises `BadPack`."""
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == ".toml" and path.is_file())
        if len(paths) > MOST_PACKS:
            raise BadPack(f"{folder.name}: holds more than {MOST_PACKS} packs")
        return [(path.name, _read(path)) for path in paths]
    except OSError as bad:
        raise BadPack(f"{folder}: cannot be read: {bad.strerror}") from bad


def _read(path: Path) -> bytes:
    with path.open("rb") as source:
        return source.read(MOST_BYTES + 1)


def build_rules(files: Iterable[tuple[str, bytes]], base: Catalogue | None = None) -> Rules:
    """Pure: names and contents in, the catalogue out. Raises `BadPack` with every complaint."""
    base = base or shipped()
    packs: dict[str, tuple[str, Pack]] = {}
    passed_over: list[str] = []
    complaints: list[str] = []
    for name, raw in files:
        try:
            pack = parse_pack(raw, name, own=True)
        except BadPack as bad:
            complaints.append(bad.message)
            continue
        known = base.find(pack.service)
        if known is not None and pack.version <= known.version:
            passed_over.append(
                f"{name}: {pack.service} is at version {known.version} in this release; version {pack.version} is not used"
            )
        elif pack.service in packs:
            complaints.append(f"{name}: {packs[pack.service][0]} is for {pack.service} too")
        else:
            packs[pack.service] = (name, pack)
    own = tuple(pack for _, pack in packs.values())
    catalogue = base.with_own(own)
    for pack in own:
        try:
            check_samples(pack, catalogue)
        except BadPack as bad:
            complaints.append(bad.message)
    if complaints:
        raise BadPack("\n".join(complaints))
    return Rules(catalogue, own, tuple(passed_over))
