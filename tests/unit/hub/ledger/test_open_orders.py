from datetime import UTC, datetime, timedelta

from roomgate.clock import iso
from roomgate.hub.ledger.open_orders import OpenOrders
from roomgate.ledger.event import HubStarted, OrderAbout, OrderOutcome, OrderRefused, OutcomeKnown, Permitted
from roomgate.ledger.reconcile import Kind

AT = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
WHEN = iso(AT)


def permit(order: str) -> Permitted:
    return Permitted(at=WHEN, ask="a", order=order, principal="p", room="oslo", call="Dial", digest="d", grant="g")


def about(order: str) -> OrderAbout:
    return OrderAbout(at=WHEN, order=order, room="oslo", call="Dial", digest="d", principal="p", grant="g")


def test_what_agrees_is_forgotten_and_what_lacks_a_side_stays() -> None:
    orders = OpenOrders()
    orders.hub([permit("1"), permit("2"), OutcomeKnown(at=WHEN, order="1", outcome="done")])
    assert orders.site([about("1"), OrderOutcome(at=WHEN, order="1", outcome="done")]) == []
    assert orders.judge(AT) == []
    assert len(orders) == 1
    assert [d.order for d in orders.judge(AT + timedelta(minutes=3))] == ["2"]
    assert orders.site([about("2")]) == []
    assert orders.judge(AT + timedelta(minutes=3)) == []


def test_a_strange_order_is_asked_about_before_it_is_judged() -> None:
    orders = OpenOrders()
    assert orders.site([about("9")]) == ["9"]
    orders.hub([permit("9"), permit("9")])
    assert orders.judge(AT) == []


def test_what_was_interrupted_is_told_once() -> None:
    orders = OpenOrders()
    orders.hub([permit("1"), HubStarted(at=WHEN, version="1")])
    assert orders.judge(AT) == []
    assert [d.kind for d in orders.judge(AT + timedelta(minutes=3))] == [Kind.INTERRUPTED]
    assert len(orders) == 0
    assert orders.judge(AT + timedelta(minutes=3)) == []


def test_a_read_without_a_permit_waits_for_one_round() -> None:
    orders = OpenOrders()
    read = OrderOutcome(at=WHEN, order="1", outcome="done", room="oslo")
    assert orders.site([read]) == ["1"]
    assert orders.judge(AT) == []
    orders.hub([permit("1"), OutcomeKnown(at=WHEN, order="1", outcome="done")])
    assert orders.judge(AT) == []
    orders.site([OrderOutcome(at=WHEN, order="2", outcome="done", room="oslo")])
    assert orders.judge(AT) == []
    assert [(d.kind, d.order) for d in orders.judge(AT)] == [(Kind.NOT_PERMITTED, "2")]


def test_forgeries_are_each_told_once() -> None:
    orders = OpenOrders()
    forged = [
        OrderRefused(at=iso(AT + timedelta(seconds=n)), order="", room="", call="", digest="", principal="", rule="r")
        for n in range(2)
    ]
    assert orders.site(forged) == []
    assert [d.kind for d in orders.judge(AT)] == [Kind.FORGED, Kind.FORGED]
    assert (orders.judge(AT), len(orders)) == ([], 0)
