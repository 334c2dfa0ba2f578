"""Requests: asked for by one person, answered by another.

An approval and the grant that it gives are one change, so whatever happens to the hub there is never one
without the other, and of two answers at once exactly one counts.
"""

from datetime import datetime

import msgspec
from sqlalchemy import Connection

from roomgate.access.grant import Grant
from roomgate.access.principal import Right
from roomgate.clock import Clock
from roomgate.errors import BadInput, Conflict, NotFound
from roomgate.hub.approvals import store
from roomgate.hub.approvals.request import (
    EVERYDAY,
    MOST_WAITING,
    WAITS,
    Request,
    State,
    check_wanted,
    check_words,
    may_see,
    narrowed,
    sees_all,
)
from roomgate.hub.approvals.second import require_second
from roomgate.hub.change import Change, Changes
from roomgate.hub.ends import Ends
from roomgate.hub.grants.service import Grants
from roomgate.hub.grants.wanted import Wanted
from roomgate.hub.identity.person import Forbidden, Signed
from roomgate.hub.identity.service import Identity
from roomgate.ids import PersonId, RequestId, mint
from roomgate.ledger.event import RequestAnswered, RequestMade
from roomgate.storage.database import Database

NO_SUCH_REQUEST = "There is no such request."
ASKER_GONE = "The account of whoever asked was disabled, locked or deleted."
TOO_LATE = "Nobody answered in time."


