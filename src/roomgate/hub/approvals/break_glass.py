"""Break-glass: access for oneself, at once, without a second person; short, and loud until another has looked.

It is only a grant: what the site's policy or the never-list refuses it does not open. Whoever took it is seen
by every administrator and security officer, on each page and as a finding, until somebody else acknowledges
it after its end.
"""

from dataclasses import dataclass

from sqlalchemy import Connection

from roomgate import log
from roomgate.access.grant import Grant
from roomgate.access.principal import Kind, Right
from roomgate.clock import Clock, iso
from roomgate.errors import BadInput, Conflict, NotFound
from roomgate.hub.approvals import store
from roomgate.hub.approvals.request import LONGEST_WORDS, Request, State, check_words, may_see
from roomgate.hub.approvals.second import require_second
from roomgate.hub.approvals.service import NO_SUCH_REQUEST
from roomgate.hub.change import Change, Changes
from roomgate.hub.findings.service import Findings, Seen
from roomgate.hub.grants.service import Grants
from roomgate.hub.grants.wanted import Wanted
from roomgate.hub.identity.person import Forbidden, Signed
from roomgate.hub.identity.service import Identity
from roomgate.ids import RequestId, mint
from roomgate.ledger.event import BreakGlassAcknowledged, BreakGlassUsed
from roomgate.storage.database import Database

LONGEST_MINUTES = 60.0
SHORTEST_REASON = 10
_log = log.get("break-glass")


@dataclass(frozen=True, slots=True)
class Glass:
    """One that was broken, and by whom."""

    request: Request
    name: str


class BreakGlass:
    def __init__(
        self, db: Database, changes: Changes, clock: Clock, identity: Identity, grants: Grants, findings: Findings
    ) -> None:
        self._db = db
        self._changes = changes
        self._clock = clock
        self._identity = identity
        self._grants = grants
        self._findings = findings
        self._open: dict[RequestId, Glass] = {}

    async def load(self) -> None:
        """Know what nobody acknowledged yet, at the start."""

        def unit(conn: Connection) -> dict[RequestId, Glass]:
            names = {one: self._identity.find_in(conn, one.person) for one in store.in_state(conn, [State.TAKEN])}
            return {one.id: Glass(one, who.name if who else one.person) for one, who in names.items()}

        self._open = await self._db.read(unit)

    def shown_to(self, signed: Signed) -> list[Glass]:
        """What this reader's pages carry: all that nobody acknowledged, for those who could."""
        return list(self._open.values()) if signed.may(Right.GIVE) or signed.may(Right.APPROVE) else []

    async def take(self, by: Signed, wanted: Wanted) -> Request:
        """A grant for oneself, in one room or at one site, from now for at most an hour. Raises BadInput, Forbidden."""
        by.require(Right.GIVE)
        if by.person.kind is not Kind.PERSON:
            raise Forbidden("Only a person breaks the glass.")
        if len(wanted.reason.strip()) < SHORTEST_REASON or len(wanted.reason) > LONGEST_WORDS:
            raise BadInput(f"Say why, in {SHORTEST_REASON} to {LONGEST_WORDS} characters.")
        if len(wanted.rooms) + len(wanted.sites) != 1 or wanted.tags:
            raise BadInput("Break-glass opens one room or one site.")
        if wanted.minutes is None or not 0 < wanted.minutes <= LONGEST_MINUTES or wanted.start or wanted.until:
            raise BadInput("Break-glass begins at once and lasts at most 60 minutes.")

        def unit(change: Change) -> Request:
            now = self._identity.find_in(change.conn, by.person.id)
            if now is None or Right.GIVE not in now.rights or not self._identity.alive(change.conn, by.principal):
                raise Forbidden("This account or sign-in has ended.")
            own = Wanted(
                person=by.person.id, rooms=wanted.rooms, sites=wanted.sites, capabilities=wanted.capabilities,
                role=wanted.role, minutes=wanted.minutes, reason=wanted.reason,
            )  # fmt: skip
            grant = self._grants.give_in(change, by, own, loud=True)
            given.append(grant)
            request = Request(
                RequestId(mint("request")), by.person.id, own, State.TAKEN, change.now, grant.until, grant=grant.id
            )
            store.add(change.conn, request, change.position())
            change.record(
                BreakGlassUsed, request=request.id, grant=grant.id, person=by.person.id,
                rooms=(*own.rooms, *own.sites), capabilities=tuple(sorted(grant.capabilities)), until=iso(grant.until),
                reason=own.reason,
            )  # fmt: skip
            self._findings.note_in(change, _finding(request, by.person.name))
            return request

        given: list[Grant] = []
        request = await self._changes.write(unit)
        self._grants.given(given[0])
        self._open[request.id] = Glass(request, by.person.name)
        _log.warning("break-glass.used", by=by.person.id, grant=request.grant, until=iso(request.until))
        return request

    async def lives(self, request: Request) -> bool:
        """Whether its grant gives anything still."""
        now = self._clock.now()
        return await self._db.read(lambda conn: self._grants.lives_in(conn, request.grant or "", now))

    async def acknowledge(self, id: str, by: Signed, words: str = "") -> Request:
        """Another person has looked. Raises Conflict while the grant lives: it is cut first, or awaited."""
        check_words(words)

        def unit(change: Change) -> Request:
            request = _get(change.conn, id, by)
            require_second(self._identity, change.conn, request, by)
            if request.state is not State.TAKEN:
                raise Conflict("There is nothing to acknowledge.")
            if self._grants.lives_in(change.conn, request.grant or "", change.now):
                raise Conflict("It still lives.", hint="Cut it, or wait for its end.")
            store.answer(change.conn, request, State.ACKNOWLEDGED, change.at, by.person.id, words)
            self._findings.close_in(change, _finding(request, "").id)
            change.record(
                BreakGlassAcknowledged, request=request.id, grant=request.grant or "", person=request.person,
                words=words, by=by.person.id,
            )  # fmt: skip
            return _get(change.conn, id, by)

        request = await self._changes.write(unit)
        self._open.pop(request.id, None)
        return request


def _get(conn: Connection, id: str, by: Signed) -> Request:
    request = store.find(conn, id)
    if request is None or not may_see(by, request):
        raise NotFound(NO_SUCH_REQUEST)
    return request


def _finding(request: Request, name: str) -> Seen:
    return Seen(
        "break-glass", request.id, "critical", f"{name} took access to {request.where} without a second person.",
        {"reason": request.wanted.reason, "grant": request.grant or "", "until": iso(request.until)},
        "Look at what was done, in the ledger; then acknowledge it on the page of approvals.", person=request.person,
    )  # fmt: skip
