import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from roomgate.link.messages import BadMessage, Outcome, Signed
from roomgate.link.order import (
    CUTS_KEPT,
    LEASE_S,
    LeaseBook,
    OrderRefused,
    Renewal,
    check_outcome,
    open_sealed,
    seal,
    signed_outcome,
)
from roomgate.link.signing import ORDER, RENEWAL, BadSignature, sign
from support.link import order

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
LINK = b"link session one"


def book(*, renewed: float | None = None) -> LeaseBook:
    """One heartbeat at 100; answered for s1 if ``renewed``."""
    made = LeaseBook(LINK)
    made.beat(1, 100.0)
    if renewed is not None:
        made.renew(Renewal(LINK, 1, 1, ["s1"]))
    return made


def refusal(made: LeaseBook, sequence: int, now: float, link: bytes = LINK, session: str = "s1") -> str:
    with pytest.raises(OrderRefused) as refused:
        made.admit(order(link, sequence, session=session), now)
    return refused.value.rule


def test_what_was_sealed_opens() -> None:
    wish = order(LINK, 1)
    assert open_sealed(KEY.public_key(), seal(KEY, wish)) == wish


def test_another_key_or_another_purpose_opens_nothing() -> None:
    with pytest.raises(BadSignature):
        open_sealed(Ed25519PrivateKey.generate().public_key(), seal(KEY, order(LINK, 1)))
    raw = msgspec.msgpack.encode(order(LINK, 1))
    with pytest.raises(BadSignature):
        open_sealed(KEY.public_key(), Signed(raw, sign(KEY, RENEWAL, raw)))
    with pytest.raises(BadMessage):
        open_sealed(KEY.public_key(), Signed(b"rubbish", sign(KEY, ORDER, b"rubbish")))


def test_changed_arguments_are_refused() -> None:
    changed = msgspec.structs.replace(order(LINK, 1), arguments=[("Number", "evil@example.com")])
    with pytest.raises(OrderRefused, match="hashed"):
        changed.call()


def test_an_order_is_good_once_in_its_place_in_its_link() -> None:
    made = book(renewed=100.0)
    made.admit(order(LINK, 2), 101.0)
    assert refusal(made, 2, 101.0) == "order.sequence"
    assert refusal(made, 4, 101.0) == "order.sequence"
    assert refusal(made, 3, 101.0, link=b"another") == "order.link"
    made.admit(order(LINK, 3), 101.0)


def test_a_lease_runs_from_when_the_heartbeat_was_sent() -> None:
    made = book(renewed=110.0)
    assert made.live("s1", 100.0 + LEASE_S - 0.01)
    assert not made.live("s1", 100.0 + LEASE_S)
    assert refusal(made, 2, 100.0 + LEASE_S) == "session.lease"
    assert made.next_lapse() == 100.0 + LEASE_S


def test_a_renewal_that_answers_an_unknown_heartbeat_renews_nothing() -> None:
    made = book()
    made.renew(Renewal(LINK, 1, 2, ["s1"]))
    assert not made.live("s1", 100.0)


def test_a_cut_session_never_comes_back() -> None:
    made = book(renewed=100.0)
    made.cut("s1")
    made.renew(Renewal(LINK, 2, 1, ["s1"]))
    assert refusal(made, 3, 100.5) == "session.cut"


def test_what_lapsed_is_told_once_and_stays_gone() -> None:
    made = book(renewed=100.0)
    assert made.lapsed(114.0) == []
    assert made.lapsed(115.0) == ["s1"]
    assert made.lapsed(116.0) == []
    made.beat(2, 116.0)
    made.renew(Renewal(LINK, 2, 2, ["s1"]))
    assert not made.live("s1", 116.0)


def test_the_next_links_book_inherits_what_lives_and_what_was_cut() -> None:
    made = book(renewed=100.0)
    made.cut("s2")
    heir = made.succeed(b"link session two")
    assert heir.live("s1", 114.0)
    assert not heir.live("s1", 115.0)
    assert refusal(heir, 1, 101.0) == "order.link"
    heir.renew(Renewal(b"link session two", 1, 1, ["s1", "s2"]))  # answers a heartbeat of the old link
    assert not heir.live("s1", 115.0)
    heir.beat(2, 110.0)
    heir.renew(Renewal(b"link session two", 2, 2, ["s1", "s2"]))
    assert heir.live("s1", 124.0)
    assert not heir.live("s2", 110.0)


def test_cuts_are_remembered_within_bounds() -> None:
    made = LeaseBook(LINK)
    for number in range(CUTS_KEPT + 1):
        made.cut(f"s{number}")
    assert len(made._cut) == CUTS_KEPT


@given(st.lists(st.tuples(st.sampled_from(["beat", "renew", "cut", "wait"]), st.integers(0, 12)), max_size=40))
def test_no_session_outlives_the_last_answered_heartbeat(steps: list[tuple[str, int]]) -> None:
    made, now, beats, sequence = LeaseBook(LINK), 0.0, {}, 0
    answered, cut = -1000.0, False
    for step, number in steps:
        if step == "beat":
            beats[len(beats)] = now
            made.beat(len(beats) - 1, now)
        elif step == "renew":
            sequence += 1
            made.renew(Renewal(LINK, sequence, number, ["s1"]))
            answered = max(answered, beats.get(number, -1000.0))
        elif step == "cut":
            made.cut("s1")
            cut = True
        else:
            now += number
        if made.live("s1", now):
            assert not cut
            assert now < answered + LEASE_S


def test_an_outcome_is_the_connectors_own_word() -> None:
    outcome = signed_outcome(KEY, Outcome("order_1", "done", {"CallId": 3}))
    check_outcome(KEY.public_key(), outcome)
    with pytest.raises(BadSignature):
        check_outcome(KEY.public_key(), msgspec.structs.replace(outcome, outcome="failed"))
