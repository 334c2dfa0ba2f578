"""The sign-in conversation at the door: forms of people who are not signed in yet.

A form goes to whatever address showed it, so that signing in leads on to where one wanted to be. Which step is
meant is told by its fields alone. A second step is bound to a cookie of its own, which opens nothing by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from roomgate.errors import BadInput
from roomgate.hub.http.asgi import Scope, cookie, header, source_of
from roomgate.hub.identity.guessing import TooManyTries
from roomgate.hub.identity.invitations import InvitationRefused, Invitations
from roomgate.hub.identity.passkeys import Party, party_of
from roomgate.hub.identity.person import SignInRefused
from roomgate.hub.identity.service import Identity
from roomgate.hub.identity.signin import Opened, SecondRefused, SignIn, Visitor
from roomgate.redact import Secret

PENDING_COOKIE = "__Host-roomgate-signin"
CHALLENGE_PATH = "/signin/passkey"
_LIVES_S = 300
_LONGEST_NAME = 240
_LONGEST_FIELD = 1024
_LONGEST_PASSKEY = 24 * 1024


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked next. ``step``: password, second or invitation; ``said``: what went wrong in this one."""

    step: str = "password"
    status: int = 200
    said: str = ""
    hint: str = ""
    passkeys: bool = False
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Entered:
    """Signed in. ``weak``: their role waits for a second factor."""

    cookie: Secret[str]
    weak: bool


class Gate:
    def __init__(self, identity: Identity, signin: SignIn, invitations: Invitations, public_url: str) -> None:
        self._identity = identity
        self._signin = signin
        self._invitations = invitations
        self._public_url = public_url

    def first(self, scope: Scope, status: int) -> Asked:
        """What a visitor is asked who said nothing yet."""
        return Asked(status=status, passkeys=self._party(scope).usable)

    @staticmethod
    def means_step(form: Mapping[str, str]) -> bool:
        """Whether a form is one of this conversation."""
        return any(fields <= form.keys() for fields in ({"user", "password"}, {"code"}, {"passkey"}, {"invitation"}))

    def challenge(self, scope: Scope) -> tuple[bytes, tuple[str, str]]:
        """What a browser shows a passkey by, for the page's script; and the cookie that it is bound to."""
        bound, options = self._signin.challenge(self._party(scope), _visitor(scope))
        return options, _pending_cookie(bound.reveal())

    async def take(self, scope: Scope, form: Mapping[str, str]) -> Entered | Asked:
        """One step. What is asked again after a refusal is the step that was refused; raises Busy."""
        visitor, passkeys = _visitor(scope), self._party(scope).usable
        step = "invitation" if "invitation" in form else "second" if self._signin.begun(visitor) else "password"
        if "user" in form:
            step = "password"  # whoever begins again is at the beginning
        try:
            done = await self._step(scope, form, visitor)
        except SecondRefused as refused:
            return Asked("second", 401, refused.message, refused.hint, passkeys)
        except InvitationRefused as refused:
            return Asked("invitation", 401, refused.message, refused.hint, passkeys)
        except SignInRefused as refused:
            return Asked("password", 401, refused.message, refused.hint, passkeys)
        except BadInput as bad:  # a new password that is none
            return Asked(step, 400, bad.message, bad.hint, passkeys)
        except TooManyTries as slowed:
            wait = ("Retry-After", str(max(1, round(slowed.wait_s))))
            return Asked(step, 429, slowed.message, slowed.hint, passkeys, (wait,))
        if isinstance(done, Secret):
            return Asked("second", 200, passkeys=passkeys, headers=(_pending_cookie(done.reveal()),))
        web, opened = done
        weak = False
        if not web.proof.strong:
            signed = await self._identity.by_cookie(opened.reveal())
            weak = signed is not None and signed.weak
        return Entered(opened, weak)

    async def _step(self, scope: Scope, form: Mapping[str, str], visitor: Visitor) -> Opened | Secret[str]:
        match form:
            case {"invitation": code}:
                return await self._invitations.accept(
                    code[:_LONGEST_FIELD], form.get("new", "")[:_LONGEST_FIELD], visitor
                )
            case {"user": name, "password": password}:
                return await self._signin.password(name[:_LONGEST_NAME], password[:_LONGEST_FIELD], visitor)
            case {"passkey": answer} if answer:
                return await self._signin.passkey(answer[:_LONGEST_PASSKEY], self._party(scope), visitor)
            case _:
                return await self._signin.code(form.get("code", "")[:_LONGEST_FIELD], visitor)

    def _party(self, scope: Scope) -> Party:
        """For whom passkeys are here: by the configuration, else by the address that was connected to."""
        return party_of(self._public_url, scope.get("server"))


def end_pending() -> tuple[str, str]:
    """The cookie of a sign-in that is done goes."""
    return "Set-Cookie", f"{PENDING_COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0"


def _pending_cookie(value: str) -> tuple[str, str]:
    return "Set-Cookie", f"{PENDING_COOKIE}={value}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={_LIVES_S}"


def _visitor(scope: Scope) -> Visitor:
    source = source_of(scope)
    return Visitor(source, header(scope, "user-agent"), cookie(scope, PENDING_COOKIE))
