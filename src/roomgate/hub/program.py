"""The hub as people run it: its parts, the relay and the console on one server."""

from collections.abc import Callable
from dataclasses import replace

from roomgate.hub.app import Extension
from roomgate.hub.app import serve as serve_with
from roomgate.hub.config import HubConfig
from roomgate.hub.console.routes import CONSOLE, console_front, given_to_pages, refuse
from roomgate.hub.metrics.service import Metrics
from roomgate.hub.parts import Parts
from roomgate.hub.relay.extension import build_extension, open_relay
from roomgate.hub.relay.parts import RelayParts
from roomgate.metrics.listener import Listener, split_listen


def extend(parts: Parts) -> Extension:
    """What stands on the hub's own parts."""
    return extend_with(parts, open_relay(parts))


def extend_with(parts: Parts, relay: RelayParts) -> Extension:
    """The same on a relay that is open already."""
    made = build_extension(parts, relay, console_front(parts.config.providers))
    if at := split_listen(parts.config.metrics_listen):
        metrics = Metrics(parts, relay)
        listener = Listener(*at, metrics.scrape)
        made = replace(made, tasks=[*made.tasks, *metrics.tasks(), ("hub.metrics", listener.run)])
    given = {**made.given, **given_to_pages(parts.clock)}
    return replace(made, routes=[*made.routes, *CONSOLE], given=given, refused=refuse)


async def serve(config: HubConfig, ready: Callable[[str], None]) -> None:
    """Serve until told to stop by a signal or cancelled; ``ready`` hears the address once it answers."""
    await serve_with(config, ready, extend)
