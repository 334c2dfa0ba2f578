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
async def test_while_nobody_reads_little_is_taken_and_then_all_of_it():
    made, transport, hear = listener()
    for number in range(_MAX_UNREAD + 3):
        hear(WSMsgType.TEXT, str(number).encode())
    assert transport.did == ["pause"]
    heard = []
    made.begin(heard.append)
    assert transport.did == ["pause", "resume"]
    hear(WSMsgType.TEXT, b"at once")
    assert heard == [*(str(number).encode() for number in range(_MAX_UNREAD + 3)), b"at once"]
    made.cease()
    hear(WSMsgType.TEXT, b"later")
    assert heard[-1] == b"at once"
    made.begin(heard.append)
    assert heard[-1] == b"later"


@pytest.mark.asyncio
async def test_a_reader_that_fails_hears_no_more_and_what_follows_waits():
    made, transport, hear = listener()
    fault = ValueError("no frame of ours")

    def fails(_):
        raise fault

    made.begin(fails)
    for word in (b"one", b"two", b"three"):
        hear(WSMsgType.TEXT, word)
    assert made.over.is_set()
    assert made.fault is fault
    assert transport.did == []

    heard = []
    made.begin(heard.append)
    assert heard == [b"two", b"three"]
    assert made.fault is None
    assert not made.over.is_set()


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
    hear(WSMsgType.TEXT, b"later")
    heard = []
    made.begin(heard.append)
    assert b"later" not in heard
    assert made.over.is_set()


@pytest.mark.asyncio
async def test_many_fragments_are_bounded_together():
    made, transport, hear = listener()
    hear(WSMsgType.TEXT, b"x" * 1024 * 1024, fin=False)
    for _ in range(8):
        hear(WSMsgType.CONTINUATION, b"x" * 1024 * 1024, fin=False)
    assert made.ended == "a message of more than 8 MiB"
    assert transport.did == ["abort"]
    heard = []
    made.begin(heard.append)
    assert heard == []


@pytest.mark.asyncio
async def test_nothing_is_heard_after_the_goodbye():
    made, transport, hear = listener()
    transport.is_close_frame_sent = True
    hear(WSMsgType.TEXT, b"the rest of a frame that was refused")
    heard = []
    made.begin(heard.append)
    assert heard == []
