import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.xapi.errors import BadArgument
from roomgate.xapi.values import AnyOf, ListOf, Literals, Number, Text, parse_space, unite

anything = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.text()), st.binary())
notations = st.sampled_from(
    ["Int", "Int[0..100] step 100", "Int[-24..0]", "Str", "Str[0..64]", "On/Off", "False/True", "1/2/New",
     "list of Int[1..3] x4", "list of Str[0..64] x5", "Alert/Bump/Presentati…(28 values)"]
)  # fmt: skip


@pytest.mark.parametrize(
    ("notation", "space"),
    [
        ("Int", Number()),
        ("Int[0..100]", Number(0, 100)),
        ("Int[-24..0] step 24", Number(-24, 0)),
        ("Str", Text()),
        ("Str[1..128]", Text(1, 128)),
        ("On/Off", Literals(("On", "Off"))),
        ("list of Int[1..3] x4", ListOf(Number(1, 3), 4)),
        ("list of Camera/Microphone x2", ListOf(Literals(("Camera", "Microphone")), 2)),
        ("Alert/Bump/Presentati…(28 values)", Literals(("Alert", "Bump"), open=True)),
    ],
)
def test_the_tables_notation(notation, space):
    assert parse_space(notation) == space


@pytest.mark.parametrize(
    ("notation", "value", "canonical"),
    [
        ("Int[0..100]", 50, 50),
        ("Int[0..100]", "50", 50),
        ("Int[-24..0]", "-3", -3),
        ("Str[0..64]", 5, "5"),
        ("On/Off", "oN", "On"),
        ("False/True", True, "True"),
        ("False/True", "false", "False"),
        ("1/2/New", 2, "2"),
        ("list of Int[1..3] x4", [3, "2"], (3, 2)),
        ("list of Int[1..3] x4", 2, (2,)),
        ("Alert/Bump/Presentati…(28 values)", "alert", "Alert"),
        ("Alert/Bump/Presentati…(28 values)", "Ringing", "Ringing"),
        ("Africa/Abidjan/…(597 values)", "Europe/Oslo", "Europe/Oslo"),
    ],
)
def test_values_in_their_canonical_form(notation, value, canonical):
    result = parse_space(notation).check(value)
    assert result == canonical
    assert type(result) is type(canonical)


@pytest.mark.parametrize(
    ("notation", "value"),
    [
        ("Int[0..100]", 101),
        ("Int[0..100]", -1),
        ("Int[0..100]", "5 "),
        ("Int[0..100]", "٥"),
        ("Int[0..100]", 5.0),
        ("Int[0..100]", True),
        ("Int", "9" * 40),
        ("Str[0..4]", "12345"),
        ("Str[1..4]", ""),
        ("Str[0..64]", True),
        ("Str[0..64]", "a\nb"),
        ("Str[0..64]", "a\rb"),
        ("Str[0..64]", "a\x00b"),
        ("Str[0..64]", "a\u2028b"),
        ("Str[0..64]", "\ud800"),
        ("Str[0..64]", ["a"]),
        ("On/Off", True),
        ("On/Off", "Maybe"),
        ("On/Off", ""),
        ("list of Int[1..3] x4", []),
        ("list of Int[1..3] x4", [1] * 5),
        ("list of Int[1..3] x4", [[1]]),
        ("list of Int[1..3] x4", [4]),
        ("Alert/Bump/Presentati…(28 values)", "not one; word"),
        ("Alert/Bump/Presentati…(28 values)", "x" * 65),
    ],
)
def test_values_that_are_refused(notation, value):
    with pytest.raises(BadArgument):
        parse_space(notation).check(value)


def test_the_sentence_names_the_parameter_and_the_space():
    with pytest.raises(BadArgument, match=r"^Volume takes 0–100, got 400$"):
        parse_space("Int[0..100]").check(400, "Volume")
    with pytest.raises(BadArgument, match=r"^Mode takes On or Off, got 'x'$"):
        parse_space("On/Off").check("x", "Mode")


@given(notations, anything)
def test_what_is_accepted_is_canonical(notation, value):
    space = parse_space(notation)
    try:
        canonical = space.check(value)
    except BadArgument:
        return
    assert space.check(canonical) == canonical


def test_products_with_different_spaces_take_what_any_takes():
    space = unite([Number(0, 10), Literals(("Auto",)), Number(0, 10)])
    assert space == AnyOf((Number(0, 10), Literals(("Auto",))))
    assert space.check("auto") == "Auto"
    assert space.check("7") == 7
    with pytest.raises(BadArgument, match="0–10 or Auto"):
        space.check(11)
    assert unite([Number(0, 10), Number(0, 10)]) == Number(0, 10)
