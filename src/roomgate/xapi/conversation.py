"""What a client needs of a protocol: calls become frames, frames become replies and feedback. No socket.

There is one for each interface that a device offers: `jsonrpc` (WebSocket), `tshell` (SSH), `xmldoc` (HTTP). Each
belongs to one connection. A frame is whatever its wire carries whole: bytes, or a request with its answer.
"""

from collections.abc import Sequence
from typing import Protocol, TypeVar, runtime_checkable

from roomgate.xapi.call import Call
from roomgate.xapi.messages import Feedback, Reply
from roomgate.xapi.path import Path

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

    def describe(self, path: Path) -> tuple[int, Frame]:
        """The number and frame that ask what the device itself offers at a path (xDoc).

        Raises NotOnThisTransport where this interface does not say.
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


@runtime_checkable
class ManyAtOnce(Conversation[Frame, Heard], Protocol[Frame, Heard]):
    """A conversation in which one frame may do many things."""

    def request_all(self, calls: Sequence[Call]) -> tuple[int, Frame]:
        """Many settings, or many commands. The reply's result has for each, in order, what came of it: a result, or
        an error. Where the device does not say which settings failed, the reply is NotAllSet."""
        ...
