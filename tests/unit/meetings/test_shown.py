from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.meetings.address import Link
from roomgate.meetings.shown import JOINT, MOST_PLACES, misleads

ZOOM = "https://us02web.zoom.us/j/85551240091?pwd=Ab.1"
ROOM = "https://example.webex.com/meet/ada"
NUMBER = "https://example.webex.com/example/j.php?MTID=m0123abcd"
TEAMS = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_QUJD%40thread.v2/0?context=x"
SHORT = "https://teams.microsoft.com/meet/22033344455566?p=Token"
MEET = "https://meet.google.com/abc-defg-hij?hs=224"
POLY = "https://dialin.plcm.vc/teams/?key=813878896&conf=0129000055"
OWN = "https://video.example.com/webapp/?conference=4711@example.com"
SAFE = "https://eur01.safelinks.protection.outlook.com/?url="


def shown(words: str, target: str) -> bool:
    return not misleads(words, Link.parse(target))


@pytest.mark.parametrize("target", [ZOOM, ROOM, NUMBER, TEAMS, SHORT, MEET, POLY, OWN])
@pytest.mark.parametrize(
    "words",
    ["{0}", "({0})", "{0}.", "Zoom：{0}", "[{0}]", "{0}/", "{0}，密码", "{0}&gt;", SAFE + "{1}&data=5", "{2}", "{3}", "Join", "4 p.m.Zoom", "{0}#success"],
)  # fmt: skip
def test_what_is_no_other_place(words, target):
    bare = target.removeprefix("https://")
    forms = (target, quote(target, safe=""), bare, "HTTP://WWW." + bare.replace("%3a", ":").replace("%40", "@"))
    assert shown(words.format(*forms), target)


@pytest.mark.parametrize(
    ("words", "target"),
    [
        ("https://us02web.zoom.us/j/85551240091", ZOOM),
        ("zoom.us/j/85551240091", ZOOM),
        ("https://example.zoom.us/j/85551240091?pwd=Other", ZOOM),
        ("https://zoom.com/wc/join/85551240091", ZOOM),
        ("https://zoom.us/join", ZOOM),
        ("https://us02web.zoom.us/j/85551…", ZOOM),
        ("us02web.zoom.us/j/8555...?pwd=Ab", ZOOM),
        ("https://us02web.zoom.us/j/855", ZOOM),
        ("us02web.zoo...", ZOOM),
        ("https://…", ZOOM),
        ("https://zoom.us/j/[...]", ZOOM),
        ("85551240091.110292@zoomcrc.com", ZOOM),
        ("https://example.webex.com/wbxmjs/joinservice/sites/example/x?MTID=M0123ABCD", NUMBER),
        ("26341234567@example.webex.com", NUMBER),
        ("ada@example.webex.com", ROOM),
        ("https://EXAMPLE.webex.com/meet/Ada/", ROOM),
        ("example.webex.com", ROOM),
        ("webex.com", ROOM),
        ("https://teams.microsoft.com/l/meetup-join/19%3ameeting_Q", TEAMS),
        ("https://teams.microsoft.com/l/meetup-join/19%3ameeting_…", TEAMS),
        ("https://teams.microsoft.com/l/meetup-join/19%3…", TEAMS),
        ("https://teams.cloud.microsoft/l/meetup-join/19%253ameeting_QUJD@thread.v2/0", TEAMS),
        (SAFE + "https%3A%2F%2Fteams.mic", TEAMS),
        (SAFE + "https%3A%2F%2Fteams.mic…", TEAMS),
        ("https://url.us.m.mimecastprotect.com/s/Abc?domain=zoom.us", ZOOM),
        ("4711@example.com", OWN),
        ("[https://st2.zoom.us/static/6.3.1/image/new/logo.png]", "https://zoom.com/"),
        ("[cid:image001.png@01DAB2C3.4D5E6F]", ZOOM),
        ("[cid:image001.png@AADABCCD.EFEFEF]", ZOOM),
        ("Agenda.docx", ZOOM),
        ("here.Then", ZOOM),
        ("z.B.unten", ZOOM),
        ("MS.Teams", TEAMS),
        ("and/or", ZOOM),
        ("@ada", ZOOM),
        ("zoom.us/j/␟855␟5124␟0091", ZOOM),
        ("zoom.us␟/j/85551240091", ZOOM),
        ("https://zoom.us/j/85551240091␟123456", ZOOM),
        ("https://zoom.us/␟meeting", ZOOM),
        ("https://zoom.us/j/85551240091␟-␟Join", ZOOM),
        ("MS.Teams␟/Zoom", ZOOM),
    ],
)
def test_what_mail_programs_make_of_a_link_is_no_other_place(words, target):
    assert shown(words, target)


