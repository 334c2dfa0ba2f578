"""What stands behind a cause: its words, its values, and the channels that are opened under it."""

import pytest

from roomgate.checks.looks.causes import SAY, by_hand, channels_of, link_of, said_of, values_of
from roomgate.checks.target import CAUSES, Ask, Deed, filled
from support.checks import target_of
from support.cut_target import HEAD, NAME, cause

BOB = '[[accounts]]\nname = "bob"\ntoken = "bobs-token"\n'
LINKS = (
    '[[links]]\nname = "bobs"\nurl = "https://target.example/d/b"\naccount = "bob"\n'
    '[[links]]\nname = "adas"\nurl = "https://target.example/d/a"\naccount = "ada"\n'
    'reads = [{url = "https://target.example/d/a/status", expects = "Volume"}]\n'
)


def test_every_kind_of_cause_has_words_for_a_person():
    assert set(SAY) == set(CAUSES)


def test_its_words_name_whom_it_shuts_out():
    target = target_of(HEAD + NAME + cause("deleted"))
    assert filled(said_of(target.causes[0]), values_of(target, target.causes[0])) == (
        "delete the account ada at the target"
    )


def test_channels_of_other_accounts_are_none_of_a_cause():
    text = HEAD + BOB + NAME + NAME.replace('"name"', '"bobs"', 1).replace('"ada"', '"bob"') + cause("deleted")
    target = target_of(text)
    assert [channel.name for channel in channels_of(target, target.causes[0])] == ["name"]


def test_without_channels_the_accounts_own_link_and_what_it_reads_are_opened():
    target = target_of(HEAD + BOB + LINKS + cause("deleted"))
    link = link_of(target, target.causes[0])
    assert link is not None
    assert link.name == "adas"
    assert [(one.name, one.expects) for one in channels_of(target, target.causes[0])] == [
        ("adas", ""),
        ("/d/a/status (1)", "Volume"),
    ]


@pytest.mark.parametrize(
    ("deed", "expected"),
    [
        (Deed(), True),
        (Deed(command=["true"]), False),
        (Deed(request=Ask(url="https://target.example/do")), False),
    ],
)
def test_what_neither_a_request_nor_a_command_does_is_done_by_hand(deed, expected):
    assert by_hand(deed) is expected
