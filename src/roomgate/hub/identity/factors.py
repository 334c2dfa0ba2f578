"""Second factors of people: authenticator apps, passkeys and recovery codes, and how each comes and goes.

A factor counts once it was shown. Each change ends whatever else of the person's is open, but the web session that
made it, which goes on under a new cookie and becomes strong by its first factor. A first factor takes a sign-in of
the last minutes; adding to factors, or taking from them, takes a strong one.
"""

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field

from sqlalchemy import Connection

from roomgate.access.principal import Right
from roomgate.clock import Clock
from roomgate.errors import BadInput, Conflict, NotFound
from roomgate.hub.change import Change, Changes
from roomgate.hub.identity import codes, factor_store, passkeys, store, totp
from roomgate.hub.identity.factor_store import Factor, FactorKind
from roomgate.hub.identity.passkeys import BadPasskey, Party
from roomgate.hub.identity.person import Person, Signed, SignInAgain, WebSession
from roomgate.hub.identity.sealing import Seal
from roomgate.hub.identity.service import Identity
from roomgate.hub.revocation import Cause
from roomgate.ids import FactorId, PersonId, mint
from roomgate.ledger.event import FactorAdded, FactorRemoved
from roomgate.redact import Secret
from roomgate.storage.database import Database

RECOVERY_CODES = 10
RECOVERY_GROUPS = 4
ISSUER = "Roomgate"
_MOST = 20  # of apps and passkeys, for one person
_DRAFT_S = 600.0
_MOST_DRAFTS = 2_000


@dataclass(frozen=True, slots=True)
class Offer:
    """An authenticator app that does not count yet: what it must be given."""

    secret: str
    uri: str


@dataclass(slots=True)
class _Draft:
    """What one web session has begun. ``shown``: codes that its next page shows, once."""

    until: float
    secret: bytes | None = None
    challenge: bytes | None = None
    shown: list[str] = field(default_factory=list)


