import ast
from pathlib import Path

import pytest

from roomgate.meetings import address
from roomgate.meetings.meeting import Step
from roomgate.meetings.reason import Reason, find_reason, with_reason


def refusals() -> list[str]:
    """The sentences of all refusals in `address`; a filled-in value stands as an x."""
    said = []
    for node in ast.walk(ast.parse(Path(address.__file__).read_text())):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "AddressRefused":
            part = node.args[0]
            values = part.values if isinstance(part, ast.JoinedStr) else [part]
            said.append("".join(str(one.value) if isinstance(one, ast.Constant) else "x" for one in values))
    return [sentence for sentence in said if sentence != "x"]


@pytest.mark.parametrize("sentence", refusals())
def test_every_refusal_of_an_address_has_a_word(sentence):
    assert find_reason(sentence) is not None


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("refused: the host looks like zoom.us but does not belong to it", Reason.LOOK_ALIKE),
        ("refused: the number is a premium-rate or satellite one", Reason.PREMIUM_NUMBER),
        ("Mimecast cannot be undone without asking its server", Reason.WRAPPER_NOT_UNDONE),
        ("refused: an IP address that no known service vouches for", Reason.FOREIGN_DOMAIN),
        ("refused: a private, loopback or reserved IP address", Reason.PRIVATE_ADDRESS),
        ("refused: it stands within another address", Reason.NOT_A_LINK),
        ("Safe Links wrapping taken off", None),
        ("the printed address is taken", None),
    ],
)
def test_the_word_of_a_sentence(sentence, reason):
    assert find_reason(sentence) is reason


def test_a_step_keeps_the_word_that_it_has():
    known = Step("address", "x", "refused: too long", Reason.BROADCAST)
    assert with_reason(known) is known
    assert with_reason(Step("address", "x", "refused: the address is too long")).reason == Reason.TOO_LONG
