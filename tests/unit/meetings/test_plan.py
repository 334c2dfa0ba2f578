from dataclasses import replace
from datetime import UTC, datetime, timedelta

from roomgate.meetings.booking import Booking, BookingId, booking_id
from roomgate.meetings.plan import Held, plan_bookings

START = datetime(2026, 3, 10, 9, tzinfo=UTC)


def booking(name: str) -> Booking:
    return Booking(booking_id(name, ""), name, f"{name}@e.example", "SIP", "Other", "Ada", "", START, 30, False)


A, B = booking("a"), booking("b")
FOREIGN = Held(BookingId("ad-hoc"), "x", "y", START, START)


def test_no_change_sends_nothing():
    assert plan_bookings([A, B], [Held.of(B), Held.of(A)]).put is None
    assert plan_bookings([], []).put is None


def test_added_changed_removed():
    moved = replace(A, start=START + timedelta(hours=1))
    plan = plan_bookings([moved, B], [Held.of(A), Held.of(booking("c"))])
    assert (plan.put, plan.added, plan.changed, plan.removed) == ((moved, B), (B.id,), (A.id,), (booking("c").id,))


def test_the_last_removal_clears_the_list():
    assert plan_bookings([], [Held.of(A)]).put == ()


def test_an_unreadable_list_is_sent():
    assert plan_bookings([A], None).put == (A,)


def test_others_bookings_alone_are_no_reason_to_send():
    plan = plan_bookings([A], [Held.of(A), FOREIGN])
    assert (plan.put, plan.foreign, plan.removed) == (None, (FOREIGN.id,), ())


def test_a_device_that_spells_a_title_its_own_way_is_not_sent_it_again():
    shown = [replace(Held.of(A), title="A…")]
    assert plan_bookings([A], shown, [A]).put is None
    assert plan_bookings([A], shown).changed == (A.id,)
    assert plan_bookings([replace(A, title="new")], shown, [A]).changed == (A.id,)


def test_a_number_that_was_changed_on_the_device_is_put_right():
    assert plan_bookings([A], [replace(Held.of(A), number="evil@e.example")], [A]).changed == (A.id,)
