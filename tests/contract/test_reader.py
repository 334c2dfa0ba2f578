"""Whoever reads invitations, this program or a process of its own that opens no file any more, the meetings are the same.

Every invitation that the tests know is read by both: those of the corpora, and those that were written to be expensive.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from roomgate.meetings.invite import Window, invitation, parse_events
from roomgate.meetings.reader import Apart, Here
from roomgate.meetings.reading import Given
from roomgate.meetings.understand import DeviceAbilities
from support.invite_corpus import CORPUS
from support.invite_hostile import FIXED, GROWING
from support.invites import ics

pytestmark = pytest.mark.asyncio

MONTH = Window(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
OSLO = "Europe/Oslo"
SITE = DeviceAbilities(registered=True, allowed_domains=frozenset({"example.com"}))


@pytest.mark.parametrize("corpus", sorted(folder.name for folder in CORPUS.glob("invites*")))
async def test_every_invitation_of_a_corpus(corpus):
    reader = Apart(OSLO)
    try:
        for file in sorted((CORPUS / corpus).glob("*.ics")):
            given = Given((file.read_bytes(),), (), MONTH, SITE)
            here, apart = await Here(ZoneInfo(OSLO)).read(given), await reader.read(given)
            assert (file.name, apart) == (file.name, here)
    finally:
        await reader.aclose()


async def test_those_that_are_expensive():
    reader = Apart()
    raws = {name: made(32 * 1024) for name, made in GROWING.items()} | FIXED
    try:
        for name, raw in raws.items():
            given = Given((raw,), (), MONTH, SITE)
            assert (name, await reader.read(given)) == (name, await Here().read(given))
    finally:
        await reader.aclose()


async def test_files_and_occurrences_together_with_what_is_bad_among_them():
    spoken = invitation(parse_events(ics("DTSTART:20260311T090000Z", "LOCATION:sip:a@v.example.com"))[0])
    odd = ics("DTSTART:20260310T090000Z", "SUMMARY:\udcff\udc80").replace(b"one@", b"two@")
    given = Given((odd, b"rubbish"), (spoken,), MONTH, SITE)
    reader = Apart()
    try:
        apart = await reader.read(given)
    finally:
        await reader.aclose()
    assert apart == await Here().read(given)
    assert (len(apart.meetings), list(apart.bad)) == (2, [1])