class Factors:
    def __init__(self, db: Database, changes: Changes, clock: Clock, identity: Identity, seal: Seal) -> None:
        self._db = db
        self._changes = changes
        self._clock = clock
        self._identity = identity
        self._seal = seal
        self._drafts: OrderedDict[str, _Draft] = OrderedDict()

    async def of(self, person: PersonId) -> list[Factor]:
        kept = await self._db.read(lambda conn: factor_store.of_person(conn, person))
        return [one.factor for one in kept]

    # -- authenticator apps -------------------------------------------------------------------------

    async def begin_totp(self, by: Signed) -> None:
        """Make a secret, which `offer` shows until it is confirmed by a first code."""
        web = await self._may_begin(by)
        self._draft(web).secret = totp.make_secret()

    def offer(self, by: Signed) -> Offer | None:
        draft = self._find_draft(by)
        if draft is None or draft.secret is None:
            return None
        return Offer(totp.spell(draft.secret), totp.build_uri(draft.secret, by.person.name, ISSUER))

    async def confirm_totp(self, by: Signed, typed: str, name: str) -> Secret[str]:
        """The app counts from now on; gives the web session's new cookie. Raises BadInput for another code."""
        web, draft = _require_web(by), self._find_draft(by)
        if draft is None or draft.secret is None:
            raise Conflict("This took too long.", hint="Begin again with a new secret.")
        digits = totp.parse_digits(typed)
        step = totp.find_step(draft.secret, digits, self._clock.now(), 0) if digits else None
        if step is None:
            raise BadInput(
                "This code does not fit.", hint="Check the time of the device, and type the code that it shows now."
            )
        id = FactorId(mint("factor"))
        fresh = await self._add(by, web, id, FactorKind.TOTP, name, secret=self._seal.close(draft.secret, id), at=step)
        draft.secret = None
        return fresh

    def totp_step(self, kept: factor_store.Kept, digits: str) -> int | None:
        """The step that the digits are for, if they are this app's and no later step served already."""
        secret = self._seal.open(kept.secret, kept.factor.id)
        return totp.find_step(secret, digits, self._clock.now(), kept.counter) if secret else None

    # -- passkeys -----------------------------------------------------------------------------------

    async def begin_passkey(self, by: Signed, party: Party) -> bytes:
        """What the browser makes a passkey by, as JSON."""
        web = await self._may_begin(by)
        _require_name(party)
        draft = self._draft(web)
        draft.challenge = challenge = secrets.token_bytes(32)
        kept = await self._db.read(lambda conn: factor_store.of_person(conn, by.person.id, FactorKind.PASSKEY))
        known = [one.credential for one in kept if one.credential]
        return passkeys.build_creation(party, by.person.id, by.person.name, challenge, known)

    async def add_passkey(self, by: Signed, party: Party, answer: str, name: str) -> Secret[str]:
        """A passkey that was just made counts; gives the web session's new cookie. Raises BadPasskey."""
        web, draft = _require_web(by), self._find_draft(by)
        challenge = draft.challenge if draft else None
        if draft is None or challenge is None:
            raise BadPasskey("This passkey cannot be taken.", hint="Begin again: a challenge serves once.")
        draft.challenge = None
        made = passkeys.check_new(answer, party, challenge)
        return await self._add(
            by, web, FactorId(mint("factor")), FactorKind.PASSKEY, name,
            secret=made.public_key, at=made.counter, credential=made.credential,
        )  # fmt: skip

    # -- recovery codes -----------------------------------------------------------------------------

    async def make_codes(self, by: Signed) -> Secret[str]:
        """Ten new ones, for `take_shown`; the old ones end. Gives the web session's new cookie."""
        web = _require_web(by)
        made = [codes.make_code(RECOVERY_GROUPS).reveal() for _ in range(RECOVERY_CODES)]
        fresh = Secret(secrets.token_urlsafe(32))

        def unit(change: Change) -> None:
            self._require_change(change.conn, by, web)
            if not factor_store.has_second(change.conn, by.person.id):
                raise Conflict("Recovery codes stand in for a second factor.", hint="Add one first.")
            self._put_codes(change, by.person.id, made, by.person.id)
            self._cut(change, by.person.id, by, web, fresh, "New recovery codes were made.")

        await self._changes.write(unit)
        self._draft(web).shown = made
        return fresh

    def take_shown(self, by: Signed) -> list[str]:
        """Codes that were just made: given once."""
        draft = self._find_draft(by)
        if draft is None:
            return []
        shown, draft.shown = draft.shown, []
        return shown

    # -- taking away --------------------------------------------------------------------------------

    async def remove(self, by: Signed, id: str) -> Secret[str]:
        """One of one's own. Without a last second factor there are no recovery codes and no strong session either."""
        web, fresh = _require_web(by), Secret(secrets.token_urlsafe(32))

        def unit(change: Change) -> None:
            self._require_change(change.conn, by, web)
            gone = factor_store.end(change.conn, by.person.id, "removed", id=id)
            if not gone or gone[0].kind is FactorKind.RECOVERY:
                raise NotFound("There is no such factor.")
            if not factor_store.has_second(change.conn, by.person.id):
                gone += factor_store.end(change.conn, by.person.id, "removed")
                factor_store.set_strength(change.conn, web.id, strong=False, how="password", at=change.at)
            _record_gone(change, gone, "removed", by.person.id)
            if not store.has_way_in(change.conn, by.person.id):
                raise Conflict("This is your only way in.", hint="Give yourself a password or another passkey first.")
            self._cut(change, by.person.id, by, web, fresh, "A second factor was removed.")

        await self._changes.write(unit)
        return fresh

    async def reset(self, person: str, by: Signed) -> Person:
        """Take all of somebody else's factors away, and end what they have open. Raises Forbidden, NotFound."""
        by.require(Right.PEOPLE)

        def unit(change: Change) -> Person:
            known = self._identity.target_in(change.conn, person, by)
            if known.id == by.person.id:
                raise Conflict("These are your own factors.", hint="Change them under Settings.")
            self.reset_in(change, known.id, by.person.id)
            self._cut(change, known.id, by, None, None, "The second factors were reset.")
            return store.get_person(change.conn, known.id)

        return await self._changes.write(unit)

    def reset_in(self, change: Change, person: PersonId, by: str) -> None:
        """Part of a change that also cuts the person's credentials."""
        _record_gone(change, factor_store.end(change.conn, person, "reset"), "reset", by)

    # -- the first administrator --------------------------------------------------------------------

    def found(self, change: Change, person: PersonId) -> tuple[str, list[str]]:
        """By whoever has the hub's own machine, when the hub is made: an app's secret, and recovery codes."""
        secret, id = totp.make_secret(), FactorId(mint("factor"))
        made = [codes.make_code(RECOVERY_GROUPS).reveal() for _ in range(RECOVERY_CODES)]
        sealed = self._seal.close(secret, id)
        factor_store.add(change.conn, id, person, FactorKind.TOTP, ISSUER, change.at, secret=sealed)
        change.record(FactorAdded, person=person, factor=id, what=FactorKind.TOTP.value, by="hub")
        self._put_codes(change, person, made, "hub")
        return totp.spell(secret), made

    # -- inside -------------------------------------------------------------------------------------

    async def _add(
        self,
        by: Signed,
        web: WebSession,
        id: FactorId,
        kind: FactorKind,
        name: str,
        *,
        secret: bytes,
        at: int,
        credential: str | None = None,
    ) -> Secret[str]:
        fresh = Secret(secrets.token_urlsafe(32))
        known_as = " ".join(name.split())[:120] or kind.value

        def unit(change: Change) -> None:
            self._require_change(change.conn, by, web)
            first = not factor_store.has_second(change.conn, by.person.id)
            if len(factor_store.of_person(change.conn, by.person.id)) >= _MOST + RECOVERY_CODES:
                raise Conflict(f"A person has at most {_MOST} second factors.")
            if credential is not None and factor_store.credential_taken(change.conn, credential):
                raise BadPasskey("This passkey cannot be taken.")
            factor_store.add(
                change.conn, id, by.person.id, kind, known_as, change.at,
                credential=credential, secret=secret, counter=at,
            )  # fmt: skip
            change.record(FactorAdded, person=by.person.id, factor=id, what=kind.value, by=by.person.id)
            if first:
                factor_store.set_strength(change.conn, web.id, strong=True, how=kind.value, at=change.at)
            self._cut(change, by.person.id, by, web, fresh, "A second factor was added.")

        await self._changes.write(unit)
        return fresh

    def _put_codes(self, change: Change, person: PersonId, made: list[str], by: str) -> None:
        factor_store.end(change.conn, person, "replaced", kind=FactorKind.RECOVERY)
        ids = [FactorId(mint("factor")) for _ in made]
        for id, code in zip(ids, made, strict=True):
            factor_store.add(change.conn, id, person, FactorKind.RECOVERY, "", change.at, credential=codes.digest(code))
        change.record(FactorAdded, person=person, factor=ids[0], what=FactorKind.RECOVERY.value, by=by)

    def _cut(
        self, change: Change, person: PersonId, by: Signed, web: WebSession | None, fresh: Secret[str] | None, why: str
    ) -> None:
        self._identity.cut_credentials(
            change, person, Cause.FACTOR_CHANGED, by.person.id, why, web.id if web else None, fresh
        )

    def _require_change(self, conn: Connection, by: Signed, web: WebSession) -> None:
        """Whether this web session may change its owner's factors, as things are now."""
        if store.find_web_by_id(conn, web.id) is None:
            raise SignInAgain("This sign-in has ended.")
        self._identity.step_up(by, strong=factor_store.has_second(conn, by.person.id))

    async def _may_begin(self, by: Signed) -> WebSession:
        web = _require_web(by)
        await self._db.read(lambda conn: self._require_change(conn, by, web))
        return web

    def _draft(self, web: WebSession) -> _Draft:
        """Of this web session, for the next minutes; the oldest go first."""
        draft = self._drafts.pop(web.id, None) or _Draft(0.0)
        draft.until = self._clock.monotonic() + _DRAFT_S
        self._drafts[web.id] = draft
        while len(self._drafts) > _MOST_DRAFTS:
            self._drafts.popitem(last=False)
        return draft

    def _find_draft(self, by: Signed) -> _Draft | None:
        draft = self._drafts.get(by.web.id) if by.web else None
        return draft if draft and draft.until > self._clock.monotonic() else None


def _require_web(by: Signed) -> WebSession:
    """A token never changes what its owner signs in with."""
    if by.web is None:
        raise SignInAgain("Second factors are changed at the console.")
    return by.web


def _require_name(party: Party) -> None:
    if not party.usable:
        raise BadInput(
            "Passkeys need a hub that is reached by a name.",
            hint="Set public_url to https://NAME in its configuration.",
        )


def _record_gone(change: Change, gone: list[Factor], why: str, by: str) -> None:
    for one in gone:
        if one.kind is not FactorKind.RECOVERY:
            change.record(FactorRemoved, person=one.person, factor=one.id, what=one.kind.value, reason=why, by=by)
