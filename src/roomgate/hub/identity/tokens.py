"""Access tokens: how a program, or a person at a shell, shows who they are.

A token is shown once and kept as its hash; it ends, and may carry less than its owner (see `access.scope`).
When it was last used, and from where, is noted in memory and written down now and then, never on a request's way.
"""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection

from roomgate.access.principal import Principal, Right
from roomgate.access.scope import Scope, narrowed
from roomgate.clock import Clock, iso
from roomgate.errors import BadInput, Conflict, NotFound
from roomgate.hub.change import Change, Changes
from roomgate.hub.ends import Ends
from roomgate.hub.identity import store
from roomgate.hub.identity.person import Forbidden, Person, Signed, Token
from roomgate.hub.revocation import Cause, SubjectKind
from roomgate.ids import PersonId, TokenId, mint
from roomgate.ledger.event import TokenMade, TokenRevoked
from roomgate.redact import Secret
from roomgate.storage.database import Database

TOKEN_PREFIX = "rg_"  # noqa: S105 (the visible beginning of every token, for secret scanners)
LONGEST_TOKEN_MINUTES = 366 * 24 * 60
SAVED_EVERY_S = 30.0
_MOST_TOKENS = 200
_LONGEST_SOURCE = 80

Usable = Callable[[Connection, PersonId], Person | None]


