"""Orders and leases: nothing is done twice, nothing lives longer than the hub's word, nothing comes back."""

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from roomgate.link.messages import BadMessage, Outcome, Signed
from roomgate.link.order import (
    CUTS_KEPT,
    LEASE_S,
    LeaseBook,
    Order,
    OrderRefused,
    Renewal,
    check_outcome,
    open_sealed,
    seal,
    signed_outcome,
)
from roomgate.link.signing import ORDER, OUTCOME, RENEWAL, BadSignature, sign
from roomgate.xapi.call import Verb
from roomgate.xapi.schema import Catalogue

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
LINK = b"this link session"
DIAL = Catalogue.shipped().canonical(Verb.COMMAND, "Dial", {"Number": "123@example.com"})


def order(sequence: int = 1, session: str = "session_1", link: bytes = LINK) -> Order:
    return Order(
        id=f"order_{sequence}",
        link=link,
        sequence=sequence,
        session=session,
        site="site_north",
        connector="con_1",
        room="oslo",
        device="dev_oslo",
        verb="command",
        path=list(DIAL.path.parts),
        arguments=[("Number", "123@example.com")],
        body=None,
        digest=DIAL.digest(),
        principal="person_ada",
        principal_name="Ada",
        principal_kind="person",
        grant="grant_1",
        reason="why",
        held=["call"],
    )


def renewal(sequence: int = 1, heartbeat: int = 1, *sessions: str, link: bytes = LINK) -> Renewal:
    return Renewal(link, sequence, heartbeat, list(sessions or ("session_1",)))


# ---- the seal -------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [order(), renewal()])
def test_what_was_sealed_opens(body):
    assert open_sealed(KEY.public_key(), seal(KEY, body)) == body


@pytest.mark.parametrize("body", [order(), renewal()])
def test_what_another_key_sealed_does_not_open(body):
    with pytest.raises(BadSignature):
        open_sealed(KEY.public_key(), seal(OTHER, body))


@pytest.mark.parametrize(("body", "domain"), [(order(), RENEWAL), (renewal(), ORDER), (order(), OUTCOME)])
def test_signed_for_one_purpose_and_used_for_another_does_not_open(body, domain):
    raw = msgspec.msgpack.encode(body)
    with pytest.raises(BadSignature):
        open_sealed(KEY.public_key(), Signed(raw, sign(KEY, domain, raw)))


@given(st.data())
def test_a_changed_byte_does_not_open(data):
    signed = seal(KEY, order())
    raw = bytearray(signed.body)
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(BadSignature):
        open_sealed(KEY.public_key(), Signed(bytes(raw), signed.signature))


@given(st.binary(max_size=200), st.sampled_from([ORDER, RENEWAL]))
def test_signed_rubbish_is_a_bad_message_and_nothing_else(rubbish, domain):
    with pytest.raises(BadMessage):
        open_sealed(KEY.public_key(), Signed(rubbish, sign(KEY, domain, rubbish)))


def test_an_outcome_is_the_connectors_own_word():
    outcome = signed_outcome(KEY, Outcome("order_1", "done", {"CallId": 3}))
    check_outcome(KEY.public_key(), outcome)
    for forged in (msgspec.structs.replace(outcome, outcome="failed"), signed_outcome(OTHER, outcome)):
        with pytest.raises(BadSignature):
            check_outcome(KEY.public_key(), forged)


# ---- the call in it -------------------------------------------------------------------------------


def test_the_call_is_the_one_that_was_hashed():
    assert order().call() == DIAL


@pytest.mark.parametrize(
    "change",
    [
        {"arguments": [("Number", "456@example.com")]},
        {"arguments": []},
        {"path": ["Command", "Call", "Disconnect"]},
        {"body": "text"},
        {"verb": "get"},
        {"digest": ""},
    ],
)
def test_a_call_that_was_not_hashed_is_refused(change):
    with pytest.raises(OrderRefused) as no:
        msgspec.structs.replace(order(), **change).call()
    assert no.value.rule in ("order.digest", "order.malformed")


@pytest.mark.parametrize("change", [{"verb": "shout"}, {"path": []}, {"path": ["Nonsense", "Dial"]}])
def test_what_is_no_call_is_refused(change):
    with pytest.raises(OrderRefused) as no:
        msgspec.structs.replace(order(), **change).call()
    assert no.value.rule == "order.malformed"


# ---- leases ---------------------------------------------------------------------------------------


def book() -> LeaseBook:
    """A book in which session_1 lives until 1015."""
    leases = LeaseBook(LINK)
    leases.beat(1, 1000.0)
    leases.renew(renewal())
    return leases


def refused(leases: LeaseBook, one: Order, now: float) -> str:
    with pytest.raises(OrderRefused) as no:
        leases.admit(one, now)
    return no.value.rule


def test_an_order_of_a_living_session_is_admitted_once():
    leases = book()
    leases.admit(order(2), 1001.0)
    assert refused(leases, order(2), 1001.0) == "order.sequence"


def test_an_order_for_another_link_session_is_refused_and_uses_no_number():
    leases = book()
    assert refused(leases, order(2, link=b"yesterday"), 1001.0) == "order.link"
    leases.admit(order(2), 1001.0)


def test_a_gap_in_the_numbers_is_refused():
    assert refused(book(), order(3), 1001.0) == "order.sequence"


def test_a_session_nobody_vouched_for_does_not_live():
    assert refused(book(), order(2, "session_2"), 1001.0) == "session.lease"
    assert refused(LeaseBook(LINK), order(), 0.0) == "session.lease"


