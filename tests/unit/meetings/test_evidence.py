import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomgate.meetings.evidence import MOST_LINKS, MOST_STEPS, MOST_TRIED, gather
from roomgate.meetings.invite import Invitation, Text, invitation, parse_events
from support.invites import ics


def evidence(text: str, *lines: str):
    body = text.replace("\n", "\\n").replace(",", "\\,").replace(";", "\\;")
    return gather(invitation(parse_events(ics("DTSTART:20260310T090000Z", f"DESCRIPTION:{body}", *lines))[0]))


def labelled(text: str, *lines: str) -> list[str]:
    return [str(one.address) for one in evidence(text, *lines).printed if one.labelled]


def test_only_what_says_it_is_dialled_is_labelled():
    assert labelled(
        "Ask bob@example.com\nSIP: a@v.example.com\n\nJoin by SIP\nb@v.example.com\nsip:c@v.example.com"
    ) == [
        "a@v.example.com",
        "b@v.example.com",
        "c@v.example.com",
    ]


@pytest.mark.parametrize(
    "label", ["Système vidéo :", "Sistema de vídeo:", "Visioconférence :", "视频会议系统：", "ビデオ会議システム："]
)
def test_labels_of_other_languages(label):
    assert labelled(f"{label} a@v.example.com") == ["a@v.example.com"]


@pytest.mark.parametrize(
    "text",
    [
        "sip:a@v.example.com@evil.example",
        "sip:a@evil.example@v.example.com",
        "sip:room%0d%0aContact:a@v.example.com",
        "sip:+19005550199;ext=1@v.example.com",
        "SIP: tel:1;sip:a@v.example.com",
        "sip://evil.example/a@v.example.com",
        'sip:47"11@v.example.com',
        'SIP: 47"11@v.example.com',
        'SIP: 47""11@v.example.com',
        'SIP: room"11@v.example.com',
        "sip:47,11@v.example.com",
        "SIP: 47,11@v.example.com",
        "Dial:47,11@v.example.com",
        "Video room,11@v.example.com",
        "SIP: 47(0)11@v.example.com",
        "sip:47(11@v.example.com",
        "SIP: 47;11@v.example.com",
        "SIP: 47/11@v.example.com",
        "SIP: 4711:11@v.example.com",
        "SIP: 47|11@v.example.com",
    ],
)
def test_what_stands_within_another_address_is_none(text):
    seen = evidence(text)
    assert seen.printed == ()
    assert "it stands within another address" in seen.steps[0].decided


@pytest.mark.parametrize(
    "text",
    [
        "sip:sip:a@v.example.com", "sip://a@v.example.com", "Video:a@v.example.com", "Room;SIP:a@v.example.com",
        'SIP "a@v.example.com"', '{"uri":"a@v.example.com"}', "Video(a@v.example.com)", "SIP,a@v.example.com",
        "(SIP)a@v.example.com", "1)a@v.example.com", "H.323:a@v.example.com", "Zoom|a@v.example.com",
        "地址：a@v.example.com", "Video,,a@v.example.com",
    ],
)  # fmt: skip
def test_a_label_that_is_glued_to_an_address_is_no_address(text):
    assert [str(one.address) for one in evidence(text).printed] == ["a@v.example.com"]


def test_addresses_with_a_sign_between_them_are_several():
    for sign in ",|":
        found = evidence(f"SIP: 1@v.example.com{sign}2@v.example.com").printed
        assert [one.address.user for one in found] == ["1", "2"]


def test_a_label_does_not_reach_over_other_lines():
    assert labelled("Join by SIP\nQuestions?\nbob@example.com") == []


def test_a_guests_mailbox_is_no_address_to_dial():
    assert labelled("Video: bob@example.com", "ATTENDEE:mailto:Bob@example.com") == []


def test_mail_links_are_not_looked_at():
    assert evidence("SIP: mailto:bob@example.com").printed == ()


def test_a_refused_link_is_told_without_its_query():
    steps = evidence("https://zoom.us.evil.example/j/1?pwd=hunter2").steps
    assert "looks like zoom.us" in steps[0].decided
    assert "hunter2" not in steps[0].saw


def test_an_unlabelled_imitation_is_told_too():
    assert "looks like zoomcrc.com" in evidence("1@zoomcrc.com.evil.example").steps[0].decided


