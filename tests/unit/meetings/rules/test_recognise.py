"""What the shipped packs make of forms that stand alone, and what any pack keeps to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.meetings.rules.catalogue import Catalogue, shipped
from roomgate.meetings.rules.offer import Recognised
from roomgate.meetings.rules.recognise import Sight, recognise
from support.meetings import evidence_of
from support.packs import OWN, own, with_own

ZOOM = "https://us02web.zoom.us/j/85512345678?pwd=tok\n"
WEBEX = "https://a-b.webex.com/a-b/j.php?MTID=m0123456789abcdef0123456789abcdef\n"
TEAMS = "https://teams.microsoft.com/meet/228859003479315?p=tok\nMeeting ID: 228 859 003 479 315\n"
SERVICES = sorted(pack.service for pack in shipped().packs)


def seen(service: str, text: str, catalogue: Catalogue | None = None) -> Recognised | None:
    rules = catalogue or shipped()
    pack = rules.find(service)
    assert pack is not None
    return recognise(pack, Sight(evidence_of(text)), rules.reach)


def addresses(service: str, text: str) -> list[str | None]:
    found = seen(service, text)
    return [offer.join.address for offer in found.offers] if found else []


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (ZOOM, "85512345678@zoomcrc.com"),
        (ZOOM + "Passcode: 12", "85512345678.12@zoomcrc.com"),
        (ZOOM + "85512345678@zoomcrc.com\nPasscode: 12", "85512345678.12@zoomcrc.com"),
        (ZOOM + "85512345678..504@zoomcrc.com\nPasscode: 12", "85512345678.12.504@zoomcrc.com"),
        (ZOOM + "85512345678.99@zoomcrc.com\nPasscode: 12", "85512345678.99@zoomcrc.com"),
        (ZOOM + "85512345678@zmeu.us", "85512345678@zmeu.us"),
        (ZOOM + "85512345678@global.zoomcrc.com", "85512345678@global.zoomcrc.com"),
        (ZOOM + "85599999999@zoomcrc.com", "85512345678@zoomcrc.com"),  # another meeting's
        (ZOOM + "Meeting ID: 855 9999 9999\nPasscode: 12", "85512345678.12@zoomcrc.com"),
        ("https://zoom.us/wc/join/123456789", "123456789@zoomcrc.com"),
        ("https://example.zoom.us/wc/123456789/join", "123456789@zoomcrc.com"),
        ("https://zoom.us/my/ada\nMeeting ID: 123 456 7890", "1234567890@zoomcrc.com"),
        ("https://example.zoomgov.com/j/1612345678", "1612345678@sip.zoomgov.com"),
    ],
)
def test_zoom(text, address):
    assert addresses("zoom", text)[0] == address


def test_zoom_s_list_of_h323_addresses_holds_public_ones_only():
    text = ZOOM + "Join by H.323\n10.0.0.1 (Inside)\n162.255.37.11 (US West)"
    assert addresses("zoom", text)[1:2] == ["162.255.37.11##85512345678"]


@pytest.mark.parametrize(
    "text", ["Dial 123456789@a-b.webex.com", "sip:123456789@a-b.webex.com", WEBEX + "Meeting number: 123 456 789"]
)
def test_webex(text):
    assert addresses("webex", text)[0] == "123456789@a-b.webex.com"


def test_a_webex_link_alone_has_only_the_native_way():
    found = seen("webex", WEBEX)
    assert found is not None
    assert [(offer.join.how, offer.cloud) for offer in found.offers] == [("native", True)]


@pytest.mark.parametrize(
    ("text", "address", "domain"),
    [
        ("Tenant key: ex@m.webex.com\nVideo ID: 119 856 328 6", "1198563286.ex@m.webex.com", None),
        ("Tenant key:\nex@m.webex.com\nVTC Conference ID:\n0198563286", "0198563286.ex@m.webex.com", None),
        ("1198563286.ex@m.webex.com", "1198563286.ex@m.webex.com", None),
        ("https://dialin.plcm.vc/teams/?key=813878896&conf=1187654321", "813878896.1187654321@t.plcm.vc", None),
        ("Tenant key: teams@x.onpexip.com\nVideo ID: 0123456789", "0123456789@x.onpexip.com", None),
        ("https://pexip.me/teams/v.example.com/0123456789", "0123456789@v.example.com", "v.example.com"),
        ("Tenant key: teams@v.example.com\nVideo ID: 0123456789", "0123456789@v.example.com", "v.example.com"),
        ("SIP: teams@v.example.com\nVTC ID: 0123456789", "0123456789@v.example.com", "v.example.com"),
        ("SIP: 0123456789@v.example.com", "0123456789@v.example.com", "v.example.com"),
    ],
)
def test_teams_gateways(text, address, domain):
    found = seen("teams", TEAMS + text)
    assert found is not None
    assert (found.offers[0].join.address, found.offers[0].domain) == (address, domain)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Conference ID: 300 088 11#",
        "Tenant key: ex@m.webex.com.evil.example\nVideo ID: 119 856 328 6",
        "Tenant key: ex@m.webex.com",
        "https://www.webex.com/msteams?confid=1198563286&tenantkey=ex&domain=evil.example",
        "https://pexip.me/teams/127.0.0.1/0123456789",
        "https://video.example.com/teams/?conf=1198563286&d=127.0.0.1",
    ],
)
def test_without_a_whole_gateway_no_number_is_dialled(text):
    found = seen("teams", TEAMS + text)
    assert found is not None
    assert {offer.join.how for offer in found.offers} == {"native"}


def test_a_meet_code_is_joined_natively_and_its_query_falls_away():
    found = seen("meet", "https://meet.google.com/abc-defg-hij?authuser=1")
    assert found is not None
    assert dict(found.offers[0].join.arguments)["Url"] == "https://meet.google.com/abc-defg-hij"


def test_a_labelled_address_with_its_domain_for_the_site_s_list():
    found = seen("sip", "SIP: a@v.example.com")
    assert found is not None
    assert [(offer.join.address, offer.domain) for offer in found.offers] == [("a@v.example.com", "v.example.com")]


def test_no_more_than_three_plain_addresses():
    assert len(addresses("sip", "\n".join(f"sip:a{n}@v.example.com" for n in range(9)))) == 3


@pytest.mark.parametrize(
    ("service", "text"),
    [
        ("zoom", "https://zoom.us/signin"),
        ("zoom", "https://zoom.us/j/12345"),
        ("zoom", "https://zoom.us.evil.example/j/123456789"),
        ("webex", "https://a.webex.com/a/globalcallin.php?MTID=m1"),
        ("webex", "https://www.webex.com/msteams?confid=1234567890&tenantkey=a&domain=m.webex.com"),
        ("webex", "1234567890.a@m.webex.com"),
        ("webex", "help@a.webex.com"),
        ("webex", "https://a.webex.com.evil.example/a/j.php?MTID=m1"),
        ("teams", "https://teams.microsoft.com.evil.example/meet/228859003479315"),
        ("teams", "https://teams.microsoft.com/l/channel/x"),
        ("meet", "https://meet.google.com/landing"),
        ("meet", "https://meet.google.com.evil.example/abc-defg-hij"),
        ("sip", "Write to a@example.com"),
        ("sip", "SIP: 123@zoomcrc.com"),  # a known service's: its own pack has to take it
        ("skype", "https://meet.example.com/ada/EXAMPLE"),
        ("pexip", "https://video.example.com/webapp/"),
    ],
)
def test_what_is_none_of_a_service_s_meetings(service, text):
    assert seen(service, text) is None


def test_a_conference_s_focus_is_no_address():
    found = with_own().recognise(evidence_of("conf:sip:ada@example.com"))
    assert all(offer.join.address != "ada@example.com" or offer.domain for one in found for offer in one.offers)


@pytest.mark.parametrize("service", SERVICES)
def test_where_a_service_does_not_appear_it_says_nothing(service):
    assert seen(service, "Lunch in the kitchen at 12.30, Passcode: 1234, Meeting ID: 123 456 789") is None


WORDS = [
    "https://us02web.zoom.us/j/85512345678?pwd=x", "85512345678@zoomcrc.com", "Passcode: 110292", "sip:a@example.com",
    "https://example.webex.com/meet/ada", "ada@example.webex.com", "https://meet.google.com/abc-defg-hij",
    "https://teams.microsoft.com/l/meetup-join/19%3ameeting_x%40thread.v2/0?context=%7b%7d", "teams@m.webex.com",
    "Video Conference ID: 112 233 445 5", "Meeting ID: 855 1234 5678", "hello", "SIP:", "https://", "@", "",
    "https://video.example.com/webapp/m/x", "h323:1@example.com", "10.0.0.1##123456789", "190222555@67.217.95.2",
    "https://global.gotomeeting.com/join/190222555", "https://bluejeans.com/123456", "pexip://a@127.0.0.1",
    "Join Skype Meeting<https://meet.example.com/ada/EXAMPLE2>", "Tenant key: x@10.0.0.1", "Bridge: 4711",
]  # fmt: skip
invitations = st.lists(st.sampled_from(WORDS) | st.text("az@./:?=&%0 9", max_size=20), max_size=6).map("\n".join)


@given(text=invitations)
def test_the_same_evidence_gives_the_same_answer_with_reasons(text):
    rules, evidence = with_own(), evidence_of(text)
    found = rules.recognise(evidence)
    assert found == rules.recognise(evidence)
    for one in found:
        assert one.steps  # nothing is recognised without saying why
        for offer in one.offers:
            host = (offer.join.address or "").rpartition("@")[2]
            known = offer.join.how in ("native", "h323") or rules.reach.vouches(host) or host == "67.217.95.2"
            assert offer.domain == host or known


@given(address=st.text(alphabet="{}number@.127aelocst:/;?#*+ ", max_size=40), how=st.sampled_from(["sip", "h323"]))
def test_whatever_template_a_pack_has_nothing_inside_is_reached(address, how):
    safe = address.replace("{", "").replace("}", "")
    text = OWN.replace('"{number}@video.example.com"', f'"{{number}}{safe}"\nhow = "{how}"')
    rules = with_own(text)
    for seen_there in rules.recognise(evidence_of("Bridge: 4711")):
        for offer in seen_there.offers:
            assert offer.domain is not None  # so the customer's own list decides
            assert offer.domain not in ("localhost", "127.0.0.1")


def test_the_label_of_another_language_is_no_pattern():
    pack = own()
    assert recognise(pack, Sight(evidence_of("bridge: 4711")), with_own().reach) is not None
    assert recognise(pack, Sight(evidence_of("Bridge: 47")), with_own().reach) is None


def test_a_pack_for_any_host_is_asked_only_where_its_words_stand():
    def asked(text: str) -> list[str]:
        return [one.service for one in with_own(hinted).recognise(evidence_of(text))]

    hinted = (
        OWN.replace("title", 'hints = ["Nordic Bridge"]\ntitle')
        .replace(
            '[[rule]]\nname = "the bridge\'s number"\nmatch', '[[text]]\nname = "called"\nidentifies = true\npattern'
        )
        .replace("address =", '[[way]]\nhow = "sip"\naddress =')
    )
    assert asked("Nordic bridge: 4711") == ["bridge"]
    assert asked("Bridge: 4711") == []


def test_a_rule_of_one_s_own_may_look_at_links_and_take_a_passcode():
    text = OWN.replace(
        "match = 'Bridge:\\s*(?P<number>[0-9]{4,8})'",
        'look = "link"\npasscode = "{pin}"\nmatch = \'^https://bridge\\.example\\.com/(?P<number>[0-9]{4,8})/(?P<pin>[0-9]{4})$\'',
    )
    (found,) = with_own(text).recognise(evidence_of("Come: https://bridge.example.com/4711/9876"))
    assert [(offer.join.address, offer.join.passcode) for offer in found.offers] == [("4711@video.example.com", "9876")]
    assert with_own(text).recognise(evidence_of("bridge.example.com 4711 9876")) == []


def test_a_rule_of_one_s_own_may_look_at_some_fields_only():
    text = OWN.replace("match =", 'sources = ["LOCATION"]\nmatch =')
    assert with_own(text).recognise(evidence_of("Bridge: 4711")) == []
