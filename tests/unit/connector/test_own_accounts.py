import pytest

from roomgate.access.offered import offered
from roomgate.connector.own_accounts import OwnAccounts, refuse_own, touches_own
from roomgate.xapi.call import Verb
from roomgate.xapi.errors import PermissionDenied
from support.own_deeds import own_deed

OURS = ("roomgate-daily", "Site-Admin")


def call(name: str, **arguments: object):
    return offered().canonical(Verb.COMMAND, name, arguments)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("UserManagement User Delete", {"Username": "roomgate-daily"}),
        ("UserManagement User Modify", {"Username": "ROOMGATE-daily ", "Active": "False"}),
        ("UserManagement User Passphrase Set", {"Username": "site-admin", "NewPassphrase": "x"}),
        ("UserManagement User Unblock", {"Username": "Site-Admin"}),
        ("UserManagement User Passphrase Change", {"OldPassphrase": "x", "NewPassphrase": "y"}),
    ],
)
def test_our_own_accounts_are_touched_by_nobody(name: str, arguments: dict[str, object]) -> None:
    assert touches_own(call(name, **arguments), OURS)
    with pytest.raises(PermissionDenied, match="own account"):
        refuse_own(call(name, **arguments), OURS)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("UserManagement User Delete", {"Username": "ada"}),
        ("UserManagement User List", {}),
        ("UserManagement User Get", {"Username": "roomgate-daily"}),
        ("Dial", {"Number": "roomgate-daily"}),
    ],
)
def test_everybody_elses_and_looking_are_not_ours_to_refuse(name: str, arguments: dict[str, object]) -> None:
    refuse_own(call(name, **arguments), OURS)
    assert not touches_own(call(name, **arguments), OURS)


@pytest.mark.asyncio
async def test_their_names_are_told() -> None:
    accounts = OwnAccounts(lambda device: OURS if device == "dev_oslo" else ())
    assert await accounts.list(own_deed("Roomgate.Accounts.List")) == {
        "Account": [{"id": 1, "Username": "roomgate-daily"}, {"id": 2, "Username": "Site-Admin"}]
    }
