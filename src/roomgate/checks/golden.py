"""The device's own pages as somebody captured them at the site: files of the folder ``[device] golden``."""

from pathlib import Path

from roomgate.checks.snapshot import TEXT_MOST
from roomgate.checks.target import Target
from roomgate.errors import BadInput

PAGES_MOST = 8


def golden_folder(target: Target) -> Path | None:
    return target.base / target.device.golden if target.device.golden else None


def golden_names(target: Target) -> list[str]:
    """The HTML files of the folder, in their order; none where there is no folder."""
    folder = golden_folder(target)
    if folder is None or not folder.is_dir():
        return []
    return sorted(file.name for file in folder.iterdir() if file.suffix.lower() in (".html", ".htm"))[:PAGES_MOST]


def load_golden(target: Target, name: str) -> str:
    """Its text, up to TEXT_MOST. Raises BadInput for a file that is not there, or not in the folder."""
    folder = golden_folder(target)
    if folder is None or Path(name).name != name:
        raise BadInput(f"{name} is no file of the folder that [device] golden names.")
    try:
        with (folder / name).open("rb") as file:
            return file.read(TEXT_MOST).decode("utf-8", "replace")
    except OSError as bad:
        raise BadInput(f"{folder / name} cannot be read: {bad.strerror}.") from bad
