"""Our reading of content lines beside the icalendar library's: where that understands a file, both say the same times.

The library keeps a zone by its name for the whole process, so what it kept is thrown away before each file: that it
does is one of the reasons why we read lines ourselves (ADR 27).
"""

import warnings
from datetime import UTC, datetime

import icalendar
import pytest
from icalendar.timezone import tzp

from roomgate.meetings.invite import parse_events
from roomgate.meetings.times import in_utc
from support.invite_corpus import CORPUS, expected, names

FOLDERS = sorted(CORPUS.glob("invites*"))
# What a file says of a zone with a known name, and rubbish, is where the two part on purpose.
APART = {
    "bytes-utf16", "bytes-folded-in-characters", "ical-exchange-display-zone", "ical-display-name-zone", "missing-zone",
}  # fmt: skip
ZONED = """BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTIMEZONE\r\nTZID:Customized\r\nBEGIN:STANDARD\r
DTSTART:19700101T000000\r\nTZOFFSETFROM:{0}\r\nTZOFFSETTO:{0}\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:1\r
DTSTART;TZID=Customized:20260310T100000\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"""


def told_by_library(raw: bytes) -> list[datetime] | None:
    """The starts, in UTC; None where the library cannot read the file, or leaves a time without a zone."""
    tzp.use_default()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            calendars = icalendar.Calendar.from_ical(raw, multiple=True)
            starts = [event["DTSTART"].dt for one in calendars for event in one.walk("VEVENT")]
        except Exception:  # the library raises whatever it met
            return None
    if not starts or not all(isinstance(one, datetime) and one.tzinfo for one in starts):
        return None
    return [one.astimezone(UTC) for one in starts]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_both_tell_the_same_times(folder):
    compared = 0
    for name in names(folder):
        raw = (folder / f"{name}.ics").read_bytes()
        if "error" in expected(folder, name) or name in APART or (starts := told_by_library(raw)) is None:
            continue
        assert (name, [in_utc(event.times.start, event.zone) for event in parse_events(raw)]) == (name, starts)
        compared += 1
    assert compared > len(names(folder)) * 0.8


def test_one_senders_zone_is_not_the_next_ones():
    hours = []
    for offset in ("+0100", "-0800"):
        [event] = parse_events(ZONED.format(offset).encode())
        hours.append(in_utc(event.times.start, UTC).hour)
    assert hours == [9, 18]
