"""Where alerts are sent to, and the sending: in order, again until it is taken, and not lost when the hub is killed.

Each alert's beginning and end has a place in one sequence, and each route the place up to which it was told. What
was sent and not yet written down is sent once more after a fall: the body names the alert, so that a receiver can
tell.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import Connection

from roomgate import log
from roomgate.access.principal import Right
from roomgate.clock import Clock, iso
from roomgate.errors import BadInput, Conflict, NotFound
from roomgate.hub.alerts import store
from roomgate.hub.alerts.address import Address, BadAddress, parse_address
from roomgate.hub.alerts.rules import Kind
from roomgate.hub.alerts.sender import Sender
from roomgate.hub.alerts.service import Alerts
from roomgate.hub.alerts.store import Alert, Route
from roomgate.hub.change import Change, Changes
from roomgate.hub.identity.person import Signed
from roomgate.hub.identity.sealing import Seal
from roomgate.ids import mint
from roomgate.ledger.event import AlertRouteChanged
from roomgate.storage.database import Database

LOOK_EVERY_S = 5.0
AGAIN_S, LONGEST_AGAIN_S = 5.0, 600.0
MOST_ROUTES, LONGEST_NAME = 50, 80
MOST_AT_ONCE, MOST_BEHIND = 20, 1000
STALE = timedelta(hours=24)  # what could not be sent for so long is no news any more

_log = log.get("alerts")


@dataclass(frozen=True, slots=True)
class RouteView:
    """A route for whoever may keep them; the address shows no more than where it leads."""

    id: str
    name: str
    address: str
    kinds: tuple[str, ...]
    created: str
    last_at: str | None
    last_words: str


def require_routes(signed: Signed) -> None:
    """What is sent out tells of all rooms, connectors and findings: for who sees all that, and keeps sites."""
    for right in (Right.SITES, Right.SEE, Right.AUDIT):
        signed.require(right)


def may_route(signed: Signed) -> bool:
    return all(map(signed.may, (Right.SITES, Right.SEE, Right.AUDIT)))


def text_of(alert: Alert, room: str, over: bool, hub: str) -> tuple[str, str]:
    """Title and body. What a device or connector said is a line of text in it, bounded when it was kept."""
    about = room or alert.subject or "hub"
    state = "over" if over else alert.severity
    lines = [
        alert.words,
        f"{alert.kind}{f' · {alert.subject}' if room and alert.subject else ''} · since {alert.since}"
        + (f" · until {alert.ended}" if over else ""),
        f"{hub}/alerts#{alert.id}" if hub else "",
        f"{alert.id} {'ended' if over else 'raised'}",
    ]
    return f"{about}: {alert.kind} ({state})", "\n".join(line for line in lines if line)


class AlertRoutes:
    def __init__(
        self, db: Database, changes: Changes, clock: Clock, alerts: Alerts, seal: Seal, sender: Sender, public_url: str
    ) -> None:
        self._db = db
        self._changes = changes
        self._clock = clock
        self._alerts = alerts
        self._seal = seal
        self._sender = sender
        self._public_url = public_url
        self._waits: dict[str, tuple[float, float]] = {}  # by route: until when, and how long the pause was
        self._news = asyncio.Event()
        alerts.told = self._news.set

    async def list_for(self, signed: Signed) -> list[RouteView]:
        require_routes(signed)
        return [self._view(route) for route in await self._db.read(store.routes)]

    async def add(self, name: str, address: str, kinds: Sequence[str], by: Signed) -> RouteView:
        """Raises Forbidden, BadInput, BadAddress where nothing may be sent there, Conflict for a name that is taken."""
        require_routes(by)
        name = name.strip()
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            raise BadInput(f"A route needs a name of at most {LONGEST_NAME} letters.")
        if unknown := sorted(set(kinds) - {one.value for one in Kind}):
            raise BadInput(f"There is no kind of alert {unknown[0][:60]!r}.", hint=f"There are {', '.join(Kind)}.")
        parsed = parse_address(address)
        await self._sender.check(parsed)
        id = mint("route")
        sealed = self._seal.close(parsed.url.encode(), id)

        def unit(change: Change) -> Route:
            if store.find_route(change.conn, name) is not None:
                raise Conflict("A route has this name already.")
            if len(store.routes(change.conn)) >= MOST_ROUTES:
                raise Conflict(f"There are {MOST_ROUTES} routes already; remove one first.")
            place = store.place(change.conn)
            route = Route(id, name, sealed, tuple(sorted(set(kinds))), change.at, by.person.id, None, "", place)
            store.add_route(change.conn, route)
            self._record(change, route, "added", parsed.url, by)
            return route

        return self._view(await self._changes.write(unit))

    async def remove(self, id: str, by: Signed) -> None:
        """Raises Forbidden, NotFound."""
        require_routes(by)

        def unit(change: Change) -> None:
            route = _find(change.conn, id)
            store.remove_route(change.conn, route.id)
            address = self._address(route)
            self._record(change, route, "removed", address.url if address else "", by)

        await self._changes.write(unit)

    async def test(self, id: str, by: Signed) -> RouteView:
        """Send a text now; what came of it stands at the route. Raises Forbidden, NotFound."""
        require_routes(by)
        route = await self._db.read(lambda conn: _find(conn, id))
        words = await self._send(route, "Roomgate: a test", f"Alerts of {self._public_url or 'the hub'} arrive here.")
        at = iso(self._clock.now())
        await self._db.write(lambda conn: store.tried(conn, route.id, at, words))
        self._waits.pop(route.id, None)
        self._news.set()
        return self._view(replace(route, last_at=at, last_words=words))

    # -- sending --------------------------------------------------------------------------------------

    async def run(self) -> None:
        """For ever."""
        while True:
            self._news.clear()
            await self.deliver()
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._news.wait()
            except TimeoutError:
                pass

    async def deliver(self) -> None:
        """Tell every route what it was not told yet; one that fails is tried again later, and keeps nobody waiting."""
        now = self._clock.monotonic()
        for route in await self._db.read(store.routes):
            if now < self._waits.get(route.id, (0.0, 0.0))[0]:
                continue
            await self._tell(route)

    async def _tell(self, route: Route) -> None:
        def read(conn: Connection) -> list[tuple[int, Alert, bool]]:
            oldest = store.place(conn) - MOST_BEHIND
            return store.told_after(conn, max(route.told, oldest), MOST_AT_ONCE)

        news = await self._db.read(read)
        names = await self._alerts.names([alert for _, alert, _ in news])
        stale = iso(self._clock.now() - STALE)
        for place, alert, over in news:
            fresh = ((alert.ended if over else alert.since) or "") >= stale
            wanted = fresh and (not route.kinds or alert.kind in route.kinds)
            words = route.last_words
            if wanted:
                title, body = text_of(alert, names.get(alert.room, ""), over, self._public_url)
                words = await self._send(route, title, body)
            told = None if wanted and words else place
            at = iso(self._clock.now()) if wanted else route.last_at
            await self._db.write(
                lambda conn, at=at, words=words, told=told: store.tried(conn, route.id, at, words, told)  # type: ignore[misc]
            )
            if told is None:
                pause = min(self._waits.get(route.id, (0.0, AGAIN_S / 2))[1] * 2, LONGEST_AGAIN_S)
                self._waits[route.id] = (self._clock.monotonic() + pause, pause)
                _log.warning("alerts.not-taken", route=route.id, error=words)
                return
            self._waits.pop(route.id, None)
        if len(news) == MOST_AT_ONCE:
            self._news.set()  # there is more, and others are told first

    async def _send(self, route: Route, title: str, body: str) -> str:
        address = self._address(route)
        if address is None:
            return "The address cannot be read any more: add the route again."
        return await self._sender.send(address, title, body)

    def _address(self, route: Route) -> Address | None:
        plain = self._seal.open(route.sealed, route.id)
        try:
            return parse_address(plain.decode()) if plain is not None else None
        except BadAddress:
            return None

    def _view(self, route: Route) -> RouteView:
        address = self._address(route)
        return RouteView(
            route.id, route.name, address.masked if address else "?", route.kinds, route.created, route.last_at,
            route.last_words,
        )  # fmt: skip

    def _record(self, change: Change, route: Route, what: str, url: str, by: Signed) -> None:
        digest = hashlib.sha256(url.encode()).hexdigest()
        change.record(AlertRouteChanged, route=route.id, what=what, address=digest, by=by.person.id)


def _find(conn: Connection, id_or_name: str) -> Route:
    route = store.find_route(conn, id_or_name)
    if route is None:
        raise NotFound("There is no such route.")
    return route
