"""K05: what is held open when access ends. Silence, heartbeats and new requests are not it."""

import asyncio

import httpx
import pytest

from roomgate.checks.outcome import Outcome
from roomgate.checks.rules.k05_live_channel_survives import CHECK
from roomgate.checks.snapshot import Snapshot
from support.checks import ONE, judged, target_of
from support.cut_target import DOWNLOAD, EVENTS, HEAD, LIVE, NAME, POLL, SOCKET, Site, _Stream, cause

TEXT = HEAD + NAME + LIVE + cause("deleted")


async def judge(folder, site, text=TEXT):
    found = await judged(folder, site.answer, text, only=["K05"], time=site.time, open_socket=site.open_socket)
    return found["K05"]


@pytest.mark.asyncio
async def test_channels_that_are_closed_pass(tmp_path):
    found = await judge(tmp_path, Site())
    assert found.outcome is Outcome.PASS
    assert {row["channel"] for row in found.table} == {"socket", "events", "poll", "download"}


@pytest.mark.asyncio
@pytest.mark.parametrize("channel", [SOCKET, EVENTS, DOWNLOAD])
async def test_each_kind_that_goes_on_fails(tmp_path, channel):
    found = await judge(tmp_path, Site(live=["deleted"]), HEAD + NAME + channel + cause("deleted"))
    assert found.outcome is Outcome.FAIL
    assert found.points[0].steps


@pytest.mark.asyncio
async def test_a_poll_that_is_let_in_again_and_again_fails_though_requests_are_refused(tmp_path):
    class Polls(Site):
        async def answer(self, request):
            if request.url.path == "/poll":
                return httpx.Response(200, stream=_Stream(self._poll()))
            return await super().answer(request)

    found = await judge(tmp_path, Polls(live=["deleted"]), HEAD + NAME + POLL + cause("deleted"))
    assert found.outcome is Outcome.FAIL


@pytest.mark.asyncio
async def test_the_answer_of_a_poll_is_no_cut_where_requests_go_on(tmp_path):
    class Polls(Site):
        async def answer(self, request):
            if request.url.path == "/poll":
                return httpx.Response(200, stream=_Stream(self._poll()))
            return await super().answer(request)

    site = Polls(requests=["deleted"], live=["deleted"])
    found = await judge(tmp_path, site, HEAD + NAME + POLL + cause("deleted"))
    assert (found.outcome, "long-poll" in str(found.points)) == (Outcome.INCONCLUSIVE, True)


@pytest.mark.asyncio
async def test_a_session_that_goes_on_is_not_its_business_where_the_channel_was_closed(tmp_path):
    class Reopens(Site):
        """Closes what is open at the cut, and lets the same session open it again: requests survive."""

        async def open_socket(self, url, headers, subprotocols):
            if self.cut_at is not None:
                self.live = ["deleted"]
            return await super().open_socket(url, headers, subprotocols)

    found = await judge(tmp_path, Reopens(requests=["deleted"]), HEAD + NAME + SOCKET + cause("deleted"))
    assert found.outcome is Outcome.PASS
    assert any("K04" in point.what for point in found.points)


@pytest.mark.asyncio
async def test_what_is_held_on_fails_even_where_requests_go_on_too(tmp_path):
    found = await judge(tmp_path, Site(requests=["deleted"], live=["deleted"]))
    assert found.outcome is Outcome.FAIL


@pytest.mark.asyncio
async def test_an_open_socket_that_is_silent_passes(tmp_path):
    found = await judge(tmp_path, Site(silent=True), HEAD + NAME + SOCKET + cause("deleted"))
    assert found.outcome is Outcome.PASS
    assert "silent" in found.points[0].what


@pytest.mark.asyncio
async def test_heartbeats_and_refusals_on_an_open_line_are_no_data(tmp_path):
    class Chatty(Site):
        async def open_socket(self, url, headers, subprotocols):
            socket = await super().open_socket(url, headers, subprotocols)
            send = socket.send

            async def answering(text):
                await send(text)
                if self.cut_at is not None:
                    socket._replies += ['{"type": "ping"}', '{"error": "signed out"}']

            socket.send = answering
            return socket

    found = await judge(tmp_path, Chatty(silent=True), HEAD + NAME + SOCKET + cause("deleted"))
    assert found.outcome is Outcome.PASS


@pytest.mark.asyncio
async def test_messages_of_another_form_are_unclear_where_the_file_says_nothing(tmp_path):
    class Vague(Site):
        async def _events(self):
            number = 0
            while True:
                until, number = self.time.mono + 1, number + 1
                while self.time.mono < until:
                    await asyncio.sleep(0)
                yield b'data: {"volume": 3}\n\n' if self.cut_at is None else b'data: {"goodbye": true, "n": 1}\n\n'

    found = await judge(tmp_path, Vague(), HEAD + NAME + EVENTS + cause("deleted"))
    assert found.outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_a_channel_that_the_cause_names_and_nobody_could_open_is_inconclusive(tmp_path):
    text = HEAD + NAME + SOCKET + EVENTS.replace("/events", "/nothing")
    named = cause("deleted", 'channels = ["name", "socket", "events"]')
    assert (await judge(tmp_path / "named", Site(), text + named)).outcome is Outcome.INCONCLUSIVE
    assert (await judge(tmp_path / "all", Site(), text + cause("deleted"))).outcome is Outcome.PASS


@pytest.mark.asyncio
async def test_no_live_channel_is_asked_for_unless_the_file_says_that_there_is_none(tmp_path):
    text = HEAD + NAME + cause("deleted")
    assert (await judge(tmp_path / "a", Site(), text)).outcome is Outcome.INCONCLUSIVE
    assert (await judge(tmp_path / "b", Site(), text + "\n[K05]\nnone = true\n")).outcome is Outcome.NOT_APPLICABLE


def test_it_survives_an_empty_snapshot():
    for text in (ONE, TEXT):
        assert CHECK.judge(Snapshot(look="cutting"), target_of(text)).outcome is Outcome.INCONCLUSIVE