class Approvals:
    def __init__(self, db: Database, changes: Changes, clock: Clock, identity: Identity, grants: Grants) -> None:
        self._db = db
        self._changes = changes
        self._clock = clock
        self._identity = identity
        self._grants = grants
        self._ends = Ends(clock)

    async def load(self, since: datetime | None = None) -> None:
        """Know when each waiting one lapses, at the start; ``since``: a moment known to have passed."""
        for request in await self._db.read(lambda conn: store.in_state(conn, [State.WAITING])):
            self._ends.set(request.id, request.until, since)

    # -- asking -------------------------------------------------------------------------------------

    async def ask(self, by: Signed, wanted: Wanted) -> Request:
        """Ask for a grant for oneself. Rooms are not looked at: what nobody can approve waits like the rest."""
        check_wanted(wanted, self._clock.now())

        def unit(change: Change) -> Request:
            if not self._identity.alive(change.conn, by.principal):
                raise Conflict("This account is disabled or locked.")
            if store.count_waiting(change.conn, by.person.id) >= MOST_WAITING:
                raise Conflict(f"At most {MOST_WAITING} requests of one person wait at a time.")
            request = Request(
                RequestId(mint("request")), by.person.id, msgspec.structs.replace(wanted, person=by.person.id),
                State.WAITING, change.now, change.now + WAITS,
            )  # fmt: skip
            store.add(change.conn, request, change.position())
            change.record(
                RequestMade, request=request.id, person=by.person.id,
                rooms=(*wanted.rooms, *wanted.sites, *wanted.tags), capabilities=tuple(sorted(set(wanted.capabilities))),
                role=wanted.role or "", minutes=round(wanted.minutes or 0), reason=wanted.reason,
            )  # fmt: skip
            return request

        request = await self._changes.write(unit)
        self._ends.set(request.id, request.until)
        return request

    async def withdraw(self, id: str, by: Signed) -> Request:
        """By whoever asked."""

        def unit(change: Change) -> Request:
            request = self._waiting(change.conn, id, by)
            if request.person != by.person.id:
                raise Forbidden("Only whoever asked withdraws it.")
            return self._answer(change, request, State.WITHDRAWN, by.person.id, "")

        return self._over(await self._changes.write(unit))

    # -- answering ----------------------------------------------------------------------------------

    async def approve(
        self,
        id: str,
        by: Signed,
        words: str = "",
        *,
        minutes: float | None = None,
        capabilities: tuple[str, ...] | None = None,
    ) -> Request:
        """Give what was asked for, or less. Raises NotFound, Forbidden, Conflict where it was answered already,
        and whatever `Grants.give_in` says of what nobody, or not this person, can give.
        """
        check_words(words)

        def unit(change: Change) -> Request:
            request = self._waiting(change.conn, id, by)
            answers = require_second(self._identity, change.conn, request, by)
            less = narrowed(request.wanted, minutes, capabilities)
            grant = self._grants.give_in(change, answers, less, approved_by=by.person.id)
            if not grant.capabilities <= EVERYDAY and not answers.may(Right.GIVE):
                raise Forbidden(
                    "This takes somebody who may give it themself.",
                    hint="Approve less, or leave it to an administrator.",
                )
            given.append(grant)
            return self._answer(change, request, State.APPROVED, by.person.id, words, grant.id)

        given: list[Grant] = []
        request = await self._changes.write(unit)
        self._grants.given(given[0])
        return self._over(request)

    async def refuse(self, id: str, by: Signed, words: str) -> Request:
        """With a sentence: whoever asked reads it."""
        check_words(words)
        if not words.strip():
            raise BadInput("Say in a sentence why not.")

        def unit(change: Change) -> Request:
            request = self._waiting(change.conn, id, by)
            require_second(self._identity, change.conn, request, by)
            return self._answer(change, request, State.REFUSED, by.person.id, words)

        return self._over(await self._changes.write(unit))

    async def expire(self) -> None:
        """End every request that nobody answered in time. Called about ten times a second."""
        for id in self._ends.due():

            def unit(change: Change, id: str = id) -> None:
                request = store.find(change.conn, id)
                if request is not None and request.state is State.WAITING:
                    self._answer(change, request, State.LAPSED, None, TOO_LATE)

            await self._changes.write(unit)
            self._ends.drop(id)

    def person_gone(self, change: Change, person: PersonId) -> None:
        """Part of the change that ends or locks an account: what it asked for ends with it."""
        for request in store.in_state(change.conn, [State.WAITING], person):
            self._answer(change, request, State.LAPSED, None, ASKER_GONE)

    # -- looking ------------------------------------------------------------------------------------

    async def get(self, id: str, by: Signed) -> Request:
        """Raises NotFound, also where it is somebody else's."""
        return await self._db.read(lambda conn: self._get(conn, id, by))

    async def page(self, by: Signed, state: State | None, after: str, limit: int) -> list[Request]:
        """One's own; all with the right to answer, give or see."""
        whose = None if sees_all(by) else by.person.id
        return await self._db.read(lambda conn: store.page(conn, whose, state, after, limit))

    async def open(self, by: Signed) -> list[Request]:
        """What waits for somebody, the oldest first: of one's own, or of all."""
        whose = None if sees_all(by) else by.person.id
        return await self._db.read(lambda conn: store.in_state(conn, [State.WAITING, State.TAKEN], whose))

    async def answered(self, by: Signed, limit: int) -> list[Request]:
        """The newest first: of one's own, or of all."""
        whose = None if sees_all(by) else by.person.id
        return await self._db.read(lambda conn: store.newest_answered(conn, whose, limit))

    # -- inside -------------------------------------------------------------------------------------

    def _get(self, conn: Connection, id: str, by: Signed) -> Request:
        request = store.find(conn, id)
        if request is None or not may_see(by, request):
            raise NotFound(NO_SUCH_REQUEST)
        return request

    def _waiting(self, conn: Connection, id: str, by: Signed) -> Request:
        request = self._get(conn, id, by)
        if request.state is not State.WAITING or self._ends.past(request.id):
            raise Conflict("This request does not wait any more.")
        return request

    def _answer(
        self, change: Change, request: Request, state: State, by: PersonId | None, words: str, grant: str | None = None
    ) -> Request:
        if not store.answer(change.conn, request, state, change.at, by, words, grant):
            raise Conflict("This request does not wait any more.")
        change.record(
            RequestAnswered, request=request.id, person=request.person, answer=state.value, grant=grant or "",
            words=words, by=by or "",
        )  # fmt: skip
        found = store.find(change.conn, request.id)
        assert found is not None
        return found

    def _over(self, request: Request) -> Request:
        self._ends.drop(request.id)
        return request
