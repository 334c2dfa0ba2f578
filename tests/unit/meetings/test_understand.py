"""Every invitation of the corpus against what was written beside it, and the device's part in the choice."""

from datetime import UTC, datetime, timedelta

import pytest

from roomgate.meetings.invite import BadInvitation, Window
from roomgate.meetings.meeting import How
from roomgate.meetings.understand import DeviceAbilities, explain
from support.invite_corpus import CORPUS, FORM, differs, expected, names, reason_missing
from support.invites import ics

INVITES = CORPUS / "invites"
START = "DTSTART:20260310T090000Z"
NAMES = names(INVITES)
LATER = (INVITES / "later.txt").read_text().split()  # expected, not yet understood
UNTOLD = {  # no button, as it should be; the word for why is not found yet
    "hostile-file-link", "hostile-url-property", "hostile-zero-width", "wrap-shortener",
}  # fmt: skip


def raw(name: str) -> bytes:
    return (INVITES / f"{name}.ics").read_bytes()


@pytest.mark.parametrize("name", [name for name in NAMES if name not in LATER])
def test_the_corpus(name):
    assert differs(INVITES, name) is None
    assert reason_missing(INVITES, name) is (name in UNTOLD)


def test_what_is_not_yet_understood():
    """A case that is understood after all has to leave the list; none of them may raise anything but our error."""
    assert [name for name in LATER if differs(INVITES, name) is None] == []


def test_the_corpus_is_whole():
    origin = (INVITES / "ORIGIN.md").read_text()
    assert len(NAMES) >= 140
    assert all(f"`{name}.ics`" in origin and (INVITES / f"{name}.json").exists() for name in NAMES)
    assert sorted(set(LATER)) == LATER
    assert set(LATER) <= set(NAMES)
    for one in (expected(INVITES, name) for name in NAMES):
        assert set(one) <= FORM
        assert "reason" not in one or f"`{one['reason']}`" in origin


@pytest.mark.parametrize("service", ["zoom", "webex", "teams", "meet"])
def test_the_big_services_stand_in_six_languages(service):
    tags = [expected(INVITES, name).get("tags", []) for name in NAMES]
    spoken = {word for one in tags if service in one for word in one}
    assert spoken >= {"en", "zh", "de", "fr", "es", "ja"}


def hows(name: str, device: DeviceAbilities) -> list[str]:
    one = explain(raw(name), device)[0]
    return [one["join"]["how"], *[other["how"] for other in one["alternatives"]]]


MEETING = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_YQ%40thread.v2/"


@pytest.mark.parametrize(
    ("link", "button"),
    [
        (f"{MEETING}0?context=x", True),
        (MEETING.replace("%3a", ":") + "1623000000000", True),
        ("https://teams.microsoft.com/l/meetup-join/../../evil", False),
        (f"{MEETING}../../../evil", False),
        ("https://teams.microsoft.com/l/meetup-join/evil", False),
    ],
)
def test_a_teams_link_leads_to_a_meeting_and_not_on_from_there(link, button):
    one = explain(ics("DTSTART:20260310T090000Z", f"DESCRIPTION:{link}"))[0]
    assert (one["join"]["how"] == "native", one["join"]["address"]) == (button, link if button else None)


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


def test_a_space_is_dialled_by_the_address_with_its_own_id_and_no_other():
    link = "https://join.example.com/invited.sf?id=764508600&secret=abc"
    for line, how in (("764508600@video.example.com", "sip"), ("111222333@video.example.com", "none")):
        raw = ics("DTSTART:20260310T090000Z", f"DESCRIPTION:{link}\\n\\n{line}\\n")
        one = explain(raw, DeviceAbilities(allowed_domains=frozenset({"example.com"})))[0]
        assert (line, one["join"]["how"]) == (line, how)


def test_words_and_a_number_make_no_button_beside_a_link_that_imitates():
    words = "Join Zoom Meeting\\n{}\\nMeeting ID: 855 5124 0001"
    for link, how in (("https://us02web.zoorn.us/j/85551240001", "none"), ("", "sip")):
        raw = ics("DTSTART:20260310T090000Z", f"DESCRIPTION:{words.format(link)}")
        assert (link, explain(raw, DeviceAbilities())[0]["join"]["how"]) == (link, how)


@pytest.mark.parametrize(
    ("text", "saw", "reason"),
    [
        ("Call in: tel:+19005550123", "+19005550123", "premium-number"),
        ("tel:+47-22-00-00-00 or tel:+1-900-555-0123", "+1-900-555-0123", "premium-number"),
        ("Call <tel:+4722000000>", "+4722000000", None),
        ("callto://+4722000000", "+4722000000", None),
    ],
)
def test_a_telephone_number_is_told_as_one_that_is_not_dialled(text, saw, reason):
    (one,) = explain(ics(START, f"DESCRIPTION:{text}"))
    assert one["join"]["how"] == "none"
    assert [(step["saw"], step.get("reason")) for step in one["because"] if step["step"] == "telephone"] == [
        (saw, reason)
    ]


