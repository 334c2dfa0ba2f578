"""The doubles of the clouds on a stage of the contract suite: over real TLS, with a hand that writes events as .ics."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from roomgate.clock import Clock
from roomgate.ids import RoomName
from roomgate.meetings.calendars.google_sign_in import GoogleSignIn
from roomgate.meetings.calendars.google_writer import GoogleWriter
from roomgate.meetings.calendars.graph_sign_in import GraphSignIn
from roomgate.meetings.calendars.graph_writer import GraphWriter
from roomgate.meetings.calendars.http import Web
from roomgate.meetings.invite import BadInvitation, Invitation, Window, parse_invitations
from support.cloud_double import Asked, CloudDouble, Given
from support.cloud_rig import MAILBOX, OTHER, ROOM, SECOND, certificate_pem, key_file, private_pem, rsa_key
from support.google_double import GoogleDouble
from support.google_double import stamp as google_stamp
from support.graph_double import CLIENT, TENANT, GraphDouble
from support.graph_double import stamp as graph_stamp
from support.link import Papers, serving

MAILBOXES = {ROOM: MAILBOX, OTHER: SECOND}


class Failing:
    """The service can be told to fail; its sign-in goes on, being another's."""

    def __init__(self, double: CloudDouble) -> None:
        self._double = double

    @property
    def asked(self) -> int:
        return len(self._double.asked)

    def fail(self, status: int, body: bytes = b"", **headers: str) -> None:
        """0: no longer."""
        told = {name.replace("_", "-"): value for name, value in headers.items()}

        def always(asked: Asked) -> Given | None:
            self._double.faults.append(always)  # a fault that answers is taken away
            return Given(status, body, told)

        self._double.faults[:] = [always] if status else []


def _occurrences(uid: str, lines: tuple[str, ...], clock: Clock) -> list[Invitation]:
    """Those around now; none for an event that cannot be read, as a service would never hand it out."""
    head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n"
    text = f"{head}UID:{uid}\r\n" + "".join(f"{line}\r\n" for line in lines) + "END:VEVENT\r\nEND:VCALENDAR\r\n"
    now = clock.now()
    return parse_invitations(text.encode(), Window(now - timedelta(days=5), now + timedelta(days=15)))


class GraphStage:
    def __init__(self, double: GraphDouble, calendar: GraphWriter) -> None:
        self.calendar, self.served, self.clock = calendar, Failing(double), double.clock
        self._double = double

    def write(self, room: RoomName, uid: str, *lines: str) -> None:
        """The room's own event, so that it may be written too; what cannot be read comes in a shape of its own."""
        self.remove(room, uid)
        mailbox = self._double.room(MAILBOXES[room])
        said: dict[str, Any] = {"iCalUId": uid, "isOrganizer": True, "attendees": []}
        try:
            ones = _occurrences(uid, lines, self._double.clock)
        except BadInvitation:
            mailbox.put(**said, subject=[])
            return
        if any(one.recurrence_id for one in ones):
            length = int((ones[0].end - ones[0].start).total_seconds() // 60)
            mailbox.put_series([one.start for one in ones], length, **said)
            return
        for one in ones:
            mailbox.put(**said, subject=one.title, start=graph_stamp(one.start), end=graph_stamp(one.end))

    def remove(self, room: RoomName, uid: str) -> None:
        mailbox = self._double.room(MAILBOXES[room])
        for key in [key for key, one in mailbox.singles.items() if one["iCalUId"] == uid]:
            mailbox.remove(key)
        for key in [key for key, one in mailbox.series.items() if one.master["iCalUId"] == uid]:
            mailbox.remove(key)


class GoogleStage:
    def __init__(self, double: GoogleDouble, calendar: GoogleWriter) -> None:
        self.calendar, self.served, self.clock = calendar, Failing(double), double.clock
        self._double = double

    def write(self, room: RoomName, uid: str, *lines: str) -> None:
        """As with Microsoft's."""
        self.remove(room, uid)
        agenda = self._double.room(MAILBOXES[room])
        said: dict[str, Any] = {"iCalUID": uid, "organizer": {"email": agenda.name, "self": True}, "attendees": []}
        try:
            ones = _occurrences(uid, lines, self._double.clock)
        except BadInvitation:
            agenda.put(**said, summary=[])
            return
        for one in ones:
            series = (
                {"recurringEventId": uid, "originalStartTime": google_stamp(one.start)} if one.recurrence_id else {}
            )
            agenda.put(**said, **series, summary=one.title, start=google_stamp(one.start), end=google_stamp(one.end))

    def remove(self, room: RoomName, uid: str) -> None:
        agenda = self._double.room(MAILBOXES[room])
        for key in [key for key, one in agenda.events.items() if one["iCalUID"] == uid]:
            agenda.remove(key)


def _web(clock: Clock, folder: Path, papers: Papers) -> Web:
    (folder / "ca.pem").write_bytes(papers.ca_pem)
    return Web(clock, random.Random(1), ca=folder / "ca.pem")


@asynccontextmanager
async def graph_stage(folder: Path, papers: Papers, clock: Clock, poll_s: float) -> AsyncIterator[GraphStage]:
    """Signed in with a certificate."""
    key = rsa_key()
    double = GraphDouble(clock=clock, certificate=certificate_pem(key).encode())
    (folder / "app.pem").write_text(private_pem(key) + certificate_pem(key))
    async with serving(double, papers) as port, _web(clock, folder, papers) as web:
        double.origin = here = f"https://localhost:{port}"
        sign_in = GraphSignIn(TENANT, CLIENT, here, here, certificate_file=folder / "app.pem")
        for name in MAILBOXES.values():
            double.room(name)
        calendar = GraphWriter(
            web, sign_in, MAILBOXES.get, clock, random.Random(1), graph=here, poll_s=poll_s, fresh_s=0
        )
        yield GraphStage(double, calendar)


@asynccontextmanager
async def google_stage(folder: Path, papers: Papers, clock: Clock, poll_s: float) -> AsyncIterator[GoogleStage]:
    double = GoogleDouble(clock=clock, public_key=rsa_key().public_key())
    async with serving(double, papers) as port, _web(clock, folder, papers) as web:
        double.origin = f"https://localhost:{port}"
        for name in MAILBOXES.values():
            double.room(name)
        sign_in = GoogleSignIn(key_file(folder), True, double.token_url)
        calendar = GoogleWriter(
            web, sign_in, MAILBOXES.get, clock, random.Random(1), api=double.api, poll_s=poll_s, fresh_s=0
        )
        yield GoogleStage(double, calendar)
