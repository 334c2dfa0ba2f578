"""Every invitation of the corpus against what was written beside it, and the device's part in the choice."""

import json
from pathlib import Path

import pytest

from roomgate.errors import RoomgateError
from roomgate.meetings.invite import BadInvitation
from roomgate.meetings.meeting import How
from roomgate.meetings.understand import DeviceAbilities, explain

CORPUS = Path(__file__).parents[2] / "corpus" / "invites"
NAMES = sorted(path.stem for path in CORPUS.glob("*.ics"))
KEYS = ["service", "title", "start", "end", "private", "cancelled", "join", "alternatives", "because"]


def raw(name: str) -> bytes:
    return (CORPUS / f"{name}.ics").read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_the_corpus(name):
    expected = json.loads((CORPUS / f"{name}.json").read_text())
    allowed = expected.get("allowed_domains")
    device = DeviceAbilities(allowed_domains=None if allowed is None else frozenset(allowed))
    if "error" in expected:
        with pytest.raises(RoomgateError) as caught:
            explain(raw(name), device)
        assert caught.value.code == expected["error"]
        return
    seen = explain(raw(name), device)
    assert all(list(one) == KEYS for one in seen)
    told = json.dumps([one.pop("because") for one in seen])
    assert seen == expected["events"]
    for words in expected["told"]:
        assert words in told, f"{words!r} is not among the reasons: {told}"


def test_the_corpus_is_whole():
    origin = (CORPUS / "ORIGIN.md").read_text()
    assert len(NAMES) >= 25
    assert all(f"`{name}.ics`" in origin and (CORPUS / f"{name}.json").exists() for name in NAMES)


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
    from datetime import UTC, datetime, timedelta

    from roomgate.meetings.invite import Window

    start = datetime(2026, 3, 10, tzinfo=UTC)
    with pytest.raises(BadInvitation):
        explain(raw("hostile-secondly"), window=Window(start, start + timedelta(days=7)))
