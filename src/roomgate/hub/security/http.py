"""REST: how a room's device is guarded, its call history, and its logs."""

from typing import Any

import msgspec
from litestar import Router, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Stream

from roomgate.hub.channels import Kind
from roomgate.hub.http.asking import Hub, Who, give
from roomgate.hub.http.paging import parse_limit
from roomgate.hub.relay.http import RelayHere
from roomgate.hub.security import service
from roomgate.hub.security.download import open_download


class PartShown(msgspec.Struct, frozen=True):
    """``outcome``: done, refused, failed or late. ``opens``: the line of the site's policy.toml that would allow it."""

    outcome: str
    rule: str
    words: str
    opens: str


class FindingShown(msgspec.Struct, frozen=True):
    """``severity``: bad, warn, note, or unknown for what could not be read."""

    id: str
    severity: str
    seen: str
    title: str
    do: str


class SecurityShown(msgspec.Struct, frozen=True):
    """``findings`` come worst first. A list is null where its part was not done: then nothing is known of it."""

    room: str
    findings: list[FindingShown]
    parts: dict[str, PartShown]
    sessions: list[dict[str, Any]] | None
    users: list[dict[str, Any]] | None
    certificates: list[dict[str, Any]] | None
    authorities: list[dict[str, Any]] | None
    ciphers: list[str] | None
    listeners: list[dict[str, Any]] | None


class CallsShown(msgspec.Struct, frozen=True):
    """``items`` is null where the history could not be read."""

    outcome: str
    rule: str
    words: str
    items: list[dict[str, Any]] | None


def show_part(part: service.Part) -> PartShown:
    return PartShown(part.outcome, part.rule, part.words, part.opens)


def show_looked(room: str, looked: service.Looked) -> SecurityShown:
    return SecurityShown(
        room,
        [FindingShown(f.id, f.severity.value, f.seen, f.title, f.do) for f in looked.findings],
        {key: show_part(part) for key, part in looked.parts.items()},
        _rows(looked.sessions),
        _rows(looked.users),
        _rows(looked.certificates),
        _rows(looked.authorities),
        looked.ciphers,
        _rows(looked.slots),
    )


def _rows(rows: Any) -> list[dict[str, Any]] | None:
    return None if rows is None else msgspec.to_builtins(list(rows))


@get("/rooms/{room:str}/security", summary="How a room's device is guarded, and what to do about it")
async def show_security(room: FromPath[str], parts: Hub, signed: Who, relay: RelayHere) -> SecurityShown:
    """Every part is an ask of its own: one that is refused or does not answer is told so in its place."""
    return show_looked(room, await service.look(relay, signed.principal, room, parts.clock.now()))


@get("/rooms/{room:str}/calls", summary="A room's call history")
async def list_calls(
    room: FromPath[str],
    signed: Who,
    relay: RelayHere,
    only: FromQuery[str] = "All",
    limit: FromQuery[int | None] = None,
) -> CallsShown:
    """The newest first. ``only``: one of the device's own filters, such as Missed, Placed or Received."""
    most = parse_limit(limit)
    await relay.relay.require_room(signed.principal, room)
    part = await service.calls(relay, signed.principal, room, only, most)
    return CallsShown(part.outcome, part.rule, part.words, _rows(part.result) if part.done else None)


@post("/rooms/{room:str}/logs", summary="Collect a room's logs, as a zip", status_code=200)
async def collect_logs(room: FromPath[str], parts: Hub, signed: Who, relay: RelayHere) -> Stream:
    """Secrets were taken out at the site, and the hash of the original stays there. `bundle.json` says what is in it."""
    session = await relay.relay.open_session(signed.principal, room, Kind.API)
    bundle = await service.collect(relay, signed.principal, room, parts.clock.now(), session=session)
    return open_download(relay.channels, Kind.API, session, bundle.content, bundle.name)


API = Router(
    "/",
    tags=["rooms"],
    route_handlers=[show_security, list_calls, collect_logs],
    dependencies={"relay": give("relay")},
)
