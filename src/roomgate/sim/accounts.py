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
_KEPT_FORMER = 24  # the most that ReuseLimit takes


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
    blank: bool = False  # never had a passphrase: the empty one is its own
    must_change: bool = False
    changed: datetime | None = None
    former: list[tuple[str, str]] = []  # salt and digest of earlier passphrases, the newest first
    certificate_dn: str = ""
    shell: bool = True

    def set_passphrase(self, passphrase: str, now: datetime | None = None) -> None:
        if self.digest and not self.blank:
            self.former = [(self.salt, self.digest), *self.former][:_KEPT_FORMER]
        self.salt = secrets.token_hex(16)
        self.digest = _digest(passphrase, self.salt)
        self.failed, self.locked_until = 0, None
        self.blank = self.must_change = False
        self.changed = now

    def had(self, passphrase: str, newest: int) -> bool:
        """Whether the passphrase is one of the newest ``newest``, the present one among them."""
        kept = [(self.salt, self.digest), *self.former][:newest]
        return any(hmac.compare_digest(_digest(passphrase, salt), digest) for salt, digest in kept)

    def expired(self, days: int, now: datetime) -> bool:
        """Whether the passphrase is older than ``days``; 0 is for ever."""
        return days > 0 and self.changed is not None and now >= self.changed + timedelta(days=days)

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
    blank_accounts: str = "free"  # Profile.blank_accounts
    by_name: dict[str, Account] = field(default_factory=dict)
    logins: dict[str, Login] = field(default_factory=dict)
    _ended: list[str] = field(default_factory=list)

    def add(self, name: str, passphrase: str, roles: list[str]) -> Account:
        account = Account(name, roles, "", "")
        account.set_passphrase(passphrase)
        self.by_name[name] = account
        return account

    def add_factory(self) -> Account:
        """The account ``admin`` as it leaves the factory, without a passphrase."""
        account = self.add("admin", "", ["Admin", "User", "Audit"])
        account.blank = True
        return account

    def has_blank(self) -> bool:
        return any(account.blank and account.active for account in self.by_name.values())

    def check(self, name: str, passphrase: str, now: datetime, origin: str = "", kind: str = "") -> Account:
        """The account, if the passphrase is its own; raises LoginFailed and counts the failure.

        An account that needs a new passphrase first is let in at the web page (``kind`` Web) and nowhere else
        where ``blank_accounts`` says ``refuse``; what a socket is told then is not established.

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
            needs_new = account.blank or account.must_change or account.expired(self._lifetime(), now)
            if needs_new and self.blank_accounts == "refuse" and kind != "Web":
                self.state.note("login.failed", account=name, origin=origin, reason="needs a new passphrase")
                raise LoginFailed("authentication failed")
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

    def change(
        self,
        account: Account,
        passphrase: str,
        *,
        by: str,
        how: str,
        invalidate: bool,
        now: datetime | None = None,
    ) -> None:
        """A new passphrase. Open sockets stay open unless ``invalidate``: as on a device, where the
        setting ``SecurityAction`` says so."""
        account.set_passphrase(passphrase, now)
        self.state.note("password.changed", account=account.name, by=by, how=how)
        if invalidate:
            self.end_all_of(account.name)

    def end_all_of(self, name: str) -> None:
        for login in [one for one in self.logins.values() if one.account == name]:
            self.end(login.id)

    def remove(self, name: str) -> None:
        """The account is gone, and its sessions with it (whether a device ends them is not established)."""
        del self.by_name[name]
        self.end_all_of(name)

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
                "PassphraseExpired": str(one.expired(self._lifetime(), now)),
                "PassphraseChangeRequired": str(one.must_change or one.blank),
                "PinExpired": "False",
                "PinChangeRequired": "False",
                "ClientCertificateDN": one.certificate_dn,
                "ShellLogin": str(one.shell),
                "Roles": [{"id": n, "Role": role} for n, role in enumerate(one.roles, 1)],
            }
            for number, one in enumerate(self.by_name.values(), 1)
        ]

    def sessions(self, *, extra_members: bool = True) -> list[dict[str, Any]]:
        """The rows of ``Security Session List``. Only ``Id`` is an established name; the others are our reading."""
        rows = []
        for number, login in enumerate(self.logins.values(), 1):
            row: dict[str, Any] = {"id": number, "Id": login.id}
            if extra_members:
                row |= {"Username": login.account, "Type": login.kind, "Origin": login.origin}
                row["Created"] = _stamp(login.began)
            rows.append(row)
        return rows

    def _lifetime(self) -> int:
        value = self.state.read("Configuration", "UserManagement", "PasswordPolicy", "MaxLifetime")
        return value if isinstance(value, int) else 0

    def _setting(self, name: str, otherwise: int) -> int:
        value = self.state.read("Configuration", "Security", "Session", name)
        return value if isinstance(value, int) else otherwise


def _stamp(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""
