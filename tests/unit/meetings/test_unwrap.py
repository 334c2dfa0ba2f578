import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.meetings.unwrap import MOST_DEPTH, find_imitated, unwrap

TARGET = "https://us02web.zoom.us/j/85512345678?pwd=Ab.1"
CODED = quote(TARGET, safe="")


@pytest.mark.parametrize(
    ("wrapped", "name"),
    [
        (f"https://eur01.safelinks.protection.outlook.com/?url={CODED}&data=x", "Safe Links"),
        (f"https://eur01.safelinks.protection.outlook.com/ap/t-59584e83/?url={CODED}", "Safe Links"),
        (f"https://gcc.safelinks.protection.office365.us/?url={CODED}", "Safe Links"),
        (f"https://statics.teams.cdn.office.net/assets/atp-safelinks.html?url={CODED}", "Teams Safe Links"),
        (f"https://urldefense.proofpoint.com/v1/url?u={CODED}&k=1", "Proofpoint v1"),
        (
            "https://urldefense.proofpoint.com/v2/url?u=https-3A__us02web.zoom.us_j_85512345678-3Fpwd-3DAb.1&d=D",
            "Proofpoint v2",
        ),
        ("https://urldefense.com/v3/__https://us02web.zoom.us/j/85512345678*pwd=Ab.1__;Pw!!abc!def$", "Proofpoint v3"),
        ("https://urldefense.com/v3/__https:/us02web.zoom.us/j/85512345678?pwd=Ab.1__;!!abc!def$", "Proofpoint v3"),
        (f"https://linkprotect.cudasvc.com/url?a={CODED}&c=E", "Barracuda"),
        (f"https://www.google.com/url?q={CODED}&sa=D", "Google"),
        (f"https://secure-web.cisco.com/1abcDEF/{CODED}", "Cisco"),
        (f"https://url.avanan.click/v2/___{TARGET}___.YXAxZTpj", "Avanan"),
        (f"https://clicktime.symantec.com/3abc?u={CODED}", "Symantec"),
        (f"https://link.edgepilot.com/s/1/2?u={CODED}", "EdgePilot"),
        (f"https://safelinks.protection.partner.outlook.cn/?url={CODED}", "Safe Links"),
        (f"https://url.avanan.click/v2/___{TARGET.replace('//', '/')}___.YXAxZTpj", "Avanan"),
        (f"https://secure-web.cisco.com/1abcDEF/{quote(CODED, safe='')}", "Cisco"),
        (
            "https://eu-central-1.protection.sophos.com/?d=zoom.us&u="
            + base64.urlsafe_b64encode(TARGET.encode()).decode().rstrip("="),
            "Sophos",
        ),
        (f"https://ca-1234.trendmicro.com/wis/clicktime/v1/query?url={CODED}&umid=x", "Trend Micro"),
        (f"https://protect2.fireeye.com/v1/url?k=1&q=1&e=2&u={CODED}", "FireEye"),
        (f"https://slack-redir.net/link?url={CODED}", "Slack"),
    ],
)  # fmt: skip
def test_each_wrapper(wrapped, name):
    seen = unwrap(wrapped)
    assert (seen.text, seen.wrappers, seen.stuck) == (TARGET, (name,), None)


def test_a_run_of_replaced_characters():
    seen = unwrap("https://urldefense.com/v3/__https://a.example/x**By__;Pz8_!!a$")
    assert seen.text == "https://a.example/x???y"


@pytest.mark.parametrize("signs", ["Pz8", "Pz8_Pw", ""])
def test_a_link_that_was_cut_on_its_way_is_not_undone(signs):
    """Stars without their signs would make another link, and signs without stars were of another one."""
    seen = unwrap(f"https://urldefense.com/v3/__https://a.example/x**By__;{signs}!!a$")
    assert (seen.link, seen.stuck) == (None, "Proofpoint v3 cannot be undone without asking its server")


LAUNCHER = "https://teams.microsoft.com/dl/launcher/launcher.html?type=meetup-join&url="


def test_the_page_on_which_a_browser_stands_after_a_teams_link():
    place = '/_#/l/meetup-join/19:meeting_YQ@thread.v2/0?context={"Tid":"1 1"}&anon=true'
    seen = unwrap(LAUNCHER + quote(place, safe=""))
    assert seen.wrappers == ("Teams' launcher",)
    assert seen.text == (
        "https://teams.microsoft.com/l/meetup-join/19%3Ameeting_YQ%40thread.v2/0"
        "?context=%7B%22Tid%22%3A%221%201%22%7D&anon=true"
    )


def test_that_page_with_two_places_leads_to_neither():
    places = ["/_#/meet/22033344455566", "/_#/meet/99900011122233"]
    seen = unwrap(LAUNCHER + "&url=".join(quote(place, safe="") for place in places))
    assert (seen.link, seen.stuck) == (None, "Teams' launcher cannot be undone without asking its server")


