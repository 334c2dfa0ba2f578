import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.checks.likeness import answers_alike, line_likeness, skeleton_likeness

SIGN_IN = """<html><head><title>Sign in</title></head><body><h1>Welcome</h1>
<form method="post"><input name="user"><input type="password" name="passphrase"><button>Go</button></form></body></html>"""
DRESSED = SIGN_IN.replace("Welcome", "Your device").replace("Sign in", "Device").replace("Go", "Enter")
OTHER = """<html><body><main><p>Hello</p><ul><li>a</li><li>b</li></ul></main></body></html>"""


def test_a_copy_keeps_its_skeleton_whatever_its_words():
    assert skeleton_likeness(SIGN_IN, SIGN_IN) == 1.0
    assert skeleton_likeness(SIGN_IN, DRESSED) == 1.0
    assert skeleton_likeness(SIGN_IN, OTHER) < 0.4
    assert skeleton_likeness(SIGN_IN, SIGN_IN.replace('name="user"', 'name="mail"')) < 1.0


def test_a_doctored_page_keeps_most_of_its_lines():
    page = "\n".join(f"<p>line {n}</p>" for n in range(20))
    assert line_likeness(page, page + "\n<p>added on the way</p>") > 0.9
    assert line_likeness(page, OTHER) == 0.0
    assert line_likeness(page, "  " + page.replace("\n", "\n\n   ")) == 1.0


@pytest.mark.parametrize(
    ("one", "other", "least", "most"),
    [
        ('{"a": 1, "b": {"c": 2}}', '{"a": 9, "b": {"c": 8}}', 1.0, 1.0),
        ('{"a": 1, "b": 2}', '{"error": "no"}', 0.0, 0.0),
        ('[{"a": 1}, {"a": 2}]', '[{"a": 3}]', 1.0, 1.0),
        ("room-4711 is on", "room-4711 is off", 0.8, 0.99),
        ("room-4711 is on", "Nothing here", 0.0, 0.5),
        (SIGN_IN, OTHER, 0.0, 0.3),
        ("", "", 0.0, 0.0),
        ("[" * 100_000, '{"a": 1}', 0.0, 0.1),
    ],
)
def test_answers_are_alike_by_what_they_are(one, other, least, most):
    assert least <= answers_alike(one, other) <= most
    assert least <= answers_alike(other, one) <= most


markup = st.text("<>/=\"' \n!-&;#\x00éinputypeaswordform", max_size=60)


@given(markup, markup)
def test_any_rubbish_has_a_likeness_from_nothing_to_the_same(one, other):
    for likeness in (skeleton_likeness, line_likeness, answers_alike):
        assert 0.0 <= likeness(one, other) <= 1.0
    assert line_likeness(one, "") == skeleton_likeness("", other) == 0.0
