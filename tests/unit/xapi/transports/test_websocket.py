import pytest
from picows import WSMsgType
from picows.picows import _make_test_ws_frame

from roomgate.xapi.transports.websocket import _MAX_UNREAD, _Listener


class Transport:
    """What the listener does to its socket."""

    def __init__(self):
        self.did = []
        self.is_close_frame_sent = False
        self.underlying_transport = self

    def pause_reading(self):
        self.did.append("pause")

    def resume_reading(self):
        self.did.append("resume")

    def disconnect(self, graceful=True):
        self.did.append("close" if graceful else "abort")


def listener():
    transport, made = Transport(), _Listener()
    made.on_ws_connected(transport)

    def hear(kind, payload, fin=True):
        made.on_ws_frame(transport, _make_test_ws_frame(kind, payload, fin, False))

    return made, transport, hear


@pytest.mark.asyncio
async def test_reading_pauses_when_nobody_takes_and_goes_on_when_somebody_does():
    made, transport, hear = listener()
    for number in range(_MAX_UNREAD + 3):
        hear(WSMsgType.TEXT, str(number).encode())
    assert transport.did == ["pause"]
    taken = [made.next() for _ in range(_MAX_UNREAD + 3)]
    assert taken == [str(number).encode() for number in range(_MAX_UNREAD + 3)]
    assert made.next() is None
    assert transport.did == ["pause", "resume"]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "frames",
    [
        [(WSMsgType.CONTINUATION, True)],
        [(WSMsgType.TEXT, False), (WSMsgType.TEXT, True)],
        [(WSMsgType.TEXT, False), (WSMsgType.CONTINUATION, True), (WSMsgType.CONTINUATION, True)],
    ],
)
async def test_fragments_out_of_order_end_it(frames):
    made, transport, hear = listener()
    for kind, fin in frames:
        hear(kind, b"", fin)
    assert transport.did[-1] == "abort"
    assert made.ended == "fragments out of order"
    before = len(made.unread)
    hear(WSMsgType.TEXT, b"later")
    assert len(made.unread) == before


@pytest.mark.asyncio
async def test_many_fragments_are_bounded_together():
    made, transport, hear = listener()
    hear(WSMsgType.TEXT, b"x" * 1024 * 1024, fin=False)
    for _ in range(8):
        hear(WSMsgType.CONTINUATION, b"x" * 1024 * 1024, fin=False)
    assert made.ended == "a message of more than 8 MiB"
    assert transport.did == ["abort"]
    assert made.next() is None


@pytest.mark.asyncio
async def test_nothing_is_heard_after_the_goodbye():
    made, transport, hear = listener()
    transport.is_close_frame_sent = True
    hear(WSMsgType.TEXT, b"the rest of a frame that was refused")
    assert made.next() is None
