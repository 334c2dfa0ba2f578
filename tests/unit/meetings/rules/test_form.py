import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.meetings.rules.form import MOST_BYTES, BadPack, as_document, parse_form
from support.packs import OWN


def complaint(text: str) -> str:
    with pytest.raises(BadPack) as refused:
        parse_form(text.encode(), "bridge.toml")
    return refused.value.message


def test_a_file_is_read_as_it_stands():
    form = parse_form(OWN.encode(), "bridge.toml")
    assert (form.service, form.rule[0].name) == ("bridge", "the bridge's number")
    assert as_document(form)["sample"][0]["join"] == "4711@video.example.com"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("version", "verison"), "bridge.toml: nobody knows the key verison; did you mean version?"),
        (("match =", "matches ="), "bridge.toml: [rule] nobody knows the key matches; did you mean match?"),
        (("format = 1", "format = 2"), "bridge.toml: is of format 2; this release reads format 1"),
        (("version = 1", 'version = "one"'), "bridge.toml: Expected `int`, got `str` - at `$.version`"),
        (('title = "the bridge"', ""), "bridge.toml: Object missing required field `title`"),
        (("[[rule]]", "[[rule"), "is no TOML"),
        (("format = 1", "format = 1\nxylophone = 1"), "known are format, service, version"),
    ],
)
def test_what_is_wrong_is_told_with_what_was_meant(change, told):
    assert told in complaint(OWN.replace(*change))


def test_a_file_is_bounded():
    assert "is larger than 128 KiB" in complaint("#" * (MOST_BYTES + 1))


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_rubbish_raises_only_our_error(raw):
    try:
        parse_form(raw, "x.toml")
    except BadPack as refused:
        assert refused.message.startswith("x.toml: ")


def test_deep_nesting_is_refused():
    assert complaint("x = " + "[" * 5000).startswith("bridge.toml: ")
