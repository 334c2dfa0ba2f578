"""Identity: who may sign in, by what, and how that ends.

Ending is written as one change with its revocation (see `hub.change`). What falls with a person is more
than identity owns: grants fall or pause too. `Dependants` is the role that grants play here.
"""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Connection

from roomgate.access.principal import ROLES, STRONG, Kind, Principal, Right
from roomgate.access.role import Power, roles_of
from roomgate.access.scope import Scope
from roomgate.clock import Clock, iso
from roomgate.errors import BadInput, Conflict, NotFound, PreconditionFailed
from roomgate.hub.change import Change, Changes
from roomgate.hub.ends import Ends
from roomgate.hub.identity import factor_store, store
from roomgate.hub.identity.devices import Devices, require_confirmable
from roomgate.hub.identity.guessing import MOST_KNOWN, Guessing, TooManyTries
from roomgate.hub.identity.passwords import Passwords, check_new
from roomgate.hub.identity.person import (
    FactorWanted,
    Forbidden,
    Person,
    Proof,
    Signed,
    SignInAgain,
    SignInRefused,
    Token,
    WebSession,
    check_name,
    name_key,
)
from roomgate.hub.identity.tokens import Tokens
from roomgate.hub.revocation import Cause, SubjectKind
from roomgate.hub.roles.store import among
from roomgate.ids import PersonId, WebSessionId, mint
from roomgate.ledger.event import (
    PersonAdded,
    PersonChanged,
    PersonRemoved,
    SignedIn,
    SignedOut,
    SignInFailed,
)
from roomgate.redact import Secret
from roomgate.storage.database import Database

_FORMER_S = 10.0  # requests that were on their way with the cookie from before a renewal
_SEEN_EVERY_S = 30.0
STEP_UP_S = 15 * 60.0  # how old a strong sign-in may be that changes what signs in


class LastAdministrator(Conflict):
    """Without an active administrator nobody could undo this."""

    code = "last-administrator"
    hint = "Make another administrator first."


Also = Callable[[Change, Person], object]


def _nothing(change: Change, person: Person) -> None:
    """Nothing more is written."""


class Dependants(Protocol):
    """What hangs on a person beyond identity."""

    def person_gone(self, change: Change, person: PersonId, cause: Cause, by: PersonId | None) -> None:
        """End the person's grants, pause those that they gave."""

    def person_locked_out(self, change: Change, person: PersonId) -> None:
        """End what they asked for."""

    def giver_lost_right(self, change: Change, person: PersonId, by: PersonId | None) -> None:
        """Pause the grants that they gave, as far as they might not give them now."""

    def person_locked(self, conn: Connection, person: PersonId) -> bool: ...


