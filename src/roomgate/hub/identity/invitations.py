"""Invitations: how somebody comes in for the first time, or anew after all was lost, without mail.

An invitation is a code that is handed over by whatever way people trust. It serves once, and ends: whoever signs in
by it chooses the password in the same step. No address carries it.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from roomgate.access.principal import Kind, Right
from roomgate.clock import Clock, iso
from roomgate.errors import BadInput, Conflict, NotFound
from roomgate.hub.change import Change, Changes
from roomgate.hub.ends import Ends
from roomgate.hub.identity import codes, invitation_store, store
from roomgate.hub.identity.factors import Factors
from roomgate.hub.identity.invitation_store import Invitation
from roomgate.hub.identity.passwords import Passwords, check_new
from roomgate.hub.identity.person import Person, Proof, Signed, SignInRefused
from roomgate.hub.identity.service import Identity
from roomgate.hub.identity.signin import Opened, Visitor
from roomgate.hub.revocation import Cause
from roomgate.ids import InvitationId, PersonId, mint
from roomgate.ledger.event import InvitationEnded, Invited, PersonChanged, SignInFailed
from roomgate.redact import Secret
from roomgate.storage.database import Database

GROUPS = 5
USUAL_HOURS = 72.0
MOST_HOURS = 14 * 24.0
FIRST_HOURS = 0.25  # of the one that the hub's own terminal prints


class InvitationRefused(SignInRefused):
    """The same for a code that never was, was used, was cut, or is over."""

    code = "invitation.refused"
    hint = "Check the code, or ask whoever invited you for a new one."


class Invitations:
    def __init__(
        self,
        db: Database,
        changes: Changes,
        clock: Clock,
        identity: Identity,
        factors: Factors,
        passwords: Passwords,
    ) -> None:
        self._db = db
        self._changes = changes
        self._clock = clock
        self._identity = identity
        self._factors = factors
        self._passwords = passwords
        self._ends = Ends(clock)

    async def load(self, since: datetime | None = None) -> None:
        """Know the end of each that waits, at the start; ``since``: a moment known to have passed."""
        for one in await self._db.read(invitation_store.all_open):
            self._ends.set(one.id, one.until, since)

    async def expire(self) -> None:
        """End those whose time has come. Called about ten times a second."""
        for id in self._ends.due():
            await self._changes.write(_ending(id, "over", ""))
            self._ends.drop(id)

    # -- inviting -----------------------------------------------------------------------------------

    async def invite(
        self, name: str, roles: frozenset[str], by: Signed, hours: float = USUAL_HOURS
    ) -> tuple[Invitation, Secret[str]]:
        """Somebody new, without a password; the code is given this once. Raises Conflict, Forbidden, BadInput."""
        code, made = codes.make_code(GROUPS), list[Invitation]()
        _check_hours(hours)
        await self._identity.create_person(
            name, None, roles, by,
            also=lambda change, person: made.append(self._add(change, person, code, hours, by.person.id)),
        )  # fmt: skip
        self._ends.set(made[-1].id, made[-1].until)
        return made[-1], code

    async def reset(self, person: str, by: Signed, hours: float = USUAL_HOURS) -> tuple[Invitation, Secret[str]]:
        """For somebody who lost all: password and factors end with everything open, and a new invitation is made.

        Raises NotFound, Forbidden, Conflict (one's own account, or a service account).
        """
        by.require(Right.PEOPLE)
        _check_hours(hours)
        code = codes.make_code(GROUPS)

        def unit(change: Change) -> Invitation:
            known = self._identity.target_in(change.conn, person, by)
            if known.id == by.person.id:
                raise Conflict("This is your own account.", hint="Another administrator resets it.")
            self._identity.not_last_in(change.conn, known.id)
            return self._begin_anew(change, known, code, hours, by.person.id)

        made = await self._changes.write(unit)
        self._ends.set(made.id, made.until)
        return made, code

    async def first_administrator(self, name: str, *, anew: bool = False) -> tuple[Person, Secret[str]]:
        """By whoever has the hub's own machine, while nobody can sign in as an administrator; raises Conflict.

        ``anew``: also where they could, and lost what they did it with. Then all of theirs ends first.
        """
        code = codes.make_code(GROUPS)

        def unit(change: Change) -> Person:
            if not anew and store.administrators(change.conn, Kind.PERSON):
                raise Conflict(
                    "There is an administrator who can sign in.", hint="They invite others: roomgate person invite."
                )
            known = store.find_person(change.conn, name)
            if known is None or "administrator" not in known.roles or not known.active:
                raise NotFound("There is no active administrator of this name.")
            self._begin_anew(change, known, code, FIRST_HOURS, None)
            return known

        if await self._db.read(store.anybody):
            return await self._changes.write(unit), code
        person = await self._identity.create_first_admin(
            name, None, lambda change, person: self._add(change, person, code, FIRST_HOURS, None)
        )
        return person, code

    async def waiting(self, by: Signed, after: str = "", limit: int = 100) -> list[Invitation]:
        by.require(Right.PEOPLE)
        now = self._clock.now()
        return await self._db.read(lambda conn: invitation_store.waiting(conn, now, after, limit))

    async def cut(self, id: str, by: Signed) -> None:
        """Raises NotFound where it is used or ended already."""
        by.require(Right.PEOPLE)

        def unit(change: Change) -> None:
            known = invitation_store.get_waiting(change.conn, id)
            if known is None:
                raise NotFound("There is no such invitation.")
            self._identity.target_in(change.conn, known.person, by)
            _ending(id, "cut", by.person.id)(change)

        await self._changes.write(unit)
        self._ends.drop(id)

    # -- coming in ----------------------------------------------------------------------------------

    async def accept(self, typed: str, password: str, visitor: Visitor) -> Opened:
        """The first sign-in: uses the invitation up and sets the password, both or neither.

        Raises InvitationRefused, TooManyTries; BadInput for a password that is none, which uses nothing up.
        """
        guessing, key = self._identity.guessing, f"source {visitor.source[:80]}"
        guessing.require(key)
        guessing.failed(key)  # before it is looked at: a volley that began together is slowed together
        code, now = codes.parse_code(typed, GROUPS), self._clock.now()
        found = await self._db.read(lambda conn: invitation_store.find(conn, codes.digest(code or ""), now))
        if found is None or self._ends.past(found.id):
            return await self._refuse(visitor)
        hash = await self._passwords.hash(check_new(password, found.name))

        def use(change: Change) -> bool:
            if not invitation_store.use(change.conn, found.id, change.now):
                return False
            store.change_person(change.conn, found.person, password=hash)
            change.record(InvitationEnded, invitation=found.id, person=found.person, why="used", by=found.person)
            change.record(PersonChanged, person=found.person, what="password", to="own", by=found.person)
            return True

        opened = await self._identity.open_web(
            found.person, Proof("invitation"), visitor.source, visitor.agent, still=use
        )
        if opened is None:
            return await self._refuse(visitor)
        guessing.succeeded(key)
        self._ends.drop(found.id)
        return opened

    async def _refuse(self, visitor: Visitor) -> Opened:
        await self._changes.write(
            lambda change: change.record(
                SignInFailed, tried="invitation", reason="invitation refused", source=visitor.source[:80]
            )
        )
        raise InvitationRefused("The invitation does not fit.")

    # -- inside -------------------------------------------------------------------------------------

    def _add(self, change: Change, person: Person, code: Secret[str], hours: float, by: PersonId | None) -> Invitation:
        made = Invitation(
            InvitationId(mint("invitation")),
            person.id,
            person.name,
            change.now,
            change.now + timedelta(hours=hours),
            by,
        )
        invitation_store.add(change.conn, made, codes.digest(code.reveal()))
        change.record(Invited, invitation=made.id, person=person.id, until=iso(made.until), by=by or "hub")
        return made

    def _begin_anew(
        self, change: Change, person: Person, code: Secret[str], hours: float, by: PersonId | None
    ) -> Invitation:
        if person.kind is Kind.SERVICE:
            raise Conflict("A service account has tokens, and nothing to reset.")
        invitation_store.end(change.conn, "replaced", person=person.id)
        self._factors.reset_in(change, person.id, by or "hub")
        store.change_person(change.conn, person.id, password=None)
        change.record(PersonChanged, person=person.id, what="password", to="none", by=by or "hub")
        self._identity.cut_credentials(change, person.id, Cause.FACTOR_CHANGED, by, "The account was reset.")
        return self._add(change, person, code, hours, by)


def _ending(id: str, why: str, by: str) -> Callable[[Change], None]:
    def unit(change: Change) -> None:
        known = invitation_store.get_waiting(change.conn, id)
        if known is not None:
            invitation_store.end(change.conn, why, id=id)
            change.record(InvitationEnded, invitation=id, person=known.person, why=why, by=by)

    return unit


def _check_hours(hours: float) -> None:
    if not 0 < hours <= MOST_HOURS:
        raise BadInput(f"An invitation lives for more than 0 and at most {MOST_HOURS:g} hours.")
