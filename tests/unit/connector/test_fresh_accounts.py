from roomgate.access.offered import offered
from roomgate.connector.fresh_accounts import with_passphrase
from roomgate.sim.passphrases import Policy
from roomgate.xapi.call import Verb


def add(passphrase: str):
    arguments = {"Username": "u", "Role": ("User",), "Passphrase": passphrase}
    return offered().canonical(Verb.COMMAND, "UserManagement User Add", arguments)


def test_an_empty_passphrase_becomes_one_that_any_policy_takes_and_nobody_has_seen() -> None:
    made = [with_passphrase(add("")) for _ in range(2)]
    for one in made:
        assert {**dict(one.arguments), "Passphrase": ""} == dict(add("").arguments)
        assert Policy(64, 4, 4, 4, 4, 150).weakness(str(one.argument("Passphrase"))) == ""
        assert offered().canonical(one.verb, one.path, dict(one.arguments)) == one
        assert str(one.argument("Passphrase")) not in str(one)
    assert made[0] != made[1]


def test_everything_else_goes_as_it_came() -> None:
    given = add("of their own")
    listed = offered().canonical(Verb.COMMAND, "UserManagement User List", {})
    assert [with_passphrase(one) for one in (given, listed)] == [given, listed]
