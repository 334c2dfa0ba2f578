import json

import pytest

from roomgate.errors import BadInput
from roomgate.fleet.notation import DEEPEST, LARGEST, read_tables


@pytest.mark.parametrize(
    "text",
    [
        '[everything.settings]\n"Audio/DefaultVolume" = 50\n',
        "# a comment\neverything:\n  settings:\n    Audio/DefaultVolume: 50\n",
        '{"everything": {"settings": {"Audio/DefaultVolume": 50}}}',
    ],
)
def test_all_three_notations_say_the_same(text):
    found = read_tables(text)
    assert str(found["everything"]["settings"]["Audio/DefaultVolume"]) == "50"


def test_a_word_of_yaml_stays_a_word():
    assert read_tables("a:\n  Mode: On\n  Other: no\n") == {"a": {"Mode": "On", "Other": "no"}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &x {b: 1}\nc: *x\n", "anchors are not read here"),
        ("a: {b: 1}\na: {c: 1}\n", "stands here twice"),
        ("? [a, b]\n: 1\n", "cannot be read"),
        ('{"a": 1, "a": 2}', "stands twice"),
        ("[a\nb = 1\n", "cannot be read"),
        ("a = \n", "cannot be read"),
        ("a: [1\n", "cannot be read"),
        ("- a\n- b\n", "holds no tables"),
        ("just words", "holds no tables"),
        (json.dumps({"a": 1})[:-1], "cannot be read"),
        ("x" * (LARGEST + 1), "at most 8 MiB"),
        ("{" + '"a":{' * (DEEPEST + 1) + "}" * (DEEPEST + 2), "holds no tables"),
        ('{"a":' * 100_000, "cannot be read"),
        ('{"a\\ud800": 1}', "half of a character"),
        ('a: "\\udc00"\n', "half of a character"),
        (".".join(["a"] * (DEEPEST + 1)) + " = 1\n", "more than 40 parts"),
        ("[" + " . ".join(['"\\""', "'b'"] * DEEPEST) + "]\n", "more than 40 parts"),
    ],
)  # fmt: skip
def test_what_is_no_document_is_refused_with_its_reason(text, said):
    with pytest.raises(BadInput, match=said):
        read_tables(text)


@pytest.mark.parametrize("text", ["a = 1", "a: 1", '{"a": 1}'])
def test_the_mark_that_some_editors_begin_a_file_with_is_no_part_of_it(text):
    assert {name: int(value) for name, value in read_tables("\ufeff" + text).items()} == {"a": 1}


def test_a_whole_character_may_be_written_with_backslashes():
    assert read_tables('{"a": "\\ud83d\\ude00"}') == {"a": "\U0001f600"}


def test_a_tag_of_yaml_makes_nothing_but_text():
    assert read_tables("a: !!python/object/apply:os.system ['true']\n")["a"] == ["true"]
