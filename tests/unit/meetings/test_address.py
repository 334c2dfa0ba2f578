from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.meetings.address import (
    AddressRefused,
    Link,
    SipAddress,
    belongs,
    check_host,
    check_public_ip,
    imitates,
    suffixes,
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("https://zoom.us@evil.example/j/1", "user name"),
        ("https://zoom.us:pw@evil.example/j/1", "user name"),
        ("https://zoom.us.evil.example/j/1", "looks like zoom.us"),
        ("https://zoom-us.evil.example/j/1", "looks like zoom.us"),
        ("https://z00m.us/j/1", "looks like zoom.us"),
        ("https://evil.example\\.zoom.us/j/1", "characters"),
        ("https://xn--zom-tna.us/j/1", "internationalised"),
        ("https://zооm.us/j/1", "characters"),
        ("https://127.0.0.1/j/1", "IP address"),
        ("https://2130706433/j/1", "IP address"),
        ("https://[::1]/j/1", "IP address"),
        ("https://[::1/j/1", "not a link"),
        ("https://0x7f.1/j/1", "IP address"),
        ("https://0177.0.0.1/j/1", "IP address"),
        ("https://127.1/j/1", "IP address"),
        ("https://[::ffff:127.0.0.1]/j/1", "IP address"),
        ("https://[fe80::1%25eth0]/j/1", "IP address"),
        ("https://127.0.0.1./j/1", "IP address"),
        ("https://%7aoom.us/j/1", "not a host name"),
        ("https://zoom.us%2eevil.example/j/1", "not a host name"),
        ("https://zoom.us:80:443/j/1", "not a link"),
        ("https:///j/1", "not a host name"),
        ("https://zoom.us。evil.example/j/1", "characters"),
        ("https://zoom.us\u200b.evil.example/j/1", "characters"),
        ("https://-zoom.us/j/1", "not a host name"),
        ("https://" + "a." * 200 + "us/j/1", "not a host name"),
        ("https://we8ex.corn", "looks like webex.com"),
        ("https://vvebex.com/x", "looks like webex.com"),
        ("https://tearns.microsoft.com/x", "looks like teams.microsoft.com"),
        ("https://xn--abc.zoom.us/x", "internationalised"),
        ("data:text/html,x", "web links"),
        ("javascript:alert(1)", "web links"),
        ("https://localhost/j/1", "not a host name"),
        ("https://printer.local/j/1", "local"),
        ("https://zoom.us:8443/j/1", "port"),
        ("ftp://zoom.us/j/1", "web links"),
        ("https://zoom.us/" + "a" * 5000, "too long"),
        ("https://zoom.us/\x00", "characters"),
        ("https://zoom.us/j/85551240091/../99900011122", "steps to elsewhere"),
        ("https://zoom.us/j/85551240091/%2e%2E/99900011122", "steps to elsewhere"),
        ("https://zoom.us/j/85551240091/.%2e", "steps to elsewhere"),
        ("https://zoom.us/j/./85551240091?x=1", "steps to elsewhere"),
        ("https://zoom.us:443/j/85551240091/..#x", "steps to elsewhere"),
    ],
)
def test_odd_links_are_refused_with_the_reason(text, reason):
    with pytest.raises(AddressRefused, match=reason):
        Link.parse(text)


@pytest.mark.parametrize("path", ["/j/1..2", "/...", "/.well-known/x", "/a..", "/x?y=/../z", "/x#/../z"])
def test_dots_that_are_no_steps(path):
    assert Link.parse(f"https://zoom.us{path}").host == "zoom.us"


def test_an_argument_that_says_two_things():
    link = Link.parse("https://e.example/?a=1&a=2&b=3&b=3")
    assert (link.only("a"), link.only("b"), link.only("c")) == (None, "3", None)


