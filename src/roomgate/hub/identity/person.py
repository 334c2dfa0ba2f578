"""Who is known to the hub, and what somebody showed to prove it."""

import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime

from roomgate.access.principal import STRONG, Kind, Principal, Right
from roomgate.access.role import Power, Role, roles_of
from roomgate.access.scope import Scope, narrowed
from roomgate.errors import BadInput, RoomgateError
from roomgate.ids import PersonId, TokenId, WebSessionId
from roomgate.redact import Secret


class Forbidden(RoomgateError):
    """Signed in, but without the right over the hub that this takes."""

    code = "right.missing"
    hint = "Ask an administrator to do it, or for the role that may."


class SignInRefused(RoomgateError):
    """The same for an unknown name, a wrong password and an account that may not sign in."""

    code = "signin.refused"
    hint = "Check the name and the password."


class FactorNeeded(Forbidden):
    """Signed in by a password alone: the rights of the role wait for a second factor."""

    code = "factor.needed"
    hint = "Add a passkey or an authenticator app under Settings; then everything of your role is open."


class FactorWanted(SignInRefused):
    """The password was right and does not open this account alone. Said to nobody before that."""

    code = "signin.factor"
    hint = "Sign in at the console, which asks for the second factor."

    def __init__(self, person: PersonId, password: str | None) -> None:
        super().__init__("This account also takes a second factor.")
        self.person = person
        self.password = password  # its hash: it must hold still when the factor is shown


class SignInAgain(Forbidden):
    """What is asked for takes a proof of the last minutes, so that an open page is not enough."""

    code = "signin.again"
    hint = "Sign out and sign in again, with your second factor if you have one, then do it within 15 minutes."


@dataclass(frozen=True, slots=True)
class Person:
    """A person or a service account."""

    id: PersonId
    name: str
    kind: Kind
    roles: frozenset[str]
    active: bool
    created: datetime
    version: int
    paused: str | None = None  # why; then ``active`` is false too
    own_roles: tuple[Role, ...] = ()  # those of the roles that are the hub's own, as they are now

    @property
    def power(self) -> Power:
        """Rights over the hub, and the most that they may give."""
        return Power.of(roles_of(self.roles, self.own_roles))

    @property
    def rights(self) -> frozenset[Right]:
        return self.power.rights


@dataclass(frozen=True, slots=True)
class Proof:
    """By what somebody signed in. ``strong``: a second factor was shown, here or at the provider that vouches."""

    how: str = "password"  # password, totp, passkey, recovery, invitation, oidc
    strong: bool = False
    issuer: str | None = None  # the identity provider
    outside: str | None = None  # its subject
    outside_session: str | None = None  # its `sid`, where it gave one


@dataclass(frozen=True, slots=True)
class WebSession:
    """One sign-in of a browser. Its cookie changes with its owner's rights; its id does not."""

    id: WebSessionId
    person: PersonId
    csrf: str
    source: str
    created: datetime
    until: datetime
    issued: int
    proof: Proof = Proof()
    agent: str = ""  # what the browser calls itself


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, without its secret."""

    id: TokenId
    person: PersonId
    name: str
    created: datetime
    until: datetime
    made_by: PersonId
    issued: int
    ended: str | None = None
    paused: str | None = None
    scope: Scope | None = None  # None: all that its owner may
    seen: datetime | None = None  # when it was last used, to the half minute
    source: str = ""  # and from where
    web: WebSessionId | None = None  # of a sign-in by code: the web session that said yes


@dataclass(frozen=True, slots=True)
class Signed:
    """Somebody who asks, proven. ``fresh``: the cookie that the answer must set in place of the old one."""

    principal: Principal
    person: Person
    web: WebSession | None = None
    token: Token | None = None
    fresh: Secret[str] | None = None

    @property
    def scope(self) -> Scope | None:
        return self.token.scope if self.token else None

    @property
    def weak(self) -> bool:
        """By a password alone, with a role that takes more. What a token opens was strong when it was made."""
        return self.web is not None and not self.web.proof.strong and not STRONG.isdisjoint(self.person.rights)

    @property
    def rights(self) -> frozenset[Right]:
        """Over the hub, by this credential: what a member has, until a factor is shown where the role takes one."""
        return frozenset() if self.weak else narrowed(self.person.rights, self.scope)

    @property
    def power(self) -> Power:
        """The person's, as far as what they showed carries it."""
        return Power() if self.weak else replace(self.person.power, rights=self.rights)

    def may(self, right: Right) -> bool:
        return right in self.rights

    def require_whole(self) -> None:
        """For what changes how the owner gets in: a credential that carries less than its owner does not reach it."""
        if self.scope is not None:
            raise Forbidden("A token with a scope does not reach this.")

    def require_strong(self) -> None:
        """Raises FactorNeeded for a role's rights behind a password alone."""
        if self.weak:
            raise FactorNeeded("This takes a second factor.")

    def require(self, *some: Right) -> None:
        """One of these rights; raises Forbidden, or FactorNeeded where a second factor would give it."""
        if not any(self.may(right) for right in some):
            if any(right in self.person.rights for right in some):
                self.require_strong()
            raise Forbidden(f"This takes the right to {' or '.join(right.value for right in some)}.")


def check_name(name: str) -> str:
    """A name as it is kept; raises BadInput. A name never looks like an id."""
    name = unicodedata.normalize("NFC", name).strip()
    if not 1 <= len(name) <= 120 or any(unicodedata.category(c)[0] == "C" for c in name):
        raise BadInput("A name has 1 to 120 printable characters.")
    if ":" in name or name.startswith(("person_", "service_")):
        raise BadInput("A name has no colon and does not look like an id.")
    return name


def name_key(name: str) -> str:
    """How names are compared: case and width do not count."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).strip().casefold())[:240]
