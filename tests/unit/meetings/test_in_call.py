"""Which service a call is with is said by what was dialled and what was booked, and never guessed."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.meetings.in_call import CONTROLS, PEXIP, WEBEX, ZOOM, decide_service, find_control
from roomgate.meetings.rules.catalogue import shipped


@pytest.mark.parametrize(
    ("number", "service"),
    [
        ("98765432109.123456@zoomcrc.com", ZOOM),
        ("SIP:98765432109@ZoomCRC.com;transport=tls", ZOOM),
        ("sips:98765432109@global.zoomcrc.com:5061", ZOOM),
        ("0@dvgo.zmus.us", ZOOM),
        ("98765432109@zoomcrc.com.example.net", None),
        ("98765432109@notzoomcrc.com", None),
        ("zoomcrc.com@example.com", None),
        ("26341234567@example.webex.com", WEBEX),
        ("ada@meet-example.webex.com", WEBEX),
        ("26341234567@webex.com", None),
        ("119856328.example@m.webex.com", None),
        ("26341234567.example@lync.webex.com", None),
        ("room@meet.webex.com", None),
        ("teams@example.onpexip.com", None),
        ("standup@example.com", None),
        ("162.255.37.11##98765432109", None),
        ("98765", None),
        ("", None),
    ],
)
def test_a_service_is_known_by_its_own_domains(number, service):
    assert decide_service(number, None) == service
    assert decide_service(number, None) == service


def test_the_booking_tells_where_the_domain_does_not():
    assert decide_service("standup@video.example.com", PEXIP) == PEXIP
    assert decide_service("standup@video.example.com", ZOOM) == ZOOM
    assert decide_service("98765432109@zoomcrc.com", ZOOM) == ZOOM
    assert decide_service("98765432109@zoomcrc.com", "sip") == ZOOM
    assert decide_service("standup@video.example.com", "sip") is None
    assert decide_service("standup@video.example.com", "none") is None


def test_where_domain_and_booking_differ_it_is_none():
    assert decide_service("98765432109@zoomcrc.com", WEBEX) is None
    assert decide_service("98765432109@zoomcrc.com", "teams") is None


def test_a_gateway_into_another_service_is_never_taken_for_one():
    for gateway in ("m.webex.com", "lync.webex.com", "t.plcm.vc", "example.onpexip.com"):
        assert decide_service(f"123456@{gateway}", PEXIP) is None
        assert decide_service(f"123456@{gateway}", ZOOM) is None


def test_a_service_whose_codes_nobody_established_has_no_controls():
    for service in ("teams", "meet", "skype", "ringcentral", "lifesize", "gotomeeting", "h323"):
        assert decide_service("standup@video.example.com", service) is None
        assert find_control(service, "mute") is None


def test_each_control_has_tones_of_its_own_and_a_name_in_both_languages():
    for service, controls in CONTROLS.items():
        assert len({one.id for one in controls}) == len(controls), service
        assert len({one.tones for one in controls}) == len(controls), service
        for one in controls:
            assert re.fullmatch(r"[0-9*#]{1,4}", one.tones)
            assert re.fullmatch(r"[a-z][a-z-]*", one.id)
            assert one.name(False).isascii()
            assert not one.name(True).isascii()


def test_what_only_a_host_may_do_is_marked_so():
    hosts = {service: {one.id for one in controls if one.host} for service, controls in CONTROLS.items()}
    assert {"record", "admit", "lock", "mute-all", "unmute-all", "end"} <= hosts[ZOOM]
    assert {"mute", "layout", "hand", "participants", "chat", "captions"}.isdisjoint(hosts[ZOOM])
    # Their makers give these codes for hosts, and for nobody else.
    assert hosts[WEBEX] == {one.id for one in CONTROLS[WEBEX]}
    assert hosts[PEXIP] == {one.id for one in CONTROLS[PEXIP]}


def test_zoom_is_every_domain_that_invitations_are_read_for():
    assert {decide_service(f"98765432109@{domain}", None) for domain in shipped().find("zoom").domains} == {ZOOM}


def test_the_guide_lists_each_control_as_it_is():
    guide = Path(__file__).resolve().parents[3] / "docs" / "guides" / "in-call-controls.md"
    rows = {line for line in guide.read_text("utf-8").splitlines() if line.startswith("| ") and "`" in line}
    assert rows == {
        f"| {service.capitalize()} | {one.english} | `{one.tones}` | {'host only' if one.host else ''} |"
        for service, controls in CONTROLS.items()
        for one in controls
    }


@given(st.text(max_size=300), st.none() | st.text(max_size=20))
def test_rubbish_is_no_service_with_controls(number, booked):
    assert decide_service(number, booked) in (None, *CONTROLS)
