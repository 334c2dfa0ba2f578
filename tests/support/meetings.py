"""Understanding one line of description, for the services' tests."""

from roomgate.meetings.evidence import Evidence, gather
from roomgate.meetings.invite import invitation, parse_events
from support.invites import ics


def evidence_of(text: str) -> Evidence:
    body = text.replace("\\", "\\\\").replace("\n", "\\n").replace(",", "\\,").replace(";", "\\;")
    return gather(invitation(parse_events(ics("DTSTART:20260310T090000Z", f"DESCRIPTION:{body}"))[0]))
