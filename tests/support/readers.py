"""Readers of invitations for tests, each ended when its test is over."""

import sys
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from roomgate.meetings.invite import Window
from roomgate.meetings.reader import Apart
from roomgate.meetings.reading import Given
from roomgate.meetings.understand import DeviceAbilities
from support import planted_reader
from support.invites import ics

MARCH = Window(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
SITE = DeviceAbilities(allowed_domains=frozenset({"example.com"}))
PLANTED = (sys.executable, planted_reader.__file__)


def file(number, word=""):
    """An invitation like any other, but for what is planted in it."""
    planted = [f"DESCRIPTION:PLANTED {word}"] if word else []
    return ics(
        "DTSTART:20260310T090000Z", f"LOCATION:sip:{number}@v.example.com", *planted, uid=f"{number}@example.com"
    )


def given(*files):
    return Given(files, (), MARCH, SITE)


@asynccontextmanager
async def apart(*arguments, **more):
    reader = Apart(*arguments, **more)
    try:
        yield reader
    finally:
        await reader.aclose()
