"""The live state of rooms, in memory: what connectors let out, and what a person makes of it at a glance."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from roomgate.clock import parse_iso
from roomgate.hub.rooms.store import RoomRecord
from roomgate.ids import RoomId
from roomgate.link.messages import Upkeep
from roomgate.xapi import tree
from roomgate.xapi.tree import Document


class RoomState(StrEnum):
    FINE = "fine"
    CALL = "call"
    WARN = "warn"
    TROUBLE = "trouble"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RoomSummary:
    """One room, as a list shows it."""

    id: RoomId
    name: str
    site: str
    connector: str
    state: RoomState
    words: str  # why, in a sentence; empty where all is fine
    product: str
    software: str
    volume: int | None
    muted: bool | None  # the microphones
    standby: str | None  # Off, Halfwake, Standby …
    call_since: datetime | None
    calls: int
    booked: str | None  # Free, FreeUntil, BookedUntil
    booked_until: datetime | None
    sessions: int
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RoomTold:
    """What is known of a room as it was told. ``news``: whether ``document`` is of the link that is up."""

    trusted: bool
    linked: bool
    state: str  # fine, offline, quarantined, locked
    words: str
    news: bool
    document: Document
    upkeep: Upkeep | None = None  # of the link that is up, too


class Watch:
    """Who waits for rooms to change. Changes that nobody fetched yet become one: it never overflows."""

    def __init__(self) -> None:
        self._changed: set[RoomId] = set()
        self._event = asyncio.Event()

    def tell(self, room: RoomId) -> None:
        self._changed.add(room)
        self._event.set()

    async def next(self) -> frozenset[RoomId]:
        """The rooms that changed since the last call, as soon as there is one. The caller sets the deadline."""
        await self._event.wait()
        return self.take()

    def take(self) -> frozenset[RoomId]:
        """The same without waiting: none, where none changed."""
        self._event.clear()
        changed, self._changed = frozenset(self._changed), set()
        return changed


@dataclass(slots=True)
class Live:
    """What is known of one room beside its record."""

    document: Document = field(default_factory=dict)
    told: bool = False  # whether the connector has told anything since its link came up
    call_since: datetime | None = None

    def absorb(self, document: Document, whole: bool, now: datetime) -> None:
        self.document = document if whole else tree.merge(self.document, document)
        self.told = True
        calls = self.calls()
        if not calls:
            self.call_since = None
        elif self.call_since is None:
            self.call_since = now

    def booked(self, now: datetime) -> bool:
        """Whether the device says that it is booked until a time which is still to come."""
        told = tree.lookup(self.document, ("Status", "Bookings", "Availability"))
        if not self.told or not isinstance(told, dict) or told.get("Status") != "BookedUntil":
            return False
        until = _time(told.get("TimeStamp"))
        return until is not None and now < until

    def calls(self) -> list[Any]:
        found = tree.lookup(self.document, ("Status", "Call"))
        live = found if isinstance(found, list) else []
        return [c for c in live if isinstance(c, dict) and c.get("Status") not in ("Idle", "Disconnecting", None)]


def summarise(record: RoomRecord, live: Live | None, *, linked: bool, sessions: int) -> RoomSummary:
    """Pure. What is not known is None, and an unlinked connector makes the whole room unknown."""
    known = live is not None and live.told and linked
    document = live.document if live is not None and known else {}

    def at(*parts: str) -> Any:
        return tree.lookup(document, parts)

    calls = live.calls() if live is not None and known else []
    volume, muted, standby = at("Status", "Audio", "Volume"), at("Status", "Audio", "Microphones", "Mute"), None
    standby = at("Status", "Standby", "State")
    booked, until = (
        at("Status", "Bookings", "Availability", "Status"),
        at("Status", "Bookings", "Availability", "TimeStamp"),
    )
    state, words = _state(record, linked, known, calls, at("Status", "Diagnostics", "Message"))
    return RoomSummary(
        id=record.room.id,
        name=record.room.name,
        site=record.room.site,
        connector=record.room.connector,
        state=state,
        words=words,
        product=record.product,
        software=record.software,
        volume=int(volume)
        if isinstance(volume, int | str) and str(volume).isascii() and str(volume).isdigit()
        else None,
        muted=None if muted is None else str(muted) == "On",
        standby=str(standby) if standby is not None else None,
        call_since=live.call_since if live is not None and calls else None,
        calls=len(calls),
        booked=str(booked) if booked else None,
        booked_until=_time(until),
        sessions=sessions,
        tags=record.room.tags,
    )


def _state(record: RoomRecord, linked: bool, known: bool, calls: list[Any], notes: Any) -> tuple[RoomState, str]:
    if not record.trusted:
        return RoomState.UNKNOWN, "Its connector is not confirmed."
    if not linked:
        return RoomState.UNKNOWN, "Its connector is not connected."
    match record.state:
        case "quarantined":
            return RoomState.TROUBLE, record.words or "The device changed; someone at the site must confirm it."
        case "offline":
            return RoomState.TROUBLE, record.words or "The device does not answer."
        case "locked":
            return RoomState.WARN, record.words or "The site has locked this room."
        case "fine":
            pass
        case _:
            return RoomState.UNKNOWN, record.words
    if not known:
        return RoomState.UNKNOWN, "Nothing has been heard of it yet."
    if calls:
        return RoomState.CALL, "In a call."
    levels = {str(note.get("Level")) for note in notes if isinstance(note, dict)} if isinstance(notes, list) else set()
    if levels & {"Error", "Critical", "Warning"}:
        return RoomState.WARN, "The device reports a problem."
    return RoomState.FINE, ""


def _time(text: Any) -> datetime | None:
    try:
        return parse_iso(str(text)) if text else None
    except ValueError:
        return None
