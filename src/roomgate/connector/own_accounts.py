"""The site's own two accounts on each device: known by name here, and touched by nobody from outside.

Whoever could set their passphrase, take their roles or end them would be the connector, or shut it out.
"""

from collections.abc import Callable, Iterable
from typing import Any

from roomgate.connector.own import Deed
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.errors import PermissionDenied

_USERS = ("UserManagement", "User")
_LOOKS = frozenset({"Get", "List"})


def touches_own(call: Call, accounts: Iterable[str]) -> bool:
    """Whether a call would change an account of these names, or the caller's own."""
    if call.verb is not Verb.COMMAND or call.path.words[:2] != _USERS or call.path.words[-1] in _LOOKS:
        return False
    name = call.argument("Username")
    if name is None:
        return True  # a passphrase of one's own: the connector's
    return str(name).strip().casefold() in {one.casefold() for one in accounts}


def refuse_own(call: Call, accounts: Iterable[str]) -> None:
    """Raises PermissionDenied before anything is sent to the device."""
    if touches_own(call, accounts):
        raise PermissionDenied("This is the site's own account on the device: it is changed at the site alone.")


class OwnAccounts:
    """``Accounts List``: the names of the site's own accounts on a room's device, so that a page can mark them."""

    def __init__(self, names: Callable[[str], Iterable[str]]) -> None:
        """``names``: by the device's id."""
        self._names = names

    async def list(self, deed: Deed) -> Any:
        return {"Account": [{"id": n, "Username": name} for n, name in enumerate(self._names(deed.room.device), 1)]}
