"""The password policy."""

import pytest

from roomgate.sim.passphrases import Policy, entropy_bits
from roomgate.sim.state import State


@pytest.mark.parametrize(
    ("policy", "passphrase", "lacks"),
    [
        (Policy(), "1234567", "8 characters"),
        (Policy(), "12345678", ""),
        (Policy(digits=2), "abcdefg1", "digits"),
        (Policy(lowercase=1), "ABCDEFG1", "lower-case"),
        (Policy(uppercase=1), "abcdefg1", "upper-case"),
        (Policy(special=1), "abcdefg1", "special"),
        (Policy(entropy=60), "aaaaaaaa", "entropy"),
        (Policy(digits=1, lowercase=1, uppercase=1, special=1, entropy=50), "aB1!aB1!", ""),
    ],
)
def test_a_policy_says_what_is_lacking(policy: Policy, passphrase: str, lacks: str) -> None:
    weakness = policy.weakness(passphrase)
    assert (lacks in weakness) if lacks else weakness == ""


def test_the_policy_is_read_from_the_configuration() -> None:
    state = State()
    assert Policy.of(state) == Policy()
    where = ("UserManagement", "PasswordPolicy")
    state.configure(*where, "Complexity", "MinimumDigits", value=3)
    state.configure(*where, "ReuseLimit", value=2)
    state.configure(*where, "MaxLifetime", value=90)
    assert Policy.of(state) == Policy(digits=3, reuse=2, lifetime=90)


def test_more_kinds_of_characters_are_more_entropy() -> None:
    assert 0 == entropy_bits("") < entropy_bits("aaaa") < entropy_bits("aaA1") < entropy_bits("aA1!")
