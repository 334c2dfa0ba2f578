import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.errors import BadInput
from roomgate.hub.http.asking import etag, parse_if_match


@given(st.integers(0, 10**9))
def test_an_etag_comes_back_as_its_version(version: int) -> None:
    assert parse_if_match(etag(version)) == version


@given(st.text(max_size=8))
def test_anything_else_is_refused(text: str) -> None:
    try:
        version = parse_if_match(text)
    except BadInput:
        return
    assert version is None or str(version) in text or text.strip('"v ').lstrip("0") == str(version or "")


def test_a_star_fits_all() -> None:
    assert parse_if_match("*") is parse_if_match(None) is None
    with pytest.raises(BadInput):
        parse_if_match('W/"v1"')
