"""A device, spoken to: get, set, command, subscribe over any wire.

What arrives is taken in where the wire hears it, and wakes whoever waits for it; everything else registers, sends and
waits with a deadline. Nothing is ever sent a second time.

A call costs a few microseconds beside its frames, and thousands of them may be in flight: so one clock watches over
all deadlines of a connection, and a call that somebody cancelled stays in its place until its answer or its deadline
comes, instead of being looked for.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from roomgate.xapi.call import Call, Verb
from roomgate.xapi.conversation import Conversation, ManyAtOnce
from roomgate.xapi.errors import (
    DeviceGone,
    NoAnswer,
    NothingThere,
    NotOnThisTransport,
    OutcomeUnknown,
    ProtocolError,
    XapiError,
)
from roomgate.xapi.face import Face
from roomgate.xapi.flag import Flag
from roomgate.xapi.jsonrpc import Conversation as JsonRpc
from roomgate.xapi.messages import Feedback, Reply
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue
from roomgate.xapi.subscription import MAX_EARLY, Subscription
from roomgate.xapi.transports.base import Carrier, Paced

CALL_TIMEOUT_S = 15.0
_UNSUBSCRIBE_WITHIN_S = 2.0
_NEVER = float("inf")
_UNCHECKED = Call(Verb.COMMAND, Path(("Command",)), validated=False)  # may change anything


class Fed(Protocol):
    """What a subscription at the device feeds; ``number`` is the device's own for it, once it is known."""

    number: int | None

    @property
    def feed(self) -> Callable[[Feedback], None]: ...


class Ear:
    """What is fed where no `Subscription` is wanted, or one that outlives the connection."""

    __slots__ = ("feed", "number")

    def __init__(self, feed: Callable[[Feedback], None]) -> None:
        self.feed = feed
        self.number: int | None = None


class _Asked(msgspec.Struct):
    """One request that waits for its answer. ``fed`` is what the subscription that it begins will feed."""

    future: asyncio.Future[Any]
    deadline: float
    timeout_s: float
    call: Call | None  # None: the end of a subscription
    fed: Any  # a Fed, or None


