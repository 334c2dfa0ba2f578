import pytest

from roomgate.hub.extensions.text import MOST_DIFFERENT, Kind, difference, digest_of, refuse_name, unified


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("lights", ""),
        ("Raum 3 – Licht", ""),
        ("", "code.name-length"),
        ("x" * 251, "code.name-length"),
        ("a/b", "code.name-form"),
        ("..", "code.name-form"),
        ("a\\b", "code.name-form"),
        (" a", "code.name-form"),
        ("a\nb", "code.name-form"),
        ("a\u202eb", "code.name-form"),
        ("xapi", "code.name-taken"),
    ],
)
def test_some_names_are_not_given_to_a_macro(name: str, said: str) -> None:
    assert refuse_name(Kind.MACRO, name) == said


def test_a_difference_is_what_diff_says() -> None:
    old = "\n".join(str(n) for n in range(20)) + "\n"
    new = old.replace("\n7\n", "\nseven\n") + "20\n"
    lines = difference(old, new)
    assert [(one.sign, one.text) for one in lines if one.sign in "+-"] == [("-", "7"), ("+", "seven"), ("+", "20")]
    assert [(one.old, one.new) for one in lines if one.sign == "+"] == [(0, 8), (0, 21)]
    said = unified(old, new, "a", "b")
    assert said.startswith("--- a\n+++ b\n@@ -5,7 +5,7 @@\n 4\n")
    assert unified(old, old, "a", "b") == ""
    assert [one.sign for one in difference("a\r\n", "a\n")] == ["@"]


def test_a_difference_is_bounded() -> None:
    lines = difference("", "x\n" * (MOST_DIFFERENT + 10))
    assert (len(lines), lines[-1].text) == (MOST_DIFFERENT + 1, "…")


def test_a_digest_tells_texts_apart_and_takes_any_text() -> None:
    assert digest_of("a") != digest_of("a\r")
    assert len(digest_of("\ud800")) == 64


def test_a_text_that_was_made_to_be_slow_is_compared_all_the_same() -> None:
    """Each line stands in the other text a thousand times: comparing all of them with one another takes minutes."""
    signs = "".join(one.sign for one in difference("a\n" * 1000, "b\na\n" * 1000))
    assert signs == "@" + "-" * 999 + "+" * 1999 + " "
