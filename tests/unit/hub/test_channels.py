import asyncio
import re
from pathlib import Path

import pytest

import roomgate.hub.channels as channels_module
from roomgate.clock import HandClock
from roomgate.hub.channels import Channel, ChannelClosed, Channels, Cutoff, Kind, concerns, outright
from roomgate.hub.relay.sessions import Book
from roomgate.hub.revocation import JUDGED_ANEW, Cause, Revocation, SubjectKind
from roomgate.ids import GrantId, RoomId
from support.relay_rig import ADA, BOB, OSLO

WHY = Cutoff("lock", "It was locked.")


async def nothing(why):
    return None


def revocation(cause, kind, subject, **more):
    return Revocation(2, cause, kind, subject, None, "", **more)


def test_only_the_registry_makes_a_channel():
    session = Book(HandClock()).open(ADA, OSLO, Kind.XAPI)
    with pytest.raises(TypeError):
        Channel(object(), Channels(), Kind.XAPI, ADA, session, frozenset(), nothing)


@pytest.mark.asyncio
async def test_a_channel_sends_only_while_it_is_open():
    channels, session = Channels(), Book(HandClock()).open(ADA, OSLO, Kind.XAPI)
    channel = channels.open(Kind.XAPI, session, nothing)
    with pytest.raises(ChannelClosed):
        channel.require_open()
    with channel:
        channel.require_open()
        assert (len(channels), session.channels) == (1, 1)
        await channels.close([channel], WHY)
        with pytest.raises(ChannelClosed, match="locked"):
            channel.require_open()
    assert (len(channels), session.channels) == (0, 0)


def test_an_ended_session_opens_no_channel():
    book, channels = Book(HandClock()), Channels()
    session = book.open(ADA, OSLO, Kind.XAPI)
    book.end(session, WHY)
    with pytest.raises(ChannelClosed), channels.open(Kind.XAPI, session, nothing):
        raise AssertionError("it was opened")
    assert len(channels) == 0


@pytest.mark.asyncio
async def test_a_close_that_fails_or_hangs_closes_all_the_same():
    channels, session = Channels(), Book(HandClock()).open(ADA, OSLO, Kind.XAPI)

    async def fail(why):
        raise OSError("gone")

    async def hang(why):
        await asyncio.Event().wait()

    with channels.open(Kind.XAPI, session, fail) as one, channels.open(Kind.XAPI, session, hang) as two:
        async with asyncio.timeout(2):
            await channels.close([one, two], WHY)
        assert not one.open
        assert not two.open


@pytest.mark.asyncio
async def test_it_is_closed_at_most_once():
    channels, session, seen = Channels(), Book(HandClock()).open(ADA, OSLO, Kind.XAPI), []

    async def note(why):
        seen.append(why)

    with channels.open(Kind.XAPI, session, note) as channel:
        await channels.close([channel, channel], WHY)
        await channels.close([channel], Cutoff("other", ""))
    assert seen == [WHY]


@pytest.mark.asyncio
async def test_a_page_about_no_room_falls_with_its_person_its_sign_in_and_its_grants():
    channels = Channels()
    with channels.open_page(ADA, nothing, frozenset({GrantId("grant_1")})) as page:
        for kind, subject in (
            (SubjectKind.PERSON, ADA.id),
            (SubjectKind.CREDENTIAL, ADA.credential),
            (SubjectKind.GRANT, "grant_1"),
        ):
            assert channels.pages_matching(revocation(Cause.LOCK, kind, subject)) == [page]
        for kind, subject in ((SubjectKind.ROOM, OSLO.id), (SubjectKind.PERSON, BOB.id), (SubjectKind.GRANT, "x")):
            assert channels.pages_matching(revocation(Cause.LOCK, kind, subject)) == []


def test_a_revocation_of_some_rooms_leaves_the_others():
    grants = frozenset({GrantId("grant_1")})
    elsewhere = revocation(Cause.GRANT_REVOKED, SubjectKind.GRANT, "grant_1", rooms=frozenset({RoomId("room_rome")}))
    here = revocation(Cause.GRANT_REVOKED, SubjectKind.GRANT, "grant_1", rooms=frozenset({OSLO.id}))
    assert not concerns(elsewhere, ADA, OSLO, None, grants)
    assert concerns(here, ADA, OSLO, None, grants)


@pytest.mark.parametrize("cause", list(Cause))
def test_what_ends_outright_and_what_is_judged_anew(cause):
    assert outright(revocation(cause, SubjectKind.PERSON, ADA.id)) == (cause not in JUDGED_ANEW)
    assert not outright(revocation(cause, SubjectKind.GRANT, "grant_1"))


def test_channels_are_found_by_session_and_by_room():
    channels, book = Channels(), Book(HandClock())
    session = book.open(ADA, OSLO, Kind.XAPI)
    with channels.open(Kind.XAPI, session, nothing) as channel, channels.open_page(ADA, nothing):
        assert channels.of([session]) == [channel]
        assert channels.of_room(OSLO.id) == [channel]
        assert channels.of_room(RoomId("room_rome")) == []


@pytest.mark.asyncio
async def test_all_are_refused_before_the_first_is_closed():
    channels, sent = Channels(), []

    async def look(why):
        sent.append([one.open for one in (first, second)])

    with channels.open_page(ADA, look) as first, channels.open_page(ADA, look) as second:
        channels.refuse([first, second], WHY)
        assert not first.open
        with pytest.raises(ChannelClosed):
            second.require_open()
        closed = []
        await channels.close([first, second], WHY, closed.append)
    assert sent == [[False, False]] * 2
    assert closed == ["page", "page"]


def test_every_answer_that_lasts_is_made_with_a_channel():
    """An answer is either whole at once, or a stream that only a channel keeps open: no other route streams."""
    hub = Path(channels_module.__file__).parent
    lasting = {
        file.relative_to(hub).as_posix()
        for file in hub.rglob("*.py")
        if re.search(r"\b(Stream|ServerSentEvent|File|StreamingResponse)\(", file.read_text("utf-8"))
    }
    # A page whose head goes ahead lasts as long as one ask, and says behind it what became of that, a cut too.
    early = {"console/visit.py"}
    assert lasting == {"relay/http.py", "relay/streams.py", "console/live.py", "security/download.py"} | early
    used = {file.relative_to(hub).as_posix() for file in hub.rglob("*.py") if ".early(" in file.read_text("utf-8")}
    assert used == {"settings/pages.py"}
    assert "channels.open(" in (hub / "relay/streams.py").read_text("utf-8")
    assert "enter(stream)" in (hub / "console/live.py").read_text("utf-8")
    assert "channels.open(" in (hub / "security/download.py").read_text("utf-8")
