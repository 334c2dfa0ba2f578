from roomgate.meetings.evidence import MOST_LINKS, MOST_STEPS, gather
from roomgate.meetings.invite import invitation, parse_events
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
