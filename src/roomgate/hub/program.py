"""The hub as people run it: its parts, the relay, the gateway, the link's endpoint and the console, on one server."""

from collections.abc import Callable

from litestar import Router
from litestar.di import Provide

from roomgate.hub.app import Extension
from roomgate.hub.app import serve as serve_with
from roomgate.hub.config import HubConfig
from roomgate.hub.gateway.socket import Gateway
from roomgate.hub.http.door import Front
from roomgate.hub.parts import Parts
from roomgate.hub.relay import http as relay_http
from roomgate.hub.relay.link import LinkEndpoint
from roomgate.hub.relay.parts import build_relay, session_exists
from roomgate.hub.revocation import Cause, Revocation
from roomgate.ids import ConnectorId


def extend(parts: Parts) -> Extension:
    """What stands on the hub's own parts."""
    relay = build_relay(
        parts.db, parts.record, parts.bus, parts.changes, parts.grants, parts.rooms, parts.rooms, parts.ledger,
        parts.clock,
    )  # fmt: skip
    parts.grants.session_exists = session_exists(relay.book)
    endpoint = LinkEndpoint(parts.sites, parts.keys.order, relay.events, parts.clock, parts.ledger.kept_size)
    gateway = Gateway(relay.relay, relay.channels, parts.identity)

    async def unplug(revocation: Revocation) -> None:
        """A connector that is no longer trusted loses its link, after everything in its rooms was cut."""
        if revocation.cause is Cause.CONNECTOR_DISABLED:
            await endpoint.close(ConnectorId(revocation.subject), "disabled")

    parts.bus.listen(Revocation, unplug)
    api = Router(
        "/",
        route_handlers=[
            relay_http.ask, relay_http.show_ask, relay_http.events, relay_http.list_sessions, relay_http.end_session,
        ],
        dependencies={"relay": Provide(lambda: relay, sync_to_thread=False)},
    )  # fmt: skip
    return Extension(
        routes=[api],
        tasks=[("relay", relay.relay.run)],
        front=Front(websockets={"/ws": gateway, "/ws/": gateway, "/link": endpoint}),
    )


async def serve(config: HubConfig, ready: Callable[[str], None]) -> None:
    """Serve until told to stop by a signal or cancelled; ``ready`` hears the address once it answers."""
    await serve_with(config, ready, extend)
