"""The same client for programs that do not await: ``with blocking.connect("wss://…", …) as room: room.get(…)``.

A thread of its own runs the connection; each call waits for it. It may be used from several threads at once.
"""

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager
from typing import Any, TypeVar, overload

from roomgate.xapi.call import Call
from roomgate.xapi.errors import DeviceGone
from roomgate.xapi.face import LEARN_S, Face
from roomgate.xapi.messages import Feedback
from roomgate.xapi.names import BlockingCommandName, BlockingConfigurationName, BlockingStatusName
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue
from roomgate.xapi.subscription import Subscription
from roomgate.xapi.tree import Document

T = TypeVar("T")
_PATIENCE_S = 5.0  # for the thread's end; the connection's own is shorter


class _Loop:
    """An event loop in a thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="xapi", daemon=True)
        self._thread.start()

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Run it there, wait here. An exception here (Ctrl-C) cancels it there."""
        if not self._thread.is_alive():
            work.close()
            raise DeviceGone("the connection was closed here")
        running = self.start(work)
        try:
            return running.result()
        except BaseException:
            running.cancel()
            raise

    def start(self, work: Coroutine[Any, Any, T]) -> "concurrent.futures.Future[T]":
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def soon(self, call: Callable[[], object]) -> None:
        self._loop.call_soon_threadsafe(call)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE_S)
        if not self._thread.is_alive():
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()


class BlockingClient:
    """What `Face` offers, each call waiting for its answer. Errors are the same."""

    def __init__(self, room: Face, loop: _Loop) -> None:
        self._room = room
        self._loop = loop

    @property
    def catalogue(self) -> Catalogue:
        return self._room.catalogue

    @overload
    def get(self, path: Path | str, *, unvalidated: bool = False) -> Any: ...
    @overload
    def get(self, path: Path | str, *, type: type[T], unvalidated: bool = False) -> T: ...
    def get(self, path: Path | str, *, type: Any = None, unvalidated: bool = False) -> Any:
        """See `Face.get`."""
        return self._loop.wait(self._room.get(path, type=type, unvalidated=unvalidated))

    def query(self, path: Path | str, *, unvalidated: bool = False) -> Document:
        """See `Face.query`."""
        return self._loop.wait(self._room.query(path, unvalidated=unvalidated))

    def set(self, path: Path | str, value: object, *, unvalidated: bool = False) -> None:
        """See `Face.set`."""
        self._loop.wait(self._room.set(path, value, unvalidated=unvalidated))

    def set_many(self, values: Mapping[Path | str, object], *, unvalidated: bool = False) -> None:
        """See `Face.set_many`."""
        self._loop.wait(self._room.set_many(values, unvalidated=unvalidated))

    def doc(self, path: Path | str, *, timeout_s: float | None = None) -> Any:
        """See `Face.doc`."""
        return self._loop.wait(self._room.doc(path, timeout_s=timeout_s))

    def learn(self, *, timeout_s: float = LEARN_S) -> Catalogue:
        """See `Face.learn`."""
        return self._loop.wait(self._room.learn(timeout_s=timeout_s))

    def command(
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
        """See `Face.command`."""
        return self._loop.wait(
            self._room.command(
                command, body, arguments={**(arguments or {}), **named}, unvalidated=unvalidated, timeout_s=timeout_s
            )
        )

    def call(self, call: Call, *, unvalidated: bool = False, timeout_s: float | None = None) -> Any:
        """See `Face.call`."""
        return self._loop.wait(self._room.call(call, unvalidated=unvalidated, timeout_s=timeout_s))

    @contextmanager
    def subscribe(self, path: Path | str, *, current: bool = False) -> Iterator[Iterator[Feedback]]:
        """``with room.subscribe("Status/Call") as changes: for change in changes: …``, unsubscribed at its end."""
        subscription = self._loop.wait(self._room.subscribe(path, current=current))
        try:
            yield self._each(subscription)
        finally:
            self._loop.wait(subscription.aclose())

    def watch(self, path: Path | str, *, current: bool = False) -> Iterator[Feedback]:
        """Feedback for as long as one iterates."""
        with self.subscribe(path, current=current) as changes:
            yield from changes

    def _each(self, subscription: Subscription) -> Iterator[Feedback]:
        while True:
            yield self._loop.wait(anext_of(subscription))

    @property
    def status(self) -> BlockingStatusName:
        """``room.status.Audio.Volume()``."""
        return BlockingStatusName(self, Path(("Status",)))

    @property
    def config(self) -> BlockingConfigurationName:
        """``room.config.Audio.DefaultVolume()``, and ``.set(50)`` on it."""
        return BlockingConfigurationName(self, Path(("Configuration",)))

    @property
    def xcommand(self) -> BlockingCommandName:
        """``room.xcommand.Dial(Number="123@example.com")``."""
        return BlockingCommandName(self, Path(("Command",)))


async def anext_of(subscription: Subscription) -> Feedback:
    return await anext(subscription)


Opener = Callable[[], AbstractAsyncContextManager[Face]]


class _Held:
    """An async context that one task enters, holds and leaves, as task groups demand."""

    def __init__(self, opener: Opener) -> None:
        self.room: concurrent.futures.Future[Face] = concurrent.futures.Future()
        self.leave = asyncio.Event()
        self._opener = opener

    async def hold(self) -> None:
        try:
            async with self._opener() as room:
                self.room.set_result(room)
                await self.leave.wait()
        except BaseException as failed:
            if self.room.done():
                raise
            self.room.set_exception(failed)


@contextmanager
def opened(opener: Opener) -> Iterator[BlockingClient]:
    """A thread with what ``opener`` opens; both are gone at the end of the block."""
    loop = _Loop()
    try:
        held = _Held(opener)
        holding = loop.start(held.hold())
        try:
            yield BlockingClient(held.room.result(), loop)
        finally:
            if held.room.done():
                loop.soon(held.leave.set)
            else:
                holding.cancel()  # Ctrl-C while it was connecting
            concurrent.futures.wait([holding], _PATIENCE_S)
    finally:
        loop.close()


def connect(url: str, *, reconnect: bool = False, **options: Any) -> AbstractContextManager[BlockingClient]:
    """`xapi.connect` (or `xapi.reconnecting`, with ``reconnect``) without awaiting, with the same options."""
    from roomgate.xapi import dial

    open_ = dial.reconnecting if reconnect else dial.connect
    return opened(lambda: open_(url, **options))
