"""What the relay adds to the hub: the link's endpoint, the xAPI endpoint, the tunnels, the routes, and what runs beside."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace

from roomgate.hub.app import Extension
from roomgate.hub.backups import http as backups_http
from roomgate.hub.backups.service import Backups
from roomgate.hub.extensions import http as extensions_http
from roomgate.hub.gateway.socket import Gateway
from roomgate.hub.gateway.xmlapi import XmlApi
from roomgate.hub.http.door import Front
from roomgate.hub.meetings import http as meetings_http
from roomgate.hub.meetings.service import Meetings
from roomgate.hub.parts import Parts
from roomgate.hub.relay import http as relay_http
from roomgate.hub.relay.link import LinkEndpoint
from roomgate.hub.relay.parts import RelayParts, build_relay, session_exists
from roomgate.hub.relay.tunnel import PATH as TUNNELS
from roomgate.hub.relay.tunnel import TunnelEndpoint
from roomgate.hub.revocation import Revocation, SubjectKind
from roomgate.hub.rooms.service import SessionCounts
from roomgate.hub.security import http as security_http
from roomgate.hub.settings import http as settings_http
from roomgate.hub.status import http as status_http
from roomgate.ids import ConnectorId


def open_relay(parts: Parts) -> RelayParts:
    """The relay of a hub, known to the parts that ask it something. Once for each hub."""
    relay = build_relay(
        parts.db, parts.record, parts.bus, parts.changes, parts.grants, parts.rooms, parts.rooms, parts.ledger,
        parts.clock, memory=parts.restorations, cuts=parts.cuts,
    )  # fmt: skip
    parts.grants.session_exists = session_exists(relay.book)
    parts.rooms.session_counts = _counter(relay)
    parts.fleet.bind(relay.relay, relay.relay.catalogue)
    return relay


def build_extension(parts: Parts, relay: RelayParts, front: Front | None = None) -> Extension:
    """Routes, sockets and tasks; the console's own front is kept, with the two sockets added."""
    link = LinkEndpoint(
        parts.sites,
        parts.keys.order,
        relay.events,
        parts.clock,
        parts.ledger.kept_size,
        checkpoint=relay.events.checkpoint,
    )
    gateway = Gateway(relay.relay, relay.channels, parts.identity)
    tunnel = TunnelEndpoint(relay.relay, relay.channels, parts.identity, parts.record, parts.clock)
    xml = XmlApi(relay.relay, parts.identity)
    parts.bus.listen(Revocation, link_ender(link.close))
    base = front or Front()
    sockets = {**base.websockets, "/link": link, "/ws": gateway, "/ws/": gateway}
    return Extension(
        api=[
            relay_http.API,
            backups_http.API,
            meetings_http.API,
            security_http.API,
            settings_http.API,
            status_http.API,
            extensions_http.API,
        ],
        given={"relay": relay, "backups": Backups(relay.relay.catalogue), "meetings": Meetings(parts, relay)},
        tasks=[("hub.relay", relay.relay.run), ("hub.streams", relay.streams.keep), ("hub.fleet", parts.fleet.run)],
        front=replace(
            base,
            websockets=sockets,
            websocket_forms=[*base.websocket_forms, (TUNNELS, tunnel)],
            own_sign_in={**base.own_sign_in, "/getxml": xml, "/putxml": xml},
        ),
    )


def link_ender(close: Callable[[ConnectorId, str], Awaitable[None]]) -> Callable[[Revocation], Awaitable[None]]:
    """Ends the link of a connector that was disabled or locked; after the cut, so that this still goes out."""

    async def hear(revocation: Revocation) -> None:
        if revocation.kind is SubjectKind.CONNECTOR:
            await close(ConnectorId(revocation.subject), revocation.cause.value)

    return hear


def _counter(relay: RelayParts) -> SessionCounts:
    return lambda: Counter(session.room.id for session in relay.book if relay.book.shows(session))
