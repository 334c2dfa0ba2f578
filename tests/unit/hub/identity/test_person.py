import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.errors import BadInput
from roomgate.hub.identity.person import check_name, name_key


@given(st.text(max_size=130))
def test_a_name_is_refused_or_kept_fit_to_show(text: str) -> None:
    try:
        name = check_name(text)
    except BadInput:
        return
    assert 1 <= len(name) <= 120
    assert name == name.strip()
    assert ":" not in name
    assert check_name(name) == name


@pytest.mark.parametrize(("one", "other"), [("Ada", "ada"), ("ＡＤＡ", "ada"), ("straße", "STRASSE")])
def test_names_that_look_alike_are_one(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)
