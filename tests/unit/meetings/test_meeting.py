from datetime import UTC, datetime

from roomgate.meetings.meeting import NO_JOIN, How, Join, Meeting, Organizer, Step, h323_join, sip_join


def test_the_json_is_the_surface_and_nothing_more():
    start = datetime(2026, 3, 10, 9, tzinfo=UTC)
    meeting = Meeting(
        "u", "", "sip", "T", start, start, Organizer(), False, False, sip_join("a@b.example", "1"),
        alternatives=(h323_join("1.2.3.4##5"),), because=(Step("s", "w", "d"),),
    )  # fmt: skip
    assert meeting.to_json() == {
        "service": "sip",
        "title": "T",
        "start": "2026-03-10T09:00:00.000Z",
        "end": "2026-03-10T09:00:00.000Z",
        "private": False,
        "cancelled": False,
        "join": {
            "how": "sip",
            "address": "a@b.example",
            "command": "Dial",
            "arguments": {"Number": "a@b.example", "Protocol": "Sip"},
            "passcode": "1",
        },
        "alternatives": [
            {
                "how": "h323",
                "address": "1.2.3.4##5",
                "command": "Dial",
                "arguments": {"Number": "1.2.3.4##5", "Protocol": "H323"},
                "passcode": None,
            }
        ],
        "because": [{"step": "s", "saw": "w", "decided": "d"}],
    }


def test_no_join_has_nothing_to_send():
    assert Join(How.NONE, None, None, (), None) == NO_JOIN


def test_addresses_and_passcodes_do_not_print():
    assert "secret" not in repr(sip_join("secret@b.example", "secret"))
