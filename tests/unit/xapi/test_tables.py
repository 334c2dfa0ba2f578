import pytest

from roomgate.xapi.path import Path
from roomgate.xapi.tables import (
    Node,
    Parameter,
    leaves_below,
    load_commands,
    load_configuration,
    load_events,
    parse_parameters,
)
from roomgate.xapi.values import AnyOf, Literals, Number, Text


def test_parameters():
    assert parse_parameters("Number*:Str[0..255]; Protocol:Sip/Spark=Sip; Option.1:Str[0..8]") == (
        Parameter("Number", Text(0, 255), required=True),
        Parameter("Protocol", Literals(("Sip", "Spark")), default="Sip"),
        Parameter("Option.1", Text(0, 8)),
    )
    assert parse_parameters("") == ()


def test_rows_of_one_node_unite_values_and_intersect_roles():
    root = Node("Configuration")
    load_configuration(
        root,
        "#path\nVideo Input[1..2] Level\tInt[0..9] step 9\t5\tAI\tAIU\t\t\t3\n"
        "Video Input[4] Level\tInt[5..20] step 9\t5\tA\tAU\t\thide\t3\n",
    )
    (leaf,) = leaves_below([root])
    assert leaf.space == AnyOf((Number(0, 9), Number(5, 20)))
    assert leaf.write_roles == {"Admin"}
    assert leaf.read_roles == {"Admin", "User"}
    assert leaf.masked
    fits = [[v.fits(Path.of("Configuration", "Video", "Input", i, "Level")) for v in leaf.variants] for i in (1, 3, 4)]
    assert fits == [[True, False], [False, False], [False, True]]


def test_events_have_members_with_types():
    root = Node("Event")
    load_events(root, "Call Ended\tAU\tA{B?:int, C{D:string}}, Kind:literal=x/y, Why:literal\nPressed\tA\t\n")
    found = {str(leaf.path): leaf.space for leaf in leaves_below([root])}
    assert found == {
        "Event/Call/Ended/A/B": Number(),
        "Event/Call/Ended/A/C/D": Text(),
        "Event/Call/Ended/Kind": Literals(("x", "y")),
        "Event/Call/Ended/Why": Literals((), open=True),
        "Event/Pressed": Literals(("None",)),
    }


def test_unknown_letters_and_words_are_no_table():
    with pytest.raises(KeyError):
        load_commands(Node("Command"), "Dial\tcall\tAX\t\t\t\t\n")
    with pytest.raises(ValueError):
        load_commands(Node("Command"), "Dial[x\tcall\tA\t\t\t\t\n")
