"""What a client needs of a protocol: calls become frames, frames become replies and feedback. No socket.

There is one for each interface that a device offers: `jsonrpc` (WebSocket), `tshell` (SSH), `xmldoc` (HTTP). Each
belongs to one connection. A frame is whatever its wire carries whole: bytes, or a request with its answer.
"""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from roomgate.xapi.call import Call
from roomgate.xapi.messages import Feedback, Reply

Frame = TypeVar("Frame", covariant=True)
Heard = TypeVar("Heard", contravariant=True)


class Conversation(Protocol[Frame, Heard]):
    """One connection's requests, and what is open of them."""

    def request(self, call: Call, *, rooted: bool = False, current: bool = False) -> tuple[int, Frame]:
        """A call's number and frame.

        ``rooted`` asks for a get's answer from the root; ``current`` for the present value as the first feedback
        of a subscription. Raises NotOnThisTransport for what this interface does not offer.
        """
        ...

    def unsubscribe(self, subscription: int) -> tuple[int, Frame]:
        """The number and frame that end a subscription."""
        ...

    def forget(self, number: int) -> None:
        """Nobody waits for this reply any more; when it comes late, it is passed over."""
        ...

    def receive(self, frame: Heard) -> Sequence[Reply | Feedback]:
        """What a frame says. Raises ProtocolError for anything that is not the protocol."""
        ...
