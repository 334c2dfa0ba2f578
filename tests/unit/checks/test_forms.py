import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.checks.forms import has_password_field, hidden_fields

SIGN_IN = '<form method="post"><input name="user"><input type="password" name="passphrase"><button>Go</button></form>'


@pytest.mark.parametrize(
    ("page", "asks"),
    [
        (SIGN_IN, True),
        (SIGN_IN.upper(), True),
        ("<input type=password>", True),
        ("<!DOCTYPE [<input type=password>", False),
        ("<main><p>Hello</p></main>", False),
        ('<input type="text" name="password">', False),
        ('<button type="password">', False),
        ("<p>type=password</p>", False),
        ("<!-- <input type=password> -->", False),
        ("", False),
    ],
)
def test_whether_a_page_asks_for_a_password(page, asks):
    assert has_password_field(page) is asks


def test_what_a_browser_sends_back_unasked():
    page = (
        '<input type=HIDDEN name=t value="a&amp;b"><input type=hidden value=x><input name=u><input type=hidden name=e>'
    )
    assert hidden_fields(page) == {"t": "a&b", "e": ""}


@given(st.text("<>/=\"' \n!-&;#\x00éinputypeaswordhidenvalu", max_size=120))
def test_what_follows_no_rubbish_is_still_read(page):
    """Rubbish may hide what comes behind it, and never what came before it."""
    before = "<input type=password><input type=hidden name=t value=v>"
    assert has_password_field(before + page)
    assert "t" in hidden_fields(before + page)
