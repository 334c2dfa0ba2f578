"""Who else gets to know an address: by loads, ways out, policies, messages. The judgement is in the tests of K14."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.checks.leaking import find_leaks, find_leaks_drawn, find_leaks_in_mail, holds, is_elsewhere, names_devices
from roomgate.checks.snapshot import Exchange, Render

SECRET = "9b1f04c7d2e85a63"
LINK = f"https://a.example/d/{SECRET}"


def page(body: str, *policies: str) -> Exchange:
    headers = tuple(("Referrer-Policy", one) for one in policies)
    return Exchange(label="x", t=0.0, at="x", method="GET", url=LINK, status=200, headers=headers, body=body)


@pytest.mark.parametrize(
    ("host", "home", "elsewhere"),
    [
        ("cdn.a.example", "a.example", False),
        ("A.EXAMPLE.", "a.example", False),
        ("b.example", "a.example", True),
        ("one.co.uk", "two.co.uk", True),
        ("x.one.co.uk", "one.co.uk", False),
        ("10.0.0.1", "10.0.0.2", True),
        ("localhost", "localhost", False),
    ],
)
def test_whose_a_host_is(host, home, elsewhere):
    assert is_elsewhere(host, home) is elsewhere


def test_the_last_policy_that_is_known_counts():
    image = "<img src=https://b.example/a.png>"
    assert find_leaks(page(image, "unsafe-url", "no-referrer"), LINK) == []
    assert find_leaks(page(image, "no-referrer, nonsense"), LINK) == []
    assert [leak.sure for leak in find_leaks(page(image, "no-referrer, unsafe-url"), LINK)] == [True]
    assert [leak.sure for leak in find_leaks(page(image), LINK)] == [False]


@pytest.mark.parametrize(
    "part",
    [
        '<link rel="canonical" href="https://b.example/">',
        '<link rel="dns-prefetch" href="https://b.example/">',
        '<img src="data:image/png;base64,AAAA">',
        '<a href="mailto:x@b.example">x</a>',
        '<img src="http://[">',
        "<script>inline()</script>",
    ],
)
def test_these_tell_nobody(part):
    assert find_leaks(page(part), LINK) == []


def test_a_return_address_at_a_sign_in_is_meant():
    way = f'<a href="https://id.example/authorize?client_id=1&response_type=code&redirect_uri={LINK}">In</a>'
    assert [(leak.sure, leak.by_itself) for leak in find_leaks(page(way, "no-referrer"), LINK)] == [(False, False)]


def test_the_link_in_other_addresses():
    assert holds(f"https://b.example/?u=https%253A%252F%252Fa.example%252Fd%252F{SECRET}", LINK)
    assert holds("https://b.example/?u=/d/1001", "https://a.example/d/1001")
    assert not holds("https://b.example/?u=/d/1002", "https://a.example/d/1001")


def test_what_a_browser_told():
    drawn = Render(
        label="x", t=0.0, at="x", url=LINK, asked=(f"https://c.example/?p={SECRET}", "https://d.example/", f"{LINK}/a"),
        referrers=(("https://b.example", LINK), ("https://d.example", "https://a.example/"), ("https://a.example", LINK)),
    )  # fmt: skip
    assert [leak.to for leak in find_leaks_drawn(drawn, LINK)] == ["b.example", "c.example"]


def test_a_message_of_several_parts_is_read_decoded():
    mail = (
        'From: a@a.example\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary="b"\n\n'
        "--b\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n"
        f"http=\n://a.example/d/{SECRET}\n--b\nContent-Type: text/html\nContent-Transfer-Encoding: base64\n\nPGI+\n--b--\n"
    )
    assert [leak.to for leak in find_leaks_in_mail(mail, LINK)] == ["the network"]
    assert find_leaks_in_mail(mail.replace("http=\n", "https="), LINK) == []


def test_a_host_name_for_each_device():
    assert names_devices(["https://room1.a.example/", "https://room2.a.example/"]) == [
        "room1.a.example",
        "room2.a.example",
    ]
    assert names_devices(["https://a.example/1", "https://a.example/2"]) == []


@given(st.text(alphabet="<>imgsrchrefa=\"'/:.[]@?#% \n\x00Content-Type", max_size=150))
def test_any_page_and_any_message_are_read(text):
    assert isinstance(find_leaks(page(text, text), LINK), list)
    assert isinstance(find_leaks_in_mail(text, LINK), list)
    assert isinstance(find_leaks_in_mail("Content-Type: " + text, LINK), list)
