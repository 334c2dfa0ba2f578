"""Local accounts: passphrases, roles, failed logins, the lock-out, and the table of open sessions."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec

from roomgate.errors import RoomgateError
from roomgate.sim.state import State

ROLES = ("Admin", "Audit", "User", "Integrator", "RoomControl")
# Cheap on purpose: simulated accounts guard simulated rooms, and every proof of an account costs one of these.
_COST = {"n": 2**10, "r": 8, "p": 1}


class LoginFailed(RoomgateError):
    """Wrong user or passphrase, an inactive account, or one that is locked out: they all read alike."""

    code = "sim.login"


class SessionsFull(RoomgateError):
    """The limit of sessions (``Security Session MaxTotalSessions``, ``MaxSessionsPerUser``) is reached."""

    code = "sim.sessions"


class Account(msgspec.Struct):
    """One local account as it is kept on disk: never the passphrase itself."""

    name: str
    roles: list[str]
    salt: str
    digest: str
    active: bool = True
    failed: int = 0
    locked_until: datetime | None = None
    last_login: datetime | None = None

    def set_passphrase(self, passphrase: str) -> None:
        self.salt = secrets.token_hex(16)
        self.digest = _digest(passphrase, self.salt)
        self.failed, self.locked_until = 0, None

    def has(self, passphrase: str) -> bool:
        return hmac.compare_digest(_digest(passphrase, self.salt), self.digest)


# Remembered, since the rooms of one door have the same accounts: ten thousand sign-ins would be half a minute of scrypt.
@lru_cache(maxsize=256)
def _digest(passphrase: str, salt: str) -> str:
    return hashlib.scrypt(passphrase.encode("utf-8", "surrogatepass"), salt=bytes.fromhex(salt), **_COST).hex()


@dataclass(frozen=True, slots=True)
class Login:
    """One open session: a socket, or a sign-in at the local web page."""

    id: str
    account: str
    kind: str
    origin: str
    began: datetime


@dataclass(slots=True)
class Accounts:
    """Who may sign in, and who is."""

    state: State
    by_name: dict[str, Account] = field(default_factory=dict)
    logins: dict[str, Login] = field(default_factory=dict)
    _ended: list[str] = field(default_factory=list)

    def add(self, name: str, passphrase: str, roles: list[str]) -> Account:
        account = Account(name, roles, "", "")
        account.set_passphrase(passphrase)
        self.by_name[name] = account
        return account

    def check(self, name: str, passphrase: str, now: datetime, origin: str = "") -> Account:
        """The account, if the passphrase is its own; raises LoginFailed and counts the failure.

        After ``Security Session MaxFailedLogins`` failures in a row (5, 0 = never) the account is
        locked for ``FailedLoginsLockoutTime`` minutes, and even the right passphrase is refused.
        """
        account = self.by_name.get(name)
        if account is None or not account.active:
            self.state.note("login.failed", account=name, origin=origin, reason="unknown")
            raise LoginFailed("authentication failed")
        if account.locked_until is not None and now >= account.locked_until:
            account.failed, account.locked_until = 0, None
        if account.locked_until is not None:
            self.state.note("login.failed", account=name, origin=origin, reason="locked")
            raise LoginFailed("authentication failed")
        if account.has(passphrase):
            account.failed, account.last_login = 0, now
            self.state.note("login.ok", account=name, origin=origin)
            return account
        account.failed += 1
        most = self._setting("MaxFailedLogins", 5)
        if 0 < most <= account.failed:
            account.locked_until = now + timedelta(minutes=self._setting("FailedLoginsLockoutTime", 5))
        self.state.note("login.failed", account=name, origin=origin, reason="passphrase", failed=account.failed)
        raise LoginFailed("authentication failed")

    def open(self, account: str, kind: str, origin: str, now: datetime) -> Login:
        """Enter a session into the table; raises SessionsFull at the device's limits."""
        own = sum(login.account == account for login in self.logins.values())
        if len(self.logins) >= self._setting("MaxTotalSessions", 30) or own >= self._setting("MaxSessionsPerUser", 20):
            raise SessionsFull(f"{len(self.logins)} sessions are open")
        login = Login(secrets.token_hex(8), account, kind, origin, now)
        self.logins[login.id] = login
        return login

    def close(self, session: str) -> None:
        """The session is over by itself."""
        self.logins.pop(session, None)

    def end(self, session: str) -> bool:
        """End a session from here; the server closes what belongs to it. False if there is none."""
        if self.logins.pop(session, None) is None:
            return False
        self._ended.append(session)
        return True

    def take_ended(self) -> list[str]:
        taken, self._ended = self._ended, []
        return taken

    def change(self, account: Account, passphrase: str, *, by: str, how: str, invalidate: bool) -> None:
        """A new passphrase. Open sockets stay open unless ``invalidate``: as on a device, where the
        setting ``SecurityAction`` says so."""
        account.set_passphrase(passphrase)
        self.state.note("password.changed", account=account.name, by=by, how=how)
        if invalidate:
            for login in [one for one in self.logins.values() if one.account == account.name]:
                self.end(login.id)

    def listed(self, now: datetime) -> list[dict[str, Any]]:
        """The rows of ``UserManagement User List``."""
        return [
            {
                "id": number,
                "Username": one.name,
                "Active": str(one.active),
                "Blocked": str(one.locked_until is not None and now < one.locked_until),
                "FailedLoginAttempts": one.failed,
                "LastLogin": _stamp(one.last_login),
                "PassphraseExpired": "False",
                "PassphraseChangeRequired": "False",
                "ShellLogin": "True",
                "Roles": [{"id": n, "Role": role} for n, role in enumerate(one.roles, 1)],
            }
            for number, one in enumerate(self.by_name.values(), 1)
        ]

    def sessions(self) -> list[dict[str, Any]]:
        """The rows of ``Security Session List``. Only ``Id`` is an established name; the rest is our reading."""
        return [
            {
                "id": number,
                "Id": login.id,
                "Username": login.account,
                "Type": login.kind,
                "Origin": login.origin,
                "Created": _stamp(login.began),
            }
            for number, login in enumerate(self.logins.values(), 1)
        ]

    def _setting(self, name: str, otherwise: int) -> int:
        value = self.state.read("Configuration", "Security", "Session", name)
        return value if isinstance(value, int) else otherwise


def _stamp(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""
