"""Every invitation of the corpus in many spellings, and with every host exchanged for a hostile one."""

import json
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from roomgate.meetings.invite import BadInvitation, Window
from roomgate.meetings.understand import DeviceAbilities, explain
from support import invite_variants as variants

CORPUS = Path(__file__).parents[1] / "corpus" / "invites"
LATER = (CORPUS / "later.txt").read_text().split()


def plain_cases() -> dict[str, bytes]:
    """Those that are text of one charset, and that are understood."""
    found = {}
    for path in sorted(CORPUS.glob("*.ics")):
        raw = path.read_bytes()
        expected = json.loads(path.with_suffix(".json").read_text())
        if path.stem in LATER or "error" in expected or len(raw) > 50_000 or raw[:1] != b"B":
            continue
        try:
            raw.decode()
        except UnicodeDecodeError:
            continue
        found[path.stem] = raw
    return found


CASES = plain_cases()
TAGS = {name: json.loads((CORPUS / f"{name}.json").read_text()).get("tags", []) for name in CASES}
# Where a change would change what is said, and not how.
WITHOUT: dict[str, tuple[str, ...]] = {
    "wrapped_links": ("hostile", "wrapper"),
    "forwarded": ("hostile", "quoted"),
    "answered": ("hostile", "quoted"),
    "as_html": ("hostile", "quoted", "wrapper"),
    "unseen_signs": ("hostile",),
    "wide_signs": ("hostile",),
}


def outcome(name: str, raw: bytes) -> list[dict[str, Any]]:
    expected = json.loads((CORPUS / f"{name}.json").read_text())
    allowed = expected.get("allowed_domains")
    device = DeviceAbilities(
        registered=expected.get("registered"), allowed_domains=None if allowed is None else frozenset(allowed)
    )
    window = expected.get("window")
    seen = explain(
        raw,
        device,
        zone=ZoneInfo(expected.get("zone", "UTC")),
        window=Window(*map(datetime.fromisoformat, window)) if window else None,
    )
    for one in seen:
        one["because"] = sorted({step.get("reason") or "" for step in one["because"]} - {"", "wrapper-not-undone"})
    return seen


def differing(change: str, names: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in names:
        chance = Random(f"{change} {name}")
        raw = CASES[name]
        if change in variants.OF_BYTES:
            made: bytes | None = variants.OF_BYTES[change](raw, chance)
        else:
            lines = variants.OF_LINES[change](variants.unfold(raw), chance)
            made = None if lines is None else variants.fold(lines)
        if made is None:
            continue
        before, after = outcome(name, raw), outcome(name, made)
        if before != after:
            found[name] = (before, after)
    return found


@pytest.mark.parametrize("change", [*variants.OF_BYTES, *variants.OF_LINES])
def test_how_it_is_put_does_not_change_what_is_understood(change):
    without = WITHOUT.get(change, ())
    names = [name for name in CASES if not {*TAGS[name], name.partition("-")[0]} & set(without)]
    if change in ("answered", "forwarded"):
        names = [name for name in names if any(one["join"]["how"] != "none" for one in outcome(name, CASES[name]))]
    assert len(names) > 90
    assert differing(change, names) == {}


@pytest.mark.parametrize("kind", variants.HOSTILE_HOSTS)
def test_a_hostile_host_is_never_a_button(kind):
    change = variants.HOSTILE_HOSTS[kind]
    customers = DeviceAbilities(allowed_domains=frozenset({"example.com"}))
    for name, raw in CASES.items():
        made = variants.fold(variants.hostile(variants.unfold(raw), change))
        try:
            seen = explain(made, customers)
        except BadInvitation:
            continue
        for one in seen:
            joins = json.dumps([one["join"], *one["alternatives"]])
            hosts = [join["address"] or "" for join in (one["join"], *one["alternatives"])]
            assert variants.EVIL not in joins, name
            assert not any(change(host) in joins for host in ("zoom.us", "webex.com", "teams.microsoft.com")), name
            assert all(host.isascii() for host in hosts), name
