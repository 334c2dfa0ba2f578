import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.meetings.rules.template import MOST_MADE, MOST_TEMPLATE, BadTemplate, Template

FIELDS = {"id": "123", "passcode": "9"}


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("{id}@example.com", "123@example.com"),
        ("{id}.{passcode}@example.com", "123.9@example.com"),
        ("{id}{rest|}@example.com", "123@example.com"),
        ("{missing|id}", "123"),
        ("{missing}", None),
        ("{missing|gone}", None),
        ("plain", "plain"),
        ("", ""),
    ],
)
def test_fields_fill_their_places_and_a_missing_one_makes_nothing(text, made):
    assert Template.parse(text).fill(FIELDS) == made


def test_the_names_that_it_reads():
    assert Template.parse("{a|b}{c|}x").fields == {"a", "b", "c"}


@pytest.mark.parametrize("text", ["{", "}", "{}", "{|a}", "{A}", "{a b}", "{a{b}}", "{0}", "{a.b}", "{a!r}", "{a:9}"])
def test_what_is_no_template(text):
    with pytest.raises(BadTemplate):
        Template.parse(text)


def test_both_ends_are_bounded():
    with pytest.raises(BadTemplate):
        Template.parse("x" * (MOST_TEMPLATE + 1))
    assert Template.parse("{a}{a}").fill({"a": "x" * MOST_MADE}) is None


@given(st.text(alphabet="{}|ab_.@", max_size=40), st.dictionaries(st.sampled_from("ab"), st.text(max_size=5)))
def test_any_text_is_a_template_or_refused_and_never_filled_twice(text, fields):
    try:
        template = Template.parse(text)
    except BadTemplate:
        return
    made = template.fill(dict.fromkeys(fields, "{b}"))
    assert made is None or made.replace("{b}", "").count("{") == 0
