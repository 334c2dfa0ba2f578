"""Calls: dialling, connecting, holding, ending, and the history of them.

An outgoing call goes Dialling → Connecting → Connected, and leaves as a ghost; the events around it keep the
order that real devices were seen to send: Dialling, OutgoingCallIndication, Connecting, Connected with
CallSuccessful, CallDisconnect, ghost. An incoming one starts as Ringing. The far end is part of the play:
whoever is dialled answers after the profile's time, except an address that starts with ``busy``.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from roomgate.sim.asked import Answer, Asked, stamp
from roomgate.sim.profile import Profile
from roomgate.sim.refusal import CommandError
from roomgate.sim.state import State

MOST_CALLS = 2  # Status Capabilities Conference MaxActiveCalls of a real fixture
_KEPT_ENTRIES = 500
_RATE = 6000


class Entry(msgspec.Struct):
    """One line of the call history."""

    history_id: int
    call_id: int
    number: str
    name: str
    direction: str
    protocol: str
    booking: str
    began: datetime
    ended: datetime
    cause: str
    occurrence: str
    by: str

    @property
    def duration_s(self) -> int:
        return int((self.ended - self.began).total_seconds())


@dataclass(slots=True)
class Ongoing:
    """A call that is there now. ``next_at`` is when it moves on by itself."""

    id: int
    number: str
    name: str
    direction: str
    protocol: str
    booking: str
    by: str
    began: datetime
    status: str
    next_at: datetime | None = None
    connected: datetime | None = None


@dataclass(slots=True)
class Calls:
    """All calls of a room."""

    state: State
    profile: Profile
    history: list[Entry] = field(default_factory=list)
    ongoing: dict[int, Ongoing] = field(default_factory=dict)
    last_id: int = 0

    def dial(self, asked: Asked) -> Answer:
        protocol = {"Spark": "Spark", "H323": "H323"}.get(asked.text("Protocol"), "SIP")
        number, name = asked.text("Number"), asked.text("DisplayName")
        return self.place(number, name, protocol, asked.text("BookingId"), asked.account.name, asked.now)

    def join_webex(self, asked: Asked) -> Answer:
        return self.place(asked.text("Number"), "", "Spark", "", asked.account.name, asked.now)

    def join_zoom(self, asked: Asked) -> Answer:
        domain = self.state.read("Configuration", "Zoom", "DefaultDomain") or "zoomcrc.com"
        number = f"{asked.text('MeetingID')}@{asked.text('Domain', str(domain))}"
        return self.place(number, "", "SIP", asked.text("BookingID"), asked.account.name, asked.now)

    def join_webrtc(self, asked: Asked) -> Answer:
        address = asked.text("Url") or asked.text("MeetingNumber")
        if not address:
            raise CommandError("Either Url or MeetingNumber is needed")
        name, booking = asked.text("Title"), asked.text("BookingId")
        return self.place(address, name, "WebRTC", booking, asked.account.name, asked.now)

    def place(self, number: str, name: str, protocol: str, booking: str, by: str, now: datetime) -> Answer:
        """Start a call; ``by`` is the account, or ``panel`` for somebody in the room."""
        if not number.strip():
            raise CommandError("No number to dial")
        if len(self.ongoing) >= MOST_CALLS:
            raise CommandError("Maximum number of calls reached", data={"Cause": 21})
        call = self._new(number, name, "Outgoing", protocol, booking, by, now, "Dialling")
        call.next_at = now + timedelta(seconds=self.profile.connect_s / 2)
        self.state.event("OutgoingCallIndication", CallId=call.id)
        self.state.note("call.dialled", call=call.id, number=number, booking=booking, by=by)
        self._count()
        return {"CallId": call.id, "ConferenceId": call.id}

    def ring(self, number: str, name: str, now: datetime) -> int:
        """Somebody calls the room."""
        call = self._new(number, name, "Incoming", "SIP", "", "far end", now, "Ringing")
        self.state.event("IncomingCallIndication", CallId=call.id, DisplayNameValue=name, RemoteURI=f"sip:{number}")
        self.state.note("call.ringing", call=call.id, number=number)
        self._count()
        return call.id

    def accept(self, asked: Asked) -> Answer:
        self.pick_up(asked.account.name, asked.now, asked.number("CallId", 0))
        return {}

    def pick_up(self, by: str, now: datetime, number: int = 0) -> None:
        """Accept a call that rings."""
        call = self._find(number, ("Ringing",))
        call.by = by
        self._connect(call, now)

    def reject(self, asked: Asked) -> Answer:
        self._end(self._find(asked.number("CallId", 0), ("Ringing",)), "LocalDisconnect", asked.account.name, asked.now)
        return {}

    def disconnect(self, asked: Asked) -> Answer:
        self.hang_up(asked.number("CallId", 0), asked.account.name, asked.now)
        return {}

    def hang_up(self, number: int, by: str, now: datetime) -> None:
        """End one call; 0 is the active or only one."""
        self._end(self._find(number), "LocalDisconnect", by, now)

    def end_all(self, cause: str, by: str, now: datetime) -> None:
        for call in list(self.ongoing.values()):
            self._end(call, cause, by, now)

    def hold(self, asked: Asked) -> Answer:
        call = self._find(asked.number("CallId", 0), ("Connected",))
        reason = asked.text("Reason", "Other")
        self._show(call, "OnHold")
        self.state.put("Call", call.id, "PlacedOnHold", value="True")
        self.state.put("Call", call.id, "HoldReason", value=reason if reason != "Other" else "None")
        self._count()
        return {}

    def resume(self, asked: Asked) -> Answer:
        call = self._find(asked.number("CallId", 0), ("OnHold",))
        self._show(call, "Connected")
        self.state.put("Call", call.id, "PlacedOnHold", value="False")
        self.state.put("Call", call.id, "HoldReason", value="None")
        self._count()
        return {}

    def dtmf(self, asked: Asked) -> Answer:
        number = asked.number("CallId", -1)
        call = self._find(max(number, 0), ("Connected",))
        self.state.note("call.dtmf", call=call.id, digits=len(asked.text("DTMFString")))
        return {}

    def tick(self, now: datetime) -> None:
        """Move on what is due."""
        for call in list(self.ongoing.values()):
            while call.next_at is not None and now >= call.next_at:
                if call.status == "Dialling":
                    self._show(call, "Connecting")
                    call.next_at += timedelta(seconds=self.profile.connect_s / 2)
                elif call.number.lower().removeprefix("sip:").startswith("busy"):
                    self._end(call, "RemoteBusy", "far end", now)
                    call.next_at = None
                else:
                    self._connect(call, now)

    def next_at(self) -> datetime | None:
        return min((call.next_at for call in self.ongoing.values() if call.next_at is not None), default=None)

    def refresh(self, now: datetime) -> None:
        """Bring durations up to date. They do not tick as feedback, so this tells nobody."""
        for call in self.ongoing.values():
            self.state.put("Call", call.id, "Duration", value=_lasted(call, now), quiet=True)

    def get_history(self, asked: Asked) -> Answer:
        wanted, text = asked.text("Filter", "All"), asked.text("SearchString").lower()
        one = asked.number("CallHistoryId", 0)
        found = [
            entry
            for entry in reversed(self.history)
            if (wanted == "All" or entry.occurrence == wanted)
            and (not text or text in entry.number.lower() or text in entry.name.lower())
            and one in (0, entry.history_id)
        ]
        offset, limit = asked.number("Offset", 0), asked.number("Limit", 65534)
        full = asked.text("DetailLevel") == "Full"
        rows = [self._row(n, entry, asked.now, full) for n, entry in enumerate(found[offset : offset + limit])]
        return {"Entry": rows, "ResultInfo": {"Limit": limit, "Offset": offset}}

    def get_recents(self, asked: Asked) -> Answer:
        newest: dict[str, Entry] = {}
        count: dict[str, int] = {}
        for entry in reversed(self.history):
            newest.setdefault(entry.number, entry)
            count[entry.number] = count.get(entry.number, 0) + 1
        found = list(newest.values())
        if asked.text("Order") == "OccurrenceFrequency":
            found.sort(key=lambda entry: -count[entry.number])
        offset, limit = asked.number("Offset", 0), asked.number("Limit", 65534)
        rows = [
            {
                "id": n,
                "CallbackNumber": _callback(entry.number, entry.protocol),
                "DisplayName": entry.name or entry.number,
                "LastOccurrenceStartTime": stamp(entry.began),
                "LastOccurrenceDaysAgo": (asked.now - entry.began).days,
                "LastOccurrenceHistoryId": entry.history_id,
                "OccurrenceType": entry.occurrence,
                "IsAcknowledged": "Acknowledged",
                "OccurrenceCount": count[entry.number],
            }
            for n, entry in enumerate(found[offset : offset + limit])
        ]
        return {"Entry": rows, "ResultInfo": {"Limit": limit, "Offset": offset}}

    def _row(self, position: int, entry: Entry, now: datetime, full: bool) -> Answer:
        row: Answer = {
            "id": position,
            "CallHistoryId": entry.history_id,
            "CallbackNumber": _callback(entry.number, entry.protocol),
            "DisplayName": entry.name or entry.number,
            "StartTime": stamp(entry.began).removesuffix("Z"),
            "DaysAgo": (now - entry.began).days,
            "OccurrenceType": entry.occurrence,
            "IsAcknowledged": "Acknowledged",
        }
        if full:
            row |= {
                "CallId": entry.call_id,
                "RemoteNumber": entry.number,
                "Direction": entry.direction,
                "Protocol": entry.protocol.capitalize() if entry.protocol == "SIP" else entry.protocol,
                "CallRate": _RATE,
                "CallType": "Video",
                "EncryptionType": "AES-128",
                "BookingId": entry.booking,
                "Duration": entry.duration_s,
                "StartTimeUTC": stamp(entry.began),
                "EndTime": stamp(entry.ended).removesuffix("Z"),
                "EndTimeUTC": stamp(entry.ended),
                "DisconnectCause": entry.cause,
                "DisconnectCauseType": entry.cause,
                "DisconnectCauseCode": 0,
                "DisconnectCauseOrigin": "Internal",
                "RoomAnalytics": {"PeopleCount": 0},
            }
        return row

    def _new(
        self, number: str, name: str, direction: str, protocol: str, booking: str, by: str, now: datetime, status: str
    ) -> Ongoing:
        self.last_id += 1
        call = Ongoing(self.last_id, number, name, direction, protocol, booking, by, now, status)
        self.ongoing[call.id] = call
        for leaf, value in (
            ("Status", status),
            ("Direction", direction),
            ("RemoteNumber", number),
            ("CallbackNumber", _callback(number, protocol)),
            ("DisplayName", name or number),
            ("Protocol", protocol),
            ("CallType", "Video"),
            ("AnswerState", "Unanswered"),
            ("DeviceType", "MCU"),
            ("Duration", 0),
            ("PlacedOnHold", "False"),
            ("HoldReason", "None"),
            ("Ice", "Disabled"),
            ("ReceiveCallRate", _RATE),
            ("TransmitCallRate", _RATE),
        ):
            self.state.put("Call", call.id, leaf, value=value)
        self.state.put("Call", call.id, "Encryption", "Type", value="None")
        if booking:
            self.state.put("Conference", "Call", call.id, "BookingId", value=booking)
        return call

    def _connect(self, call: Ongoing, now: datetime) -> None:
        call.next_at, call.connected = None, now
        self.state.put("Call", call.id, "AnswerState", value="Answered")
        self.state.put("Call", call.id, "Encryption", "Type", value="AES-128")
        self._show(call, "Connected")
        self.state.event(
            "CallSuccessful",
            CallId=call.id,
            CallRate=_RATE,
            Direction=call.direction.lower(),
            EncryptionIn="On",
            EncryptionOut="On",
            Protocol=call.protocol,
            RemoteURI=_callback(call.number, call.protocol),
        )
        self.state.note("call.connected", call=call.id, number=call.number, by=call.by)
        self._count()

    def _show(self, call: Ongoing, status: str) -> None:
        call.status = status
        self.state.put("Call", call.id, "Status", value=status)

    def _end(self, call: Ongoing, cause: str, by: str, now: datetime) -> None:
        del self.ongoing[call.id]
        self.state.event(
            "CallDisconnect",
            CallId=call.id,
            CallRate=_RATE,
            CallType="Video",
            CauseCode=0,
            CauseOrigin="Internal",
            CauseString="",
            CauseType=cause,
            CauseValue=1,
            DisplayName=call.name or call.number,
            Duration=_lasted(call, now),
            Encryption="AES-128" if call.connected else "None",
            OrigCallDirection=call.direction.lower(),
            PeopleCountAverage=0,
            Protocol=call.protocol,
            RemoteURI=_callback(call.number, call.protocol),
            RequestedURI=_callback(call.number, call.protocol),
        )
        self.state.drop("Call", call.id)
        if call.booking:
            self.state.drop("Conference", "Call", call.id)
        self._remember(call, cause, now)
        self.state.event("CallHistory", "Updated")
        self.state.note("call.ended", call=call.id, number=call.number, cause=cause, by=by, lasted_s=_lasted(call, now))
        self._count()

    def _remember(self, call: Ongoing, cause: str, now: datetime) -> None:
        if call.direction == "Incoming":
            occurrence = "Received" if call.connected else "Missed"
        else:
            occurrence = "Placed" if call.connected else "NoAnswer"
        following = self.history[-1].history_id + 1 if self.history else 1
        entry = Entry(
            history_id=following,
            call_id=call.id,
            number=call.number,
            name=call.name,
            direction=call.direction,
            protocol=call.protocol,
            booking=call.booking,
            began=call.began,
            ended=now,
            cause=cause,
            occurrence=occurrence,
            by=call.by,
        )
        self.history = [*self.history[-_KEPT_ENTRIES + 1 :], entry]

    def _find(self, number: int, states: tuple[str, ...] = ()) -> Ongoing:
        fitting = [
            call for call in self.ongoing.values() if (number in (0, call.id)) and (not states or call.status in states)
        ]
        if not fitting:
            raise CommandError("No such call" if number else "No active call", data={"Cause": 21})
        return fitting[-1]

    def _count(self) -> None:
        """What Status SystemUnit State says of the calls."""
        all_states = [call.status for call in self.ongoing.values()]
        active = sum(status == "Connected" for status in all_states)
        held = all_states.count("OnHold")
        self.state.put("SystemUnit", "State", "NumberOfActiveCalls", value=active)
        self.state.put("SystemUnit", "State", "NumberOfSuspendedCalls", value=held)
        self.state.put("SystemUnit", "State", "NumberOfInProgressCalls", value=len(all_states) - active - held)
        self.state.put("SystemUnit", "State", "System", value="InCall" if all_states else "Initialized")


def _lasted(call: Ongoing, now: datetime) -> int:
    return int((now - call.connected).total_seconds()) if call.connected else 0


def _callback(number: str, protocol: str) -> str:
    bare = ":" in number or protocol not in ("SIP", "Spark")
    return number if bare else f"{'sip' if protocol == 'SIP' else 'spark'}:{number}"
