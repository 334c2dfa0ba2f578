"""Signing in as a conversation: a password, then a second factor where the account has one; or a passkey alone; or
an invitation.

Nothing that is said before the right password hangs on whether a name exists or has a factor. Each step is slowed
for the account and for the source (see `guessing`), and none of them ever locks an account.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection

from roomgate.hub.change import Change, Changes
from roomgate.hub.identity import codes, factor_store, passkeys, store, totp
from roomgate.hub.identity.factor_store import FactorKind, Kept
from roomgate.hub.identity.factors import RECOVERY_GROUPS, Factors
from roomgate.hub.identity.guessing import Guessing
from roomgate.hub.identity.passkeys import BadPasskey, Party
from roomgate.hub.identity.pending import Pending, Proven
from roomgate.hub.identity.person import FactorWanted, Proof, SignInRefused, WebSession
from roomgate.hub.identity.service import Identity
from roomgate.ids import PersonId
from roomgate.ledger.event import FactorRefused, SignInFailed
from roomgate.redact import Secret
from roomgate.storage.database import Database

Opened = tuple[WebSession, Secret[str]]  # a web session and its cookie


class SignInOver(SignInRefused):
    """The sign-in that this step belongs to is over: it took too long, or it never was."""

    code = "signin.over"
    hint = "Begin again with the name and the password."


class SecondRefused(SignInRefused):
    """The second factor does not fit; the first one did, and another may be tried."""

    code = "signin.second-refused"
    hint = "Type the code that the app shows now, or one of the recovery codes that was not used."


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where somebody comes from who is not signed in yet. ``cookie``: of a sign-in that has begun, or nothing."""

    source: str
    agent: str = ""
    cookie: str = ""


