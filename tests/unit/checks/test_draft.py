import tomllib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.checks.draft import Draft, quoted, write_draft
from roomgate.checks.target import parse_target

WHO = {"text": "The owner allows it.", "by": "The owner", "until": date(2027, 1, 31)}
LEAST = Draft({"name": "Ours", "urls": ["https://a.example/"], "sign_in": ""}, WHO)


def test_what_is_empty_is_left_out_and_each_table_says_what_it_is_for() -> None:
    text = write_draft(LEAST)
    assert tomllib.loads(text) == {"target": {"name": "Ours", "urls": ["https://a.example/"]}, "authorisation": WHO}
    assert text.count("\n# ") == 3
    assert "# Who allowed this" in text


def test_what_is_written_is_read_by_the_checker() -> None:
    account = {"name": "anna", "user": "anna", "password": 'p"\\w', "wrong_passwords": True, "sign_in": {
        "request": {"url": "https://a.example/in", "method": "POST", "form": {"user name": "{user}"}, "carry": True},
    }}  # fmt: skip
    link = {"url": "https://a.example/d/1", "name": "link-1", "marker": "Oslo", "account": "anna", "lifetime_s": 3600.0}
    draft = Draft(
        LEAST.target, WHO, {"requests_per_second": 2.0, "hosts": ["id.example"], "intrusive": False},
        [account, {"name": "bert", "token": "t"}], [link, {"url": "https://a.example/d/2"}],
        [{"name": "status", "kind": "request", "request": {"url": "https://a.example/s", "account": "anna"}}],
        [{"name": "gone", "kind": "deleted", "account": "anna", "deed": {"say": "Delete anna."}}],
        {"url": "https://10.0.0.9"}, {"connector": "10.0.0.2", "networks": ["10.0.0.0/24"]},
    )  # fmt: skip
    text = write_draft(draft)
    made = parse_target(text, Path(), {}, {})
    assert made.account("anna").password == 'p"\\w'
    assert made.account("anna").wrong_passwords
    sign_in = made.account("anna").sign_in
    assert sign_in is not None
    assert sign_in.request.form == {"user name": "{user}"}
    assert [one.url for one in made.links] == ["https://a.example/d/1", "https://a.example/d/2"]
    assert (made.causes[0].deed.say, made.site.networks) == ("Delete anna.", ("10.0.0.0/24",))
    assert made.authorisation.until == date(2027, 1, 31)
    assert text.count("# Test accounts") == 1


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back_as_it_was(text: str) -> None:
    assert tomllib.loads(f"a = {quoted(text)}") == {"a": text}


@pytest.mark.parametrize("name", ['x"]\nurls = []', "a\nb", "# no comment"])
def test_an_answer_never_becomes_part_of_the_file(name: str) -> None:
    text = write_draft(Draft({"name": name, "urls": ["https://a.example/"]}, WHO))
    assert tomllib.loads(text)["target"] == {"name": name, "urls": ["https://a.example/"]}


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=9), st.text("ab", min_size=1), max_size=4
    )
)
def test_any_key_of_a_table_comes_back(form: dict[str, str]) -> None:
    ask = {"url": "https://a.example/", "form": form}
    draft = Draft(LEAST.target, WHO, channels=[{"name": "x", "request": ask}])
    assert tomllib.loads(write_draft(draft))["channels"][0]["request"].get("form", {}) == form
