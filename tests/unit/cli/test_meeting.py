import pytest

from support.cli import run
from support.invites import ics

SIP = ics("DTSTART:20260310T090000Z", "DTEND:20260310T093000Z", "SUMMARY:Weekly", "LOCATION:sip:standup@example.com")
NONE = ics("DTSTART:20260310T090000Z", "DTEND:20260310T093000Z", "SUMMARY:Lunch", "LOCATION:Kitchen")


@pytest.fixture
def invite(tmp_path):
    def write(content: bytes) -> str:
        (tmp_path / "invite.ics").write_bytes(content)
        return str(tmp_path / "invite.ics")

    return write


def test_a_meeting_is_explained_for_people_and_for_scripts(invite):
    done = run("meeting", "explain", invite(SIP))
    assert done.code == 0
    assert done.out.splitlines()[0].startswith("Weekly  2026-03-10T09:00:00")
    assert "sip standup@example.com" in done.out
    assert " → " in done.out
    told = run("meeting", "explain", invite(SIP), "--json").json
    assert (told["join"]["how"], told["join"]["address"]) == ("sip", "standup@example.com")
    assert {"service", "title", "start", "end", "private", "cancelled", "join", "alternatives", "because"} <= set(told)
    assert set(told["because"][0]) == {"step", "saw", "decided"}


def test_standard_input_is_read_where_no_file_is_named():
    assert run("meeting", "explain", stdin=SIP).code == 0
    assert run("meeting", "explain", "-", "--json", stdin=SIP).json["join"]["how"] == "sip"


def test_nothing_to_join_is_a_no(invite):
    done = run("meeting", "explain", invite(NONE))
    assert (done.code, "Lunch" in done.out) == (1, True)


def test_the_site_s_domains_decide_about_plain_addresses(invite):
    file = invite(SIP)
    assert run("meeting", "explain", file, "--domain", "example.com").code == 0
    assert run("meeting", "explain", file, "--domain", "example.org").code == 1


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"\xff\xfe", b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"]
)
def test_what_is_no_invitation_is_bad_input(invite, content):
    done = run("meeting", "explain", invite(content))
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("roomgate: ")


def test_what_is_too_large_or_not_there(tmp_path):
    assert run("meeting", "explain", str(tmp_path / "none")).code == 2
    done = run("meeting", "explain", stdin=b"x" * (4 * 1024 * 1024 + 1))
    assert (done.code, "too large" in done.err) == (2, True)