class Identity:
    def __init__(
        self,
        db: Database,
        changes: Changes,
        clock: Clock,
        passwords: Passwords,
        *,
        idle_s: float,
        absolute_s: float,
    ) -> None:
        self._db = db
        self._changes = changes
        self._clock = clock
        self._passwords = passwords
        self._idle = timedelta(seconds=idle_s)
        self._absolute = timedelta(seconds=absolute_s)
        self.guessing = Guessing(clock)
        self._tokens = Tokens(db, changes, clock, self._usable)
        self.devices = Devices(clock)
        self._web_ends = Ends(clock)
        self._seen: dict[str, datetime] = {}
        self._saved: dict[str, datetime] = {}
        self._dependants: Dependants | None = None

    def bind(self, dependants: Dependants) -> None:
        """Once, before anything else: who must be told inside the change."""
        self._dependants = dependants

    @property
    def dependants(self) -> Dependants:
        assert self._dependants is not None, "bind() comes first"
        return self._dependants

    async def load(self, since: datetime | None = None) -> None:
        """Know the ends of everything that lives, at the start; ``since``: a moment known to have passed."""
        tokens, webs, sources = await self._db.read(
            lambda conn: (self._tokens.load(conn), store.live_webs(conn), store.latest_sources(conn, MOST_KNOWN))
        )
        for source in reversed(sources):
            self.guessing.know(source)
        self._tokens.know(tokens, since)
        for web, seen in webs:
            self._seen[web.id] = self._saved[web.id] = seen
            self._web_ends.set(web.id, min(web.until, seen + self._idle), since)

    # -- people -------------------------------------------------------------------------------------

    async def create_person(
        self,
        name: str,
        password: str | None,
        roles: frozenset[str],
        by: Signed,
        kind: Kind = Kind.PERSON,
        *,
        also: Also = _nothing,
    ) -> Person:
        """Raises Conflict where the name is taken, Forbidden for a role beyond the giver's own rights.

        ``also`` is written in the same unit.
        """
        by.require(Right.PEOPLE)
        return await self._create(name, password, roles, by, kind, also)

    async def create_first_admin(self, name: str, password: str | None, also: Also = _nothing) -> Person:
        """The first administrator, by whoever has the hub's own machine; raises Conflict once there is anybody."""
        return await self._create(name, password, frozenset({"administrator"}), None, Kind.PERSON, also)

    async def _create(
        self, name: str, password: str | None, roles: frozenset[str], by: Signed | None, kind: Kind, also: Also
    ) -> Person:
        name = check_name(name)
        if kind is Kind.SERVICE and password is not None:
            raise BadInput("A service account has tokens, no password.")
        hash = None if password is None else await self._passwords.hash(check_new(password, name))
        id = PersonId(mint("service" if kind is Kind.SERVICE else "person"))

        def unit(change: Change) -> Person:
            if by is not None:
                self._check_roles(change.conn, roles, by)
            elif store.anybody(change.conn):
                raise Conflict("There is an administrator already.")
            if store.find_person(change.conn, name) is not None:
                raise Conflict(f"The name {name} is taken.")
            giver = by.person.id if by is not None else None
            store.add_person(change.conn, id, name, kind, hash, roles, giver, change.at)
            change.record(PersonAdded, person=id, name=name, role=" ".join(sorted(roles)), by=giver or "hub")
            made = store.get_person(change.conn, id)
            also(change, made)
            return made

        return await self._changes.write(unit)

    async def get(self, id_or_name: str) -> Person:
        return await self._db.read(lambda conn: store.get_person(conn, id_or_name))

    async def people(self, kind: Kind | None = None, after: str = "", limit: int = 100) -> list[Person]:
        return await self._db.read(lambda conn: store.list_people(conn, kind, after, limit))

    async def set_active(self, person: str, active: bool, by: Signed, version: int | None = None) -> Person:
        """Disabling ends everything of the person's; enabling brings none of it back."""
        by.require(Right.PEOPLE)

        def unit(change: Change) -> Person:
            known = self._target(change.conn, person, by, version)
            if known.active == active:
                return known
            if not active:
                self._not_last(change.conn, known.id)
            store.change_person(change.conn, known.id, active=active, paused=None)
            change.record(PersonChanged, person=known.id, what="active", to="yes" if active else "no", by=by.person.id)
            if not active:
                self._end_person(change, known.id, Cause.PERSON_DISABLED, by.person.id, "The account was disabled.")
            return store.get_person(change.conn, known.id)

        return await self._changes.write(unit)

    async def delete(self, person: str, by: Signed, version: int | None = None) -> None:
        by.require(Right.PEOPLE)

        def unit(change: Change) -> None:
            known = self._target(change.conn, person, by, version)
            self._not_last(change.conn, known.id)
            store.change_person(change.conn, known.id, active=False, deleted=True, password=None)
            change.record(PersonRemoved, person=known.id, by=by.person.id)
            self._end_person(change, known.id, Cause.PERSON_DELETED, by.person.id, "The account was deleted.")

        await self._changes.write(unit)

    async def set_password(
        self, person: str, new: str, by: Signed, version: int | None = None, *, present: str | None = None
    ) -> tuple[Person, Secret[str] | None]:
        """Ends web sessions, tokens and channels; a person who changes their own keeps that one web session,
        under the new cookie that is given back. Somebody else's takes the right to change people, one's own
        takes the present password, or a strong sign-in of the last minutes; raises SignInAgain, TooManyTries.
        """
        known = await self.get(person)
        own = known.id == by.person.id
        if own:
            by.require_whole()
        else:
            by.require(Right.PEOPLE)
        if known.kind is Kind.SERVICE:
            raise BadInput("A service account has tokens, no password.")
        if own:
            await self._prove_again(by, present)
        hash = await self._passwords.hash(check_new(new, known.name))
        spared = by.web.id if own and by.web else None
        fresh = Secret(secrets.token_urlsafe(32)) if spared else None

        def unit(change: Change) -> Person:
            target = self._target(change.conn, known.id, by, version)
            store.change_person(change.conn, target.id, password=hash)
            change.record(
                PersonChanged, person=target.id, what="password", to="own" if own else "reset", by=by.person.id
            )
            self.cut_credentials(
                change, target.id, Cause.PASSWORD_CHANGED, by.person.id,
                "The password was changed." if own else "The password was reset.", spared, fresh,
            )  # fmt: skip
            return store.get_person(change.conn, target.id)

        return await self._changes.write(unit), fresh

    async def _prove_again(self, by: Signed, present: str | None) -> None:
        """Whoever only found a page open, or a token, does not take the account over."""
        if present is None:
            self.step_up(by)
            return
        key = f"present {by.person.id}"
        self.guessing.require(key)
        self.guessing.failed(key)  # before it is looked at: a volley that began together is slowed together
        known = await self._db.read(lambda conn: store.find_known(conn, by.person.id))
        if not await self._passwords.verify(known.password if known else None, present, known=True):
            raise BadInput("The present password is another.", hint="Type the one that you signed in with.")
        self.guessing.succeeded(key)

    def step_up(self, by: Signed, *, strong: bool = True) -> None:
        """Raises SignInAgain unless this web session was proven a moment ago, by a second factor if ``strong``."""
        web = by.web
        if web is None or (self._clock.now() - web.created).total_seconds() > STEP_UP_S:
            raise SignInAgain("This takes a sign-in of the last minutes.")
        if strong and not web.proof.strong:
            raise SignInAgain("This takes a fresh sign-in with a second factor, or the present password.")

    def cut_credentials(
        self,
        change: Change,
        person: PersonId,
        cause: Cause,
        by: PersonId | None,
        reason: str,
        spared: WebSessionId | None = None,
        fresh: Secret[str] | None = None,
    ) -> None:
        """Part of the change of a password or second factor: web sessions, tokens and channels end with it.

        The ``spared`` web session, which changed its own, goes on under the ``fresh`` cookie alone.
        """
        self._end_credentials(change, person, cause, spared)
        change.revoke(cause, SubjectKind.PERSON, person, by=by, spared=spared, reason=reason)
        if spared and fresh:
            store.renew_web(
                change.conn, spared, store.hashed(fresh.reveal()), secrets.token_urlsafe(24),
                former_until=None, issued=change.position(),
            )  # fmt: skip

    async def change_roles(self, person: str, roles: frozenset[str], by: Signed, version: int | None = None) -> Person:
        """Web sessions go on under a new cookie, channels are judged anew, given grants beyond the rights pause."""
        by.require(Right.PEOPLE)

        def unit(change: Change) -> Person:
            self._check_roles(change.conn, roles, by)
            known = self._target(change.conn, person, by, version)
            if known.roles == roles:
                return known
            if "administrator" not in roles:
                self._not_last(change.conn, known.id)
            self.change_roles_in(change, known, roles, by.person.id)
            return store.get_person(change.conn, known.id)

        return await self._changes.write(unit)

    def provide_roles(
        self, change: Change, person: PersonId, managed: frozenset[str], given: frozenset[str], provider: str
    ) -> None:
        """Part of a sign-in by an identity provider: of the ``managed`` roles, the person has those ``given``.

        A role that there is none of is not given, nor one of our own that a password alone would not open: what
        such a role allows may change after the provider was configured. The last administrator stays one.
        """
        known = store.get_person(change.conn, person)
        wanted = roles_of(given & managed, among(change.conn, given & managed))
        roles = (known.roles - managed) | {role.name for role in wanted if role.shipped or not role.rights & STRONG}
        if store.administrators(change.conn) == {person}:
            roles |= {"administrator"}
        if roles != known.roles:
            self.change_roles_in(change, known, roles, None, f"provider {provider}")

    def add_from_provider(self, change: Change, called: str, provider: str) -> Person:
        """Part of a first sign-in: somebody new, without a role. A name that is taken or unfit gets another."""
        try:
            name = check_name(called[:100])
        except BadInput:
            name = "guest"
        id = PersonId(mint("person"))
        while store.find_person(change.conn, name) is not None:
            name = f"{name[:100]} {secrets.token_hex(3)}"
        store.add_person(change.conn, id, name, Kind.PERSON, None, frozenset(), None, change.at)
        change.record(PersonAdded, person=id, name=name, role="", by=f"provider {provider}")
        return store.get_person(change.conn, id)

    def change_roles_in(
        self, change: Change, known: Person, roles: frozenset[str], by: PersonId | None, said_by: str = ""
    ) -> None:
        """Part of any change that gives other roles: an administrator's, a directory's, a provider's.

        Whether it may be is asked before. ``said_by``: what the record says where nobody here did it.
        """
        store.change_person(change.conn, known.id, roles=sorted(roles))
        change.record(PersonChanged, person=known.id, what="roles", to=" ".join(sorted(roles)), by=by or said_by)
        self.power_changed(change, known.id, known.power, by, "The roles were changed.")

    def deprovision(self, change: Change, person: PersonId, by: PersonId, *, delete: bool) -> None:
        """Part of a directory's change: it disables or deletes one whom it keeps, and all falls as by any hand."""
        if delete:
            store.change_person(change.conn, person, active=False, deleted=True, password=None)
            change.record(PersonRemoved, person=person, by=by)
        else:
            store.change_person(change.conn, person, active=False)
            change.record(PersonChanged, person=person, what="active", to="no", by=by)
        self._end_person(change, person, Cause.PERSON_DEPROVISIONED, by, "The directory ended the account.")

    def power_changed(self, change: Change, person: PersonId, before: Power, by: PersonId | None, reason: str) -> None:
        """Part of the change of somebody's roles, or of a role that they have; ``before``: their power until now."""
        store.mark_for_renewal(change.conn, person)
        change.revoke(Cause.ROLE_CHANGED, SubjectKind.PERSON, person, by=by, reason=reason)
        if not store.get_person(change.conn, person).power.reaches(before):
            self.dependants.giver_lost_right(change, person, by)

    def target_in(self, conn: Connection, person: str, by: Signed) -> Person:
        """Somebody whom this person may change; raises NotFound, Forbidden. For units of this area."""
        return self._target(conn, person, by, None)

    def not_last_in(self, conn: Connection, person: PersonId) -> None:
        """Raises LastAdministrator. For units of this area."""
        self._not_last(conn, person)

    def lock_out(self, change: Change, person: PersonId) -> None:
        """Part of a lock's change: nothing issued before it lives again, whenever the lock is lifted."""
        self._not_last(change.conn, person)
        self._end_credentials(change, person, Cause.LOCK, None)
        self.dependants.person_locked_out(change, person)

    def find_in(self, conn: Connection, id_or_name: str) -> Person | None:
        """For units of other areas."""
        return store.find_person(conn, id_or_name)

    def get_in(self, conn: Connection, id_or_name: str) -> Person:
        """The same; raises NotFound."""
        return store.get_person(conn, id_or_name)

    # -- signing in ---------------------------------------------------------------------------------

    async def sign_in(self, name: str, password: str, source: str, agent: str = "") -> tuple[WebSession, Secret[str]]:
        """A web session and its cookie, where a password alone opens the account.

        Raises SignInRefused (alike for every reason), TooManyTries, Busy; and FactorWanted, after the right
        password alone.
        """
        source = source[:80]
        keys = (f"name {name_key(name)}", f"source {source}")
        met = self.guessing.knows(source)
        waits_for = keys[1:] if met else keys
        self.guessing.require(*waits_for)
        self._passwords.require_room(known=met)
        known, second = await self._db.read(lambda conn: _known_with_factor(conn, name))
        right = await self._passwords.verify(known.password if known else None, password, known=met)
        try:
            self.guessing.require(*waits_for)  # a volley that began together is slowed together
        except TooManyTries:
            right = False
        if known is None or not right:
            return await self._refuse(name, source, keys)
        if second:
            if await self._db.read(lambda conn: self._usable(conn, known.person.id)) is None:
                return await self._refuse(name, source, keys)
            raise FactorWanted(known.person.id, known.password)

        def unchanged(change: Change) -> bool:
            now, second = _known_with_factor(change.conn, known.person.id)
            return now is not None and now.password == known.password and not second

        opened = await self.open_web(known.person.id, Proof(), source, agent, still=unchanged)
        if opened is None:
            return await self._refuse(name, source, keys)
        self.guessing.succeeded(*waits_for)
        return opened

    async def open_web(
        self,
        person: PersonId,
        proof: Proof,
        source: str,
        agent: str = "",
        *,
        still: Callable[[Change], bool] = lambda change: True,
    ) -> tuple[WebSession, Secret[str]] | None:
        """A web session and its cookie, for somebody who has proved who they are.

        None where the account may not sign in (any more). ``still`` is asked inside the same unit: whether the
        proof still holds, and what else must be written with it (a code that is used up, an invitation).
        """
        cookie, web_id = Secret(secrets.token_urlsafe(32)), WebSessionId(mint("web"))

        def unit(change: Change) -> WebSession | None:
            if self._usable(change.conn, person) is None or not still(change):
                return None
            web = WebSession(
                web_id, person, secrets.token_urlsafe(24), source[:80], change.now, change.now + self._absolute,
                change.position(), proof, agent[:240],
            )  # fmt: skip
            store.add_web(change.conn, web, store.hashed(cookie.reveal()))
            change.record(SignedIn, person=person, how=proof.how, source=web.source, session=web.id)
            return web

        web = await self._changes.write(unit)
        if web is None:
            return None
        self.guessing.know(web.source)
        self._saw(web, self._clock.now())
        return web, cookie

    async def _refuse(self, name: str, source: str, keys: tuple[str, ...]) -> tuple[WebSession, Secret[str]]:
        self.guessing.failed(*keys)
        await self._changes.write(
            lambda change: change.record(SignInFailed, tried=name[:240], reason="refused", source=source)
        )
        raise SignInRefused("The name and the password do not fit.")

    async def sign_out(self, signed: Signed) -> None:
        """End the web session that asks."""
        if signed.web is not None:
            await self.end_web_session(signed.web.id, signed.person.id, "signed out")

    async def end_web_session(self, id: str, by: PersonId | None, why: str) -> None:
        """Safe to repeat."""
        await self._changes.write(lambda change: self._end_web(change, id, by, why))
        self._forget(id)

    def _end_web(self, change: Change, id: str, by: PersonId | None, why: str) -> None:
        web = store.end_web(change.conn, id, Cause.SIGNED_OUT)
        if web is not None:
            change.record(SignedOut, person=web.person, why=why, session=web.id)
            change.revoke(
                Cause.SIGNED_OUT, SubjectKind.CREDENTIAL, web.id, by=by, reason=f"The web session ended: {why}."
            )

    async def web_sessions(self, person: PersonId) -> list[tuple[WebSession, datetime]]:
        """A person's that live, the latest used first, each with when that was."""
        live = await self._db.read(lambda conn: store.live_webs(conn, person))
        known = [(web, self._seen.get(web.id, seen)) for web, seen in live if not self._web_ends.past(web.id)]
        return sorted(known, key=lambda one: (one[1], one[0].issued), reverse=True)

    async def cut_web_session(self, id: str, by: Signed) -> None:
        """One's own, or anybody's with the right to change people or to cut. Raises NotFound."""

        def unit(change: Change) -> None:
            web = store.find_web_by_id(change.conn, id)
            if web is None or not (web.person == by.person.id or by.may(Right.PEOPLE) or by.may(Right.CUT)):
                raise NotFound("There is no such web session.")
            self._end_web(change, id, by.person.id, "cut from another" if web.person == by.person.id else "cut")

        await self._changes.write(unit)
        self._forget(id)

    async def cut_other_web_sessions(self, by: Signed) -> int:
        """All of one's own but the one that asks; gives how many there were."""

        def unit(change: Change) -> list[str]:
            others: list[str] = [
                web.id for web, _ in store.live_webs(change.conn, by.person.id) if web.id != by.principal.credential
            ]
            for id in others:
                self._end_web(change, id, by.person.id, "cut from another")
            return others

        ended = await self._changes.write(unit)
        for id in ended:
            self._forget(id)
        return len(ended)

    async def by_cookie(self, cookie: str) -> Signed | None:
        """Who shows this cookie, or None. Counts as activity."""
        now, hash = self._clock.now(), store.hashed(cookie)

        def unit(conn: Connection) -> tuple[WebSession, bool, bool, Person] | None:
            found = store.find_web(conn, hash, now)
            person = self._usable(conn, found[0].person) if found else None
            return (*found, person) if found and person else None

        found = await self._db.read(unit)
        if found is None or self._web_ends.past(found[0].id):
            return None
        web, renew, former, person = found
        self._saw(web, now)
        fresh = await self._renew(web) if renew and not former else None
        return Signed(Principal(person.id, person.name, person.kind, web.id), person, web=web, fresh=fresh)

    async def _renew(self, web: WebSession) -> Secret[str]:
        fresh, until = Secret(secrets.token_urlsafe(32)), self._clock.now() + timedelta(seconds=_FORMER_S)
        # The page that is open keeps its form token: only the cookie changes.
        await self._db.write(
            lambda conn: store.renew_web(
                conn, web.id, store.hashed(fresh.reveal()), web.csrf, former_until=iso(until), issued=None
            )
        )
        return fresh

    # -- tokens -------------------------------------------------------------------------------------

    async def make_token(
        self, person: str, minutes: float, name: str, by: Signed, scope: Scope | None = None
    ) -> tuple[Token, Secret[str]]:
        """See `Tokens.make`."""
        return await self._tokens.make(person, minutes, name, by, scope)

    async def by_token(self, text: str, source: str = "") -> Signed | None:
        """Who shows this token, or None."""
        return await self._tokens.by_text(text, source)

    async def tokens(self, person: str | None, after: str = "", limit: int = 100) -> list[Token]:
        return await self._tokens.page(person, after, limit)

    async def end_token(self, id: str, by: Signed) -> None:
        """Raises NotFound, also for somebody else's without the right."""
        await self._tokens.end(id, by)

    # -- a device without a browser -----------------------------------------------------------------

    async def allow_device(self, code: str, by: Signed, source: str) -> Token:
        """The yes to a sign-in that was begun elsewhere: a token of the person who says it.

        Raises CodeRefused, TooManyTries, and Forbidden: for somebody who did not sign in with a browser, or with
        less than their rights take.
        """
        require_confirmable(by)
        begun = self.devices.take(code, by.person.id, source)
        secret = None
        try:
            token, secret = await self._tokens.make(
                by.person.id, begun.minutes, begun.machine, by, begun.scope, signs_in=True
            )
        finally:
            self.devices.answer(begun, secret)
        return token

    def refuse_device(self, code: str, by: Signed, source: str) -> None:
        """The no. Raises CodeRefused, TooManyTries."""
        self.devices.answer(self.devices.take(code, by.person.id, source), None)

    # -- what others ask ----------------------------------------------------------------------------

    def alive(self, conn: Connection, principal: Principal) -> bool:
        """Whether the principal may act, by the credential that they showed: one of the facts."""
        if self._usable(conn, principal.id) is None:
            return False
        if (web := store.find_web_by_id(conn, principal.credential)) is not None:
            return web.person == principal.id and web.until > self._clock.now() and not self._web_ends.past(web.id)
        token = store.find_token_by_id(conn, principal.credential)
        return token is not None and self._tokens.alive(token, principal.id)

    def scope_in(self, conn: Connection, principal: Principal) -> Scope | None:
        """What the principal's credential is for; None: all that they may."""
        token = store.find_token_by_id(conn, principal.credential)
        return token.scope if token is not None else None

    def past(self, principal: Principal) -> bool:
        """Whether the credential's time is over. Needs no database: for what was found alive a moment ago."""
        return self._tokens.past(principal.credential) or self._web_ends.past(principal.credential)

    async def expire(self) -> None:
        """End every token and web session whose time has come. Called about ten times a second."""
        await self._tokens.expire()
        for id in self._web_ends.due():
            await self.end_web_session(id, None, "its time was over")
        unsaved = [
            (id, iso(at)) for id, at in self._seen.items() if (at - self._saved[id]).total_seconds() >= _SEEN_EVERY_S
        ]
        if unsaved:
            self._saved.update({id: self._seen[id] for id, _ in unsaved})
            self._db.write_soon(lambda conn: store.save_seen(conn, unsaved))

    # -- inside -------------------------------------------------------------------------------------

    def _usable(self, conn: Connection, id: PersonId) -> Person | None:
        person = store.find_person(conn, id)
        return person if person and person.active and not self.dependants.person_locked(conn, id) else None

    def _saw(self, web: WebSession, now: datetime) -> None:
        self._seen[web.id] = now
        self._saved.setdefault(web.id, now)
        self._web_ends.set(web.id, min(web.until, now + self._idle))

    def _forget(self, id: str) -> None:
        self._web_ends.drop(id)
        self._seen.pop(id, None)
        self._saved.pop(id, None)

    def _target(self, conn: Connection, person: str, by: Signed, version: int | None) -> Person:
        known = store.get_person(conn, person)
        if known.id != by.person.id:
            self._not_beyond(known, by)
        if version is not None and known.version != version:
            raise PreconditionFailed("It was changed since you looked.")
        return known

    def _not_beyond(self, target: Person, by: Signed) -> None:
        if not by.power.reaches(target.power):
            raise Forbidden("This account has rights that you do not have.")

    def _check_roles(self, conn: Connection, names: frozenset[str], by: Signed) -> None:
        roles = roles_of(names, among(conn, names))
        if unknown := sorted(names - {role.name for role in roles}):
            raise BadInput(f"There is no role {', '.join(unknown)[:200]}.", hint=f"Shipped roles: {', '.join(ROLES)}.")
        if not by.power.reaches(Power.of(roles)):
            raise Forbidden("Nobody gives a role beyond their own rights.")

    def _not_last(self, conn: Connection, person: PersonId) -> None:
        if store.administrators(conn) == {person}:
            raise LastAdministrator("This is the last active administrator.")

    def _end_person(self, change: Change, person: PersonId, cause: Cause, by: PersonId, reason: str) -> None:
        self._end_credentials(change, person, cause, None)
        change.revoke(cause, SubjectKind.PERSON, person, by=by, reason=reason)
        self.dependants.person_gone(change, person, cause, by)

    def _end_credentials(self, change: Change, person: PersonId, cause: Cause, spared: str | None) -> None:
        # Their ends in memory are left to come: what has ended in the table ends once.
        store.end_webs(change.conn, person, cause, spared)
        store.end_tokens(change.conn, person, cause)


def _known_with_factor(conn: Connection, id_or_name: str) -> tuple[store.Known | None, bool]:
    known = store.find_known(conn, id_or_name)
    return known, known is not None and factor_store.has_second(conn, known.person.id)