def test_everything_is_bounded():
    many = evidence(" ".join(f"https://e.example/{n}" for n in range(500)) + " https://127.0.0.1/x" * 500)
    assert len(many.links) == MOST_LINKS
    assert len(evidence(" ".join(f"https://127.0.0.1/{n}" for n in range(500))).steps) == MOST_STEPS


def test_links_are_cut_where_sentences_end():
    assert [one.link.text for one in evidence("See (https://e.example/a).").links] == ["https://e.example/a"]


def linked(text: str, *lines: str) -> list[str]:
    return [one.link.text for one in evidence(text, *lines).links]


def told(text: str, *lines: str) -> str:
    return "; ".join(f"{one.saw}: {one.decided}" for one in evidence(text, *lines).steps)


ZOOM = "https://us02web.zoom.us/j/85512345678"


@pytest.mark.parametrize(
    "text",
    [
        f"<{ZOOM}>", f"({ZOOM})", f"[{ZOOM}]", f"{ZOOM}.", f"{ZOOM},", f"'{ZOOM}'", f"*{ZOOM}*", f"Zoom:{ZOOM}", f"{ZOOM}，密码",
        f"（{ZOOM}）", f"「{ZOOM}」", f"&lt;{ZOOM}&gt;", f"&quot;{ZOOM}&quot;", f"Join<{ZOOM}>", f"{ZOOM}<{ZOOM}>",
        "us02web.zoom.us/j/85512345678", "Zoom：us02web.zoom.us/j/85512345678。", "(us02web.zoom.us/j/85512345678)",
        "us02web.zoom.us/j/85512345678<" + ZOOM + ">", "<https://us02web.zoom.us/j/\n85512345678>", "1:2:" + ZOOM,
    ],
)  # fmt: skip
def test_where_a_link_begins_and_ends(text):
    assert linked(text) == [ZOOM]


@pytest.mark.parametrize("amp", ["&", "&amp;", "&amp;amp;"])
def test_ampersands_as_html_writes_them_once_and_twice(amp):
    assert linked(f"https://e.example/a?x=1{amp}y=2") == ["https://e.example/a?x=1&y=2"]


@pytest.mark.parametrize(
    "text",
    ["and/or", "1.5/2", "bob@meet.google.com/abc-defg-hij", "a.b/c", "evil.example\\.zoom.us", "//zoom.us",
     "meet．google．com/abc-defg-hij"],
)  # fmt: skip
def test_what_is_no_link_without_its_scheme(text):
    assert linked(text) == []


def test_an_imitation_without_scheme_is_told():
    assert "looks like zoom.us" in told("zoom.us.evil.example/j/1")


@pytest.mark.parametrize(
    ("words", "target", "misled"),
    [
        (ZOOM, "https://evil.example/j/1", True),
        ("zoom.us", "https://evil.example/j/1", True),
        ("http://zoom.us@evil.example", "https://zoom.us/j/1", True),
        ("sip:board@example.com", "sip:trap@example.net", True),
        ("board@example.com", "mailto:trap@example.net", True),
        (ZOOM, "javascript:alert(1)", True),
        (ZOOM, "https://127.0.0.1/", True),
        ("Join", "https://evil.example/j/1", False),
        ("www.zoom.us", "https://zoom.us/j/1", False),
        ("zoom.us", "https://us02web.zoom.us/j/1", False),
        (ZOOM, "https://www.google.com/url?q=https%3A%2F%2Fus02web.zoom.us%2Fj%2F85512345678", False),
        (ZOOM, "https://www.google.com/url?q=https%3A%2F%2Fus02web.zoom.us%2Fj%2F1", True),
        (ZOOM, "https://us02web.zoom.us/j/85599999999", True),
        ("https://intranet.example.com/x", "https://zoom.us/j/1", True),
        ("Agenda.docx", "https://zoom.us/j/1", False),
        ("board@example.com", "mailto:board@example.com", False),
        ("board@example.com", "sip:board@example.com;transport=tls", False),
    ],
)
def test_the_target_of_a_link_counts_and_words_that_mislead_are_told(words, target, misled):
    for lines in (
        f"DESCRIPTION:{words}<{target}>",
        f"DESCRIPTION:See {words} <{target}>",
        f'X-ALT-DESC:<a href="{target}"><b>{words}</b></a>',
    ):
        found = gather(invitation(parse_events(ics("DTSTART:20260310T090000Z", lines.replace(";", "\\;")))[0]))
        assert any("words of the link" in step.decided for step in found.steps) is misled
        leads_on = target.startswith("https://") and "127.0.0.1" not in target
        assert bool(found.links) is (leads_on and not misled)
        assert all("855" not in text.text for text in found.texts) or not misled