@pytest.mark.parametrize(
    ("words", "target"),
    [
        ("https://zoom.us/j/99900011122", ZOOM),
        ("zoom.us/j/99900011122?pwd=Ab.1", ZOOM),
        ("zoom.us/j/99900011122?x=" + ZOOM, ZOOM),
        ("https://zoom.us/j/8555124009", ZOOM),
        ("https://zoom.us/j/999…", ZOOM),
        ("https://zoom.us/j/8555…11122", ZOOM),
        ("https://zoom.us/j/٩٩٩", ZOOM),
        ("https://zoom.us/my/ada", ZOOM),
        ("https://zoomgov.com/j/85551240091", ZOOM),
        ("zoom.us@evil.example", ZOOM),
        ("https://zoom.us@evil.example", ZOOM),
        ("https://xn--zom-tna.us/j/85551240091", ZOOM),
        ("https://zоom.us/j/85551240091", ZOOM),
        ("https://intranet.example.com/minutes", ZOOM),
        ("example.org/minutes", ZOOM),
        ("intranet.example.com", ZOOM),
        ("meet.google.com", ZOOM),
        ("zoom-us.example", ZOOM),
        ("boardroom@example.com", ZOOM),
        ("99900011122@zoomcrc.com", ZOOM),
        ("26341230077@example.webex.com", ZOOM),
        (SAFE + quote("https://zoom.us/j/99900011122", safe=""), ZOOM),
        ("https://other.webex.com/meet/ada", ROOM),
        ("other.webex.com", ROOM),
        ("https://example.webex.com/meet/ad", ROOM),
        ("https://example.webex.com/meet/adam", ROOM),
        ("mallory@example.webex.com", ROOM),
        ("ada@other.webex.com", ROOM),
        (NUMBER, ROOM + "?MTID=m0123abcd"),
        (NUMBER.replace("0123", "0124"), NUMBER),
        (TEAMS.replace("QUJD", "QUJE"), TEAMS),
        (TEAMS.replace("QUJD", "qujd"), TEAMS),
        ("https://teams.microsoft.com/l/meetup-join/19%3ameeting_QX…", TEAMS),
        ("https://teams.microsoft.com/meet/99900011122233?p=Token", SHORT),
        ("https://meet.google.com/abc-defg-hik", MEET),
        (POLY.replace("0129000055", "0129000056"), POLY),
        (OWN.replace("4711", "4712"), OWN),
        ("https://video.example.com/webapp/#/?conference=4711", "https://video.example.com/webapp/#/?conference=4712"),
        ("4712@example.com", OWN),
        ("https://zoom.us/j/85551240091", "https://zoom.us/my/mallory-85551240091"),
        ("zoom.us/j/␟999␟0001␟1122", ZOOM),
        ("https://zoom.us/j/9␟9900011122", ZOOM),
        ("zoom.us␟/j/99900011122", ZOOM),
        ("example.webex.com/meet/␟ada", ROOM.replace("ada", "mallory")),
        (f"zoom.us{JOINT}https://zoom.us/j/99900011122", ZOOM),
    ],
)
def test_what_shows_another_place(words, target):
    assert not shown(words, target)


def test_a_link_that_shows_too_much_is_not_followed():
    assert not misleads(JOINT.join(["a.bc"] * MOST_PLACES), Link.parse(ZOOM))
    assert misleads(JOINT.join(["a.bc"] * (MOST_PLACES + 1)), Link.parse(ZOOM))


def test_where_a_link_leads_nowhere_words_with_a_place_mislead():
    assert misleads("https://zoom.us/j/85551240091", None)
    assert not misleads("Join", None)


@given(
    st.text(max_size=80),
    st.sampled_from(["", "https://", "zoom.us/j/", "a@b.example", SAFE, "https://urldefense.com/v3/__"]),
)
def test_rubbish_never_raises(text, start):
    assert misleads(start + text, Link.parse(ZOOM)) in (True, False)