@pytest.mark.parametrize("place", ["https://evil.example/l/meetup-join/1", "//evil.example/_#/meet/1", "/_#/l/chat/0"])
def test_that_page_leads_to_its_own_meetings_only(place):
    assert unwrap(LAUNCHER + quote(place, safe="")).wrappers == ()


def nested(depth):
    text = TARGET
    for _ in range(depth):
        text = f"https://www.google.com/url?q={quote(text, safe='')}"
    return text


def test_three_deep_and_no_deeper():
    assert unwrap(nested(MOST_DEPTH)).text == TARGET
    assert unwrap(nested(MOST_DEPTH + 1)).stuck == "more than 3 wrappers"


OTHER = quote("https://zoom.us/j/99900011122", safe="")
BASE64 = base64.urlsafe_b64encode(TARGET.encode()).decode()


@pytest.mark.parametrize(
    ("wrapped", "other"),
    [
        (f"https://eur01.safelinks.protection.outlook.com/?url={CODED}", f"url={OTHER}"),
        (f"https://www.google.com/url?q={CODED}", f"url={OTHER}"),
        (f"https://linkprotect.cudasvc.com/url?a={CODED}", f"a={OTHER}"),
        ("https://urldefense.proofpoint.com/v2/url?u=https-3A__us02web.zoom.us_j_85512345678-3Fpwd-3DAb.1", "u=x"),
        (f"https://eu.protection.sophos.com/?u={BASE64}", "u=aHR0cHM6Ly96b29tLnVz"),
    ],
)
def test_what_names_two_targets_stays(wrapped, other):
    twice = wrapped.partition("?")[2]
    assert unwrap(f"{wrapped}&{twice}").text == TARGET
    for seen in (unwrap(f"{wrapped}&{other}"), unwrap(wrapped.replace("?", f"?{other}&", 1))):
        assert (seen.link, seen.wrappers) == (None, ())
        assert "cannot be undone" in (seen.stuck or "")


def test_mimecast_stays():
    text = "https://protect-eu.mimecast.com/s/AbC?domain=us02web.zoom.us"
    seen = unwrap(text)
    assert seen.text == text
    assert "without asking" in (seen.stuck or "")


@pytest.mark.parametrize(
    "text",
    [
        f"https://safelinks.protection.outlook.com.evil.example/?url={CODED}",
        f"https://evilsafelinks.protection.outlook.com.example/?url={CODED}",
        f"https://x@safelinks.protection.outlook.com/?url={CODED}",
        "https://www.google.com/search?q=https://zoom.us",
        TARGET,
    ],
)
def test_what_is_no_wrapper_stays(text):
    assert unwrap(text).wrappers == ()


@given(st.text(max_size=200), st.sampled_from(["https://urldefense.com/v3/__", "https://www.google.com/url?q=", ""]))
def test_rubbish_never_raises(text, start):
    assert isinstance(unwrap(start + text).text, str)


def test_the_innermost_is_handed_over_as_a_link_or_with_the_reason_why_not():
    assert unwrap(nested(2)).link is not None
    assert unwrap("https://www.google.com/url?q=https%3A%2F%2F127.0.0.1%2F").refused is not None
    assert unwrap("https://www.google.com/url?q=javascript%3Aalert(1)").link is None


def test_an_ampersand_that_html_left_in_a_wrapper():
    assert (
        unwrap("https://www.google.com/url?q=https%3A%2F%2Fa.example%2F%3Fb%3D1%26amp%3Bc%3D2").text
        == "https://a.example/?b=1&c=2"
    )


@pytest.mark.parametrize(
    ("host", "wrapper"),
    [
        ("eur03.safelinks.protection.outlook.com.attacker.example", "Safe Links"),
        ("safelinks-protection-outlook-com.example.net", "Safe Links"),
        ("urldefense.com.attacker.example.net", "Proofpoint v3"),
        ("eur03.safelinks.protection.outlook.com", None),
        ("example.com", None),
    ],
)
def test_a_host_that_shows_a_wrapper_without_belonging_to_it(host: str, wrapper: str | None) -> None:
    assert find_imitated(host) == wrapper


@pytest.mark.parametrize(
    "text",
    [
        "https://www.google.com/url?q=https://zoom.us/j/1&q=https://evil.example/",
        "https://www.google.com/url?q=https://zoom.us/j/1&url=https://evil.example/",
        "https://a.safelinks.protection.outlook.com/?url=https%3A%2F%2Fzoom.us%2Fj%2F1&url=https%3A%2F%2Fevil.example",
    ],
)
def test_of_two_places_in_one_wrapper_neither_is_taken(text):
    made = unwrap(text)
    assert made.link is None
    assert made.stuck


def test_the_same_place_twice_is_one():
    made = unwrap("https://www.google.com/url?q=https://zoom.us/j/1&url=https://zoom.us/j/1")
    assert made.text == "https://zoom.us/j/1"
