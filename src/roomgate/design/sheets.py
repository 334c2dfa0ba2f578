"""The shared style sheets: tokens (colours, sizes, type) and components."""

from importlib import resources

SHEETS = ("tokens.css", "components.css")


def load_sheet(name: str) -> bytes:
    """One of `SHEETS`."""
    return resources.files("roomgate.design").joinpath(name).read_bytes()
