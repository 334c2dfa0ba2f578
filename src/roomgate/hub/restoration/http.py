"""REST: the safe mode after a restoration."""

import msgspec
from litestar import Router, get, post
from litestar.params import JSONBody

from roomgate.access.principal import Right
from roomgate.hub.http.asking import Hub, Who
from roomgate.hub.identity.person import Signed
from roomgate.hub.parts import Parts
from roomgate.hub.restoration.service import whose


class PausedShown(msgspec.Struct, frozen=True):
    """What waits: ``kind`` is people, tokens or grants."""

    kind: str
    id: str
    name: str
    person: str
    until: str


class ToldShown(msgspec.Struct, frozen=True):
    at: str
    connector: str
    room: str
    person: str
    what: str


class RestorationShown(msgspec.Struct, frozen=True):
    """``entries_elsewhere``: how long the record is that somebody else knows of; 0 where nobody said.

    ``told`` is what connectors say happened after the copy was made. ``vkey``: how a witness must know the record.
    """

    safe_mode: bool
    cause: str
    since: str
    backup_made: str
    entries_here: int
    entries_elsewhere: int
    vkey: str
    paused: list[PausedShown]
    told: list[ToldShown]


class Confirmation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The ids of what still holds; all of them or none."""

    people: list[str] = []
    tokens: list[str] = []
    grants: list[str] = []


async def _show(parts: Parts, signed: Signed) -> RestorationShown:
    signed.require(Right.PEOPLE)
    now = parts.restorations.safe_mode
    if now is None:
        return RestorationShown(False, "", "", "", 0, 0, parts.restorations.name, [], [])
    told = [ToldShown(one.event.at, one.connector, *whose(one.event)) for one in await parts.restorations.since(signed)]
    paused = [PausedShown(p.kind, p.id, p.name, p.person, p.until) for p in await parts.restorations.paused(signed)]
    return RestorationShown(
        True, now.cause, now.at, now.made or "", now.here, now.elsewhere, parts.restorations.name, paused, told
    )


@get("/restoration")
async def show_restoration(parts: Hub, signed: Who) -> RestorationShown:
    return await _show(parts, signed)


@post("/restoration/confirm", status_code=200)
async def confirm_restored(parts: Hub, signed: Who, data: JSONBody[Confirmation]) -> RestorationShown:
    await parts.restorations.confirm(data.people, data.tokens, data.grants, signed)
    return await _show(parts, signed)


@post("/restoration/end", status_code=200)
async def end_safe_mode(parts: Hub, signed: Who) -> RestorationShown:
    """What was not confirmed ends for good."""
    await parts.restorations.end(signed)
    return await _show(parts, signed)


API = Router("/", tags=["restoration"], route_handlers=[show_restoration, confirm_restored, end_safe_mode])