class Tokens:
    """``usable`` gives the owner of a token, if they may act: identity knows."""

    def __init__(self, db: Database, changes: Changes, clock: Clock, usable: Usable) -> None:
        self._db = db
        self._changes = changes
        self._clock = clock
        self._usable = usable
        self._ends = Ends(clock)
        self._used: dict[str, tuple[datetime, str]] = {}  # when and from where, not yet written down
        self._saved: dict[str, datetime] = {}

    def load(self, conn: Connection) -> list[Token]:
        return store.live_tokens(conn)

    def know(self, live: list[Token], since: datetime | None) -> None:
        """Their ends, at the start of the program; ``since``: a moment known to have passed."""
        for token in live:
            self._ends.set(token.id, token.until, since)

    async def make(
        self,
        person: str,
        minutes: float,
        name: str,
        by: Signed,
        scope: Scope | None = None,
        *,
        signs_in: bool = False,
    ) -> tuple[Token, Secret[str]]:
        """A token, shown this once. For oneself, or for anybody with the right to change people.

        It carries no right over the hub that whoever makes it lacks. One that is made by a token for the same
        person, or by a token with a scope for anybody, is neither wider nor longer than that. One that
        ``signs_in`` a device is part of the web session that said yes, and falls when its provider ends that.
        """
        by.require_strong()  # a token is as strong as the sign-in that made it
        if not 0 < minutes <= LONGEST_TOKEN_MINUTES:
            raise BadInput(f"A token lives for more than 0 and at most {LONGEST_TOKEN_MINUTES} minutes.")
        scope = by.scope if scope is None else scope
        if scope is not None and not scope.within(by.scope):
            raise Forbidden("A token makes none that is wider than itself.")
        text = Secret(TOKEN_PREFIX + secrets.token_urlsafe(32))
        id = TokenId(mint("token"))

        def unit(change: Change) -> Token:
            owner = self._owner(change.conn, person, by, scope)
            if self._usable(change.conn, owner.id) is None:
                raise Conflict("This account is disabled or locked.")
            if store.count_live_tokens(change.conn, owner.id) >= _MOST_TOKENS:
                raise Conflict(f"An account has at most {_MOST_TOKENS} live tokens.")
            until = change.now + timedelta(minutes=minutes)
            if by.token is not None and (owner.id == by.person.id or by.scope is not None):
                until = min(until, by.token.until)
            token = Token(
                id, owner.id, name[:120], change.now, until, by.person.id, change.position(), scope=scope,
                web=by.web.id if signs_in and by.web else None,
            )  # fmt: skip
            store.add_token(change.conn, token, store.hashed(text.reveal()))
            change.record(
                TokenMade, token=id, person=owner.id, name=token.name, until=iso(until), by=by.person.id,
                scope="" if scope is None else " ".join(scope.words),
            )  # fmt: skip
            return token

        token = await self._changes.write(unit)
        self._ends.set(token.id, token.until)
        return token, text

    def _owner(self, conn: Connection, person: str, by: Signed, scope: Scope | None) -> Person:
        if person in (by.person.id, by.person.name):
            owner = store.get_person(conn, by.person.id)
            carried = narrowed(owner.rights, scope)
        else:
            by.require(Right.PEOPLE)
            owner = store.get_person(conn, person)
            carried = owner.rights  # whatever the scope: nobody acts as somebody who may more
        if not carried <= by.rights:
            raise Forbidden("It would carry rights that you do not have now.")
        return owner

    async def by_text(self, text: str, source: str = "") -> Signed | None:
        """Who shows this token, or None."""
        hash = store.hashed(text)

        def unit(conn: Connection) -> tuple[Token, Person] | None:
            token = store.find_token(conn, hash)
            person = self._usable(conn, token.person) if token else None
            return (token, person) if token and person else None

        found = await self._db.read(unit)
        now = self._clock.now()
        if found is None or found[0].until <= now or self._ends.past(found[0].id):
            return None
        token, person = found
        self._used[token.id] = (now, source[:_LONGEST_SOURCE])
        return Signed(Principal(person.id, person.name, person.kind, token.id), person, token=token)

    async def page(self, person: str | None, after: str, limit: int) -> list[Token]:
        return await self._db.read(lambda conn: store.list_tokens(conn, person, after, limit))

    async def end(self, id: str, by: Signed) -> None:
        """Raises NotFound, also for somebody else's without the right."""

        def unit(change: Change) -> None:
            token = store.find_token_by_id(change.conn, id)
            if token is None or (token.person != by.person.id and not by.may(Right.PEOPLE)):
                raise NotFound("There is no such token.")
            if store.end_token(change.conn, id, Cause.TOKEN_REVOKED) is None:
                raise NotFound("There is no such token.")
            change.record(TokenRevoked, token=id, person=token.person, by=by.person.id)
            change.revoke(
                Cause.TOKEN_REVOKED, SubjectKind.CREDENTIAL, id, by=by.person.id, reason="The token was revoked."
            )

        await self._changes.write(unit)
        self._forget(id)

    def alive(self, token: Token, person: PersonId) -> bool:
        return (
            token.ended is None
            and token.paused is None
            and token.person == person
            and token.until > self._clock.now()
            and not self._ends.past(token.id)
        )

    def past(self, id: str) -> bool:
        """Whether its time is over. Needs no database."""
        return self._ends.past(id)

    async def expire(self) -> None:
        """End every token whose time has come, and write down what was used. Called about ten times a second."""
        for id in self._ends.due():
            await self._changes.write(_expiring(id))
            self._forget(id)
        self._save_used()

    def _save_used(self) -> None:
        due = [
            (id, at, source)
            for id, (at, source) in self._used.items()
            if id not in self._saved or (at - self._saved[id]).total_seconds() >= SAVED_EVERY_S
        ]
        if due:
            for id, at, _ in due:
                self._saved[id] = at
                del self._used[id]
            rows = [(id, iso(at), source) for id, at, source in due]
            self._db.write_soon(lambda conn: store.save_used(conn, rows))

    def _forget(self, id: str) -> None:
        self._ends.drop(id)
        self._used.pop(id, None)
        self._saved.pop(id, None)


def _expiring(id: str) -> Callable[[Change], None]:
    def unit(change: Change) -> None:
        if store.end_token(change.conn, id, Cause.TOKEN_EXPIRED) is not None:
            change.revoke(Cause.TOKEN_EXPIRED, SubjectKind.CREDENTIAL, id, by=None, reason="The token's time was over.")

    return unit
