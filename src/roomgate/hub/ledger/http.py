"""REST: the ledger, with proofs."""

import base64
from typing import Any

import msgspec
from litestar import Response, Router, get
from litestar.params import FromPath, FromQuery

from roomgate.errors import BadInput
from roomgate.hub.http.asking import Hub, Who
from roomgate.hub.http.paging import Page, build_page, parse_cursor, parse_limit
from roomgate.ledger.tree import leaf_hash
from roomgate.storage.record import Entry


class EntryShown(msgspec.Struct, frozen=True):
    """``event`` is the entry as it reads; its exact bytes are what the proof is about."""

    index: int
    event: dict[str, Any]


class EntryProven(msgspec.Struct, frozen=True):
    """RFC 6962: hash ``leaf`` up with ``path`` to the root in ``checkpoint``, a signed note over ``size`` entries."""

    index: int
    event: dict[str, Any]
    raw: str
    leaf: str
    path: list[str]
    size: int
    checkpoint: str


def show_entry(entry: Entry) -> EntryShown:
    return EntryShown(entry.index, msgspec.json.decode(entry.raw, type=dict[str, Any]))


_MOST_DIGITS = 18  # of an index: what the database can hold


@get("/ledger")
async def list_entries(
    parts: Hub,
    signed: Who,
    kind: FromQuery[str | None] = None,
    room: FromQuery[str | None] = None,
    person: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[EntryShown]:
    """The newest first."""
    most, place = parse_limit(limit), parse_cursor(cursor)
    if place and not (place.isascii() and place.isdigit() and len(place) <= _MOST_DIGITS):
        raise BadInput("This cursor is not one of ours.")
    found = await parts.ledger.entries(
        signed, before=int(place) if place else None, limit=most + 1, kind=kind, room=room, person=person
    )
    return build_page(found, most, lambda entry: str(entry.index), show_entry)


@get("/ledger/checkpoint", media_type="text/plain")
async def checkpoint(parts: Hub, signed: Who) -> Response[str]:
    """The signed note over all that the record holds now, with the witness's signature once it has one."""
    return Response(await parts.ledger.checkpoint(signed), media_type="text/plain")


@get("/ledger/{index:int}")
async def show_one(parts: Hub, signed: Who, index: FromPath[int]) -> EntryProven:
    proven = await parts.ledger.prove(signed, index)
    entry = proven.entry
    return EntryProven(
        entry.index, show_entry(entry).event, base64.b64encode(entry.raw).decode(), leaf_hash(entry.raw).hex(),
        [step.hex() for step in proven.path], proven.size, proven.checkpoint,
    )  # fmt: skip


API = Router("/", tags=["ledger"], route_handlers=[list_entries, checkpoint, show_one])
