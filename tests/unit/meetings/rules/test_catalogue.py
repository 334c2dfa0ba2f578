import pytest

from roomgate.meetings.rules.catalogue import Catalogue, shipped
from support.meetings import evidence_of
from support.packs import OWN, own, with_own

ZOOM, TEAMS = "https://us02web.zoom.us/j/85512345678\n", "https://teams.microsoft.com/meet/228859003479315\n"


def services(text: str, rules: Catalogue | None = None) -> list[str]:
    return [one.service for one in (rules or shipped()).recognise(evidence_of(text))]


def test_the_services_of_this_release():
    assert {pack.service for pack in shipped().packs} == {
        "bluejeans", "chime", "gotomeeting", "h323", "lifesize", "meet", "pexip", "ringcentral", "sip", "skype", "starleaf",
        "teams", "webex", "zoom",
    }  # fmt: skip
    assert all(pack.origin for pack in shipped().packs)


def test_the_first_one_in_the_invitation_counts():
    assert services(ZOOM + TEAMS) == ["zoom", "teams"]
    assert services(TEAMS + ZOOM) == ["teams", "zoom"]


def test_one_that_has_ended_gives_way():
    assert services("https://bluejeans.com/330111777\n" + TEAMS) == ["teams", "bluejeans"]


def test_a_plain_address_is_for_want_of_another():
    assert services("SIP: a@example.com\n" + ZOOM) == ["zoom", "sip"]


def test_a_service_s_own_words_do_for_want_of_a_link():
    words = "Join Zoom Meeting\nMeeting ID: 855 1234 5678"
    assert services(words) == ["zoom"]
    assert services(TEAMS + words) == ["teams"]
    assert services("Join Zoom Meeting") == []


@pytest.mark.parametrize(
    ("host", "known"), [("us02web.zoom.us", True), ("zoom.us", True), ("zoom.us.evil.example", False), ("us", False)]
)
def test_a_host_is_known_by_whole_labels(host, known):
    assert shipped().knows_host(host) is known


def test_a_host_that_shows_a_known_name():
    assert shipped().find_imitated("call.lifesizecloud.com.evil.example") == "call.lifesizecloud.com"
    assert shipped().find_imitated("video.example.com") is None


GATEWAY = "https://gateway.example.net/teams?conf=66666666666&d="


@pytest.mark.parametrize(
    ("domain", "vouched"),
    [("m.webex.com", True), ("a.onpexip.com", True), ("zoomcrc.com", False), ("a.webex.com", False), ("bjn.vc", False)],
)
def test_a_service_leads_to_its_own_domains_only(domain, vouched):
    (teams,) = shipped().recognise(evidence_of(TEAMS + GATEWAY + domain))
    (gateway,) = [offer for offer in teams.offers if offer.name == "gateway"]
    assert (gateway.domain is None) is vouched


def test_the_customer_s_pack_leads_to_every_service_that_has_not_ended():
    def domain(address: str) -> str | None:
        rules = with_own(OWN.replace("{number}@video.example.com", "{number}@" + address))
        (bridge,) = rules.recognise(evidence_of("Bridge: 4711"))
        return bridge.offers[0].domain

    assert domain("zoomcrc.com") is None
    assert domain("bjn.vc") == "bjn.vc"


def test_the_customer_s_pack_comes_beside_and_reaches_no_further():
    wider = OWN.replace("title", 'domains = ["evil.example"]\nnetworks = ["8.8.8.0/24"]\ntitle')
    rules = with_own(wider)
    assert services("Bridge: 4711", rules) == ["bridge"]
    assert rules.reach is shipped().reach
    assert not rules.reach.vouches("evil.example")
    assert not rules.reach.vouches_ip("8.8.8.8")


def test_the_customer_s_pack_takes_a_service_s_place():
    rules = shipped().with_own([own(OWN.replace("bridge", "zoom", 1))])
    assert services(ZOOM, rules) == []
    assert len(rules.packs) == len(shipped().packs)
