from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from roomgate.access.capability import Capability
from roomgate.access.decision import Facts
from roomgate.access.grant import Grant, Lock
from roomgate.hub.grants.answer import AGAINST, ASKS, COLUMNS, build_row, find_subject
from roomgate.hub.grants.store import GrantRecord, LockRecord
from roomgate.ids import GrantId, LockId, PersonId, RoomId

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
WORDS = {word: word for word in AGAINST}
LOCK = LockRecord(Lock(LockId("lock_1"), "room", "room_1", ""), PersonId("ada"), 1, "")


def record(*capabilities: str, paused: bool = False, minutes: int = 10, used: int = 0, **more) -> GrantRecord:
    grant = Grant(
        GrantId("grant_1"), PersonId("p"), frozenset({RoomId("room_1")}), frozenset(map(Capability, capabilities)),
        "a visit", NOW, NOW + timedelta(minutes=minutes), PersonId("ada"), 1, paused,
    )  # fmt: skip
    return GrantRecord(replace(grant, **more), 1, None, None, used)


def row(of: GrantRecord, locks: tuple[LockRecord, ...] = (), active: bool = True, now: datetime = NOW):
    facts = Facts(active, True, (of.grant,), uses={of.grant.id: of.used})
    return build_row(of, locks, facts, name="guest", by="ada", inside=False, words=WORDS, now=now)


def test_each_column_says_what_the_grant_gives_and_what_the_room_is_asked_about() -> None:
    said = row(record("observe", "call", "privacy"))
    assert said.may == {"see": "yes", "bookings": "no", "call": "ask", "sound": "no", "mic": "ask", "set": "no"}
    assert (said.against, said.reason, said.until) == ("", "a visit", NOW + timedelta(minutes=10))
    everything = row(record(*(c.value for c in Capability))).may
    assert {column for column, answer in everything.items() if answer == "ask"} == ASKS
    assert set(everything) == set(COLUMNS)


@pytest.mark.parametrize(
    ("said", "against"),
    [
        (row(record("observe"), (LOCK,)), "locked"),
        (row(record("observe"), active=False), "disabled"),
        (row(record("observe", paused=True)), "paused"),
        (row(record("observe"), now=NOW + timedelta(minutes=10)), "over"),
        (row(record("observe"), now=NOW - timedelta(minutes=10)), "later"),
        (row(record("observe", only_booked=True)), "not-booked"),
        (row(record("observe", paused=True), (LOCK,), active=False), "locked"),
    ],
)
def test_what_forbids_it_now_is_said_and_takes_every_yes(said, against: str) -> None:
    assert said.against == against
    assert (said.may["see"], said.may["call"]) == ("locked", "no")


def test_what_is_used_up_still_looks() -> None:
    said = row(record("observe", "bookings", "call", "av-control", most_uses=2, used=2))
    assert said.against == "spent"
    assert said.may == {"see": "yes", "bookings": "yes", "call": "locked", "sound": "locked", "mic": "no", "set": "no"}


@pytest.mark.parametrize(
    ("asked", "subject"),
    [
        ("who is in Oslo?", ("room", "oslo")),
        ("who is in oslo-2 now", ("room", "oslo-2")),
        ("what may ADA do", ("person", "Ada")),
        ("may ada enter oslo", ("room", "oslo")),
        ("anything else", None),
        ("", None),
    ],
)
def test_a_question_names_a_room_or_a_person_and_the_longest_name_wins(asked: str, subject: object) -> None:
    assert find_subject(asked, ["oslo", "oslo-2"], ["Ada", "guest"]) == subject
