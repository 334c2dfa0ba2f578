"""Calls: dialling, ringing, connecting, holding, transferring, joining, ending.

An outgoing call goes Dialling → Connecting → Connected, and leaves as a ghost; the events around it keep the
order that real devices were seen to send: Dialling, OutgoingCallIndication, Connecting, Connected with
CallSuccessful, CallDisconnect, ghost. An incoming one starts as Ringing. The far end is part of the play: whoever
is dialled answers after the profile's time, except an address that starts with ``busy`` (RemoteBusy), ``nobody``
(SIP's 404; the word for the cause is ours, a real one is not established), ``hangup`` (answers and hangs up a moment
later, RemoteDisconnect) or ``pin`` (a meeting that asks for a PIN; 0000 is wrong). What flows in a call is
`sim/media.py`. Where the room has a `line`, its SIP calls are real ones, and no far end is played in them.

Not established, and our reading: a call that comes while do-not-disturb is on is turned away and counts as missed;
the catalogue has no command that ends an attended transfer, so somebody at the screen does it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from roomgate.sim.accounts import Accounts
from roomgate.sim.asked import Answer, Asked, Commands
from roomgate.sim.disturb import DoNotDisturb
from roomgate.sim.history import RATE, Entry, History, callback
from roomgate.sim.line import Line
from roomgate.sim.media import close_channels, count_packets, open_channels
from roomgate.sim.profile import Profile
from roomgate.sim.refusal import CommandError
from roomgate.sim.standby import Standby
from roomgate.sim.state import State

MOST_CALLS = 2  # Status Capabilities Conference MaxActiveCalls of a real fixture
WRONG_PIN = "0000"
_ASKS = "HostPinOrGuest"
_BUSY, _NOT_FOUND = (486, 600), 404  # RFC 3261


def _nobody(_: int) -> None:
    """Whom the end of a call concerns until `Calls.ended` is set."""


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
    ignored: bool = False
    hold_reason: str = ""
    asks_pin: bool = False
    real: bool = False  # the line carries it

    @property
    def far_end(self) -> str:
        return self.number.lower().removeprefix("sip:")


@dataclass(slots=True)
class Calls:
    """All calls of a room. ``ended`` is told each call that is over."""

    state: State
    profile: Profile
    history: History
    standby: Standby
    disturb: DoNotDisturb
    accounts: Accounts
    ongoing: dict[int, Ongoing] = field(default_factory=dict)
    last_id: int = 0
    line: Line | None = None
    ended: Callable[[int], None] = _nobody
    _ticked: datetime | None = None

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
        if self.profile.blank_accounts == "no-calls" and self.accounts.has_blank():
            raise CommandError("Calling is off until every account has a passphrase")
        if len(self.ongoing) >= MOST_CALLS:
            raise CommandError("Maximum number of calls reached", data={"Cause": 21})
        held = next((call for call in self.ongoing.values() if call.hold_reason == "Transfer"), None)
        self.standby.wake(now)
        call = self._new(number, name, "Outgoing", protocol, booking, by, now, "Dialling")
        if held is not None:
            self.state.put("Call", call.id, "AttendedTransferFrom", value=held.id)
        if self.line is not None and protocol == "SIP":
            call.real = True
            self.line.dial(call.id, number)
        else:
            call.next_at = now + timedelta(seconds=self.profile.connect_s / 2)
        self.state.event("OutgoingCallIndication", CallId=call.id)
        self.state.note("call.dialled", call=call.id, number=number, booking=booking, by=by)
        self._count()
        return {"CallId": call.id, "ConferenceId": call.id}

    def ring(self, number: str, name: str, now: datetime) -> int:
        """Somebody calls the room."""
        call = self._new(number, name, "Incoming", "SIP", "", "far end", now, "Ringing")
        if self.disturb.is_on:
            self.state.note("call.turned-away", call=call.id, number=number)
            self._end(call, "LocalDisconnect", "do not disturb", now)
            return call.id
        self.standby.wake(now)
        self.state.event("IncomingCallIndication", CallId=call.id, DisplayNameValue=name, RemoteURI=f"sip:{number}")
        self.state.note("call.ringing", call=call.id, number=number)
        if self._answers("Mode") == "On":
            delay = self._answers("Delay")
            call.next_at = now + timedelta(seconds=delay if isinstance(delay, int) else 0)
        self._count()
        return call.id

    def line_rings(self, number: int) -> None:
        """The far end has been reached; of a call that is over nothing is told."""
        if (call := self.ongoing.get(number)) and call.status == "Dialling":
            self._show(call, "Connecting")
            self._count()

    def line_answers(self, number: int, now: datetime) -> None:
        self.line_rings(number)
        if (call := self.ongoing.get(number)) and call.status == "Connecting":
            self._connect(call, now)

    def line_closes(self, number: int, code: int, now: datetime) -> None:
        """The call is over, by no doing of the room; ``code`` is the SIP status, 0 where it was hung up."""
        call = self.ongoing.get(number)
        if call is None:
            return
        cause = "RemoteBusy" if code in _BUSY else "UnknownRemoteSite" if code == _NOT_FOUND else "RemoteDisconnect"
        self._end(call, cause, "far end", now, sip=code)

    def accept(self, asked: Asked) -> Answer:
        self.pick_up(asked.account.name, asked.now, asked.number("CallId", 0))
        return {}

    def pick_up(self, by: str, now: datetime, number: int = 0) -> None:
        """Accept a call that rings."""
        call = self._find(number, ("Ringing",))
        call.by = by
        self._connect(call, now)

    def reject(self, asked: Asked) -> Answer:
        call = self._find(asked.number("CallId", 0), ("Ringing",))
        self._end(call, "LocalDisconnect", asked.account.name, asked.now, occurrence="Rejected")
        return {}

    def ignore(self, asked: Asked) -> Answer:
        """The call goes on ringing, and nobody in the room hears of it any more."""
        call = self._find(asked.number("CallId", 0), ("Ringing",))
        call.ignored, call.next_at = True, None
        self.state.put("Call", call.id, "AnswerState", value="Ignored")
        return {}

    def forward(self, asked: Asked) -> Answer:
        call = self._find(0, ("Ringing",))
        self.state.note("call.forwarded", call=call.id, to=asked.text("Number"), by=asked.account.name)
        self._end(call, "LocalDisconnect", asked.account.name, asked.now, occurrence="Forwarded")
        return {}

    def disconnect(self, asked: Asked) -> Answer:
        self.hang_up(asked.number("CallId", 0), asked.account.name, asked.now)
        return {}

    def hang_up(self, number: int, by: str, now: datetime) -> None:
        """End one call; 0 is the active or only one. One that rings is rejected."""
        call = self._find(number)
        self._end(call, "LocalDisconnect", by, now, occurrence="Rejected" if call.status == "Ringing" else "")

    def end_by_far_end(self, number: int, now: datetime) -> None:
        """The other side hangs up."""
        self._end(self._find(number), "RemoteDisconnect", "far end", now)

    def end_all(self, cause: str, by: str, now: datetime) -> None:
        for call in list(self.ongoing.values()):
            self._end(call, cause, by, now)

    def hold(self, asked: Asked) -> Answer:
        self.put_on_hold(asked.number("CallId", 0), asked.text("Reason", "Other"))
        return {}

    def put_on_hold(self, number: int, reason: str = "Other") -> None:
        call = self._find(number, ("Connected",))
        call.hold_reason = reason
        if call.real and self.line is not None:
            self.line.hold(call.id, on=True)
        self._show(call, "OnHold")
        self.state.put("Call", call.id, "PlacedOnHold", value="True")
        self.state.put("Call", call.id, "HoldReason", value=reason if reason != "Other" else "None")
        self._count()

    def resume(self, asked: Asked) -> Answer:
        self.take_off_hold(asked.number("CallId", 0))
        return {}

    def take_off_hold(self, number: int) -> None:
        call = self._find(number, ("OnHold",))
        call.hold_reason = ""
        if call.real and self.line is not None:
            self.line.hold(call.id, on=False)
        self._show(call, "Connected")
        self.state.put("Call", call.id, "PlacedOnHold", value="False")
        self.state.put("Call", call.id, "HoldReason", value="None")
        self._count()

    def join(self, asked: Asked) -> Answer:
        """Merge calls into one conversation: those that were named, else all."""
        wanted = [int(one) for one in asked.listed("CallId")] or list(self.ongoing)
        calls = [self._find(number, ("Connected", "OnHold")) for number in wanted]
        if len({call.id for call in calls}) < 2:
            raise CommandError("Two calls are needed")
        for call in calls:
            if call.status == "OnHold":
                self.take_off_hold(call.id)
        self.state.note("call.joined", calls=[call.id for call in calls], by=asked.account.name)
        return {}

    def transfer_unattended(self, asked: Asked) -> Answer:
        call = self._find(asked.number("CallId", 0), ("Connected", "OnHold"))
        to = callback(asked.text("Number"), call.protocol)
        self.state.event("CallTransfer", "Unattended", CallId=call.id, URI=to)
        self.state.note("call.transferred", call=call.id, to=to, by=asked.account.name)
        self._end(call, "LocalDisconnect", asked.account.name, asked.now)
        return {}

    def transfer_attended(self, by: str, now: datetime) -> None:
        """Connect the call that is on hold for a transfer to the one that was dialled since; both leave the room."""
        held = next((call for call in self.ongoing.values() if call.hold_reason == "Transfer"), None)
        other = next((call for call in self.ongoing.values() if call.status == "Connected"), None)
        if held is None or other is None:
            raise CommandError("No call waits to be transferred")
        to = callback(other.number, other.protocol)
        self.state.event("CallTransfer", "Attended", CallId=held.id, DestinationCallId=other.id, URI=to)
        self.state.note("call.transferred", call=held.id, to=to, by=by)
        self._end(held, "LocalDisconnect", by, now)
        self._end(other, "LocalDisconnect", by, now)

    def dtmf(self, asked: Asked) -> Answer:
        self.send_tones(max(asked.number("CallId", -1), 0), asked.text("DTMFString"))
        return {}

    def send_tones(self, number: int, tones: str) -> None:
        """Tones may carry a PIN, so only their number is noted."""
        call = self._find(number, ("Connected",))
        if call.real and self.line is not None:
            self.line.send_tones(call.id, tones)
        self.state.note("call.dtmf", call=call.id, digits=len(tones))

    def authenticate(self, asked: Asked) -> Answer:
        """The answer to a meeting that asks who comes in: a PIN, or none as a guest."""
        call = self._find(asked.number("CallId", 0), ("Connected",))
        if not call.asks_pin:
            raise CommandError("No authentication request")
        role, pin = asked.text("ParticipantRole"), asked.text("Pin")
        where = ("Conference", "Call", "AuthenticationResponse")
        if pin == WRONG_PIN or (role == "Host" and not pin):
            self.state.event(*where, "PinError", CallId=call.id)
            return {}
        call.asks_pin = False
        facts = {"AuthenticatingPin": "True", "CallId": call.id, "NumDigitsEntered": len(pin)}
        self.state.event(*where, "PinEntered", **facts, ParticipantRole=role)
        self.state.put("Conference", "Call", call.id, "AuthenticationRequest", value="None")
        return {}

    def tick(self, now: datetime) -> None:
        """Move on what is due."""
        for call in list(self.ongoing.values()):
            while call.next_at is not None and now >= call.next_at:
                self._move_on(call, now)
        if self.profile.duration_ticks and self.ongoing:
            self._ticked = now
            for call in self.ongoing.values():
                self.state.put("Call", call.id, "Duration", value=_lasted(call, now))

    def _move_on(self, call: Ongoing, now: datetime) -> None:
        due, call.next_at = call.next_at or now, None
        if call.status == "Dialling":
            self._show(call, "Connecting")
            call.next_at = due + timedelta(seconds=self.profile.connect_s / 2)
        elif call.status == "Ringing":
            self._auto_answer(call, now)
        elif call.status == "Connecting" and call.far_end.startswith("busy"):
            self._end(call, "RemoteBusy", "far end", now)
        elif call.status == "Connecting" and call.far_end.startswith("nobody"):
            self._end(call, "UnknownRemoteSite", "far end", now, sip=404)
        elif call.status == "Connecting":
            self._connect(call, now)
        else:
            self._end(call, "RemoteDisconnect", "far end", now)

    def _auto_answer(self, call: Ongoing, now: datetime) -> None:
        call.by = "auto-answer"
        if self._answers("Mute") == "On":
            self.state.put("Audio", "Microphones", "Mute", value="On")
        self._connect(call, now, "Autoanswered")

    def next_at(self, now: datetime) -> datetime | None:
        due = [call.next_at for call in self.ongoing.values() if call.next_at is not None]
        if self.profile.duration_ticks and any(call.connected for call in self.ongoing.values()):
            due.append((self._ticked or now) + timedelta(seconds=1))
        return min(due, default=None)

    def refresh(self, now: datetime) -> None:
        """Bring durations up to date. They do not tick as feedback, so this tells nobody."""
        for call in self.ongoing.values():
            self.state.put("Call", call.id, "Duration", value=_lasted(call, now), quiet=True)
            count_packets(self.state, call.id, _lasted(call, now))

    def _answers(self, name: str) -> str | int | None:
        value = self.state.read("Configuration", "Conference", "AutoAnswer", name)
        return value if isinstance(value, str | int) else None

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
            ("CallbackNumber", callback(number, protocol)),
            ("DisplayName", name or number),
            ("Protocol", protocol),
            ("CallType", "Video"),
            ("AnswerState", "Unanswered"),
            ("DeviceType", "MCU"),
            ("Duration", 0),
            ("PlacedOnHold", "False"),
            ("HoldReason", "None"),
            ("Ice", "Disabled"),
            ("ReceiveCallRate", RATE),
            ("TransmitCallRate", RATE),
        ):
            self.state.put("Call", call.id, leaf, value=value)
        self.state.put("Call", call.id, "Encryption", "Type", value="None")
        if booking:
            self.state.put("Conference", "Call", call.id, "BookingId", value=booking)
        return call

    def _connect(self, call: Ongoing, now: datetime, how: str = "Answered") -> None:
        call.next_at, call.connected = None, now
        if call.far_end.startswith("hangup") and not call.real:
            call.next_at = now + timedelta(seconds=1)
        self.state.put("Call", call.id, "AnswerState", value=how)
        self.state.put("Call", call.id, "Encryption", "Type", value="AES-128")
        self._show(call, "Connected")
        open_channels(self.state, call.id, call.far_end, "On")
        self.state.event(
            "CallSuccessful",
            CallId=call.id,
            CallRate=RATE,
            Direction=call.direction.lower(),
            EncryptionIn="On",
            EncryptionOut="On",
            Protocol=call.protocol,
            RemoteURI=callback(call.number, call.protocol),
        )
        if call.far_end.startswith("pin") and not call.real:
            call.asks_pin = True
            self.state.put("Conference", "Call", call.id, "AuthenticationRequest", value=_ASKS)
        self.state.note("call.connected", call=call.id, number=call.number, by=call.by)
        self._count()

    def _show(self, call: Ongoing, status: str) -> None:
        call.status = status
        self.state.put("Call", call.id, "Status", value=status)

    def _end(self, call: Ongoing, cause: str, by: str, now: datetime, *, occurrence: str = "", sip: int = 0) -> None:
        del self.ongoing[call.id]
        if call.real and self.line is not None:
            self.line.hang_up(call.id)
        self.ended(call.id)
        self.state.event(
            "CallDisconnect",
            CallId=call.id,
            CallRate=RATE,
            CallType="Video",
            CauseCode=sip,
            CauseOrigin="SIP" if sip else "Internal",
            CauseString="",
            CauseType=cause,
            CauseValue=1,
            DisplayName=call.name or call.number,
            Duration=_lasted(call, now),
            Encryption="AES-128" if call.connected else "None",
            OrigCallDirection=call.direction.lower(),
            PeopleCountAverage=0,
            Protocol=call.protocol,
            RemoteURI=callback(call.number, call.protocol),
            RequestedURI=callback(call.number, call.protocol),
        )
        self.state.drop("Call", call.id)
        self.state.drop("Conference", "Call", call.id)
        close_channels(self.state, call.id)
        self._remember(call, cause, now, occurrence)
        self.state.note("call.ended", call=call.id, number=call.number, cause=cause, by=by, lasted_s=_lasted(call, now))
        self._count()

    def _remember(self, call: Ongoing, cause: str, now: datetime, occurrence: str) -> None:
        if call.direction == "Incoming":
            happened = "Received" if call.connected else "Missed"
        else:
            happened = "Placed" if call.connected else "NoAnswer"
        entry = Entry(
            history_id=0,  # the history gives it the next
            call_id=call.id,
            number=call.number,
            name=call.name,
            direction=call.direction,
            protocol=call.protocol,
            booking=call.booking,
            began=call.began,
            ended=now,
            cause=cause,
            occurrence=occurrence or happened,
            by=call.by,
            acknowledged=(occurrence or happened) != "Missed",
        )
        self.history.remember(entry)

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


COMMANDS: Commands[Calls] = {
    "Dial": Calls.dial,
    "Webex/Join": Calls.join_webex,
    "Zoom/Join": Calls.join_zoom,
    "WebRTC/Join": Calls.join_webrtc,
    "Call/Accept": Calls.accept,
    "Call/Reject": Calls.reject,
    "Call/Ignore": Calls.ignore,
    "Call/Forward": Calls.forward,
    "Call/Disconnect": Calls.disconnect,
    "Call/Hold": Calls.hold,
    "Call/Resume": Calls.resume,
    "Call/Join": Calls.join,
    "Call/UnattendedTransfer": Calls.transfer_unattended,
    "Call/DTMFSend": Calls.dtmf,
    "Conference/Call/AuthenticationResponse": Calls.authenticate,
}
