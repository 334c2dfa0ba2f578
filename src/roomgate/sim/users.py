"""`UserManagement`: local accounts with roles, and their passphrases. Another Admin is made or changed only by
whoever also says their own passphrase. The remote-support account needs the vendor, so it is refused.
"""

from dataclasses import dataclass

from roomgate.sim.accounts import ROLES, Account, Accounts
from roomgate.sim.asked import Answer, Asked, Commands
from roomgate.sim.passphrases import Policy
from roomgate.sim.refusal import CommandError
from roomgate.sim.state import State


@dataclass(slots=True)
class Users:
    """The commands over `Accounts`."""

    state: State
    accounts: Accounts

    def add(self, asked: Asked) -> Answer:
        name, passphrase = asked.text("Username"), asked.text("Passphrase")
        roles = _roles(asked, "Role")
        if not name or name in self.accounts.by_name:
            raise CommandError("User already exists" if name else "A user needs a name")
        if "Admin" in roles:
            _refuse_stranger(asked, asked.text("YourPassphrase"))
        self._refuse_weak(passphrase)
        account = self.accounts.add(name, passphrase, roles)
        account.changed = asked.now
        account.active = asked.flag("Active", otherwise=True)
        account.must_change = asked.flag("PassphraseChangeRequired")
        account.certificate_dn = asked.text("ClientCertificateDN")
        account.shell = asked.flag("ShellLogin", otherwise=True)
        self.state.note("user.added", account=name, roles=roles, by=asked.account.name)
        return {}

    def modify(self, asked: Asked) -> Answer:
        account = self._account(asked)
        added, removed = _roles(asked, "AddRole"), _roles(asked, "RemoveRole")
        if "Admin" in (*added, *account.roles):
            _refuse_stranger(asked, asked.text("YourPassphrase"))
        roles = [role for role in ROLES if role in (*account.roles, *added) and role not in removed]
        active = asked.flag("Active", otherwise=account.active)
        if account.active and "Admin" in account.roles and ("Admin" not in roles or not active):
            self._refuse_last(account)
        account.roles, account.active = roles, active
        account.must_change = asked.flag("PassphraseChangeRequired", otherwise=account.must_change)
        account.certificate_dn = asked.text("ClientCertificateDN", account.certificate_dn)
        account.shell = asked.flag("ShellLogin", otherwise=account.shell)
        if not account.active:
            self.accounts.end_all_of(account.name)
        self.state.note("user.changed", account=account.name, roles=account.roles, by=asked.account.name)
        return {}

    def delete(self, asked: Asked) -> Answer:
        account = self._account(asked)
        if "Admin" in account.roles:
            _refuse_stranger(asked, asked.text("YourPassphrase"))
            self._refuse_last(account)
        self.accounts.remove(account.name)
        self.state.note("user.removed", account=account.name, by=asked.account.name)
        return {}

    def get(self, asked: Asked) -> Answer:
        name, dn = asked.text("Username"), asked.text("ClientCertificateDN")
        for row in self.accounts.listed(asked.now):
            if (name and row["Username"] == name) or (dn and row["ClientCertificateDN"] == dn):
                return {"User": [{**row, "id": 1}]}
        raise CommandError("No such user")

    def list(self, asked: Asked) -> Answer:
        rows = self.accounts.listed(asked.now)
        offset, limit = asked.number("Offset", 0), asked.number("Limit", 0)
        return {"User": rows[offset : offset + limit if limit else None]}

    def unblock(self, asked: Asked) -> Answer:
        account = self._account(asked)
        account.failed, account.locked_until = 0, None
        self.state.note("user.unblocked", account=account.name, by=asked.account.name)
        return {}

    def set_passphrase(self, asked: Asked) -> Answer:
        account = self._account(asked)
        if "Admin" in account.roles:
            _refuse_stranger(asked, asked.text("YourPassphrase"))
        self._replace(account, asked)
        return {}

    def change_passphrase(self, asked: Asked) -> Answer:
        if not asked.account.has(asked.text("OldPassphrase")):
            raise CommandError("OldPassphrase is wrong")
        self._replace(asked.account, asked)
        return {}

    def _replace(self, account: Account, asked: Asked) -> None:
        passphrase = asked.text("NewPassphrase")
        self._refuse_weak(passphrase)
        if account.had(passphrase, Policy.of(self.state).reuse):
            raise CommandError("The passphrase was used before")
        invalidate = asked.text("SecurityAction") == "InvalidateAllUserSessions"
        by, now = asked.account.name, asked.now
        self.accounts.change(account, passphrase, by=by, how="xapi", invalidate=invalidate, now=now)

    def weakness(self, passphrase: str) -> str:
        """What the policy in force misses in a passphrase; empty where it is good."""
        return Policy.of(self.state).weakness(passphrase)

    def _refuse_weak(self, passphrase: str) -> None:
        if weakness := self.weakness(passphrase):
            raise CommandError(weakness)

    def _refuse_last(self, account: Account) -> None:
        others = (one for one in self.accounts.by_name.values() if one is not account)
        if not any(one.active and "Admin" in one.roles for one in others):
            raise CommandError("The last user with the role Admin stays")

    def _account(self, asked: Asked) -> Account:
        account = self.accounts.by_name.get(asked.text("Username"))
        if account is None:
            raise CommandError("No such user")
        return account


def _roles(asked: Asked, name: str) -> list[str]:
    wanted = {str(role) for role in asked.listed(name)}
    return [role for role in ROLES if role in wanted]


def _refuse_stranger(asked: Asked, passphrase: str) -> None:
    if not asked.account.has(passphrase):
        raise CommandError("YourPassphrase is wrong")


COMMANDS: Commands[Users] = {
    "UserManagement/User/Add": Users.add,
    "UserManagement/User/Modify": Users.modify,
    "UserManagement/User/Delete": Users.delete,
    "UserManagement/User/Get": Users.get,
    "UserManagement/User/List": Users.list,
    "UserManagement/User/Unblock": Users.unblock,
    "UserManagement/User/Passphrase/Set": Users.set_passphrase,
    "UserManagement/User/Passphrase/Change": Users.change_passphrase,
}