class Client(Face):
    """One device over one connection. Somebody must run `run` in a TaskGroup; `connect` does."""

    __slots__ = (
        "_alarm", "_alarm_at", "_closed", "_conversation", "_early", "_hearing", "_paced", "_reason",
        "_subscriptions", "_timeout_s", "_try_send", "_waiting", "_wire",
    )  # fmt: skip

    def __init__(
        self,
        wire: Carrier[Any, Any],
        *,
        conversation: Conversation[Any, Any] | None = None,
        catalogue: Catalogue | None = None,
        timeout_s: float = CALL_TIMEOUT_S,
        lenient: bool = False,
    ) -> None:
        """``conversation`` is the wire's protocol: JSON-RPC over a WebSocket if none is given. ``catalogue`` is
        what calls are checked against: the shipped one if none is given. For ``lenient`` see `Face`."""
        super().__init__(catalogue, lenient)
        self._wire = wire
        self._paced = wire if isinstance(wire, Paced) else None
        self._timeout_s = timeout_s
        self._conversation = JsonRpc() if conversation is None else conversation
        self._waiting: dict[int, _Asked] = {}
        self._hearing: dict[int, Callable[[Feedback], None]] = {}  # by the device's number of the subscription
        self._subscriptions: dict[int, Subscription] = {}  # those among them that are told of the end
        self._early: list[Feedback] = []
        self._reason: XapiError | None = None
        self._closed = Flag()
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = _NEVER
        self._try_send: Callable[[Any], bool] | None = getattr(wire, "try_send", None)

    async def run(self) -> None:
        """Read until the connection ends, then fail whoever waits and return; `wait_closed` has the reason.

        Cancelling stops the reading and closes the connection.
        """
        reason: XapiError = DeviceGone("the connection was closed here")
        try:
            await self._wire.read(self._hear)
        except XapiError as ended:
            reason = ended
        finally:
            self._end(reason)
            await self._wire.close()

    @property
    def closed(self) -> bool:
        return self._closed.is_set()

    async def wait_closed(self) -> XapiError:
        """Wait for the connection's end, and say why it ended. Cancelling stops only the waiting."""
        await self._closed.wait()
        assert self._reason is not None
        return self._reason

    def end(self, reason: str) -> None:
        """The connection is over, now: whoever waits gets DeviceGone, and `aclose` remains to be done."""
        self._end(DeviceGone(reason))

    async def aclose(self) -> None:
        """End the connection; whoever waits gets DeviceGone."""
        self._end(DeviceGone("the connection was closed here"))
        await self._wire.close()

    async def subscribe(self, path: Path | str, *, current: bool = False, unvalidated: bool = False) -> Subscription:
        call = self._make(Verb.SUBSCRIBE, path, {}, None, unvalidated)
        subscription = Subscription(call.path, self.cease)
        await self.begin(call, subscription, current)
        return subscription

    async def hear(self, path: Path | str, hear: Callable[[Feedback], None], *, current: bool = False) -> int:
        """Subscribe until `unhear` or the connection's end: ``hear`` is called with each feedback as it arrives.

        It must not wait, and is not told of the end. It may hear several subscriptions, which then cost next to
        nothing. ``current`` gives the present value as the first feedback. Gives the device's number of it.
        """
        ear = Ear(hear)
        await self.begin(self._make(Verb.SUBSCRIBE, path, {}, None), ear, current)
        assert ear.number is not None
        return ear.number

    async def unhear(self, number: int) -> None:
        """Unsubscribe what `hear` gave this number. Safe to repeat, and never raises for a device that is gone."""
        if not self._drop(number) or self._reason is not None:
            return
        request, frame = self._conversation.unsubscribe(number)
        try:
            await self._exchange(request, frame, min(_UNSUBSCRIBE_WITHIN_S, self._timeout_s), None)
        except XapiError:
            return  # the device has forgotten it already, or is gone: it is ended either way

    async def begin(self, call: Call, fed: Fed, current: bool) -> None:
        """Subscribe, and feed something of one's own; `cease` ends it."""
        number, frame = self._conversation.request(call, current=current)
        try:
            await self._exchange(number, frame, self._timeout_s, call, fed)
        except BaseException:
            # Cancelled in the very moment in which it began: nobody will hear it.
            if fed.number is not None:
                self._drop(fed.number)
            raise

    async def execute(self, method: str, params: Mapping[str, object], *, timeout_s: float | None = None) -> Any:
        """Any method of the device's JSON-RPC, as it is written: nothing is checked. Over a WebSocket alone."""
        if not isinstance(self._conversation, JsonRpc):
            raise NotOnThisTransport("Methods by name are of JSON-RPC, which only a WebSocket speaks")
        number, frame = self._conversation.raw(method, params)
        return await self._exchange(number, frame, timeout_s or self._timeout_s, _UNCHECKED)

    def _do(
        self, call: Call, *, rooted: bool = False, current: bool = False, timeout_s: float | None = None
    ) -> Awaitable[Any]:
        number, frame = self._conversation.request(call, rooted=rooted, current=current)
        return self._exchange(number, frame, timeout_s or self._timeout_s, call)

    def _describe(self, path: Path, timeout_s: float | None) -> Awaitable[Any]:
        number, frame = self._conversation.describe(path)
        return self._exchange(number, frame, timeout_s or self._timeout_s, None)

    async def _set_all(self, calls: Sequence[Call]) -> Sequence[Any]:
        if len(calls) < 2 or not isinstance(self._conversation, ManyAtOnce):
            return await super()._set_all(calls)
        number, frame = self._conversation.request_all(calls)
        outcomes: Sequence[Any] = await self._exchange(number, frame, self._timeout_s, calls[0])
        return outcomes

    def _exchange(
        self, number: int, frame: Any, timeout_s: float, call: Call | None, fed: Fed | None = None
    ) -> Awaitable[Any]:
        """Send now if the wire takes it, and give what to wait on. Cancelling forgets the answer; what was sent
        stays sent."""
        if self._reason is not None:
            self._conversation.forget(number)
            raise DeviceGone(str(self._reason))
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        deadline = loop.time() + timeout_s
        # Before the send: replies are fast.
        asked = self._waiting[number] = _Asked(future, deadline, timeout_s, call, fed)
        if deadline < self._alarm_at:
            self._set_alarm(loop, deadline)
        if self._try_send is not None and self._try_send(frame):
            return future
        return self._send(number, frame, asked)

    async def _send(self, number: int, frame: Any, asked: _Asked) -> Any:
        """Hand a frame over to a wire that may make one wait. Where that fails, nothing was asked."""
        try:
            async with asyncio.timeout_at(asked.deadline):
                if self._paced is None:
                    await self._wire.send(frame)
                else:
                    await self._paced.send_within(frame, asked.timeout_s)
        except BaseException as failed:
            self._forget(number)
            if isinstance(failed, TimeoutError):
                raise DeviceGone(f"nothing could be sent within {asked.timeout_s:g} s") from failed
            raise
        return await asked.future

    def _forget(self, number: int) -> None:
        asked = self._waiting.pop(number, None)
        self._conversation.forget(number)
        if asked is not None and asked.future.done() and not asked.future.cancelled():
            asked.future.exception()  # seen: whoever waited has another error

    def _set_alarm(self, loop: asyncio.AbstractEventLoop, at: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_at = at
        self._alarm = loop.call_at(at, self._look_at_deadlines) if at < _NEVER else None

    def _look_at_deadlines(self) -> None:
        """Fail what is overdue, and come again for the next."""
        loop = asyncio.get_running_loop()
        self._alarm, now, next_at = None, loop.time(), _NEVER
        for number, asked in list(self._waiting.items()):
            if asked.deadline > now:
                next_at = min(next_at, asked.deadline)
                continue
            del self._waiting[number]
            self._conversation.forget(number)
            if not asked.future.done():
                asked.future.set_exception(NoAnswer(f"no answer within {asked.timeout_s:g} s"))
        self._set_alarm(loop, next_at)

    async def cease(self, fed: Fed) -> None:
        """End a subscription; safe to repeat, and quiet where the device is gone."""
        if fed.number is not None:
            await self.unhear(fed.number)

    def _drop(self, number: int) -> bool:
        """Whether there was such a subscription."""
        self._subscriptions.pop(number, None)
        return self._hearing.pop(number, None) is not None

    def _hear(self, frame: Any) -> None:
        """Take in one frame. Raises ProtocolError for anything that is not the protocol."""
        for heard in self._conversation.receive(frame):
            if type(heard) is Reply:
                self._answer(heard)
            else:
                self._feed(heard)  # type: ignore[arg-type]  # it is one of two, and Reply was the other

    def _answer(self, reply: Reply) -> None:
        asked = self._waiting.pop(reply.number, None)
        if asked is None or asked.future.done():
            return
        # Here and not where the answer is awaited: feedback may be in the very next frame.
        if asked.fed is not None and reply.error is None:
            try:
                self._register(asked.fed, reply.result)
            except ProtocolError as bad:
                asked.future.set_exception(DeviceGone(str(bad)))
                raise
        if reply.error is not None:
            if isinstance(reply.error, NothingThere):
                asked.future.set_result(None)  # how some versions answer a get of an empty list
            else:
                asked.future.set_exception(reply.error)
            return
        asked.future.set_result(reply.result)

    def _feed(self, feedback: Feedback) -> None:
        hear = self._hearing.get(feedback.subscription)
        if hear is not None:
            hear(feedback)
        elif any(asked.fed is not None for asked in self._waiting.values()):
            # Whether the reply always comes before the first feedback is not established.
            self._early.append(feedback)
            del self._early[:-MAX_EARLY]

    def _register(self, fed: Fed, result: object) -> None:
        number = result.get("Id") if isinstance(result, dict) else None
        if isinstance(number, bool) or not isinstance(number, int):
            raise ProtocolError("a subscription without an Id")
        fed.number = number
        self._hearing[number] = fed.feed
        if isinstance(fed, Subscription):
            self._subscriptions[number] = fed
        for feedback in self._early:
            if feedback.subscription == number:
                fed.feed(feedback)
        self._early = [one for one in self._early if one.subscription != number]

    def _end(self, reason: XapiError) -> None:
        if self._reason is not None:
            return
        self._reason = reason
        for asked in self._waiting.values():
            if not asked.future.done():
                kind = OutcomeUnknown if asked.call is not None and asked.call.acts else DeviceGone
                asked.future.set_exception(kind(str(reason)))
        self._waiting.clear()
        if self._alarm is not None:
            self._alarm.cancel()
        for subscription in self._subscriptions.values():
            subscription.end(DeviceGone(str(reason)))
        self._closed.set()
