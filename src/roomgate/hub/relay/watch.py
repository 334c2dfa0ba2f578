"""One watcher of one path: what it may see of each feedback, in order, in bounded memory.

Theory: feedback says only what changed, so a watcher that misses one is wrong for ever. Whoever falls behind
by more than `LONGEST` is told `gap` and then the present values, which are kept merged here for that purpose.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from roomgate.access.capability import Classes
from roomgate.hub.channels import Cutoff, Session
from roomgate.hub.relay.masking import mask_result
from roomgate.ids import OrderId
from roomgate.xapi import tree
from roomgate.xapi.call import Call
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue

LONGEST = 256


@dataclass(frozen=True, slots=True)
class Seen:
    """``kind``: status, configuration, event, gap. ``present``: a present value, not a change."""

    kind: str
    document: tree.Document
    present: bool = False


@dataclass(slots=True, eq=False)
class Watch:
    """A subscription of one session. Iterate over it; it ends when it is closed, or its right has fallen."""

    session: Session
    call: Call
    order: OrderId
    catalogue: Catalogue
    release: Callable[["Watch"], None]  # tells the connector that nobody watches any more
    ended: Cutoff | None = None
    _document: tree.Document = field(default_factory=dict)
    _fresh: bool = True  # the next value is the present one
    _queue: deque[Seen] = field(default_factory=deque)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _closed: bool = False

    def feed(self, kind: str, document: Any) -> None:
        """Take in a feedback from the connector; only permitted leaves get in."""
        if self._closed:
            return
        if kind == "gap":
            self.gap()
            return
        present = self._fresh and kind != "event"
        if present:
            self._fresh = False
            self._document = {}
        allowed = self.allowed(document)
        if allowed is None:
            if present:
                self._put(Seen(kind, {}, present=True))
            return
        if kind != "event":
            self._document = tree.merge(self._document, allowed)
        self._put(Seen(kind, allowed, present))

    def gap(self) -> None:
        """Something was missed: the present values follow, when the device is back."""
        self._fresh = True
        self._put(Seen("gap", {}))

    def allowed(self, document: Any) -> Any:
        """The part of a rooted document that the session's grants let through now, secrets hidden."""
        held, classes = self.session.capabilities, Classes.shipped()

        def keep(leaf: Path) -> bool:
            return classes.told(leaf, self.catalogue) in held

        return mask_result(tree.prune(document, None, keep)) if isinstance(document, dict) else None

    def present(self) -> Seen:
        """The present values, as far as they are known and permitted."""
        kind = "configuration" if self.call.path.root == "Configuration" else "status"
        return Seen(kind, self.allowed(self._document) or {}, present=True)

    def _put(self, seen: Seen) -> None:
        if len(self._queue) >= LONGEST:
            self._queue.clear()
            self._queue.append(Seen("gap", {}))
            if self.call.path.root != "Event":
                self._queue.append(self.present())
        else:
            self._queue.append(seen)
        self._news.set()

    def end(self, why: Cutoff) -> None:
        """Its right has fallen: what was not handed over yet is not handed over."""
        if self.ended is None:
            self.ended = why
        self._queue.clear()
        self.close()

    def close(self) -> None:
        """Nobody watches any more. Safe to repeat."""
        if not self._closed:
            self._closed = True
            self._news.set()
            self.release(self)

    def __aiter__(self) -> "Watch":
        return self

    async def __anext__(self) -> Seen:
        while not self._queue:
            if self._closed:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        return self._queue.popleft()
