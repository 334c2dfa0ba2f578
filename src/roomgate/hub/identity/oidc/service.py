"""Single sign-on: a sign-in by a provider, who is whom there, and its word that somebody signed out.

Somebody's identity is the issuer's name and its subject, never an address of mail. Whoever is not linked here is
refused in the same words as whoever may not sign in.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from roomgate import log
from roomgate.access.principal import STRONG, Kind, Principal, Right
from roomgate.clock import Clock
from roomgate.errors import BadInput, Conflict, NotFound
from roomgate.hub.change import Change, Changes
from roomgate.hub.identity.oidc import flow, store
from roomgate.hub.identity.oidc.fetching import WITHIN_S, Fetcher, Way
from roomgate.hub.identity.oidc.flow import Answered, Begun, Seal
from roomgate.hub.identity.oidc.logout import SignedOutThere
from roomgate.hub.identity.oidc.pace import Pace
from roomgate.hub.identity.oidc.peer import Peer
from roomgate.hub.identity.oidc.provider import Provider
from roomgate.hub.identity.oidc.store import Linked
from roomgate.hub.identity.oidc.tokens import Identified
from roomgate.hub.identity.oidc.unproven import ProviderAway, Unproven
from roomgate.hub.identity.person import Forbidden, Person, Proof, Signed, SignInRefused
from roomgate.hub.identity.service import Identity
from roomgate.hub.revocation import Cause, SubjectKind
from roomgate.ids import PersonId
from roomgate.ledger.event import IdentityLinked, IdentityUnlinked, SignedOut, SignInFailed
from roomgate.redact import Secret
from roomgate.storage.database import Database

LINKED_AT = "/settings"  # where whoever linked their own goes on
_MOST_REMEMBERED = 20_000
# From one address, answers and logouts each: there is nothing to guess here, so this bounds the work alone.
_AT_ONCE, _PER_S = 300, 20.0
_log = log.get("sign-on")


class NotLinked(SignInRefused):
    """The provider says who it is, and that is nobody here, or somebody who may not sign in: the two read alike."""

    code = "signin.not-linked"
    hint = "Ask an administrator to link your account at the provider with the one here."


@dataclass(frozen=True, slots=True)
class Finished:
    """Signed in, with the new cookie; or, without one, linked. ``back``: where to go on."""

    back: str
    cookie: Secret[str] | None = None


class SignOn:
    """Cancelling any of these leaves nothing half done: each change is one unit."""

    def __init__(
        self,
        providers: Sequence[Provider],
        public_url: str,
        db: Database,
        changes: Changes,
        clock: Clock,
        identity: Identity,
        *,
        way: Way = lambda provider: None,
        within_s: float = WITHIN_S,
    ) -> None:
        self._peers = {one.name: Peer(one, Fetcher(one, way(one), within_s), clock) for one in providers}
        self._public_url = public_url.rstrip("/")
        self._db = db
        self._changes = changes
        self._clock = clock
        self._identity = identity
        self._within_s = 2 * within_s
        self._seal = Seal()
        self._answers = Pace(clock, _AT_ONCE, _PER_S)
        self._logouts = Pace(clock, _AT_ONCE, _PER_S)
        self._used: OrderedDict[str, None] = OrderedDict()  # states that were answered
        self._gone: OrderedDict[tuple[str, str, str], float] = OrderedDict()  # who was signed out there, and when

    # -- what is configured -------------------------------------------------------------------------

    @property
    def providers(self) -> list[Provider]:
        return [peer.provider for peer in self._peers.values()]

    def address(self, provider: Provider, what: str) -> str:
        """An address of ours to register at the provider: ``callback`` or ``logout``."""
        return f"{self._public_url}/auth/{provider.name}/{what}"

    async def counted(self) -> dict[str, tuple[int, datetime]]:
        """Issuer → how many people are linked, and the last sign-in."""
        return await self._db.read(store.counted)

    # -- signing in ---------------------------------------------------------------------------------

    async def begin(self, name: str, back: str, signed: Signed | None = None) -> tuple[str, str]:
        """Where to send the browser, and the cookie that it keeps until it is back.

        ``signed``: somebody who is signed in already and links their own. Raises NotFound, ProviderAway, Unproven,
        and Forbidden for somebody of great rights who signed in by a password alone.
        """
        peer = self._peer(name)
        person = web = None
        if signed is not None:
            if signed.web is None:
                raise BadInput("Sign in with a browser to link an account.")
            if signed.person.rights & STRONG and not signed.web.proof.strong:
                raise Forbidden("Sign in with a second factor first.")
            person, web = signed.person.id, signed.web.id
        async with self._deadline():
            metadata = await peer.metadata()
        begun = flow.begin(peer.provider, self._clock.monotonic(), back, person, web)
        url = flow.authorization_url(peer.provider, metadata, begun, self.address(peer.provider, "callback"))
        return url, self._seal.close(begun)

    async def finish(self, name: str, answered: Answered, cookie: str, source: str, agent: str) -> Finished:
        """Raises NotFound, TooManyTries, Unproven, ProviderAway, NotLinked, Conflict."""
        peer, source = self._peer(name), source[:80]
        self._answers.take(source)
        try:
            begun = self._seal.open(cookie)
            async with self._deadline():
                metadata = await peer.metadata()
                code = flow.check_answered(answered, begun, peer.provider, metadata, self._clock.monotonic())
                self._use(begun.state)
                identified = await self._exchange(peer, begun, code, source)
            return await self._open(peer.provider, begun, identified, source, agent)
        except (Unproven, NotLinked) as no:
            _log.warning("signin.refused", provider=name, why=no.why if isinstance(no, Unproven) else no.code)
            raise

    async def _exchange(self, peer: Peer, begun: Begun, code: str, source: str) -> Identified:
        try:
            return await peer.exchange(begun, code, self.address(peer.provider, "callback"))
        except Unproven as no:  # what a stranger makes up does not come as far as this, so it is worth a record
            await self._note(peer.provider.issuer, no.why, source)
            raise

    async def _open(
        self, provider: Provider, begun: Begun, identified: Identified, source: str, agent: str
    ) -> Finished:
        if begun.person is not None:
            await self._link_own(provider, begun, begun.person, identified)
            return Finished(LINKED_AT)
        person = await self._whose(provider, identified)
        if person is None:
            return await self._refuse(provider, identified, source)

        def still(change: Change) -> bool:
            linked = store.find(change.conn, provider.issuer, identified.subject)
            if linked is None or linked.person != person or self._gone_since(provider, identified, begun.at):
                return False
            store.saw(change.conn, provider.issuer, identified.subject, change.at)
            if provider.roles:
                given = provider.gives(identified.groups)
                self._identity.provide_roles(change, person, provider.managed, given, provider.name)
            return True

        proof = Proof("oidc", identified.strong, provider.issuer, identified.subject, identified.session)
        opened = await self._identity.open_web(person, proof, source, agent, still=still)
        if opened is None:
            return await self._refuse(provider, identified, source)
        return Finished(begun.back, opened[1])

    async def _whose(self, provider: Provider, identified: Identified) -> PersonId | None:
        """Whom of ours the provider means; somebody new where strangers may come in."""

        def unit(change: Change) -> PersonId | None:
            linked = store.find(change.conn, provider.issuer, identified.subject)
            if linked is not None or not provider.create:
                return linked.person if linked else None
            person = self._identity.add_from_provider(change, identified.called, provider.name)
            self._add(change, provider.issuer, identified.subject, person.id, f"provider {provider.name}")
            return person.id

        return await self._changes.write(unit)

    async def _refuse(self, provider: Provider, identified: Identified, source: str) -> Finished:
        await self._note(f"{provider.issuer} {identified.subject}", "not linked", source)
        raise NotLinked("Nobody here is linked with that account, or it may not sign in.")

    async def _note(self, tried: str, reason: str, source: str) -> None:
        await self._changes.write(lambda change: change.record(SignInFailed, tried=tried, reason=reason, source=source))

    def _use(self, state: str) -> None:
        if state in self._used:
            raise Unproven("answer.again")
        self._used[state] = None
        while len(self._used) > _MOST_REMEMBERED:
            self._used.popitem(last=False)

    # -- who is whom --------------------------------------------------------------------------------

    async def identities(self, person: str) -> list[Linked]:
        return await self._db.read(lambda conn: store.of_person(conn, person))

    async def link(self, person: str, issuer: str, subject: str, by: Signed) -> Linked:
        """By whoever may change this person. Raises BadInput, NotFound, Forbidden, Conflict where it is linked."""
        by.require(Right.PEOPLE)
        if issuer not in {one.issuer for one in self.providers}:
            raise BadInput(
                "There is no provider with this issuer.", hint="Write the issuer as the configuration has it."
            )
        if not 1 <= len(subject) <= 255 or not subject.isprintable():
            raise BadInput("A subject has 1 to 255 printable characters.")

        def unit(change: Change) -> Linked:
            target = self._target(change.conn, person, by)
            self._add(change, issuer, subject, target.id, by.person.id)
            return _get(change.conn, issuer, subject)

        return await self._changes.write(unit)

    async def unlink(self, person: str, issuer: str, subject: str, by: Signed) -> None:
        """One's own, or by whoever may change this person. What was signed in to that way ends. Raises NotFound."""

        def unit(change: Change) -> None:
            target = self._target(change.conn, person, by)
            if _get(change.conn, issuer, subject).person != target.id:
                raise NotFound("There is no such link.")
            store.remove(change.conn, issuer, subject)
            change.record(
                IdentityUnlinked, person=target.id, issuer=issuer, subject=subject, by=by.person.id
            )  # fmt: skip
            for web, _ in store.end_webs(change.conn, issuer, subject, None, Cause.FACTOR_CHANGED):
                change.revoke(
                    Cause.FACTOR_CHANGED, SubjectKind.CREDENTIAL, web, by=by.person.id,
                    reason="The account at the identity provider was unlinked.",
                )  # fmt: skip

        await self._changes.write(unit)

    async def _link_own(self, provider: Provider, begun: Begun, person: PersonId, identified: Identified) -> None:
        def unit(change: Change) -> None:
            principal = Principal(person, "", Kind.PERSON, begun.web or "")
            if not self._identity.alive(change.conn, principal):
                raise Unproven("answer.web")
            linked = store.find(change.conn, provider.issuer, identified.subject)
            if linked is None or linked.person != person:
                self._add(change, provider.issuer, identified.subject, person, person)

        await self._changes.write(unit)

    def _add(self, change: Change, issuer: str, subject: str, person: PersonId, by: str) -> None:
        known = store.find(change.conn, issuer, subject)
        if known is not None:
            if self._identity.find_in(change.conn, known.person) is not None:
                raise Conflict("That account at the provider is linked with somebody already.")
            store.remove(change.conn, issuer, subject)  # of somebody who was deleted
        store.add(change.conn, issuer, subject, person, change.at)
        change.record(IdentityLinked, person=person, issuer=issuer, subject=subject, by=by)

    def _target(self, conn: Connection, person: str, by: Signed) -> Person:
        """Raises NotFound, also for somebody else's without the right; Forbidden for one of greater rights."""
        target = self._identity.find_in(conn, person)
        if target is None or (target.id != by.person.id and not by.may(Right.PEOPLE)):
            raise NotFound("There is nobody of this name.")
        if target.kind is Kind.SERVICE:
            raise BadInput("A service account has tokens, and no account at a provider.")
        if not target.rights <= by.person.rights:
            raise Forbidden("This account has rights that you do not have.")
        return target

    async def farewell(self, proof: Proof) -> str | None:
        """Where whoever signed out here signs out there too; None where that is not wanted, or not to be had."""
        for peer in self._peers.values():
            if peer.provider.end_session and peer.provider.issuer == proof.issuer:
                try:
                    async with self._deadline():
                        metadata = await peer.metadata()
                except (ProviderAway, Unproven):
                    return None
                return flow.sign_out_url(peer.provider, metadata, f"{self._public_url}/signin")
        return None

    # -- signed out there ---------------------------------------------------------------------------

    async def logout(self, name: str, token: str, source: str) -> int:
        """End what the provider says that it signed out: when this returns, it is cut. Gives how many ended.

        Raises NotFound, TooManyTries, Unproven, ProviderAway.
        """
        peer = self._peer(name)
        self._logouts.take(f"{name} {source[:80]}")
        try:
            async with self._deadline():
                there = await peer.signed_out(token)
            return await self._changes.write(lambda change: self._end(change, there))
        except Unproven as no:
            _log.warning("logout.refused", provider=name, why=no.why)
            raise

    def _end(self, change: Change, there: SignedOutThere) -> int:
        if not store.play(change.conn, there.issuer, there.jti, there.until, change.now):
            raise Unproven("logout.jti")
        self._remember(there)
        ended = store.end_webs(
            change.conn, there.issuer, there.subject, there.session, Cause.PROVIDER_SIGNED_OUT
        )  # fmt: skip
        for web, person in ended:
            change.record(SignedOut, person=person, why="signed out by the identity provider", session=web)
            change.revoke(
                Cause.PROVIDER_SIGNED_OUT, SubjectKind.CREDENTIAL, web, by=None,
                reason="The identity provider signed the person out.",
            )  # fmt: skip
        gone = store.end_tokens(change.conn, there.issuer, there.subject, there.session, Cause.PROVIDER_SIGNED_OUT)
        for token in gone:
            change.revoke(
                Cause.PROVIDER_SIGNED_OUT, SubjectKind.CREDENTIAL, token, by=None,
                reason="The identity provider signed the person out.",
            )  # fmt: skip
        return len(ended) + len(gone)

    def _remember(self, there: SignedOutThere) -> None:
        """A sign-in that was under way meanwhile is not to be opened after it."""
        keys = []
        if there.session is not None:
            keys.append((there.issuer, "session", there.session))
        if there.subject is not None:
            keys.append((there.issuer, "subject" if there.session is None else "unnamed", there.subject))
        for key in keys:
            self._gone.pop(key, None)
            self._gone[key] = self._clock.monotonic()
        while len(self._gone) > _MOST_REMEMBERED:
            self._gone.popitem(last=False)

    def _gone_since(self, provider: Provider, identified: Identified, at: float) -> bool:
        issuer, session = provider.issuer, identified.session
        named = (issuer, "unnamed", identified.subject) if session is None else (issuer, "session", session)
        return any(self._gone.get(key, -1.0) >= at for key in (named, (issuer, "subject", identified.subject)))

    # -- inside -------------------------------------------------------------------------------------

    def _peer(self, name: str) -> Peer:
        peer = self._peers.get(name)
        if peer is None:
            raise NotFound("There is no such identity provider.")
        return peer

    @asynccontextmanager
    async def _deadline(self) -> AsyncIterator[None]:
        """Also for waiting behind others who ask the same provider."""
        try:
            async with asyncio.timeout(self._within_s):
                yield
        except TimeoutError as slow:
            raise ProviderAway("time") from slow


def _get(conn: Connection, issuer: str, subject: str) -> Linked:
    found = store.find(conn, issuer, subject)
    if found is None:
        raise NotFound("There is no such link.")
    return found
