"""A device, spoken to: get, set, command, subscribe over any Wire.

One reader coroutine (`Client.run`) takes what arrives and wakes whoever waits for it; everything else
registers, sends, waits with a deadline, and forgets. Nothing is ever sent a second time.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any, Protocol

from roomgate.xapi.call import Call, Value, Verb
from roomgate.xapi.errors import (
    BadArgument,
    DeviceGone,
    NoAnswer,
    NothingThere,
    ProtocolError,
    XapiError,
)
from roomgate.xapi.flag import Flag
from roomgate.xapi.jsonrpc import Conversation
from roomgate.xapi.messages import Feedback, Reply
from roomgate.xapi.names import CommandName, ConfigurationName, StatusName
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue, parse_path
from roomgate.xapi.subscription import MAX_EARLY, Subscription
from roomgate.xapi.transports.base import Wire
from roomgate.xapi.tree import Document

CALL_TIMEOUT_S = 15.0
_UNSUBSCRIBE_WITHIN_S = 2.0


class _Fed(Protocol):
    """What a subscription at the device feeds; ``number`` is the device's own for it, once it is known."""

    number: int | None

    @property
    def feed(self) -> Callable[[Feedback], None]: ...


class _Ear:
    """What is fed where no `Subscription` is wanted."""

    __slots__ = ("feed", "number")

    def __init__(self, feed: Callable[[Feedback], None]) -> None:
        self.feed = feed
        self.number: int | None = None


class _Answer:
    """What a request waits on; ``fed`` is what the subscription that its reply begins will feed."""

    __slots__ = ("fed", "future")

    def __init__(self, fed: _Fed | None) -> None:
        self.future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self.fed = fed