def test_an_honest_link():
    link = Link.parse("https://US02web.Zoom.us/j/123456789?pwd=secret&x=1")
    assert (link.host, link.path, link.argument("pwd")) == ("us02web.zoom.us", "/j/123456789", "secret")
    assert link.within("zoom.us")
    assert not link.within("oom.us")
    assert "secret" not in link.shown


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a@10.0.0.1", "IP address"),
        ("a@localhost", "not a host name"),
        ("a@zoomcrc.com.evil.example", "looks like zoomcrc.com"),
        ("a b@example.com", "characters"),
        ("a\x00@example.com", "characters"),
        ("a@exam\ufffdple.com", "internationalised"),
        ("@example.com", "characters"),
        ("a@example.com:sip", "port"),
        ("a@example.com:9100", "odd port"),
        ("a@example.com:0", "odd port"),
        ("a" * 256 + "@example.com", "too long"),
        ("+19005550123@example.com", "premium"),
        ("1-900-555-0123@example.com", "premium"),
        ("0900123456@example.com", "premium"),
        ("09061234567@example.com", "premium"),
        ("0906-123-4567@example.com", "premium"),
        ("909811234567@example.com", "premium"),
        ("+88161234567@example.com", "premium"),
        ("+34803123456@example.com", "premium"),
        ("+39899123456@example.com", "premium"),
        ("9011449098550199@example.com", "premium"),
        ("919005550199@example.com", "premium"),
        ("00900123456@example.com", "premium"),
        ("p+19005550199@example.com", "premium"),
        ("a+1+19005550199@example.com", "premium"),
        ("*72@example.com", "characters"),
        ("+33899555019@example.com", "premium"),
        ("004590123456@example.com", "premium"),
        ("+43930123456@example.com", "premium"),
        ("+420900123456@example.com", "premium"),
        ("+61190212345@example.com", "premium"),
        ("+81990123456@example.com", "premium"),
        ("+48701123456@example.com", "premium"),
        ("a@0x7f000001", "IP address"),
        ("a@[::1]", "port"),
        ("%61@example.com", "characters"),
        ("a\n@example.com", "characters"),
        ("a@example.com:5060\n", "port"),
    ],
)
def test_odd_sip_addresses_are_refused_with_the_reason(text, reason):
    with pytest.raises(AddressRefused, match=reason):
        SipAddress.parse(text)


@pytest.mark.parametrize(
    "user",
    ["noor+1900", "9011", "90114420", "0906123456", "090612345678", "4711*75", "+442055501234", "011442055501234"],
)
def test_numbers_that_cost_no_more_and_names_are_addresses(user):
    assert str(SipAddress.parse(f"{user}@example.com")) == f"{user}@example.com"


def test_a_meetings_number_is_no_telephones():
    assert str(SipAddress.parse("9005551234@zoomcrc.com")) == "9005551234@zoomcrc.com"
    with pytest.raises(AddressRefused, match="premium"):
        SipAddress.parse("9005551234@zoomcrc.com.example")


def test_parameters_and_headers_of_a_sip_uri_fall_away():
    assert str(SipAddress.parse("a@Example.com:5061;transport=tls?Subject=x")) == "a@example.com:5061"


@given(st.text(max_size=300))
def test_rubbish_is_refused_or_harmless(text):
    for parse in (Link.parse, SipAddress.parse):
        try:
            made = parse(text)
        except AddressRefused:
            continue
        assert made.host == check_host(made.host)


@pytest.mark.parametrize(
    "ip", ["10.1.2.3", "127.0.0.1", "169.254.1.1", "224.0.0.1", "0.0.0.0", "100.64.0.1", "1.2.3", "x"]
)
def test_ips_that_are_not_public(ip):
    with pytest.raises(AddressRefused):
        check_public_ip(ip)


def test_public_ips_pass():
    assert check_public_ip("162.255.37.11") == "162.255.37.11"


def test_belonging_is_by_whole_labels():
    assert belongs("a.zoom.us", "zoom.us")
    assert belongs("zoom.us", "zoom.us")
    assert not belongs("notzoom.us", "zoom.us")
    assert imitates("us02web.zoom.us") is None
    assert imitates("video.example.com") is None


@given(
    st.from_regex(
        r"(?i:https?)://[A-Za-z0-9.-]{1,12}\.example(?::443)?(?:/[!-~]{0,9})?(?:\?[!-~]{0,9})?", fullmatch=True
    )
)
def test_a_link_is_taken_apart_as_the_library_does_it(text):
    try:
        link = Link.parse(text)
    except AddressRefused:
        return
    parts = urlsplit(text)
    assert (link.host, link.path, link.query) == (parts.hostname, parts.path, parts.query)


@given(st.text(alphabet="ab%61=&;+", max_size=12))
def test_an_argument_is_the_one_that_the_library_reads(query):
    assert Link("e.example", "/", query, "").argument("a") == parse_qs(query).get("a", [None])[0]


def test_a_host_s_own_names():
    assert suffixes("a.b.example") == {"a.b.example", "b.example", "example"}
