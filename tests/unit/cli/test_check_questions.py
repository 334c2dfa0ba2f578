import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.cli.check_questions import Questions, clean
from roomgate.errors import BadInput


def questions(*lines: str) -> tuple[Questions, io.StringIO]:
    out = io.StringIO()
    return Questions(io.StringIO("".join(f"{line}\n" for line in lines)), out), out


def number(line: str) -> int:
    if not line.isdigit():
        raise ValueError("This is no number.")
    return int(line)


def test_a_wrong_answer_is_asked_for_again_with_the_reason() -> None:
    asked, out = questions("x", "", "7")
    assert asked.ask("How many", number) == 7
    assert out.getvalue().count("How many") == 3
    assert out.getvalue().count("This is no number.") == 2


def test_the_usual_answer_is_shown_and_taken_for_none() -> None:
    asked, out = questions("")
    assert asked.ask("How many", number, usual="5") == 5
    assert "[5]" in out.getvalue()


def test_yes_and_no_and_their_beginnings() -> None:
    asked, out = questions("maybe", "Y", "no", "", "n")
    assert [asked.yes("Sure?"), asked.yes("Sure?"), asked.yes("Sure?", usual=True), asked.yes("Sure?")] == [
        True, False, True, False,
    ]  # fmt: skip
    assert "Answer yes or no." in out.getvalue()


def test_one_of_some_words_or_the_beginning_of_one_alone() -> None:
    asked, out = questions("s", "si", "SAND", "")
    words = ("sand", "site", "sitesee")
    assert [asked.choose("Which", words), asked.choose("Which", words, usual="site")] == ["sand", "site"]
    assert out.getvalue().count("Answer one of") == 2


def test_several_until_one_is_empty_and_at_least_so_many() -> None:
    asked, out = questions("", "1", "x", "2", "")
    assert asked.several("Number", number, least=1) == [1, 2]
    assert "At least one is needed." in out.getvalue()
    assert "This is no number." in out.getvalue()
    assert questions("")[0].several("Number", number) == []


def test_what_may_be_left_out() -> None:
    asked, _ = questions("", "x")
    assert [asked.maybe("Name"), asked.maybe("Name")] == ["", "x"]


def test_a_text_has_its_bounds() -> None:
    asked, out = questions("", "long", "ok")
    assert asked.text("Name", most=3) == "ok"
    assert "cannot be empty" in out.getvalue()
    assert "longer than 3" in out.getvalue()


def test_answers_that_end_early_name_the_question() -> None:
    asked, _ = questions()
    with pytest.raises(BadInput, match="Its name"):
        asked.text("Its name")


def test_a_secret_is_read_apart_and_never_shown() -> None:
    out = io.StringIO()
    asked = Questions(io.StringIO("no"), out, lambda: "hidden\n")
    assert asked.text("Password", secret=True) == "hidden"
    assert "hidden" not in out.getvalue()


@given(st.text())
def test_a_line_is_kept_without_what_steers_a_terminal(line: str) -> None:
    kept = clean(line)
    assert kept.isprintable()
    assert kept == kept.strip()
    kept.encode("utf-8")
