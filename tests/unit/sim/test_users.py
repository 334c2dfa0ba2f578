"""Accounts as an Admin manages them."""

from typing import Any

import pytest

from roomgate.sim.accounts import LoginFailed
from support.simulated import ADMIN, DAILY, Talk

USER = "xCommand/UserManagement/User"
OWN = {"YourPassphrase": "correct horse"}


def made(**more: Any) -> Talk:
    talk = Talk.open(ADMIN, name="admin")
    talk.result(f"{USER}/Add", Username="ada", Passphrase="long enough", Role=["User"], **more)
    return talk


def test_accounts_are_made_listed_and_found() -> None:
    talk = made(ClientCertificateDN="CN=ada", ShellLogin="False")
    assert talk.code(f"{USER}/Add", Username="ada", Passphrase="long enough", Role=["User"]) == 1
    assert talk.code(f"{USER}/Add", Username="bob", Passphrase="short", Role=["User"]) == 1
    assert [one["Username"] for one in talk.result(f"{USER}/List")["User"]] == ["admin", "ada"]
    assert [one["Username"] for one in talk.result(f"{USER}/List", Limit=1, Offset=1)["User"]] == ["ada"]
    (found,) = talk.result(f"{USER}/Get", ClientCertificateDN="CN=ada")["User"]
    assert (found["Username"], found["ShellLogin"]) == ("ada", "False")
    assert talk.code(f"{USER}/Get", Username="nobody") == 1


def test_only_an_admin_does_any_of_it() -> None:
    talk = Talk.open(DAILY)
    for command, arguments in (
        ("Add", {"Username": "x", "Passphrase": "long enough", "Role": ["Admin"]}),
        ("Modify", {"Username": "daily", "AddRole": ["Admin"]}),
        ("Delete", {"Username": "daily"}),
        ("Unblock", {"Username": "daily"}),
        ("Get", {"Username": "daily"}),
    ):
        assert talk.code(f"{USER}/{command}", **arguments) == -31999
    assert talk.device.accounts.by_name["daily"].roles == DAILY


def test_whoever_gives_the_role_admin_says_their_own_passphrase() -> None:
    talk = made()
    boss = {"Username": "boss", "Passphrase": "long enough", "Role": ["Admin"]}
    assert talk.code(f"{USER}/Add", **boss) == 1
    assert "boss" not in talk.device.accounts.by_name
    talk.result(f"{USER}/Add", **boss, **OWN)
    assert talk.code(f"{USER}/Modify", Username="ada", AddRole=["Admin"]) == 1
    assert talk.code(f"{USER}/Modify", Username="ada", AddRole=["Admin"], YourPassphrase="wrong") == 1
    assert talk.device.accounts.by_name["ada"].roles == ["User"]
    talk.result(f"{USER}/Modify", Username="ada", AddRole=["Admin"], RemoveRole=["User"], **OWN)
    assert talk.device.accounts.by_name["ada"].roles == ["Admin"]
    assert talk.code(f"{USER}/Delete", Username="ada") == 1
    talk.result(f"{USER}/Delete", Username="ada", **OWN)
    assert "ada" not in talk.device.accounts.by_name


def test_the_last_admin_stays() -> None:
    talk = made()
    for command, arguments in (
        ("Delete", {}),
        ("Modify", {"RemoveRole": ["Admin"]}),
        ("Modify", {"Active": "False"}),
    ):
        assert talk.code(f"{USER}/{command}", Username="admin", **arguments, **OWN) == 1
    assert talk.device.accounts.by_name["admin"].active


def test_an_account_that_is_switched_off_or_deleted_loses_its_sessions() -> None:
    talk = made()
    first = talk.device.accounts.open("ada", "WebSocket", "there", talk.now)
    talk.result(f"{USER}/Modify", Username="ada", Active="False")
    assert talk.device.accounts.take_ended() == [first.id]
    second = talk.device.accounts.open("ada", "WebSocket", "there", talk.now)
    talk.result(f"{USER}/Delete", Username="ada")
    assert talk.device.accounts.take_ended() == [second.id]


def test_a_lock_out_is_lifted() -> None:
    talk = made()
    for _ in range(5):
        with pytest.raises(LoginFailed):
            talk.device.accounts.check("ada", "wrong", talk.now)
    with pytest.raises(LoginFailed):
        talk.device.accounts.check("ada", "long enough", talk.now)
    talk.result(f"{USER}/Unblock", Username="ada")
    assert talk.device.accounts.check("ada", "long enough", talk.now).name == "ada"
    assert talk.code(f"{USER}/Unblock", Username="nobody") == 1


def test_a_new_passphrase_meets_the_policy_and_was_not_used_before() -> None:
    talk = Talk.open(ADMIN, name="admin")
    change = f"{USER}/Passphrase/Change"
    assert talk.code(change, OldPassphrase="correct horse", NewPassphrase="short") == 1
    assert talk.code(change, OldPassphrase="correct horse", NewPassphrase="correct horse") == 1
    talk.result(change, OldPassphrase="correct horse", NewPassphrase="battery staple")
    assert talk.code(change, OldPassphrase="battery staple", NewPassphrase="correct horse") == 1
    talk.result("xSet", Path=["Configuration", "UserManagement", "PasswordPolicy", "ReuseLimit"], Value=1)
    talk.result(change, OldPassphrase="battery staple", NewPassphrase="correct horse")
    digits = ["Configuration", "UserManagement", "PasswordPolicy", "Complexity", "MinimumDigits"]
    talk.result("xSet", Path=digits, Value=2)
    assert talk.code(change, OldPassphrase="correct horse", NewPassphrase="no digits here") == 1
    assert talk.device.accounts.check("admin", "correct horse", talk.now), "a new policy counts for new passphrases"


def test_another_admins_passphrase_needs_ones_own() -> None:
    talk = Talk.open(ADMIN, name="admin")
    sets = {"Username": "admin", "NewPassphrase": "another one"}
    assert talk.code(f"{USER}/Passphrase/Set", **sets) == 1
    talk.result(f"{USER}/Passphrase/Set", **sets, **OWN)
    assert talk.device.accounts.by_name["admin"].has("another one")
    assert talk.code(f"{USER}/Passphrase/Set", Username="nobody", NewPassphrase="another one") == 1
