"""Why something is refused."""

import pytest

from roomgate.sim.absent import OTHERWISE, why_not
from roomgate.sim.device import HANDLERS
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("Security/Certificates/CSR/Create", "This kind of certificate is not simulated"),
        ("Security/Persistency", "Not simulated: it would change how the device is guarded"),
        ("Time/DateTime/Set", "The clock follows NTP"),
        ("Unheard/Of", OTHERWISE),
    ],
)
def test_the_longest_family_has_the_word(words: str, reason: str) -> None:
    assert why_not(words) == reason


def test_nearly_every_family_has_a_sentence_of_its_own() -> None:
    commands = Catalogue.shipped().commands(Path(("Command",)))
    without = {"/".join(one.path.words) for one in commands} - set(HANDLERS)
    unnamed = {words.split("/")[0] for words in without if why_not(words) == OTHERWISE}
    assert unnamed <= {"Phonebook", "UserInterface", "UserPresence", "WebRTC"}
