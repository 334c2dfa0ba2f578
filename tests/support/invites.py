"""Small invitations for tests."""


def ics(*lines: str, method: str = "REQUEST", uid: str = "one@example.com") -> bytes:
    """One event of these lines."""
    whole = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//example//tests//EN", f"METHOD:{method}", "BEGIN:VEVENT"]
    whole += [f"UID:{uid}", "DTSTAMP:20260301T080000Z", *lines, "END:VEVENT", "END:VCALENDAR", ""]
    return "\r\n".join(whole).encode("utf-8", errors="replace")
