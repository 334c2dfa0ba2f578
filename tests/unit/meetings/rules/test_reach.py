"""How far any pack can reach, whatever it says: the same checks, with whatever text."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.meetings.address import AddressRefused
from roomgate.meetings.meeting import How
from roomgate.meetings.rules.reach import Parsed, Reach, allowed, check_argument, check_target, networks_of

REACH = Reach(
    domains=frozenset({"zoomcrc.com", "m.webex.com"}),
    networks=networks_of([ipaddress.IPv4Network("67.217.64.0/19"), ipaddress.IPv4Network("162.255.36.0/22")]),
    links=frozenset({"teams.microsoft.com"}),
)


def test_a_known_service_s_domain_and_what_is_below_it_are_vouched_for():
    assert check_target(How.SIP, "1@zoomcrc.com", REACH).domain is None
    assert check_target(How.SIP, "1@global.zoomcrc.com", REACH).domain is None
    assert check_target(How.SIP, "1@example.com", REACH).domain == "example.com"
    assert check_target(How.SIP, "1@webex.com", REACH).domain == "webex.com"
    assert check_target(How.H323, "1@example.com", REACH).domain == "example.com"


def test_a_known_domain_may_be_one_that_nobody_is_dialled_at():
    narrow = Reach(domains=REACH.domains, dialled=frozenset({"m.webex.com"}))
    assert check_target(How.SIP, "1@m.webex.com", narrow).domain is None
    assert check_target(How.SIP, "1@zoomcrc.com", narrow).domain == "zoomcrc.com"


@pytest.mark.parametrize("text", ["1@zoomcrc.com;@video.example.com", "1@zoomcrc.com?@video.example.com"])
@pytest.mark.parametrize("how", [How.SIP, How.H323])
def test_nothing_that_a_template_made_is_cut_off(how, text):
    with pytest.raises(AddressRefused):
        check_target(how, text, REACH)


def test_an_ip_address_needs_a_network_that_is_vouched_for():
    assert check_target(How.SIP, "190222555@67.217.95.2", REACH).text == "190222555@67.217.95.2"
    assert check_target(How.H323, "67.217.95.2##190222555", REACH).domain is None
    for how, text in ((How.SIP, "1@8.8.8.8"), (How.H323, "8.8.8.8##1"), (How.SIP, "1@127.0.0.1")):
        with pytest.raises(AddressRefused):
            check_target(how, text, REACH)


@pytest.mark.parametrize(
    ("ip", "known"),
    [
        ("162.255.36.0", True),
        ("162.255.39.255", True),
        ("67.217.64.0", True),
        ("162.255.35.255", False),
        ("162.255.40.0", False),
        ("8.8.8.8", False),
        ("10.0.0.1", False),
    ],
)
def test_a_network_ends_where_it_ends(ip, known):
    assert REACH.vouches_ip(ip) is known


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Url", "https://teams.microsoft.com.evil.example/l/meetup-join/x"),
        ("Url", "https://teams.microsoft.com@evil.example/"),
        ("Url", "//evil.example/x"),
        ("Url", "\\\\evil.example\\x"),
        ("Url", "javascript://teams.microsoft.com/%0aalert(1)"),
        ("Number", "1@evil.example"),
        ("Domain", "evil.example"),
        ("Domain", "10.0.0.1"),
        ("MeetingID", "1\n2"),
        ("MeetingID", "<b>"),
    ],
)
def test_a_native_join_leads_into_known_services_only(name, value):
    with pytest.raises(AddressRefused):
        check_argument(name, value, REACH)


def test_what_a_native_join_takes():
    check_argument("Url", "https://teams.microsoft.com/l/meetup-join/x", REACH)
    check_argument("Number", "1@zoomcrc.com", REACH)
    check_argument("Domain", "zoomcrc.com", REACH)
    check_argument("MeetingID", "123 456", REACH)


def test_without_a_list_no_domain_is_the_customer_s():
    assert not allowed("example.com", None)
    assert not allowed("example.com", frozenset())
    assert not allowed("example.com.evil.example", frozenset({"example.com"}))
    assert allowed("video.example.com", frozenset({"Example.com"}))


HOSTS = st.sampled_from(
    [
        "127.0.0.1",
        "10.1.2.3",
        "localhost",
        "a.local",
        "2130706433",
        "0x7f.1",
        "[::1]",
        "[::ffff:10.0.0.1]",
        "192.168.0.1",
        "",
    ]
)


@given(
    how=st.sampled_from([How.SIP, How.H323]),
    user=st.text(max_size=12),
    host=HOSTS,
)
def test_nothing_inside_the_network_is_ever_a_target(how, user, host):
    for text in (f"{user}@{host}", f"{host}##{user}", f"{host}#{user}", host, f"1@{host}", f"{host}##1"):
        with pytest.raises(AddressRefused):
            check_target(how, text, REACH)


@given(how=st.sampled_from([How.SIP, How.H323, How.NATIVE]), text=st.text(max_size=60))
def test_any_text_is_refused_or_printable_and_as_it_was(how, text):
    try:
        target = check_target(how, text, REACH)
    except AddressRefused:
        return
    assert target.text.isprintable()
    assert target.text.isascii()


def test_what_was_parsed_before_is_the_same_kind_of_thing():
    parsed = Parsed(
        links={"https://teams.microsoft.com/x": "teams.microsoft.com"}, addresses={"1@zoomcrc.com": "zoomcrc.com"}
    )
    assert check_target(How.SIP, "1@zoomcrc.com", REACH, parsed=parsed).domain is None
    with pytest.raises(AddressRefused):
        check_target(How.SIP, "https://teams.microsoft.com/x", REACH, parsed=parsed)
    with pytest.raises(AddressRefused):
        check_argument("Url", "https://evil.example/1@zoomcrc.com", REACH, parsed)
