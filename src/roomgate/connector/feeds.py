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

    def hear(self, feedback: Feedback, *, whole: bool = False) -> None:
        """Its part of a feedback, or all of it."""
        part = feedback.document if whole else _part(self.path, feedback.document)
        if part:
            self.tell(feedback.kind.lower(), part)

    def hear_present(self, known: Document) -> None:
        """Its part of what is known, {} where there is nothing now. An event has no present."""
        if self.path.root != "Event":
            self.tell(self.path.root.lower(), _part(self.path, known) or {})

    def tell(self, kind: str, document: Any) -> None:
        try:
            self.listener(kind, document)
        except Exception as fault:  # somebody else's code: its fault must not deafen the others
            _log.error("feed.listener", path=str(self.path), error=f"{type(fault).__name__}: {fault}"[:300])


@dataclass(slots=True, eq=False)
class Feed:
    """One subscription at the device that somebody listens to, and who shares it."""

    path: Path
    listening: list[Listening] = field(default_factory=list)
    document: Document = field(default_factory=dict)  # what it has told since it began
    ready: asyncio.Future[XapiError | None] | None = None  # while it is being made; None as result: the device took it
    refused: XapiError | None = None
    task: asyncio.Task[None] | None = None  # while it is being made
    number: int | None = None  # the device's own for it, then

    def refusal(self, path: Path) -> XapiError | None:
        """Why nothing is heard of ``path``; None where it is heard."""
        return self.refused

    def hear(self, feedback: Feedback) -> None:
        if feedback.kind != "Event":
            self.document = tree.merge(self.document, feedback.document)
        for one in tuple(self.listening):
            one.hear(feedback, whole=one.path == self.path)

    def present(self, one: Listening) -> None:
        """The present value."""
        one.hear_present(self.document)

    def gap(self) -> None:
        """What was heard may be out of date; the present value follows."""
        self.document = {}
        for one in tuple(self.listening):
            one.tell("gap", {})


@dataclass(slots=True, eq=False)
class Dashboard:
    """The dashboard's subscriptions at the device, none of which overlaps another: they are heard as one.

    There are two dozen of them in each of thousands of rooms, so they share all that they have.
    """

    paths: tuple[Path, ...]
    absorb: Callable[[Document], None]  # who keeps what it tells
    known: Callable[[], Document]  # what was kept
    listening: list[Listening] = field(default_factory=list)
    ready: asyncio.Future[XapiError | None] | None = None  # while they are being made
    refused: dict[Path, XapiError] = field(default_factory=dict)

    def refusal(self, path: Path) -> XapiError | None:
        """As `Feed.refusal`."""
        return self.refused.get(mine) if self.refused and (mine := self.find(path)) else None

    def find(self, path: Path) -> Path | None:
        """Which of its subscriptions tells of everything on ``path``."""
        if path in self.paths:
            return path
        return None if path.is_pattern else next((mine for mine in self.paths if mine.covers(path)), None)

    def hear(self, feedback: Feedback) -> None:
        """What any of its subscriptions tells."""
        if feedback.kind != "Event":
            self.absorb(feedback.document)
        for one in tuple(self.listening):
            one.hear(feedback)

    def listening_to(self, path: Path) -> tuple[Listening, ...]:
        """Who listens to this one of its subscriptions."""
        return tuple(one for one in self.listening if path.covers(one.path))

    def present(self, one: Listening) -> None:
        """As `Feed.present`."""
        one.hear_present(self.known())

    def gap(self) -> None:
        """As `Feed.gap`."""
        for one in tuple(self.listening):
            one.tell("gap", {})


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
    """The feeds of one device; they outlive its connections. To iterate gives those beside the dashboard."""

    __slots__ = ("_budget", "_feeds", "dashboard")

    def __init__(self, dashboard: Dashboard, budget: int = BUDGET) -> None:
        self.dashboard = dashboard
        self._budget = budget
        self._feeds: list[Feed] = []

    def __iter__(self) -> Iterator[Feed]:
        return iter(tuple(self._feeds))

    def __len__(self) -> int:
        return len(self.dashboard.paths) + len(self._feeds)

    def find(self, path: Path) -> Feed | Dashboard | None:
        """The feed that tells of everything on ``path``; a pattern is shared with its like only."""
        for feed in self._feeds:
            if feed.path == path:
                return feed
        if self.dashboard.find(path) is not None:
            return self.dashboard
        if path.is_pattern:
            return None
        return next((feed for feed in self._feeds if not feed.path.is_pattern and feed.path.covers(path)), None)

    def add(self, path: Path) -> Feed:
        """Raises TooManySubscriptions when the device would take no more."""
        if len(self) >= self._budget:
            raise TooManySubscriptions(f"All {self._budget} subscriptions of this device are in use")
        feed = Feed(path)
        self._feeds.append(feed)
        return feed

    def leave(self, feed: Feed | Dashboard, one: Listening) -> int | None:
        """A listener goes; the last one ends the subscription at the device, unless it is the dashboard's.

        Gives its number, where it has to be ended at the device.
        """
        if one in feed.listening:
            feed.listening.remove(one)
        if isinstance(feed, Feed) and not feed.listening and feed in self._feeds:
            self._feeds.remove(feed)
            if feed.task is not None:
                feed.task.cancel()
            return feed.number
        return None
