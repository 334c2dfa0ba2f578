from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.access.decision import Ask, Facts, decide
from roomgate.clock import HandClock
from roomgate.hub.channels import Kind
from roomgate.hub.relay.asked import Asked
from roomgate.hub.relay.orders import build_order, build_renewal
from roomgate.hub.relay.sessions import Book
from roomgate.ids import AskId, DeviceId, OrderId
from roomgate.link.order import open_sealed, seal
from roomgate.xapi.call import Verb
from roomgate.xapi.schema import Catalogue
from support.relay_rig import ADA, OSLO, Given

KNOWN = Catalogue.shipped()


def test_an_order_says_exactly_what_was_permitted():
    clock = HandClock()
    given = Given(clock)
    given.give(ADA, "call", "observe")
    session = Book(clock).open(ADA, OSLO, Kind.API)
    call = KNOWN.canonical(Verb.COMMAND, "Call.Join", {"CallId": [1, 2]})
    facts = Facts(True, True, tuple(given.grants))
    permit = decide(Ask(AskId("ask_1"), ADA, OSLO, call, "why", session.id), facts, clock.now(), KNOWN)
    asked = Asked(permit.ask.id, OrderId("order_1"), ADA, "oslo", call, session, clock.monotonic())
    order = build_order(permit, asked, DeviceId("device_oslo"), b"nonce", 7)
    key = Ed25519PrivateKey.generate()
    assert open_sealed(key.public_key(), seal(key, order)) == order
    assert order.call() == call
    assert (order.sequence, order.link, order.session, order.grant) == (7, b"nonce", session.id, "grant_1")
    assert (order.site, order.connector, order.room, order.device) == ("site_1", "connector_1", "oslo", "device_oslo")
    assert (order.principal, order.principal_name, order.principal_kind) == (ADA.id, "ada", "person")
    assert (order.held, order.reason) == (["call", "observe"], "why")


def test_a_renewal_names_its_sessions_sorted():
    book = Book(HandClock())
    sessions = [book.open(ADA, OSLO, Kind.XAPI) for _ in range(3)]
    renewal = build_renewal(sessions, b"nonce", 4, 9)
    assert renewal.sessions == sorted(session.id for session in sessions)
    assert (renewal.link, renewal.sequence, renewal.heartbeat) == (b"nonce", 4, 9)
