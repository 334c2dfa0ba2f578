"""How a cookie is read, what it is for, and what it lacks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.checks.cookies import Purpose, cookies_of, lacks, parse_cookie, remarks, values_of
from roomgate.checks.snapshot import Exchange


def answer(*cookies):
    return Exchange(
        label="x",
        t=0,
        at="",
        method="GET",
        url="https://a.example/",
        status=200,
        headers=tuple(("Set-Cookie", one) for one in cookies),
    )


@pytest.mark.parametrize(("name", "purpose"), [
    ("__Host-session", Purpose.SESSION), ("JSESSIONID", Purpose.SESSION), ("PHPSESSID", Purpose.SESSION),
    ("connect.sid", Purpose.SESSION), ("sid", Purpose.SESSION), ("access_token", Purpose.SESSION), ("auth", Purpose.SESSION),
    ("_app_session", Purpose.SESSION), ("ASP.NET_SessionId", Purpose.SESSION), ("remember_me", Purpose.SESSION),
    ("csrftoken", Purpose.FORGERY), ("XSRF-TOKEN", Purpose.FORGERY), ("__Host-csrf", Purpose.FORGERY),
    ("lang", Purpose.TASTE), ("theme", Purpose.TASTE), ("cookie_consent", Purpose.TASTE),
    ("oauth_state", Purpose.PASSING), ("oidc.nonce", Purpose.PASSING),
    ("_ga", Purpose.MACHINERY), ("AWSALB", Purpose.MACHINERY),
    ("fresh", Purpose.UNKNOWN), ("side", Purpose.UNKNOWN), ("visitor", Purpose.UNKNOWN),
])  # fmt: skip
def test_what_a_cookie_is_for_by_its_name(name, purpose):
    assert parse_cookie(f"{name}=x").purpose is purpose


def test_how_it_is_read():
    found = parse_cookie(' sid = "a=b" ; PATH=/; secure ; SameSite=lax; HttpOnly')
    assert (found.name, found.value) == ("sid", "a=b")
    assert found.attributes == {"path": "/", "secure": "", "samesite": "lax", "httponly": ""}
    assert parse_cookie("nothing") is None
    assert parse_cookie("=value") is None


def test_what_is_taken_away_is_not_set():
    gone = [
        "a=; Path=/",
        "b=x; Max-Age=0",
        "c=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "d=x; Max-Age=-1",
        "e=x; Max-Age=60",
    ]
    assert [one.name for one in cookies_of(answer(*gone))] == ["e"]


@pytest.mark.parametrize(("header", "missing"), [
    ("s=1; Secure; HttpOnly; SameSite=Lax", []),
    ("s=1; Secure; HttpOnly; SameSite=None", []),
    ("s=1; HttpOnly; SameSite=Strict", ["Secure"]),
    ("s=1; Secure; SameSite=Strict", ["HttpOnly"]),
    ("s=1; Secure; HttpOnly; SameSite=maybe", ["SameSite"]),
    ("s=1", ["Secure", "HttpOnly", "SameSite"]),
])  # fmt: skip
def test_what_it_lacks(header, missing):
    assert lacks(parse_cookie(header), secure=True) == missing


def test_over_plain_http_secure_cannot_be_asked_for():
    assert lacks(parse_cookie("s=1; HttpOnly; SameSite=Lax"), secure=False) == []


def test_what_is_worth_a_word():
    assert remarks(parse_cookie("s=1; Domain=.b.example"), "a.b.example")[0] == "goes to every host below b.example"
    assert not any("below" in one for one in remarks(parse_cookie("s=1; Domain=a.b.example"), "a.b.example"))
    assert remarks(parse_cookie("__Host-s=1; SameSite=None"), "a.example") == [
        "SameSite=None: other sites' requests carry it"
    ]


def test_values_in_their_order_and_cookies_by_the_thousand():
    assert values_of([answer("s=1", "t=9"), answer("s=2")], "s") == ["1", "2"]
    assert len(cookies_of(answer(*(f"c{n}=x" for n in range(5000))))) == 100


@given(st.text(max_size=80))
def test_any_header_is_read(header):
    found = parse_cookie(header)
    if found is not None:
        lacks(found, secure=True)
        remarks(found, "a.example")
        assert found.purpose in Purpose
