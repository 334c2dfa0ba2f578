"""A file on its way to a person: a channel like any other, so a cut ends it, and nothing of it is kept."""

from collections.abc import AsyncIterator

from litestar.response import Stream

from roomgate.hub.channels import Channel, Channels, Cutoff, Kind, Session

CHUNK = 64 * 1024


async def _closed(_: Cutoff) -> None:
    """Nothing waits: the next chunk is refused."""


def open_download(channels: Channels, kind: Kind, session: Session, content: bytes, name: str) -> Stream:
    """The answer that is a file. After a cut no further piece goes out, so the file comes out broken."""
    return Stream(
        chunks(channels.open(kind, session, _closed), content),
        media_type="application/zip",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Length": str(len(content)),
            "Cache-Control": "no-store",
        },
    )


async def chunks(channel: Channel, content: bytes) -> AsyncIterator[bytes]:
    """Piece by piece while the channel is open; raises ChannelClosed after a cut."""
    with channel:
        for start in range(0, len(content), CHUNK):
            channel.require_open()
            yield content[start : start + CHUNK]