def test_a_link_whose_words_show_another_place_is_none_wherever_it_stands():
    html = f'X-ALT-DESC:<a href="https://zoom.us/j/99900011122?pwd=x">{ZOOM}</a>'
    assert linked("https://zoom.us/j/99900011122", html) == []
    assert linked(ZOOM, html) == [ZOOM]


def test_each_place_that_the_words_of_a_link_show_is_looked_at():
    assert linked("", f'X-ALT-DESC:<a href="https://zoom.us/j/1">zoom.us or {ZOOM}</a>') == []
    assert linked("", f'X-ALT-DESC:<a href="{ZOOM}">zoom.us or {ZOOM}</a>') == [ZOOM]


@pytest.mark.parametrize("sign", [" ", "\u200b", "&#8203;", "&nbsp;", "<wbr>", "<b></b>"])
def test_what_parts_the_words_of_a_link_hides_no_place(sign):
    html = f'X-ALT-DESC:<p>Join <a href="{{}}">zoom.us/j/{sign}855{sign}12345678 now</a></p>'
    assert linked("", html.format("https://zoom.us/j/99900011122")) == []
    assert linked("", html.format(ZOOM)) == [ZOOM]


def test_of_long_words_the_beginning_counts_too():
    link = f"https://e.example/{'a' * 600}b.example/c"
    assert "words of the link" not in told(f"{link}<{link}?d>")


def test_a_link_is_no_words_of_a_picture_or_of_a_line_below():
    for text in (f"<p>{ZOOM} <a href='https://e.example/'><img></a></p>", f"{ZOOM}\n<https://e.example/>"):
        assert linked(text) == [ZOOM, "https://e.example/"]


def test_a_room_that_hides_behind_another_is_not_dialled():
    assert evidence("Video: board@example.com<sip:trap@example.net>").printed == ()
    assert [str(one.address) for one in evidence("Board<sip:board@example.com>").printed] == ["board@example.com"]


def test_an_address_that_a_mail_program_made_a_mail_link_of_is_still_printed():
    for lines in (
        "SIP: a@v.example.com<mailto:a@v.example.com>",
        '<p>SIP: <a href="mailto:a@v.example.com">a@v.example.com</a></p>',
    ):
        assert labelled(lines) == ["a@v.example.com"]


def test_a_wrapper_that_cannot_be_undone_is_told_and_its_words_are_not_believed():
    text = f"{ZOOM}<https://url.us.m.mimecastprotect.com/s/Abc?domain=us02web.zoom.us>"
    assert linked(text) == []
    assert "cannot be undone" in told(text)


def test_texts_hold_links_without_their_wrappers():
    wrapped = "https://www.google.com/url?q=https%3A%2F%2Fe.example%2F%3Fa%3Db@c"
    assert [text.text for text in evidence(f"see {wrapped}. and here<{wrapped}>").texts] == [
        "see https://e.example/?a=b@c. and here<https://e.example/?a=b@c>"
    ]


def test_what_a_wrapper_hides_and_is_no_link_is_no_text():
    wrapped = "https://www.google.com/url?q=https%3A%2F%2Fe.example%2F%0ASIP:%20a@v.example.com"
    found = evidence(f"see {wrapped} and here<{wrapped}>")
    assert "SIP: a@" not in found.texts[0].text
    assert found.printed == ()


def test_quoted_mail_and_signature_are_evidence_of_their_own():
    found = evidence(f"{ZOOM}\n--\nzoom.us/j/5130001122\n-----Original Message-----\nSIP: 899@v.example.com")
    assert [one.link.text for one in found.links] == [ZOOM]
    assert found.older is not None
    assert [str(one.address) for one in found.older.printed] == ["899@v.example.com"]
    assert found.older.older is not None
    assert [one.link.host for one in found.older.older.links] == ["zoom.us"]
    assert found.older.older.older is None


FORWARDED = "Join\nhttps://us02web.zoom.us/j/{}?pwd=x\nPasscode: 110292"


@pytest.mark.parametrize(("number", "together"), [("85512345678", True), ("85599999999", False)])
def test_a_forwarded_invitation_whose_link_stands_above_is_read_whole(number, together):
    found = evidence(f"see below\n-----Original Appointment-----\n{FORWARDED.format(number)}", f"LOCATION:{ZOOM}")
    assert any("110292" in text.text for text in found.texts) is together
    assert (found.older is None) is together


