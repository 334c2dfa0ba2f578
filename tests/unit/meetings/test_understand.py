"""Every invitation of the corpus against what was written beside it, and the device's part in the choice."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from roomgate.errors import RoomgateError
from roomgate.meetings.invite import BadInvitation, Window
from roomgate.meetings.meeting import How
from roomgate.meetings.understand import DeviceAbilities, explain

CORPUS = Path(__file__).parents[2] / "corpus" / "invites"
NAMES = sorted(path.stem for path in CORPUS.glob("*.ics"))
LATER = (CORPUS / "later.txt").read_text().split()  # expected, not yet understood
UNTOLD = {  # no button, as it should be; the word for why is not found yet
    "hostile-file-link", "hostile-url-property", "hostile-wrapper-lookalike", "hostile-zero-width", "wrap-shortener",
}  # fmt: skip
FORM = {
    "events", "error", "told", "allowed_domains", "registered", "window", "zone", "passcode_place", "reason", "tags",
}  # fmt: skip
KEYS = ["service", "title", "start", "end", "private", "cancelled", "join", "alternatives", "because"]


def raw(name: str) -> bytes:
    return (CORPUS / f"{name}.ics").read_bytes()


def differs(name: str) -> str | None:
    """How what is understood parts from what was written beside the invitation; None where it does not."""
    expected = json.loads((CORPUS / f"{name}.json").read_text())
    allowed = expected.get("allowed_domains")
    device = DeviceAbilities(
        registered=expected.get("registered"), allowed_domains=None if allowed is None else frozenset(allowed)
    )
    window = expected.get("window")
    try:
        seen = explain(
            raw(name),
            device,
            zone=ZoneInfo(expected.get("zone", "UTC")),
            window=Window(*map(datetime.fromisoformat, window)) if window else None,
        )
    except RoomgateError as refused:
        return None if refused.code == expected.get("error") else f"refused: {refused.code}"
    if "error" in expected:
        return "not refused"
    if not all(list(one) == KEYS for one in seen):
        return "an event has other keys"
    reasons = {step.get("reason") for one in seen for step in one["because"]}
    told = json.dumps([one.pop("because") for one in seen])
    if len(seen) != len(expected["events"]):
        return f"{len(seen)} events"
    for one, wanted in zip(seen, expected["events"], strict=True):
        for key, value in wanted.items():
            if one[key] != value:
                return f"{key}: {one[key]!r} in place of {value!r}"
    if (place := expected.get("passcode_place")) and place != passcode_place(seen[0]["join"]):
        return f"the passcode's place is {passcode_place(seen[0]['join'])}"
    missing = [words for words in expected["told"] if words not in told]
    if missing:
        return f"{missing} not among the reasons: {told}"
    if (reason := expected.get("reason")) and (reason in reasons) is (name in UNTOLD):
        return f"the reasons are {reasons}, and {reason} is one of them: {reason in reasons}"
    return None


def passcode_place(join: dict[str, Any]) -> str:
    passcode, address = join["passcode"], join["address"] or ""
    if passcode is None:
        return "none"
    if passcode in address.split("@", 1)[0].replace("#", ".").split("."):
        return "address"
    return "argument" if passcode in join["arguments"].values() else "asked"


@pytest.mark.parametrize("name", [name for name in NAMES if name not in LATER])
def test_the_corpus(name):
    assert differs(name) is None


def test_what_is_not_yet_understood():
    """A case that is understood after all has to leave the list; none of them may raise anything but our error."""
    assert [name for name in LATER if differs(name) is None] == []


def test_the_corpus_is_whole():
    origin = (CORPUS / "ORIGIN.md").read_text()
    assert len(NAMES) >= 140
    assert all(f"`{name}.ics`" in origin and (CORPUS / f"{name}.json").exists() for name in NAMES)
    assert sorted(set(LATER)) == LATER
    assert set(LATER) <= set(NAMES)
    for one in (json.loads((CORPUS / f"{name}.json").read_text()) for name in NAMES):
        assert set(one) <= FORM
        assert "reason" not in one or f"`{one['reason']}`" in origin


@pytest.mark.parametrize("service", ["zoom", "webex", "teams", "meet"])
def test_the_big_services_stand_in_six_languages(service):
    tags = [json.loads((CORPUS / f"{name}.json").read_text()).get("tags", []) for name in NAMES]
    spoken = {word for one in tags if service in one for word in one}
    assert spoken >= {"en", "zh", "de", "fr", "es", "ja"}


def hows(name: str, device: DeviceAbilities) -> list[str]:
    one = explain(raw(name), device)[0]
    return [one["join"]["how"], *[other["how"] for other in one["alternatives"]]]


def test_a_device_without_the_cloud_gets_no_native_join():
    assert hows("teams-cvi-cisco", DeviceAbilities(registered=False)) == ["sip"]
    assert hows("teams-no-cvi", DeviceAbilities(registered=False)) == ["none"]


def test_a_registered_device_prefers_its_own_webex_but_keeps_the_gateway_first_for_teams():
    assert hows("webex-video-address", DeviceAbilities(registered=True)) == ["native", "sip"]
    assert hows("teams-cvi-cisco", DeviceAbilities(registered=True))[0] == "sip"


def test_a_device_without_h323_or_sip():
    assert How.H323 not in hows("zoom-sip-block", DeviceAbilities(h323=False))
    assert hows("zoom-sip-block", DeviceAbilities(sip=False)) == ["h323", "h323"]


def test_the_empty_list_of_domains_allows_none():
    assert hows("sip-location", DeviceAbilities(allowed_domains=frozenset())) == ["none"]


def test_the_list_is_matched_by_whole_labels():
    assert hows("sip-location", DeviceAbilities(allowed_domains=frozenset({"ample.com"}))) == ["none"]


def test_the_list_rules_a_plain_address_beside_a_service_too():
    device = DeviceAbilities(allowed_domains=frozenset(), registered=False)
    assert hows("teams-cvi-pexip", device) == ["none"]


def test_a_series_that_is_too_fast_is_refused_when_expanded():
    start = datetime(2026, 3, 10, tzinfo=UTC)
    with pytest.raises(BadInvitation):
        explain(raw("hostile-secondly"), window=Window(start, start + timedelta(days=7)))