def test_of_telephones_beside_a_meeting_nothing_is_told():
    (one,) = explain(ics(START, "DESCRIPTION:https://example.zoom.us/j/84400330022 or tel:+19005550123"))
    assert one["join"]["address"] == "84400330022@zoomcrc.com"
    assert "telephone" not in [step["step"] for step in one["because"]]


def test_a_host_that_only_looks_like_a_wrapper_is_told_as_such():
    (one,) = explain(ics(START, "DESCRIPTION:https://eur03.safelinks.protection.outlook.com.attacker.example/?url=x"))
    last = one["because"][-1]
    assert (last["reason"], "Safe Links" in last["decided"]) == ("look-alike", True)


GOTO = "https://global.gotomeeting.com/join/190222555 Or dial directly: 190222555@"


def test_an_address_that_its_service_vouches_for_is_not_told_as_refused():
    (taken,) = explain(ics(START, f"DESCRIPTION:{GOTO}67.217.95.2"))
    assert taken["join"]["address"] == "190222555@67.217.95.2"
    assert [step for step in taken["because"] if "refused" in step["decided"]] == []
    (refused,) = explain(ics(START, f"DESCRIPTION:{GOTO}8.8.8.8"))
    assert refused["join"]["how"] == "none"
    assert {step["saw"] for step in refused["because"] if "refused: an IP" in step["decided"]} == {"190222555@8.8.8.8"}


@pytest.mark.parametrize("newest_first", [True, False])
def test_of_an_event_that_stands_twice_in_a_file_its_latest_word_is_explained(newest_first):
    raw = (CORPUS / "invites_fresh_4" / "ical-later-sequence-first.ics").read_bytes()
    head, first, second = raw.split(b"BEGIN:VEVENT")
    second, tail = second.split(b"END:VCALENDAR")
    events = (first, second) if newest_first else (second, first)
    (one,) = explain(b"BEGIN:VEVENT".join((head, *events)) + b"END:VCALENDAR" + tail)
    assert (one["service"], one["start"][11:16]) == ("webex", "15:00")


def test_what_was_changed_of_a_series_once_is_explained_beside_it():
    found = explain((CORPUS / "invites_fresh_4" / "ical-series-with-other-link-once.ics").read_bytes())
    assert [one["title"] for one in found] == ["Series", "Series (guests)"]


def test_beside_a_link_that_was_refused_for_its_words_words_and_a_number_make_no_button():
    said = r"Zoom Meeting\nMeeting ID: 999 0001 1122\nPasscode: 4711\n"
    (lure,) = explain(ics(START, f"DESCRIPTION:{said}https://zoom.us/j/85551240091<https://zoom.us/j/99900011122>"))
    assert (lure["join"]["how"], "link-text" in [step.get("reason") for step in lure["because"]]) == ("none", True)
    (alone,) = explain(ics(START, f"DESCRIPTION:{said}"))
    assert alone["join"]["address"] == "99900011122.4711@zoomcrc.com"


ADA, MALLORY = "ORGANIZER:mailto:ada@example.com", "ORGANIZER;CN=Ada:mailto:mallory@attacker.example"


def both(first: bytes, second: bytes) -> bytes:
    """The events of two files in one."""
    return first.replace(b"END:VCALENDAR\r\n", b"BEGIN:VEVENT") + second.partition(b"BEGIN:VEVENT")[2]


@pytest.mark.parametrize("window", [None, Window(datetime(2026, 3, 10, tzinfo=UTC), datetime(2026, 3, 11, tzinfo=UTC))])
@pytest.mark.parametrize("later", [["SEQUENCE:9"], ["RECURRENCE-ID:20260310T090000Z"]])
@pytest.mark.parametrize(
    ("whose", "address"),
    [
        ([ADA], "99900011122@zoomcrc.com"), (["ORGANIZER:MAILTO:Ada@Example.com"], "99900011122@zoomcrc.com"),
        ([MALLORY], None), ([], None),
    ],
)  # fmt: skip
def test_a_meeting_is_its_organizer_s_alone_to_change(whose, address, later, window):
    first = ics(START, ADA, "RRULE:FREQ=DAILY;COUNT=3", "LOCATION:https://zoom.us/j/85551240091")
    second = ics(START, *whose, *later, "LOCATION:https://zoom.us/j/99900011122")
    made = explain(both(first, second), window=window)
    if address:
        assert address in [one["join"]["address"] for one in made]
    else:
        assert {one["join"]["how"] for one in made} == {"none"}
        assert all("disputed" in [step.get("reason") for step in one["because"]] for one in made)
