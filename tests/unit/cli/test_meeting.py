import re
from pathlib import Path

import pytest

from support.cli import run
from support.invites import ics
from support.packs import OWN

ROOT = Path(__file__).parents[3]
SIP = ics("DTSTART:20260310T090000Z", "DTEND:20260310T093000Z", "SUMMARY:Weekly", "LOCATION:sip:standup@example.com")
NONE = ics("DTSTART:20260310T090000Z", "DTEND:20260310T093000Z", "SUMMARY:Lunch", "LOCATION:Kitchen")
ZOOM = ics(
    "DTSTART:20260310T090000Z", "DTEND:20260310T093000Z", "SUMMARY:Review", "CLASS:PRIVATE",
    "DESCRIPTION:https://us02web.zoom.us/j/85512345678\\nPasscode: harbor",
)  # fmt: skip
TEAMS = ics(
    "DTSTART:20260310T090000Z", "SUMMARY:Call", "DESCRIPTION:https://teams.microsoft.com/meet/22033344455566?p=x"
)


@pytest.fixture
def invite(tmp_path):
    def write(content: bytes) -> str:
        (tmp_path / "invite.ics").write_bytes(content)
        return str(tmp_path / "invite.ics")

    return write


def test_a_meeting_is_explained_for_people(invite):
    done = run("meeting", "explain", invite(ZOOM))
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[:6] == [
        "Review",
        "  when     2026-03-10 09:00–09:30 UTC",
        "  service  zoom (private)",
        "  button   Dial Number=85512345678@zoomcrc.com Protocol=Sip  (asks for harbor)",
        "  or       Zoom Join MeetingID=85512345678  (asks for harbor)",
        "  because",
    ]
    assert "    passcode: a passcode with letters → cannot be dialled: the meeting will ask for a numeric one" in lines


@pytest.mark.parametrize(
    ("guide", "file", "options", "others"),
    [
        ("one-touch-to-join", "review.ics", (), ["README.md"]),
        ("calendars-folder", "standup.ics", ("--domain", "example.com"), []),
    ],
)
def test_what_the_documents_show_of_it_is_what_it_prints(invite, guide, file, options, others):
    page = (ROOT / "docs" / "guides" / f"{guide}.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```text\n(BEGIN:VCALENDAR\n.*?)```", page, re.DOTALL)
    printed = run("meeting", "explain", invite(example.encode()), *options).out
    command = " ".join(("roomgate meeting explain", file, *options))
    for document in (page, *((ROOT / other).read_text(encoding="utf-8") for other in others)):
        assert f"{command}\n```\n\n```text\n{printed}```" in document


def test_a_meeting_is_explained_for_scripts(invite):
    told = run("meeting", "explain", invite(SIP), "--domain", "example.com", "--json").json
    assert (told["join"]["how"], told["join"]["address"]) == ("sip", "standup@example.com")
    assert {"service", "title", "start", "end", "private", "cancelled", "join", "alternatives", "because"} <= set(told)
    assert {"step", "saw", "decided"} <= set(told["because"][0])


def test_standard_input_is_read_where_no_file_is_named():
    assert run("meeting", "explain", stdin=ZOOM).code == 0
    assert run("meeting", "explain", "-", "--json", stdin=ZOOM).json["join"]["how"] == "sip"


def test_nothing_to_join_is_a_no_with_its_reason(invite):
    done = run("meeting", "explain", invite(NONE))
    assert (done.code, "Lunch" in done.out) == (1, True)
    assert done.out.splitlines()[-1].endswith("[no-address]")


def test_only_a_known_service_or_a_domain_of_one_s_own_becomes_a_button(invite):
    file = invite(SIP)
    done = run("meeting", "explain", file)
    assert (done.code, "[foreign-domain]" in done.out) == (1, True)
    assert run("meeting", "explain", file, "--domain", "example.com").code == 0
    assert run("meeting", "explain", file, "--domain", "example.org").code == 1
    assert run("meeting", "explain", file, "--domain", "example.org", "--domain", "example.com").code == 0


def test_what_the_device_can_do_decides(invite):
    file = invite(TEAMS)
    assert run("meeting", "explain", file, "--registered", "--json").json["join"]["command"] == "MicrosoftTeams Join"
    assert run("meeting", "explain", file, "--not-registered").code == 1
    told = run("meeting", "explain", invite(ZOOM), "--no-sip")
    assert (told.code, "the device does not speak SIP  [device]" in told.out) == (1, True)


def test_rules_of_one_s_own(invite, tmp_path):
    file = invite(ics("DTSTART:20260310T090000Z", "DESCRIPTION:Bridge: 4711"))
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "bridge.toml").write_text(OWN)
    assert run("meeting", "explain", file, "--domain", "example.com").code == 1
    told = run("meeting", "explain", file, "--domain", "example.com", "--rules", str(rules), "--json").json
    assert told["join"]["address"] == "4711@video.example.com"
    assert run("meeting", "explain", file, "--rules", str(rules)).code == 1  # the pack says how, never where


def test_all_occurrences_of_a_series(invite):
    file = invite(ics("DTSTART:20260310T090000Z", "RRULE:FREQ=WEEKLY;COUNT=3", "SUMMARY:Weekly"))
    told = run("meeting", "explain", file, "--all", "--json").json
    assert [one["start"][:10] for one in told] == ["2026-03-10", "2026-03-17", "2026-03-24"]


def test_times_without_a_zone_are_the_site_s(invite):
    file = invite(ics("DTSTART:20260310T090000", "SUMMARY:Weekly"))
    assert run("meeting", "explain", file, "--zone", "Europe/Oslo", "--json").json["start"][11:16] == "08:00"
    done = run("meeting", "explain", file, "--zone", "Mars/Olympus")
    assert (done.code, "There is no time zone Mars/Olympus" in done.err) == (2, True)


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