def test_a_lease_runs_from_when_its_heartbeat_was_sent():
    leases = LeaseBook(LINK)
    leases.beat(1, 1000.0)
    leases.beat(2, 1010.0)
    leases.renew(renewal())  # arrives at any later time: prolongs nothing beyond 1015
    assert leases.live("session_1", 1000.0 + LEASE_S - 0.001)
    assert not leases.live("session_1", 1000.0 + LEASE_S)
    assert refused(leases, order(2), 1000.0 + LEASE_S) == "session.lease"


@pytest.mark.parametrize("heartbeat", [0, 2, -1])
def test_a_renewal_that_answers_no_heartbeat_prolongs_nothing(heartbeat):
    leases = LeaseBook(LINK)
    leases.beat(1, 1000.0)
    leases.renew(renewal(1, heartbeat))
    assert not leases.live("session_1", 1000.0)


def test_a_heartbeat_older_than_a_lease_is_forgotten():
    leases = LeaseBook(LINK)
    for number in range(100):
        leases.beat(number, 1000.0 + 5 * number)
    leases.renew(renewal(1, 0))
    assert leases.next_lapse() is None


def test_what_lapsed_is_told_once_and_is_gone_for_good():
    leases = book()
    assert leases.lapsed(1014.9) == []
    assert leases.next_lapse() == 1015.0
    assert leases.lapsed(1015.0) == ["session_1"]
    assert leases.lapsed(1016.0) == []
    leases.beat(2, 1016.0)
    leases.renew(renewal(2, 2))
    assert refused(leases, order(3), 1016.0) == "session.cut"


def test_over_a_new_link_session_what_was_cut_stays_cut_and_old_words_are_worth_nothing():
    old, again = book(), b"the next link session"
    old.renew(renewal(2, 1, "session_2"))
    old.cut("session_1")
    new = old.succeed(again)
    assert refused(new, order(1, "session_2"), 1001.0) == "order.link"
    new.renew(renewal(1, 1, "session_3", link=again))  # answers a heartbeat of the old one
    assert not new.live("session_3", 1001.0)
    new.admit(order(2, "session_2", again), 1001.0)
    assert not new.live("session_2", 1015.0)
    new.beat(1, 1016.0)
    new.renew(renewal(3, 1, "session_1", "session_3", link=again))
    assert [new.live(session, 1016.0) for session in ("session_1", "session_3")] == [False, True]


def test_a_renewal_of_a_cut_session_leaves_no_lease():
    leases = book()
    leases.cut("session_1")
    leases.renew(renewal(2))
    assert leases.next_lapse() is None
    assert leases.lapsed(2000.0) == []


def test_cuts_are_remembered_up_to_a_bound_the_oldest_forgotten_first():
    leases = LeaseBook(LINK)
    for number in range(CUTS_KEPT + 1):
        leases.cut(f"session_{number}")
    leases.beat(1, 1000.0)
    leases.renew(renewal(1, 1, "session_0", "session_1", f"session_{CUTS_KEPT}"))
    assert [leases.live(f"session_{n}", 1001.0) for n in (0, 1, CUTS_KEPT)] == [True, False, False]


class AnyOrder(RuleBasedStateMachine):
    """Whatever arrives, in whatever order, late, twice, forged or over a new link: the promises hold."""

    sessions = st.sampled_from(["session_1", "session_2"])
    numbers = st.sampled_from([0, 0, 0, -1, 1, 3])  # relative to the next expected
    here = st.sampled_from([True, True, True, False])

    def __init__(self) -> None:
        super().__init__()
        self.book = LeaseBook(LINK)
        self.now = 1000.0
        self.expected = 1
        self.links = 1
        self.beats: dict[int, float] = {}
        self.vouched: dict[str, float] = {}  # session → when the last heartbeat that was answered for it was sent
        self.dead: set[str] = set()
        self.admitted: list[tuple[bytes, int]] = []

    @rule(seconds=st.floats(0.0, 12.0))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def beat(self) -> None:
        number = len(self.beats) + 1
        self.beats[number] = self.now
        self.book.beat(number, self.now)

    @rule()
    def link_anew(self) -> None:
        self.links += 1
        self.book = self.book.succeed(LINK + bytes([self.links]))
        self.expected = 1
        self.beats = {}

    @rule(off=numbers, back=st.integers(0, 4), session=sessions, here=here)
    def renew(self, off: int, back: int, session: str, here: bool) -> None:
        number, heartbeat = self.expected + off, len(self.beats) - back
        good = here and off == 0
        try:
            self.book.renew(Renewal(self.book.link if here else b"other", number, heartbeat, [session]))
        except OrderRefused:
            assert not good
            return
        assert good
        self.expected += 1
        if heartbeat in self.beats:
            self.vouched[session] = max(self.vouched.get(session, 0.0), self.beats[heartbeat])

    @rule(off=numbers, session=sessions, here=here)
    def ask(self, off: int, session: str, here: bool) -> None:
        link, number = (self.book.link if here else b"other"), self.expected + off
        in_turn = here and off == 0
        self.expected += in_turn
        try:
            self.book.admit(order(number, session, link), self.now)
        except OrderRefused:
            return
        assert in_turn
        assert session not in self.dead
        assert self.now < self.vouched[session] + LEASE_S
        self.admitted.append((link, number))

    @rule(session=sessions)
    def cut(self, session: str) -> None:
        self.book.cut(session)
        self.dead.add(session)

    @rule()
    def look_for_lapsed(self) -> None:
        self.dead |= set(self.book.lapsed(self.now))

    @invariant()
    def nothing_is_done_twice(self) -> None:
        assert len(set(self.admitted)) == len(self.admitted)

    @invariant()
    def no_session_outlives_its_word(self) -> None:
        for session in ("session_1", "session_2"):
            if self.book.live(session, self.now):
                assert session not in self.dead
                assert self.now < self.vouched[session] + LEASE_S


TestAnyOrder = AnyOrder.TestCase
