"""Who hears what of one device: as few subscriptions at the device as possible, however many listen.

A device takes 38 subscriptions from one connection (CE 9.14 documentation; later ones take 50), and an
inner node counts as one. So a listener shares the feed that covers its path, and hears its own part of it.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from roomgate import log
from roomgate.connector.room import Listener
from roomgate.xapi import tree
from roomgate.xapi.errors import TooManySubscriptions, XapiError
from roomgate.xapi.messages import Feedback
from roomgate.xapi.path import Path
from roomgate.xapi.tree import Document

BUDGET = 38

_log = log.get("feeds")


@dataclass(frozen=True, slots=True, eq=False)
class Listening:
    """One listener and what it wants to hear of."""

    path: Path
    listener: Listener

    def tell(self, kind: str, document: Any) -> None:
        try:
            self.listener(kind, document)
        except Exception as fault:  # somebody else's code: its fault must not deafen the others
            _log.error("feed.listener", path=str(self.path), error=f"{type(fault).__name__}: {fault}"[:300])


@dataclass(slots=True, eq=False)
class Feed:
    """One subscription at the device, and who shares it."""

    path: Path
    absorb: Callable[[Document], None] | None = None  # who keeps what a feed of the dashboard tells
    listening: list[Listening] = field(default_factory=list)
    document: Document = field(default_factory=dict)  # what another one has told since it began
    ready: asyncio.Future[XapiError | None] | None = None  # while it is being made; None as result: the device took it
    refused: XapiError | None = None
    task: asyncio.Task[None] | None = None

    @property
    def dashboard(self) -> bool:
        return self.absorb is not None

    @property
    def wanted(self) -> bool:
        return self.dashboard or bool(self.listening)

    def hear(self, feedback: Feedback) -> None:
        if feedback.kind != "Event":
            self.keep(feedback.document)
        for one in tuple(self.listening):
            if part := self.part(one.path, feedback.document):
                one.tell(feedback.kind.lower(), part)

    def keep(self, document: Document) -> None:
        """Merge what it told into what is known."""
        if self.absorb is not None:
            self.absorb(document)
        else:
            self.document = tree.merge(self.document, document)

    def present(self, one: Listening, known: Document) -> None:
        """The present value out of what is ``known``, {} where there is none now. An event has no present."""
        if one.path.root != "Event":
            one.tell(one.path.root.lower(), _part(one.path, known) or {})

    def gap(self) -> None:
        """What was heard may be out of date; the present value follows."""
        self.document = {}
        for one in tuple(self.listening):
            one.tell("gap", {})

    def part(self, path: Path, document: Document) -> Document | None:
        if path == self.path:
            return document or None
        return _part(path, document)


def _part(path: Path, document: Document) -> Document | None:
    pruned = tree.prune(document, None, lambda leaf: concerns(path, leaf))
    return pruned if isinstance(pruned, dict) else None


def concerns(path: Path, node: Path) -> bool:
    """Whether news of ``node`` concerns a listener on ``path``: it lies below, or is a member above that went away."""
    if path.covers(node):
        return True
    above = path.root == node.root and path.words[: len(node.words)] == node.words
    indices = {part for part in path.parts if isinstance(part, int)}
    return above and (not indices or all(part in indices for part in node.parts if isinstance(part, int)))


class Feeds:
    """The feeds of one device; they outlive its connections."""

    def __init__(self, dashboard: tuple[Path, ...], absorb: Callable[[Document], None], budget: int = BUDGET) -> None:
        """``absorb`` keeps what the feeds of the dashboard tell, all together."""
        self._budget = budget
        self._feeds = [Feed(path, absorb) for path in dashboard[:budget]]

    def __iter__(self) -> Iterator[Feed]:
        return iter(tuple(self._feeds))

    def __len__(self) -> int:
        return len(self._feeds)

    def find(self, path: Path) -> Feed | None:
        """The feed that tells of everything on ``path``; a pattern is shared with its like only."""
        for feed in self._feeds:
            if feed.path == path:
                return feed
        if path.is_pattern:
            return None
        return next((feed for feed in self._feeds if not feed.path.is_pattern and feed.path.covers(path)), None)

    def add(self, path: Path) -> Feed:
        """Raises TooManySubscriptions when the device would take no more."""
        if len(self._feeds) >= self._budget:
            raise TooManySubscriptions(f"All {self._budget} subscriptions of this device are in use")
        feed = Feed(path)
        self._feeds.append(feed)
        return feed

    def leave(self, feed: Feed, one: Listening) -> None:
        """A listener goes; the last one ends the subscription at the device."""
        if one in feed.listening:
            feed.listening.remove(one)
        if not feed.wanted and feed in self._feeds:
            self._feeds.remove(feed)
            if feed.task is not None:
                feed.task.cancel()