def test_a_forwarded_body_belongs_to_the_location_if_it_names_no_other_meeting():
    found = evidence("FYI\n-----Original Appointment-----\nPasscode: 110292", f"LOCATION:{ZOOM}")
    assert any("110292" in text.text for text in found.texts)
    found = evidence(f"{ZOOM}\n-----Original Message-----\nPasscode: 110292")
    assert not any("110292" in text.text for text in found.texts)


def test_a_title_may_hold_a_link_but_names_people_and_no_rooms():
    found = evidence("", f"SUMMARY:Video with bob@example.com at {ZOOM}")
    assert [(one.link.text, one.source) for one in found.links] == [(ZOOM, "SUMMARY")]
    assert found.printed == ()


def test_a_forwarded_body_belongs_to_the_link_that_the_event_has_for_itself():
    link = "https://meet.example.com/ada/EXAMPLE2"
    body = f"FYI\n-----Original Appointment-----\nJoin<{link}>\nSIP: 20133@example.com"
    assert evidence(body, f"X-MICROSOFT-ONLINEMEETINGEXTERNALLINK:{link}").older is None
    other = body + "\nhttps://us02web.zoom.us/j/85512345678"
    assert evidence(other, f"X-MICROSOFT-ONLINEMEETINGEXTERNALLINK:{link}").older is not None


def test_a_skype_meetings_organizer_is_not_dialled():
    text = "conf:sip:ada@example.com;gruu;opaque=app:conf:focus:id:X sip:ada@example.com;gruu;opaque=x"
    assert evidence(text).printed == ()


def test_so_many_are_tried_and_it_is_told():
    found = evidence(" ".join(f"https://127.0.0.1/{n}" for n in range(1000)) + f" {ZOOM}")
    assert f"more than {MOST_TRIED}" in " ".join(step.saw for step in found.steps) or len(found.steps) == MOST_STEPS
    assert found.links == ()


def test_words_behind_the_bounds_are_no_text():
    for many in (":" * 5000, "https://127.0.0.1/ " * 500):
        found = evidence(f"{many} {ZOOM}<https://evil.example/> zoom.us/j/85512345678<https://evil.example/>")
        assert found.links == ()
        assert "855" not in found.texts[0].text
        plain = evidence(f"{many} https://zoom.us/j/85512345678")
        assert plain.links == ()
        assert "855" not in plain.texts[0].text


PIECES = st.sampled_from(
    ["https://", "http:\\\\", "<https://a.b/c", ">", "<", "sip:", "mailto:", "@", "a.bc/", ":", "x@y.zz", "<sip:a@b.cc>", "\n", "://", "&amp;",
     "&gt;", "zoom.us/j/1", "javascript:", "-----Original Message-----", "--", "> ", "(SIP)", "SIP: ", ";gruu", "\ufffd", "\u3002"]
)  # fmt: skip


@settings(max_examples=300)
@given(st.lists(st.one_of(PIECES, st.text(max_size=8)), max_size=25))
def test_rubbish_is_evidence_of_nothing_dangerous(pieces):
    one = invitation(parse_events(ics("DTSTART:20260310T090000Z"))[0])
    text = "".join(pieces)
    found = gather(
        Invitation(
            one.uid, "", "", one.start, one.end, False, one.organizer, False, False, (Text("DESCRIPTION", text),)
        )
    )
    while found:
        assert all(one.link.host.isascii() and "." in one.link.host for one in found.links)
        assert all(str(one.address).isascii() for one in found.printed)
        assert len(found.steps) <= MOST_STEPS
        if found.older is None:
            break
        found = found.older


@pytest.mark.parametrize(
    "text",
    [
        "ftp://evil.example/https://zoom.us/j/85512345678",
        "evil.example/https://zoom.us/j/85512345678",
        "see evil.example?to=https://zoom.us/j/85512345678",
        "<view-source:https://zoom.us/j/85512345678>",
    ],
)
def test_a_link_within_another_one_is_none(text):
    assert "zoom.us" not in {one.link.host for one in evidence(text).links}


@pytest.mark.parametrize("before", ["", "Link:", "(", "加入", "Zoom/Teams", "<", "and/or: "])
def test_a_link_behind_words_is_one(before):
    assert [one.link.host for one in evidence(f"{before}https://zoom.us/j/85512345678").links] == ["zoom.us"]
