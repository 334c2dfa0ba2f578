"""Two invitations as a calendar would hold them: Zoom's own wording with its SIP block, and a plain SIP address."""

from datetime import datetime, timedelta


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y%m%dT%H%M%SZ")


def event_file(
    uid: str, start: datetime, summary: str, location: str, text: str, lasts: timedelta = timedelta(minutes=30)
) -> str:
    """One invitation as an .ics file."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//roomgate//demonstration//EN",
        "METHOD:REQUEST",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        f"DTSTAMP:{_stamp(start)}",
        f"DTSTART:{_stamp(start)}",
        f"DTEND:{_stamp(start + lasts)}",
        "ORGANIZER;CN=Calendar Example:mailto:calendar@example.com",
        f"SUMMARY:{summary}",
        f"LOCATION:{location}",
        "DESCRIPTION:" + text.replace("\n", "\\n").replace(",", "\\,"),
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "\r\n".join(piece for line in lines for piece in _fold(line)) + "\r\n"


def _fold(line: str) -> list[str]:
    """RFC 5545 §3.1: lines of at most 75 octets, continued after a space."""
    pieces = [line[:70]]
    pieces += [" " + line[n : n + 70] for n in range(70, len(line), 70)]
    return pieces


def zoom(start: datetime) -> str:
    link = "https://us02web.zoom.us/j/85512345678?pwd=QWxsT3VyT3duV29yZHM.1"
    text = (
        f"You are invited to a scheduled Zoom meeting.\n\nJoin Zoom Meeting\n{link}\n\nMeeting ID: 855 1234 5678\n"
        "Passcode: 110292\n\nJoin by SIP\n• 85512345678@zoomcrc.com\n\nMeeting ID: 855 1234 5678\nPasscode: 110292\n"
    )
    return event_file("zoom@demo.example", start, "Design review", link, text)


def sip(start: datetime) -> str:
    return event_file("sip@demo.example", start, "Weekly stand-up", "sip:standup@example.com", "See you there.")
