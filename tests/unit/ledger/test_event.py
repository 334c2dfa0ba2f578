"""Events: canonical, marked, and readable later."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.ledger import event as events
from roomgate.ledger.event import KINDS, BadEvent, Event, Mark, Unknown, describe, filed_under, marks, parse_event

AT = "2026-03-10T09:00:00.000Z"
BRIEF = {
    *(
        "clock.jumped",
        "hub.started",
        "signin",
        "signin.failed",
        "signed-out",
        "person.added",
        "person.changed",
        "person.removed",
    ),
    *("token.made", "token.revoked", "site.added", "connector.enrolling", "connector.enrolled", "room.seen"),
    *("connector.connected", "connector.gone", "grant.made", "grant.ended", "lock.made", "lock.lifted", "permit"),
    *("denied", "outcome", "revocation", "finding", "connector.started", "link.up", "link.down", "order.refused"),
    *("order.about", "order.outcome", "consent.asked", "consent.answered", "session.cut", "effect.begun"),
    *(
        "effect.undone",
        "effect.kept",
        "device.connected",
        "device.gone",
        "device.quarantined",
        "device.confirmed",
        "device.left",
    ),
    *("booking.asked", "booking.answered", "booking.checked-in"),
    *("booking.put", "privileged.used", "vault.changed", "hub.restored", "hub.safe-mode-ended"),
    "restoration.confirmed",
    *("request.made", "request.answered", "break-glass.used", "break-glass.acknowledged"),
    *("group.changed", "person.handed-over", "directory.released"),
    *("identity.linked", "identity.unlinked"),
    *("restoration.confirmed", "role.changed", "room.tagged"),
    *("factor.added", "factor.removed", "factor.refused", "invitation.made", "invitation.ended"),
    *("tunnel.opened", "tunnel.closed", "backup.made", "backup.removed", "logs.collected", "setting.reverted"),
    *("plan.made", "plan.started", "plan.halted", "plan.ended", "alert-route.changed", "finding.closed"),
    *("call-panel.shown", "call-panel.removed", "call-panel.foreign", "control.pressed"),
    *("check.evidence", "check.judged"),
}


def example(kind: type[Event]) -> Event:
    values: dict[str, object] = {"at": AT}
    for field in msgspec.structs.fields(kind):
        if field.name != "at":
            kinds = {"int": 7, "bool": True, "tuple": ("x", "y")}
            text = str(field.type)
            values[field.name] = next((one for word, one in kinds.items() if word in text), f"some {field.name} ø")
    return kind(**values)


def permit(**changes: object) -> events.Permitted:
    fields = {"ask": "a", "order": "o", "principal": "p", "room": "r", "call": "c", "digest": "d", "grant": "g"}
    return events.Permitted(at=AT, **{**fields, **changes})


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_each_kind_reads_back_as_written(kind):
    event = example(kind)
    raw = event.encode()
    assert parse_event(raw) == event
    assert parse_event(raw).encode() == raw
    assert json.loads(raw)["kind"] == event.kind


def test_every_kind_that_the_programs_need_is_there_and_described():
    assert set(KINDS) == BRIEF
    assert all(meaning and "at" in fields for _, meaning, fields in describe())


def test_the_bytes_are_canonical():
    raw = permit(call="Dial Number=ø").encode()
    again = json.dumps(json.loads(raw), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert raw == again.encode()


def test_what_is_not_marked_enters_only_as_a_digest():
    event = events.SignInFailed(at=AT, tried="hunter2", reason="unknown")
    assert marks(events.SignInFailed)["tried"] is Mark.SECRET
    assert b"hunter2" not in event.encode()
    assert "hunter2" not in repr(event)
    assert event.tried == events.digest("hunter2")
    assert parse_event(event.encode()) == event


def test_people_are_personal_wherever_they_stand():
    for kind in KINDS.values():
        for name in ("person", "principal", "by", "source", "call"):
            if name in marks(kind) and (kind, name) not in {
                (events.ConnectorConnected, "source"),
                (events.BookingPut, "source"),
            }:
                assert marks(kind)[name] is Mark.PERSONAL, (kind, name)


def test_a_kind_of_the_future_stays_readable():
    raw = b'{"at":"2026-03-10T09:00:00.000Z","kind":"door.opened","room":"r"}'
    assert parse_event(raw) == Unknown("door.opened", AT, {"room": "r"})
    assert filed_under(parse_event(raw)) == (None, "r", None)


def test_a_principal_is_filed_as_the_person():
    assert filed_under(permit()) == ("o", "r", "p")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{}",
        b'{"kind":"signin"}',
        b'{"at":"2026-03-10T09:00:00.000Z","kind":"signin"}',
        b'{"at":"2026-03-10T09:00:00.000Z","kind":7}',
        b'{"at":"yesterday","kind":"x"}',
        b'{"at":"2026-03-10T09:00:00.000","kind":"x"}',
        b'{"at": "2026-03-10T09:00:00.000Z","kind":"x"}',
        b'{"kind":"x","at":"2026-03-10T09:00:00.000Z"}',
        b'{"at":"2026-03-10T09:00:00.000Z","kind":"x","kind":"x"}',
        b'{"at":"2026-03-10T09:00:00.000Z","kind":"\xff"}',
        b"[" * 5000,
        permit().encode() + b" ",
        permit(call="x" * 70000).encode(),
    ],
)
def test_anything_else_is_refused(raw):
    with pytest.raises(BadEvent):
        parse_event(raw)


@given(
    st.binary(max_size=60) | st.recursive(st.none() | st.text(), lambda s: st.lists(s)).map(lambda v: str(v).encode())
)
def test_rubbish_raises_only_our_error(raw):
    with pytest.raises(BadEvent):
        parse_event(raw)