class Client:
    """One device over one connection. Somebody must run `run` in a TaskGroup; `connect` does."""

    __slots__ = (
        "_catalogue", "_closed", "_conversation", "_early", "_hearing", "_reason", "_subscriptions", "_timeout_s",
        "_waiting", "_wire",
    )  # fmt: skip

    def __init__(self, wire: Wire, *, catalogue: Catalogue | None = None, timeout_s: float = CALL_TIMEOUT_S) -> None:
        """``catalogue`` is what calls are checked against: the shipped one if none is given."""
        self._wire = wire
        self._catalogue = Catalogue.shipped() if catalogue is None else catalogue
        self._timeout_s = timeout_s
        self._conversation = Conversation()
        self._waiting: dict[int, _Answer] = {}
        self._hearing: dict[int, Callable[[Feedback], None]] = {}  # by the device's number of the subscription
        self._subscriptions: dict[int, Subscription] = {}  # those among them that are told of the end
        self._early: list[Feedback] = []
        self._reason: XapiError | None = None
        self._closed = Flag()

    async def run(self) -> None:
        """Read until the connection ends, then fail whoever waits and return; `wait_closed` has the reason.

        Cancelling stops the reading and closes the connection.
        """
        reason: XapiError = DeviceGone("the connection was closed here")
        try:
            await self._wire.read(self._read)
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

    async def call(self, call: Call, *, unvalidated: bool = False, timeout_s: float | None = None) -> Any:
        """Do a get, set or command, and give the device's answer; None for an empty or absent subtree.

        A get by pattern answers from the root, any other relative to its path. Raises what the device
        refuses with (see `errors`), NoAnswer after ``timeout_s`` and DeviceGone at the connection's
        end. Cancelling forgets the answer; what was sent stays sent.
        """
        if call.verb is Verb.SUBSCRIBE:
            raise BadArgument("A subscription is made with subscribe()")
        return await self._ask(self._checked(call, unvalidated), timeout_s=timeout_s)

    async def get(self, path: Path | str, *, unvalidated: bool = False) -> Any:
        """The value or subtree at a path, relative to it; None where the device has none now."""
        call = self._make(Verb.GET, path, {}, None, unvalidated)
        if call.path.is_pattern:
            raise BadArgument("A pattern answers from the root: use query()")
        return await self._ask(call)

    async def query(self, path: Path | str, *, unvalidated: bool = False) -> Document:
        """What a path or pattern (``Status/**/DisplayName``) matches, as a document from the root."""
        found = await self._ask(self._make(Verb.GET, path, {}, None, unvalidated), rooted=True)
        if found is None:
            return {}
        if not isinstance(found, dict):
            raise ProtocolError("a query's answer that is no document")
        return found

    async def set(self, path: Path | str, value: object, *, unvalidated: bool = False) -> None:
        """Write one configuration value."""
        await self._ask(self._make(Verb.SET, path, {"Value": value}, None, unvalidated))

    async def command(
        self,
        command: Path | str,
        /,
        body: str | None = None,
        *,
        arguments: Mapping[str, object] | None = None,
        unvalidated: bool = False,
        timeout_s: float | None = None,
        **named: object,
    ) -> Document:
        """Run a command, named like ``Audio.Volume.Set``; what it gives back, maybe just ``{"status": "OK"}``.

        Arguments come by name, or in ``arguments`` where a name is no Python word (``Option.1``).
        After NoAnswer or DeviceGone it is unknown whether the command was done.
        """
        given = {**(arguments or {}), **named}
        if len(given) < len(arguments or {}) + len(named):
            raise BadArgument("An argument is given twice")
        call = self._make(Verb.COMMAND, command, given, body, unvalidated)
        result = await self._ask(call, timeout_s=timeout_s)
        return result if isinstance(result, dict) else {}

    async def subscribe(self, path: Path | str, *, current: bool = False, unvalidated: bool = False) -> Subscription:
        """Ask for feedback on a path. ``current`` gives the present value as the first one.

        The subscription must be closed with ``aclose`` (it is a context manager, too).
        """
        call = self._make(Verb.SUBSCRIBE, path, {}, None, unvalidated)
        subscription = Subscription(call.path, self._unsubscribe)
        await self._begin(call, subscription, current)
        return subscription

    async def hear(self, path: Path | str, hear: Callable[[Feedback], None], *, current: bool = False) -> int:
        """Subscribe until `unhear` or the connection's end: ``hear`` is called with each feedback as it arrives.

        It must not wait, and is not told of the end. It may hear several subscriptions, which then cost next to
        nothing. ``current`` gives the present value as the first feedback. Gives the device's number of it.
        """
        ear = _Ear(hear)
        await self._begin(self._make(Verb.SUBSCRIBE, path, {}, None, False), ear, current)
        assert ear.number is not None
        return ear.number

    async def unhear(self, number: int) -> None:
        """Unsubscribe what `hear` gave this number. Safe to repeat, and never raises for a device that is gone."""
        if not self._drop(number) or self._reason is not None:
            return
        request, frame = self._conversation.unsubscribe(number)
        try:
            await self._exchange(request, frame, None, min(_UNSUBSCRIBE_WITHIN_S, self._timeout_s))
        except XapiError:
            return  # the device has forgotten it already, or is gone: it is ended either way

    async def watch(self, path: Path | str, *, current: bool = False) -> AsyncGenerator[Feedback, None]:
        """Feedback for as long as one iterates. Where the end must be prompt, use `subscribe`."""
        async with await self.subscribe(path, current=current) as subscription:
            async for feedback in subscription:
                yield feedback

    @property
    def status(self) -> StatusName:
        """``await room.status.Audio.Volume()``; list members by index: ``room.status.Call[2]``."""
        return StatusName(self, Path(("Status",)))

    @property
    def config(self) -> ConfigurationName:
        """``await room.config.Audio.DefaultVolume()``, and ``.set(50)`` on it."""
        return ConfigurationName(self, Path(("Configuration",)))

    @property
    def xcommand(self) -> CommandName:
        """``await room.xcommand.Dial(Number="123@example.com")``."""
        return CommandName(self, Path(("Command",)))

    def _make(
        self, verb: Verb, path: Path | str, arguments: Mapping[str, object], body: str | None, unvalidated: bool
    ) -> Call:
        if not unvalidated:
            return self._catalogue.canonical(verb, path, arguments, body)
        plain = {name: _as_value(name, value) for name, value in arguments.items()}
        return Call(verb, parse_path(verb, path), tuple(sorted(plain.items())), body)

    def _checked(self, call: Call, unvalidated: bool) -> Call:
        if unvalidated:
            return call
        return self._catalogue.canonical(call.verb, call.path, dict(call.arguments), call.body)

    async def _begin(self, call: Call, fed: _Fed, current: bool) -> None:
        try:
            await self._ask(call, fed=fed, current=current)
        except BaseException:
            # Cancelled in the very moment in which it began: nobody will hear it.
            if fed.number is not None:
                self._drop(fed.number)
            raise

    async def _ask(
        self,
        call: Call,
        *,
        rooted: bool = False,
        current: bool = False,
        fed: _Fed | None = None,
        timeout_s: float | None = None,
    ) -> Any:
        number, frame = self._conversation.request(call, rooted=rooted, current=current)
        try:
            return await self._exchange(number, frame, fed, self._timeout_s if timeout_s is None else timeout_s)
        except NothingThere:
            return None  # how some versions answer a get of an empty list

    async def _exchange(self, number: int, frame: bytes, fed: _Fed | None, timeout_s: float) -> Any:
        if self._reason is not None:
            self._conversation.forget(number)
            raise DeviceGone(str(self._reason))
        answer = self._waiting[number] = _Answer(fed)  # before the send: replies are fast
        try:
            async with asyncio.timeout(timeout_s):
                await self._wire.send(frame)
                reply = await answer.future
        except TimeoutError as late:
            raise NoAnswer(f"no answer within {timeout_s:g} s") from late
        finally:
            del self._waiting[number]
            self._conversation.forget(number)
        if reply.error is not None:
            raise reply.error
        return reply.result

    async def _unsubscribe(self, subscription: Subscription) -> None:
        if subscription.number is not None:
            await self.unhear(subscription.number)

    def _drop(self, number: int) -> bool:
        """Whether there was such a subscription."""
        self._subscriptions.pop(number, None)
        return self._hearing.pop(number, None) is not None

    def _read(self, frame: bytes) -> None:
        """Called by the wire."""
        match self._conversation.receive(frame):
            case Reply() as reply:
                answer = self._waiting.get(reply.number)
                if answer is None:
                    return
                # Here and not where the answer is awaited: feedback may be in the very next frame.
                if answer.fed is not None and reply.error is None:
                    self._register(answer.fed, reply.result)
                if not answer.future.done():
                    answer.future.set_result(reply)
            case Feedback() as feedback:
                hear = self._hearing.get(feedback.subscription)
                if hear is not None:
                    hear(feedback)
                elif any(answer.fed is not None for answer in self._waiting.values()):
                    # Whether the reply always comes before the first feedback is not established.
                    self._early.append(feedback)
                    del self._early[:-MAX_EARLY]
            case None:
                return

    def _register(self, fed: _Fed, result: object) -> None:
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
        for answer in self._waiting.values():
            if not answer.future.done():
                answer.future.set_exception(DeviceGone(str(reason)))
        for subscription in self._subscriptions.values():
            subscription.end(DeviceGone(str(reason)))
        self._closed.set()


def _as_value(name: str, value: object) -> Value:
    """A value that no catalogue checked, as the wire has it: no booleans, and lists of plain values."""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, str | int):
        return value
    if isinstance(value, list | tuple) and all(isinstance(one, str | int) for one in value):
        return tuple(str(one) if isinstance(one, bool) else one for one in value)
    raise BadArgument(f"{name} takes text, a whole number or a list of them")
