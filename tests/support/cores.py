"""Every pure core that reads what somebody else wrote: what it promises to raise, and something good to begin with.

One table for two uses: hypothesis mutates the seeds in `tests/contract/test_rubbish.py`, and `tools/fuzz`
searches for hours with the interpreter's coverage as its guide.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path as File

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.cli.settings import parse as parse_settings
from roomgate.connector.config import BadConfig as BadSiteConfig
from roomgate.connector.config import parse_config as parse_site_config
from roomgate.connector.devices import parse_devices
from roomgate.connector.site_policy import BadPolicy, SitePolicy, parse_rules
from roomgate.errors import BadInput
from roomgate.hub.config import BadConfig, parse_config
from roomgate.hub.gateway.rpc import RpcError, build_error, interpret, parse_request
from roomgate.ledger.checkpoint import BadNote, Checkpoint, Note, VerifierKey, cosign
from roomgate.ledger.event import BadEvent, SessionCut, parse_event
from roomgate.ledger.witnessing import AddCheckpoint, BadRequest, WitnessRefused, parse_answer
from roomgate.link import enrolment
from roomgate.link.frames import LinkBroken, Priority, Receiver, Sender
from roomgate.link.messages import Entries, Feedback, Heartbeat, Hello, RoomInfo, Signed, decode_at_connector, encode
from roomgate.link.messages import decode_at_hub as decode_hub
from roomgate.link.order import LeaseBook, Order, OrderRefused, Renewal, open_sealed
from roomgate.link.signing import ORDER, RENEWAL, BadSignature, fingerprint, sign
from roomgate.meetings.invite import BadInvitation, Window, occurrences, parse_events
from roomgate.sim import wire
from roomgate.sim.refusal import Refused
from roomgate.xapi import tshell, xmldoc
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.errors import XapiError
from roomgate.xapi.jsonrpc import Conversation
from roomgate.xapi.path import InvalidPath, Path
from roomgate.xapi.schema import Catalogue

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
NINE = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
WEEK = Window(NINE, NINE + timedelta(days=7))
CORPUS = File(__file__).resolve().parents[1] / "corpus"


@dataclass(frozen=True, slots=True)
class Core:
    """``read`` takes any bytes and raises one of ``errors`` or nothing."""

    read: Callable[[bytes], object]
    errors: tuple[type[Exception], ...]
    seeds: tuple[bytes, ...]

    def feed(self, raw: bytes) -> bool:
        """Whether it was understood. Anything that is not promised comes out."""
        try:
            self.read(raw)
        except self.errors:
            return False
        return True


def text(read: Callable[[str], object]) -> Callable[[bytes], object]:
    """For cores that are given text: bytes that are none become what a decoder makes of them."""
    return lambda raw: read(raw.decode("utf-8", "surrogateescape"))


# -- the link ------------------------------------------------------------------------------------------


def link(raw: bytes) -> None:
    """One message where the first byte is 0 or 1 (at the hub, at the connector), else the stream, cut by that byte."""
    how, rest = raw[:1], raw[1:]
    if how == b"\0":
        decode_hub(rest)
    elif how <= b"\1":
        decode_at_connector(rest)
    else:
        receiver = Receiver()
        for at in range(0, len(rest), raw[0]):
            for message in receiver.feed(rest[at : at + raw[0]]):
                decode_hub(message)


def _link_seeds() -> tuple[bytes, ...]:
    rooms = [RoomInfo("device_1", "oslo", "fine")]
    messages = [
        encode(Hello(1, "connector_1", b"n" * 16, "roomgate", "policy", "digest", rooms, [])),
        encode(Heartbeat(3, [])),
        encode(Feedback("order_1", "status", {"Status": {"Audio": {"Volume": 50}}})),
        encode(Entries(0, [b"{}"], "note")),
    ]
    sender = Sender()
    for message in messages:
        sender.put(message, Priority.REST)
    stream = b"".join(iter(sender.next_chunk, None))
    signed = encode(Signed(b"body", b"signature"))
    return (b"\x10" + stream, b"\x01" + signed, *(b"\x00" + message for message in messages))


def order(raw: bytes) -> None:
    """A body that the hub did sign: what the connector makes of it must still be bounded."""
    for domain in (ORDER, RENEWAL):
        try:
            body = open_sealed(KEY.public_key(), Signed(raw, sign(KEY, domain, raw)))
        except (BadSignature, LinkBroken):
            continue
        book = LeaseBook(b"n" * 16)
        book.beat(1, 0.0)
        try:
            if isinstance(body, Renewal):
                book.renew(body)
            else:
                book.renew(Renewal(b"n" * 16, 1, 1, [body.session]))
                body.call()
                book.admit(body, 1.0)
        except OrderRefused:
            continue


def _order_seeds() -> tuple[bytes, ...]:
    call = Call(Verb.COMMAND, Path.of("Command", "Dial"), (("Number", "123@example.com"),))
    one = Order(
        "order_1", b"n" * 16, 2, "s1", "site_1", "connector_1", "oslo", "device_1", "command", ["Command", "Dial"],
        [("Number", "123@example.com")], None, call.digest(), "person_1", "Ada", "person", "grant_1", "why", [],
    )  # fmt: skip
    return msgspec.msgpack.encode(one), msgspec.msgpack.encode(Renewal(b"n" * 16, 1, 1, ["s1"]))


# -- what devices and their clients say ----------------------------------------------------------------


def gateway(raw: bytes) -> None:
    try:
        interpret(parse_request(raw))
    except RpcError as refused:
        if refused.answer:
            msgspec.json.decode(build_error(refused))
        raise


def jsonrpc(raw: bytes) -> None:
    """The client, which has asked for two things."""
    talk = Conversation()
    talk.request(Call(Verb.GET, Path.of("Status", "Audio", "Volume")))
    talk.request(Call(Verb.COMMAND, Path.of("Command", "Dial"), (("Number", "1"),)))
    talk.receive(raw)


def xml(raw: bytes) -> None:
    """The client over HTTP: the answer to each kind of request, and a document that was posted."""
    talk = xmldoc.Conversation(Catalogue.shipped(), receiver="https://192.0.2.1/word")
    setting = Call(Verb.SET, Path.of("Configuration", "SystemUnit", "Name"), (("Value", "x"),))
    sent = [
        talk.request(Call(Verb.GET, Path.of("Status", "Call", 2)))[0],
        talk.request(Call(Verb.COMMAND, Path.of("Command", "Dial"), (("Number", "1"),)))[0],
        talk.request_all([setting, Call(Verb.SET, Path.of("Configuration", "A"), (("Value", "y"),))])[0],
        talk.request(Call(Verb.SUBSCRIBE, Path.of("Status", "Audio")))[0],
        talk.describe(Path.of("Command"))[0],
    ]
    for number in sent:
        talk.receive(xmldoc.Answered(number, (xmldoc.Answer(200, raw),)))
    talk.receive(xmldoc.Posted(4, raw))


_XML = (
    b'<?xml version="1.0"?><Status product="x"><Call item="2" maxOccurrence="n"><Status>Connected</Status></Call></Status>',
    b'<Command><DialResult status="OK"><CallId>12</CallId></DialResult><XResult status="Error"><Reason>no</Reason></XResult></Command>',
    b"<Configuration><Error><Reason>bad</Reason><XPath>/Configuration/A</XPath></Error><Success/></Configuration>",
    b'<Event><Identification/><CallDisconnect item="1"><CauseValue item="1">1</CauseValue></CallDisconnect></Event>',
)


def terminal(raw: bytes) -> None:
    """The client over SSH, cut by the first byte: the greeting, then documents to a client that has asked for things."""
    greeting, stream, talk = tshell.Greeting(), tshell.DocumentStream(), tshell.Conversation(Catalogue.shipped())
    talk.request(Call(Verb.GET, Path.of("Status", "Call", 2)))
    talk.request(Call(Verb.SUBSCRIBE, Path.of("Status", "Audio")), current=True)
    talk.request(Call(Verb.COMMAND, Path.of("Command", "Dial"), (("Number", "1"),)))
    step = raw[0] + 1 if raw else 1
    for at in range(1, len(raw), step):
        piece = raw[at : at + step]
        if greeting.ready:
            for document in stream.feed(piece):
                talk.receive(document)
        else:
            greeting.feed(piece)


_TERMINAL = b"""\x20Welcome\r\n*r Login successful\r\n\r\nOK\r\necho off\r\n\r\nOK\r\n
{"Status":{"Call":[{"id":"2","Status":{"Value":"Connected"}}]},"ResultId":"1"}\r\n** end\r\n\r\nOK\r\n
{"ResultId":"2"}\n{"Status":{"Audio":{"Volume":{"Value":"40"}}},"ResultId":"3"}
{"CommandResponse":{"DialResult":{"CallId":{"Value":"12"},"status":"OK"}},"ResultId":"4"}
{"Status":{"Audio":{"Volume":{"Value":"41"}}}}
"""


def sim_wire(raw: bytes) -> None:
    try:
        asked = wire.parse(raw.decode("utf-8", "surrogateescape"))
    except Refused as refused:
        msgspec.json.decode(wire.build_error(getattr(refused, "id", None), refused))
        raise
    msgspec.json.decode(wire.build_result(asked.id, {}))


_RPC = tuple(
    msgspec.json.encode({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    for method, params in (
        ("xGet", {"Path": ["Status", "Audio", "Volume"]}), ("xSet", {"Path": ["Configuration", "A"], "Value": 5}),
        ("xCommand/Dial", {"Number": "123@example.com", "body": "x"}), ("xFeedback/Unsubscribe", {"Id": 3}),
        ("xFeedback/Subscribe", {"Query": ["Status", "**"], "NotifyCurrentValue": True}),
        ("xDoc", {"Path": ["StatusSchema", "Audio"], "Type": "Schema"}),
    )
)  # fmt: skip
_REPLIES = (
    b'{"jsonrpc":"2.0","id":1,"result":50}', b'{"jsonrpc":"2.0","id":2,"error":{"code":1,"message":"no","data":{}}}',
    b'{"jsonrpc":"2.0","method":"xFeedback/Event","params":{"Id":1,"Status":{"Audio":{"Volume":50}}}}',
)  # fmt: skip


# -- the site's files, invitations, the record ---------------------------------------------------------


def invite(raw: bytes) -> None:
    occurrences(parse_events(raw), WEEK)


def policy(raw: bytes) -> None:
    rules, _, cedar = raw.partition(b"\n---\n")
    SitePolicy.build(parse_rules(rules), cedar.decode("utf-8", "replace"))


def _note() -> Note:
    return Checkpoint("roomgate.hub/main", 7, bytes(32)).sign(KEY)


def checkpoint(raw: bytes) -> None:
    """A note, a key, a witness's question and a witness's answer: the errors of each are the errors of all."""
    said = raw.decode("utf-8", "surrogateescape")
    for read in (
        lambda: Checkpoint.parse(Note.parse(said).text),
        lambda: VerifierKey.parse(said),
        lambda: AddCheckpoint.parse(raw),
        lambda: parse_answer(200, "text/plain", raw, _note(), VerifierKey("w", 4, bytes(32))),
        lambda: parse_answer(409, "text/x.tlog.size", raw, _note(), VerifierKey("w", 4, bytes(32))),
    ):
        try:
            read()
        except (BadNote, BadRequest, WitnessRefused):
            continue


def enrol(raw: bytes) -> None:
    try:
        enrolment.check_ask(enrolment.parse_ask(raw), KEY.public_key())
    except (BadInput, enrolment.EnrolmentRefused):
        pass
    enrolment.code_hash(raw.decode("utf-8", "surrogateescape"))
    enrolment.parse_answer(raw)


def _enrol_seeds() -> tuple[bytes, ...]:
    ask = enrolment.build_ask(KEY, "ABCD-EFGH", fingerprint(KEY.public_key()), "connector", "0.1")
    return msgspec.json.encode(ask), msgspec.json.encode(enrolment.build_answer(KEY, ask, "connector_1", "site_1"))


CORES: dict[str, Core] = {
    "link": Core(link, (LinkBroken,), _link_seeds()),
    "order": Core(order, (), _order_seeds()),
    "gateway": Core(gateway, (RpcError,), _RPC),
    "jsonrpc": Core(jsonrpc, (XapiError,), _REPLIES),
    "xml": Core(xml, (XapiError,), _XML),
    "terminal": Core(terminal, (XapiError,), (_TERMINAL,)),
    "sim-wire": Core(sim_wire, (Refused,), _RPC),
    "invite": Core(
        invite, (BadInvitation,), tuple(file.read_bytes() for file in sorted((CORPUS / "invites").glob("*.ics")))
    ),
    "policy": Core(
        policy, (BadPolicy,),
        (
            b'name = "x"\ncedar = "meetings-only"\nopen = []\n---\n' + SitePolicy.shipped_text("meetings-only").encode(),
            b"\n---\n" + SitePolicy.shipped_text("service-desk").encode(),
        ),
    ),
    "toml": Core(text(parse_settings), (BadInput,), (b'data = "x"\nlisten_port = 8443\n[a]\nb = [1, 2.5, true]\n',)),
    "hub-config": Core(
        text(lambda said: parse_config(parse_settings(said))), (BadInput, BadConfig),
        (b'data = "x"\nlisten_port = 8443\nweb_idle_s = 900\npublic_url = "https://w"\n',),
    ),
    "connector-config": Core(
        text(lambda said: parse_site_config(parse_settings(said), File("/base"))), (BadInput, BadSiteConfig),
        (b'data = "x"\nhub = "https://hub"\ndevices = "devices.toml"\nheartbeat_s = 3\n',),
    ),
    "devices": Core(
        text(lambda said: parse_devices(said, File("/base"))), (BadSiteConfig,),
        (b'[[room]]\nname = "oslo"\nhost = "192.0.2.1"\nport = 443\nca = "ca.pem"\n',),
    ),
    "checkpoint": Core(
        checkpoint, (),
        (
            str(_note()).encode(), str(VerifierKey.of("roomgate.hub/main", KEY)).encode(), b"7\n",
            AddCheckpoint(3, (bytes(32),), str(_note())).body(), f"{cosign(_note().text, 'w', KEY, 1)}\n".encode(),
        ),
    ),
    "event": Core(
        parse_event, (BadEvent,),
        (SessionCut(at="2026-03-10T09:00:00.000Z", session="s", room="oslo", principal="p", cause="lock").encode(),),
    ),
    "enrolment": Core(enrol, (enrolment.WrongHub,), _enrol_seeds()),
    "path": Core(
        text(Path.parse), (InvalidPath,), (b"Status/Audio/Volume", b"Status Call 2 Duration", b"Status/**/x", b"//"),
    ),
}  # fmt: skip
