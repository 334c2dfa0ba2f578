"""Passphrases, the lock-out, and the table of sessions."""

from datetime import timedelta

import pytest

from roomgate.sim.accounts import Accounts, LoginFailed, SessionsFull
from roomgate.sim.state import State
from support.simulated import NINE


def made() -> Accounts:
    accounts = Accounts(State())
    accounts.add("daily", "correct horse", ["User"])
    return accounts


def test_the_right_passphrase_opens_and_nothing_else_does() -> None:
    accounts = made()
    assert accounts.check("daily", "correct horse", NINE).name == "daily"
    for name, passphrase in (("daily", ""), ("daily", "Correct horse"), ("nobody", "correct horse"), ("", "")):
        with pytest.raises(LoginFailed):
            accounts.check(name, passphrase, NINE)
    accounts.by_name["daily"].active = False
    with pytest.raises(LoginFailed):
        accounts.check("daily", "correct horse", NINE)


def test_five_failures_lock_the_account_for_five_minutes() -> None:
    accounts = made()
    for _ in range(5):
        with pytest.raises(LoginFailed):
            accounts.check("daily", "wrong", NINE)
    with pytest.raises(LoginFailed):
        accounts.check("daily", "correct horse", NINE + timedelta(minutes=4))
    assert accounts.listed(NINE)[0]["Blocked"] == "True"
    assert accounts.check("daily", "correct horse", NINE + timedelta(minutes=5)).failed == 0


def test_a_login_that_works_forgets_the_failures() -> None:
    accounts = made()
    for _ in range(4):
        with pytest.raises(LoginFailed):
            accounts.check("daily", "wrong", NINE)
    accounts.check("daily", "correct horse", NINE)
    assert accounts.by_name["daily"].failed == 0


def test_the_passphrase_itself_is_kept_nowhere() -> None:
    account = made().by_name["daily"]
    assert "correct horse" not in account.digest + account.salt
    other = Accounts(State()).add("other", "correct horse", [])
    assert other.digest != account.digest


def test_a_new_passphrase_leaves_sessions_open_unless_it_is_told_to_end_them() -> None:
    accounts = made()
    login = accounts.open("daily", "WebSocket", "here", NINE)
    accounts.change(accounts.by_name["daily"], "another one", by="admin", how="web", invalidate=False)
    assert (accounts.take_ended(), list(accounts.logins)) == ([], [login.id])
    accounts.change(accounts.by_name["daily"], "a third one", by="admin", how="web", invalidate=True)
    assert (accounts.take_ended(), list(accounts.logins)) == ([login.id], [])
    with pytest.raises(LoginFailed):
        accounts.check("daily", "correct horse", NINE)


def test_sessions_have_a_limit_for_each_user() -> None:
    accounts = made()
    for _ in range(20):
        accounts.open("daily", "WebSocket", "here", NINE)
    with pytest.raises(SessionsFull):
        accounts.open("daily", "WebSocket", "here", NINE)
    assert accounts.open("admin", "Web", "here", NINE).account == "admin"


def test_a_session_is_ended_once() -> None:
    accounts = made()
    login = accounts.open("daily", "WebSocket", "here", NINE)
    assert accounts.sessions()[0]["Id"] == login.id
    assert accounts.end(login.id)
    assert not accounts.end(login.id)


@pytest.mark.parametrize(("policy", "socket"), [("free", True), ("no-calls", True), ("refuse", False)])
def test_an_account_without_a_passphrase_is_let_in_as_the_generation_has_it(policy: str, socket: bool) -> None:
    accounts = Accounts(State(), policy)
    accounts.add_factory()
    assert accounts.check("admin", "", NINE, kind="Web").blank
    if socket:
        assert accounts.check("admin", "", NINE, kind="WebSocket").blank
    else:
        with pytest.raises(LoginFailed):
            accounts.check("admin", "", NINE, kind="WebSocket")
    accounts.change(accounts.by_name["admin"], "correct horse", by="admin", how="web", invalidate=False, now=NINE)
    assert not accounts.has_blank()
    assert accounts.check("admin", "correct horse", NINE, kind="WebSocket").name == "admin"
    with pytest.raises(LoginFailed):
        accounts.check("admin", "", NINE, kind="Web")


def test_a_passphrase_that_is_too_old_is_let_in_only_to_change_it() -> None:
    accounts = Accounts(State(), "refuse")
    accounts.state.configure("UserManagement", "PasswordPolicy", "MaxLifetime", value=30)
    account = accounts.add("daily", "correct horse", ["User"])
    account.changed = NINE
    assert accounts.check("daily", "correct horse", NINE + timedelta(days=29), kind="WebSocket") is account
    later = NINE + timedelta(days=30)
    with pytest.raises(LoginFailed):
        accounts.check("daily", "correct horse", later, kind="WebSocket")
    assert accounts.listed(later)[0]["PassphraseExpired"] == "True"
    assert accounts.check("daily", "correct horse", later, kind="Web") is account


def test_earlier_passphrases_are_remembered_as_digests() -> None:
    account = made().by_name["daily"]
    account.set_passphrase("battery staple", NINE)
    assert (account.had("correct horse", 2), account.had("correct horse", 1)) == (True, False)
    assert "correct horse" not in str(account)
