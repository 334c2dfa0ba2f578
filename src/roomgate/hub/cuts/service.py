"""Each real cut, measured and kept for 90 days.

Measuring never slows a cut: while it falls only numbers are appended, and its row is written once it is over, with
whatever is committed next. A figure that cannot be kept is lost; the cut is not.
"""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import Connection

from roomgate import log
from roomgate.access.principal import Right
from roomgate.clock import Clock, iso, parse_iso
from roomgate.errors import RoomgateError
from roomgate.hub.cuts import store
from roomgate.hub.cuts.fall import Fall
from roomgate.hub.cuts.store import Cut
from roomgate.hub.identity.person import Signed
from roomgate.hub.revocation import Revocation
from roomgate.storage.database import Database

KEPT = timedelta(days=90)
PATIENCE_S = 20.0  # a connector's lease has lapsed long before: it will not say any more that it has cut
FORGET_EVERY_S = 3600.0

_log = log.get("cuts")


def require_look(signed: Signed) -> None:
    """Figures name nobody, and still tell when access ended: for who may see, or audit. Raises Forbidden."""
    if not signed.may(Right.AUDIT):
        signed.require(Right.SEE)


class Cuts:
    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._falling: list[Fall] = []
        self._forgot: float | None = None
        self.measured: Callable[[Fall], None] = lambda fall: None  # hears of each that ended something

    def begin(self, revocation: Revocation) -> Fall:
        """Measure one cut. Whoever cuts says so by the fall's own methods."""
        now = self._clock.monotonic()
        fall = Fall(
            revocation.sequence, revocation.cause.value, iso(self._clock.now()), revocation.written or now,
            self._clock, self._keep,
        )  # fmt: skip
        self._falling.append(fall)
        return fall

    def _keep(self, fall: Fall) -> None:
        self._falling.remove(fall)
        if fall.empty:
            return
        self.measured(fall)
        cut = Cut(
            fall.sequence, fall.cause, parse_iso(fall.at), fall.sessions, dict(fall.channels),
            {str(id): ms for id, ms in fall.connectors.items()}, round(fall.took_ms),
        )  # fmt: skip
        try:
            self._db.write_soon(lambda conn: store.add(conn, cut))
        except RoomgateError as fault:
            _log.warning("cuts.not-kept", sequence=cut.sequence, error=fault.code)

    def sweep(self) -> None:
        """Give up on connectors that stay silent, and let old figures go. To be called often."""
        now = self._clock.monotonic()
        for fall in [one for one in self._falling if now - one.began > PATIENCE_S]:
            fall.give_up()
        if self._forgot is None or now - self._forgot >= FORGET_EVERY_S:
            self._forgot = now
            oldest = self._clock.now() - KEPT
            self._db.write_soon(lambda conn: store.forget(conn, oldest))

    # -- looking ---------------------------------------------------------------------------------------

    async def page(self, signed: Signed, before: int | None = None, limit: int = 50) -> list[Cut]:
        """The newest first; raises Forbidden."""
        require_look(signed)
        return await self._db.read(lambda conn: store.page(conn, before, limit))

    async def of_days(self, signed: Signed, days: int) -> list[Cut]:
        """All of the last so many days, the oldest first; raises Forbidden."""
        require_look(signed)
        oldest = self._clock.now() - timedelta(days=days)

        def read(conn: Connection) -> list[Cut]:
            return store.since(conn, oldest)

        return await self._db.read(read)
