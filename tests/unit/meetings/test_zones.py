from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.meetings.zones import zone_described, zone_named, zone_of_offset

SUMMER, WINTER = datetime(2026, 7, 1, 12), datetime(2026, 1, 1, 12)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("Europe/Berlin", BERLIN),
        ("europe/berlin", BERLIN),
        ('"Europe/Berlin"', BERLIN),
        ("W. Europe Standard Time", BERLIN),
        ("/freeassociation.sourceforge.net/Europe/Berlin", BERLIN),
        ("/freeassociation.sourceforge.net/Tzfile/Europe/Berlin", BERLIN),
        ("/mozilla.org/20050126_1/Europe/Berlin", BERLIN),
        ("/citadel.org/20210210_1/America/Argentina/Buenos_Aires", ZoneInfo("America/Argentina/Buenos_Aires")),
        ("tzone://Microsoft/Utc", UTC),
        ("tzone://Microsoft/W. Europe Standard Time", BERLIN),
        ("UTC", UTC),
        ("Z", UTC),
    ],
)
def test_names(name, zone):
    assert zone_named(name) == zone


@pytest.mark.parametrize("name", ["", "Nowhere/Atlantis", "../../etc/passwd", "/etc/localtime", "x" * 5000, "a/" * 50])
def test_unknown_names(name):
    assert zone_named(name) is None


RULES = [
    "BEGIN:STANDARD", "DTSTART:16010101T030000", "TZOFFSETFROM:+0200", "TZOFFSETTO:+0100",
    "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10", "END:STANDARD",
    "BEGIN:DAYLIGHT", "DTSTART:16010101T020000", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200",
    "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3", "END:DAYLIGHT",
]  # fmt: skip


@pytest.mark.parametrize("moment", [SUMMER, WINTER, datetime(2026, 3, 29, 3, 1), datetime(2026, 10, 25, 4)])
def test_a_files_own_zone_is_followed(moment):
    zone = zone_described(RULES)
    assert zone is not None
    assert moment.replace(tzinfo=zone).utcoffset() == moment.replace(tzinfo=BERLIN).utcoffset()


def test_two_files_zones_of_one_name_do_not_meet():
    other = [line.replace("+02", "+09").replace("+01", "+08") for line in RULES]
    one, two = zone_described(RULES), zone_described(other)
    assert one is not None
    assert two is not None
    assert WINTER.replace(tzinfo=one).utcoffset() == timedelta(hours=1)
    assert WINTER.replace(tzinfo=two).utcoffset() == timedelta(hours=8)


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [line.replace("YEARLY", "SECONDLY") for line in RULES],
        [line.replace("BYMONTH=10", "BYHOUR=1,2") for line in RULES],
        RULES * 20,
        [*RULES[:2], "RDATE:" + ",".join(["20260101T000000"] * 300), *RULES[2:]],
        ["BEGIN:STANDARD", "END:STANDARD"],
    ],
)
def test_zones_that_are_not_followed(lines):
    assert zone_described(lines) is None


def test_offsets_in_names():
    assert zone_of_offset("(UTC+01:00) Nowhere", BERLIN) is BERLIN
    assert zone_of_offset("(GMT+01.00)", UTC) == timezone(timedelta(hours=1))
    assert zone_of_offset("GMT-0330", UTC) == timezone(-timedelta(hours=3, minutes=30))
    assert zone_of_offset("+99:00", UTC) is None
    assert zone_of_offset("Berlin", UTC) is None


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", "Europe/Amsterdam"),
        ("(UTC-05:00) Eastern Time (US & Canada)", "America/New_York"),
        ("(UTC+08:00) Beijing, Chongqing, Hong Kong, Urumqi", "Asia/Chongqing"),
        ("(UTC+09:00) Osaka, Sapporo, Tokyo", "Asia/Tokyo"),
        ("(GMT+01.00) Sarajevo/Warsaw/Zagreb", "Europe/Sarajevo"),
        ("(UTC+05:00) Amsterdam", None),  # the place contradicts the offset
    ],
)
def test_places_in_names(name, zone):
    found = zone_of_offset(name, UTC)
    assert found is not None
    assert getattr(found, "key", None) == zone


@given(st.text(max_size=60), st.lists(st.one_of(st.sampled_from(RULES), st.text(max_size=30)), max_size=14))
def test_rubbish_is_no_zone_or_one(name, lines):
    zone_named(name)
    zone_of_offset(name, UTC)
    zone_described(lines)
