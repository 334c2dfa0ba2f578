"""Requests that belong together: a first one, and those that followed its redirects. Pure."""

from collections.abc import Sequence
from urllib.parse import urljoin

from roomgate.checks.snapshot import Exchange


def leads(step: Exchange) -> str:
    """Where a redirect goes to, whole; empty for what is none."""
    location = step.header("location")
    try:
        return urljoin(step.url, location) if location and 300 <= step.status < 400 else ""
    except ValueError:
        return ""


def ways_of(steps: Sequence[Exchange]) -> list[list[Exchange]]:
    """In the order that they were made."""
    ways: list[list[Exchange]] = []
    for step in steps:
        if ways and leads(ways[-1][-1]) == step.url:
            ways[-1].append(step)
        else:
            ways.append([step])
    return ways
