"""A file on its way is a channel: a cut ends it."""

import pytest

from roomgate.hub.channels import ChannelClosed, Channels, Cutoff, Kind
from roomgate.hub.security.download import CHUNK, chunks, open_download
from support.relay_rig import ADA, rig

pytestmark = pytest.mark.asyncio


async def test_a_file_comes_whole_and_after_a_cut_not_at_all(tmp_path) -> None:
    content = bytes(range(256)) * 1024
    async with rig(tmp_path) as it:
        it.given.give(ADA, "observe")
        session = await it.relay.open_session(ADA, "oslo", Kind.API)
        channels = Channels()

        async def closed(_: Cutoff) -> None: ...

        channel = channels.open(Kind.API, session, closed)
        assert b"".join([piece async for piece in chunks(channel, content)]) == content
        assert len(channels) == 0

        pieces = chunks(channels.open(Kind.API, session, closed), content)
        assert len(await anext(pieces)) == CHUNK
        await channels.close(channels.of([session]), Cutoff("grant.revoked", "your access ended"))
        with pytest.raises(ChannelClosed, match="your access ended"):
            await anext(pieces)
        assert len(channels) == 0


async def test_the_answer_says_how_long_it_is_and_is_kept_by_nobody(tmp_path) -> None:
    async with rig(tmp_path) as it:
        it.given.give(ADA, "observe")
        session = await it.relay.open_session(ADA, "oslo", Kind.API)
        headers = open_download(Channels(), Kind.API, session, b"zip", "oslo.zip").headers
        assert (headers["Content-Length"], headers["Cache-Control"]) == ("3", "no-store")
        assert headers["Content-Disposition"] == 'attachment; filename="oslo.zip"'