class SignIn:
    def __init__(self, db: Database, changes: Changes, identity: Identity, factors: Factors, pending: Pending) -> None:
        self._db = db
        self._changes = changes
        self._identity = identity
        self._factors = factors
        self._pending = pending

    @property
    def _guessing(self) -> Guessing:
        return self._identity.guessing

    async def password(self, name: str, password: str, visitor: Visitor) -> Opened | Secret[str]:
        """Opens where a password is enough; else gives the cookie by which the second step goes on.

        Raises SignInRefused (alike for every reason), TooManyTries, Busy.
        """
        try:
            return await self._identity.sign_in(name, password, visitor.source, visitor.agent)
        except FactorWanted as wanted:
            return self._pending.begin(Proven(wanted.person, wanted.password))

    def begun(self, visitor: Visitor) -> bool:
        """Whether the second step is what comes next."""
        return self._pending.find(visitor.cookie) is not None

    async def code(self, typed: str, visitor: Visitor) -> Opened:
        """The second step by an app's digits or a recovery code. Raises SignInOver, SecondRefused, TooManyTries."""
        proven = self._pending.find(visitor.cookie)
        if proven is None:
            raise SignInOver("This took too long.")
        tried = self._count_try(proven.person, visitor)
        digits, recovery = totp.parse_digits(typed), codes.parse_code(typed, RECOVERY_GROUPS)
        if digits is not None:
            opened = await self._by_app(proven, digits, visitor)
        elif recovery is not None:
            opened = await self._by_recovery(proven, recovery, visitor)
        else:
            opened = None
        if opened is None:
            await self._refused(tried, proven.person, "code", visitor)
            raise SecondRefused("The code does not fit.")
        return self._done(opened, tried, visitor)

    def challenge(self, party: Party, visitor: Visitor) -> tuple[Secret[str], bytes]:
        """What a browser shows a passkey by, and the cookie that it is bound to."""
        cookie, challenge = self._pending.challenge(visitor.cookie)
        return cookie, passkeys.build_request(party, challenge)

    async def passkey(self, answer: str, party: Party, visitor: Visitor) -> Opened:
        """By a passkey: alone, or as the second step of whoever gave the password. Raises SignInRefused."""
        proven = self._pending.find(visitor.cookie)
        challenge = self._pending.take_challenge(visitor.cookie)
        tried = self._count_try(proven.person if proven else None, visitor)
        opened = await self._by_passkey(proven, challenge, answer, party, visitor) if challenge else None
        if opened is None:
            await self._refused(tried, proven.person if proven else "passkey", "passkey", visitor)
            raise SecondRefused("The passkey does not fit.") if proven else SignInRefused("The passkey does not fit.")
        return self._done(opened, tried, visitor)

    # -- the proofs ---------------------------------------------------------------------------------

    async def _by_app(self, proven: Proven, digits: str, visitor: Visitor) -> Opened | None:
        apps = await self._db.read(lambda conn: factor_store.of_person(conn, proven.person, FactorKind.TOTP))
        found = [(app, step) for app in apps if (step := self._factors.totp_step(app, digits)) is not None]
        if not found:
            return None
        app, step = found[0]

        def use(change: Change) -> bool:
            return factor_store.use_step(change.conn, app.factor.id, step, change.at)

        return await self._open(proven, "totp", use, visitor)

    async def _by_recovery(self, proven: Proven, code: str, visitor: Visitor) -> Opened | None:
        def use(change: Change) -> bool:
            return factor_store.use_recovery(change.conn, proven.person, codes.digest(code), change.at)

        return await self._open(proven, "recovery", use, visitor)

    async def _by_passkey(
        self, proven: Proven | None, challenge: bytes, answer: str, party: Party, visitor: Visitor
    ) -> Opened | None:
        try:
            credential = passkeys.parse_credential(answer)
            kept = await self._db.read(lambda conn: factor_store.find_passkey(conn, credential))
            if kept is None or (proven is not None and proven.person != kept.factor.person):
                return None
            counter = passkeys.check_shown(answer, party, challenge, kept.secret, kept.factor.person)
        except BadPasskey:
            return None

        def use(change: Change) -> bool:
            return _use_passkey(change, kept, counter, visitor.source)

        if proven is None:
            proven = await self._db.read(lambda conn: _as_proven(conn, kept.factor.person))
        return await self._open(proven, "passkey", use, visitor)

    async def _open(self, proven: Proven, how: str, use: Callable[[Change], bool], visitor: Visitor) -> Opened | None:
        def still(change: Change) -> bool:
            known = store.find_known(change.conn, proven.person)
            return known is not None and known.password == proven.password and use(change)

        return await self._identity.open_web(
            proven.person, Proof(how, strong=True), visitor.source, visitor.agent, still=still
        )

    # -- slowing ------------------------------------------------------------------------------------

    def _count_try(self, person: PersonId | None, visitor: Visitor) -> "_Try":
        """Raises TooManyTries. A try counts before it is looked at: a volley is slowed like a queue."""
        source = f"source {visitor.source[:80]}"
        account = (f"second {person}",) if person else ()
        met = self._guessing.knows(visitor.source[:80])
        tried = _Try((source,), account) if met else _Try((*account, source), ())
        self._guessing.require(*tried.waits)
        self._guessing.failed(*tried.waits)
        return tried

    async def _refused(self, tried: "_Try", who: str, what: str, visitor: Visitor) -> None:
        self._guessing.failed(*tried.others)
        await self._changes.write(
            lambda change: change.record(SignInFailed, tried=who, reason=f"{what} refused", source=visitor.source[:80])
        )

    def _done(self, opened: Opened, tried: "_Try", visitor: Visitor) -> Opened:
        self._guessing.succeeded(*tried.waits)
        self._pending.end(visitor.cookie)
        return opened


@dataclass(frozen=True, slots=True)
class _Try:
    """``waits``: by what this try was slowed, and counts. ``others``: what it counts for too if it fails."""

    waits: tuple[str, ...]
    others: tuple[str, ...]


def _as_proven(conn: Connection, person: PersonId) -> Proven:
    known = store.find_known(conn, person)
    return Proven(person, known.password if known else None)


def _use_passkey(change: Change, kept: Kept, counter: int, source: str) -> bool:
    if factor_store.use_passkey(change.conn, kept.factor.id, counter, change.at):
        return True
    change.record(FactorRefused, person=kept.factor.person, factor=kept.factor.id, source=source[:80])
    return False
