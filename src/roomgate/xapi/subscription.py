"""Feedback as it comes in, for one reader."""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from roomgate.xapi.errors import FeedbackLost, XapiError
from roomgate.xapi.messages import Feedback
from roomgate.xapi.path import Path

MAX_UNREAD = 1024
MAX_EARLY = 64


class Subscription:
    """An async iterator of `Feedback`; raises DeviceGone where the connection ends.

    At most 1024 feedbacks wait for the reader. When they are full, nothing is dropped in silence: the
    ones that wait are read, then FeedbackLost is raised, and the reader has to subscribe anew.
    """

    __slots__ = ("_changed", "_done", "_reason", "_unread", "_unsubscribe", "number", "path")

    def __init__(self, path: Path, unsubscribe: Callable[["Subscription"], Awaitable[None]]) -> None:
        self.path = path
        self.number: int | None = None
        self._unsubscribe = unsubscribe
        self._unread: list[Feedback] = []
        self._changed: asyncio.Event | None = None  # somebody waits
        self._reason: XapiError | None = None
        self._done = False

    def feed(self, feedback: Feedback) -> None:
        """Called by the connection's reader."""
        if self._reason is not None or self._done:
            return
        if len(self._unread) >= MAX_UNREAD:
            self._reason = FeedbackLost(f"{MAX_UNREAD} feedbacks on {self.path} were not read")
        else:
            self._unread.append(feedback)
        self._wake()

    def end(self, reason: XapiError) -> None:
        """Called by the connection's reader: no more will come."""
        self._reason = self._reason or reason
        self._wake()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Feedback:
        """The next feedback. Cancelling loses none."""
        while not self._unread:
            if self._done:
                raise StopAsyncIteration
            if self._reason is not None:
                raise self._reason
            self._changed = asyncio.Event()
            await self._changed.wait()
        return self._unread.pop(0)

    async def aclose(self) -> None:
        """Unsubscribe; what waits unread is dropped. Safe to repeat, and never raises for a device that is gone."""
        self._done = True
        self._unread.clear()
        self._wake()
        await self._unsubscribe(self)

    def _wake(self) -> None:
        if self._changed is not None:
            self._changed.set()
            self._changed = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
