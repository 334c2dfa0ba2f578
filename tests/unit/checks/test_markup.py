"""Markup is read by structure: sign-ins, forms that act, what is loaded; rubbish has nothing in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.checks.markup import leads_to_sign_in, parse_markup


@pytest.mark.parametrize(
    "url",
    [
        "/login",
        "/users/sign_in?next=/d/1",
        "https://id.example/oauth2/v2.0/authorize?x=1",
        "https://id.example/any?client_id=1&response_type=code",
        "https://id.example/x?SAMLRequest=abc",
        "/SSO/start",
        "/Account/LogOn",
        "/#/login?return=1",
        "/auth/realms/one",
    ],
)
def test_these_lead_to_a_sign_in(url):
    assert leads_to_sign_in(url)


@pytest.mark.parametrize(
    "url",
    [
        "/d/9b1f",
        "/logins-of-today",
        "/blog/in",
        "/design/index",
        "/author/x",
        "/signage",
        "",
        "http://[",
        "/?client_id=1",
    ],
)
def test_these_do_not(url):
    assert not leads_to_sign_in(url)


def test_what_acts_and_what_signs_in_are_told_apart():
    page = parse_markup(
        "<form method=post action=/login><input name=u><input type=password><button>In</button></form>"
        "<form method=POST action=/d/1/dial><input name=number><button>Dial</button></form><button>Mute</button>"
    )
    assert (page.passwords, page.actions, page.sign_ins) == (1, 2, 1)


def test_an_address_is_asked_for_before_a_password():
    assert parse_markup("<form method=post><input type=hidden name=t><input type=email></form>").sign_ins == 1
    assert parse_markup("<form method=post><input type=text name=number></form>").actions == 1


@pytest.mark.parametrize(
    "page",
    [
        '<meta http-equiv="Refresh" content="0; URL=\'/login\'">',
        "<script>window.location = '/login'</script>",
        '<script>location.replace("/login")</script>',
    ],
)
def test_where_a_page_goes_by_itself(page):
    assert parse_markup(page).goes_to == "/login"


def test_what_is_loaded_and_what_leads_away():
    page = parse_markup(
        '<title> A <b> </title><meta name=referrer content="Origin"><img src=/a.png referrerpolicy=unsafe-url>'
        '<a rel="NoReferrer" href=https://x.example>x</a><script>const a = "<p>";</script><style>p{}</style>Text'
    )
    assert (page.referrer, page.text) == ("origin", "x Text")
    assert [(one.tag, one.url, one.policy) for one in page.loads] == [("img", "/a.png", "unsafe-url")]
    assert [(one.url, one.rel) for one in page.links] == [("https://x.example", "noreferrer")]


@given(st.text(alphabet="<>!/[]()-=\"' abformscriptinputtypepassword\x00&;#", max_size=200))
def test_rubbish_is_read_without_an_error(text):
    page = parse_markup(text)
    assert page.actions >= 0
    assert isinstance(leads_to_sign_in(text), bool)
