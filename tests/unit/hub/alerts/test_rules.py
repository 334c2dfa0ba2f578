"""What is wrong, and when that is told: raised after a while, ended after a while, once each."""

from datetime import UTC, datetime, timedelta

import pytest

from roomgate.hub.alerts.rules import (
    ConnectorFacts,
    Judged,
    Key,
    Kind,
    RoomFacts,
    Severity,
    Tracker,
    forgotten_call,
    gone,
    judge_connector,
    judge_findings,
    judge_hub,
    judge_plans,
    judge_room,
    order,
)
from roomgate.link.messages import CertificateEnd, Upkeep

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)


def room(state: str = "fine", *, linked: bool = True, trusted: bool = True, told: bool = True, **status: object):
    return judge_room(RoomFacts("room_1", trusted, linked, state, "", told, {"Status": status}), NOW)


def kept(*ends: str, call: str = "", call_at: str = "2026-03-10T08:00:00Z") -> Judged:
    certificates = [CertificateEnd("HTTPS", end) for end in ends]
    return judge_room(RoomFacts("room_1", True, True, "fine", upkeep=Upkeep("dev", certificates, call, call_at)), NOW)


def connector(linked: bool = True, came: int = 0, certificates: list[CertificateEnd] | None = None) -> Judged:
    return judge_connector(ConnectorFacts("c", linked, came, certificates), NOW)


def kinds(judged) -> list[str]:
    return [one.key.kind.value for one in judged.conditions]


@pytest.mark.parametrize(
    ("judged", "found"),
    [
        (room(), []),
        (room("offline"), ["room.offline"]),
        (room("quarantined"), ["room.quarantined"]),
        (room("locked"), []),
        (room("offline", linked=False), []),
        (room("offline", trusted=False), []),
        (room(Diagnostics={"Message": [{"id": 1, "Level": "Warning"}, {"id": 2, "Level": "OK"}]}), []),
        (room(Diagnostics={"Message": [{"id": 1, "Level": "Error"}, {"id": 2, "Level": "Critical"}]}), ["device.problem"]),
        (room(Diagnostics={"Message": [{"id": 1, "Level": "Error", "Type": "A"}, {"id": 2, "Level": "Error", "Type": "B"}]}), ["device.problem"] * 2),
        (room(Diagnostics={"Message": "nonsense"}), []),
        (room(told=False, Diagnostics={"Message": [{"id": 1, "Level": "Error"}]}), []),
        (room(Peripherals={"ConnectedDevice": [{"id": 1, "Name": "Pad", "Status": "LostConnection"}, {"id": 2, "Status": "Connected"}]}), ["peripheral.lost"]),
        (connector(), []),
        (connector(linked=False), ["connector.away"]),
        (connector(came=4), ["connector.flapping"]),
        (judge_findings([("f1", "critical", "x"), ("f2", "note", "y")], all_of_them=True), ["record.finding"]),
        (judge_plans([("p1", "Upgrade", "Two rooms failed.")], all_of_them=True), ["plan.halted"]),
    ],
)  # fmt: skip
def test_what_each_rule_finds(judged, found: list[str]) -> None:
    assert kinds(judged) == found


def test_the_worst_of_a_type_counts_and_what_a_device_says_is_a_bounded_line() -> None:
    notes = [
        {"id": 1, "Level": "Critical", "Description": "x\n\x1b[31m" + "y" * 999},
        {"id": 2, "Level": "Error", "Description": "less"},
    ]
    (one,) = room(Diagnostics={"Message": notes}).conditions
    assert one.severity is Severity.CRITICAL
    assert one.words.isprintable()
    assert len(one.words) < 310
    many = [{"id": n, "Level": "Error", "Type": f"T{n}"} for n in range(500)]
    assert len(room(Diagnostics={"Message": many}).conditions) == 20


def problem(level: str, said: str = ""):
    return room(Diagnostics={"Message": [{"id": 1, "Level": level, "Description": said}]})


def test_it_is_told_once_it_has_held_and_over_once_it_has_been_gone() -> None:
    tracker = Tracker(120)
    tracker.absorb(room("offline"), 0)
    assert not tracker.due(119)
    tracker.absorb(room("offline"), 119)
    assert [one.key.kind for one in tracker.due(120).raised] == [Kind.OFFLINE]
    assert not tracker.due(500)
    tracker.absorb(room(), 500)
    assert not tracker.due(619)
    tracker.absorb(room("offline"), 619)  # it was not gone for good
    assert not tracker.due(700)
    tracker.absorb(room(), 700)
    assert tracker.due(820).ended == (Key("room_1", Kind.OFFLINE, ""),)
    assert not tracker.open
    assert tracker.rooms() == frozenset()


def test_what_passes_quickly_is_never_told() -> None:
    tracker = Tracker(120)
    tracker.absorb(room("offline"), 0)
    tracker.absorb(room(), 60)
    assert not tracker.due(1000)
    tracker.absorb(room("quarantined"), 1000)
    assert tracker.due(1000).raised  # this does not wait


def test_what_is_not_known_neither_raises_nor_ends() -> None:
    tracker = Tracker(0)
    tracker.restore(room("offline").conditions)
    tracker.absorb(room(linked=False), 10)
    tracker.absorb(room(told=False, linked=False), 20)
    assert not tracker.due(1000)
    tracker.absorb(room(told=False), 1000)
    assert tracker.due(1000).ended == (Key("room_1", Kind.OFFLINE, ""),)


def test_a_problem_that_cannot_be_judged_while_the_device_is_away_stays() -> None:
    tracker = Tracker(0)
    tracker.absorb(room(Diagnostics={"Message": [{"id": 1, "Level": "Error"}]}), 0)
    assert tracker.due(0).raised
    tracker.absorb(room("offline"), 1)
    assert [one.key.kind for one in tracker.due(1).raised] == [Kind.OFFLINE]
    assert {key.kind for key in tracker.open} == {Kind.PROBLEM, Kind.OFFLINE}
    tracker.absorb(gone("room_1"), 2)
    assert len(tracker.due(2).ended) == 2


def test_other_words_are_the_same_alert_said_otherwise() -> None:
    tracker = Tracker(30)
    for said, at in (("a", 0), ("a", 30), ("b", 40)):
        tracker.absorb(problem("Error", said), at)
        news = tracker.due(at)
    assert (news.raised, len(news.changed), news.ended) == ((), 1, ())


def test_what_becomes_critical_is_another_alert_once_it_has_held_and_what_gets_better_is_the_same() -> None:
    tracker, found = Tracker(30), []
    for level, at in (
        ("Error", 0), ("Error", 30), ("Critical", 40), ("Error", 50), ("Critical", 60), ("Critical", 79),
        ("Critical", 80), ("Error", 90), ("Critical", 91),
    ):  # fmt: skip
        tracker.absorb(problem(level), at)
        news = tracker.due(at)
        found.append((at, len(news.ended), [one.severity.value for one in news.raised], len(news.changed)))
    assert [one for one in found if one[1:] != (0, [], 0)] == [
        (30, 0, ["warning"], 0), (80, 1, ["critical"], 0), (90, 0, [], 1),
    ]  # fmt: skip
    tracker.absorb(room(), 100)
    assert len(tracker.due(130).ended) == 1
    assert tracker.rooms() == frozenset()


def test_of_more_than_are_looked_at_none_is_over() -> None:
    tracker = Tracker(0)
    tracker.absorb(judge_findings([("f", "warning", "x")], all_of_them=False), 0)
    tracker.absorb(judge_plans([("p", "Upgrade", "x")], all_of_them=False), 0)
    assert len(tracker.due(0).raised) == 2
    tracker.absorb(judge_findings([("g", "warning", "x")], all_of_them=False), 1)
    tracker.absorb(judge_plans([], all_of_them=False), 1)
    news = tracker.due(1)
    assert ([one.key.subject for one in news.raised], news.ended) == (["g"], ())


def test_connectors_and_findings_are_told_apart() -> None:
    tracker = Tracker(0)
    for name in ("a", "b"):
        tracker.absorb(judge_connector(ConnectorFacts(name, linked=False), NOW), 0)
    tracker.absorb(judge_findings([("f", "warning", "x")], all_of_them=True), 0)
    assert len(tracker.due(0).raised) == 3
    tracker.absorb(judge_connector(ConnectorFacts("a", linked=True), NOW), 1)
    tracker.absorb(judge_findings([], all_of_them=True), 1)
    assert {key.subject for key in tracker.due(1).ended} == {"a", "f"}
    assert tracker.connectors() == {"b"}
    tracker.absorb(gone(connector="b"), 2)
    assert tracker.due(2).ended


def test_what_to_do_first_comes_first() -> None:
    said = [("peripheral.lost", "warning"), ("room.offline", "critical"), ("what.next", "warning"), ("connector.away", "critical")]  # fmt: skip
    first = sorted(said, key=lambda one: order(*one))
    assert [kind for kind, _ in first] == ["connector.away", "room.offline", "peripheral.lost", "what.next"]


@pytest.mark.parametrize(
    ("ends", "severity", "words"),
    [
        ("2026-04-09T09:00:01Z", None, ""),
        ("2026-04-09T09:00:00Z", Severity.WARNING, "within 30 days"),
        ("2026-03-17T09:00:00Z", Severity.CRITICAL, "within 7 days"),
        ("2026-03-10T09:00:00Z", Severity.CRITICAL, "has ended"),
        ("no time", None, ""),
    ],
)
def test_a_certificate_is_told_in_time(ends: str, severity: Severity | None, words: str) -> None:
    found = kept(ends).conditions
    assert [one.severity for one in found] == ([severity] if severity else [])
    assert all(words in one.words for one in found)


def test_a_certificate_is_one_alert_until_another_takes_its_place() -> None:
    tracker = Tracker(0)
    tracker.absorb(kept("2026-04-01T00:00:00Z"), 0)
    (raised,) = tracker.due(0).raised
    assert raised.key.subject == "HTTPS 2026-04-01"
    tracker.absorb(judge_room(RoomFacts("room_1", True, True, "offline", upkeep=Upkeep("dev")), NOW), 1)
    assert [one.key.kind for one in tracker.due(1).raised] == [Kind.OFFLINE]  # of certificates it was not told
    assert raised.key in tracker.open
    tracker.absorb(kept("2027-04-01T00:00:00Z"), 3)
    assert Key("room_1", Kind.CERTIFICATE, "HTTPS 2026-04-01") in tracker.due(3).ended


def test_a_connector_and_the_hub_are_told_of_apart() -> None:
    tracker, end = Tracker(0), NOW + timedelta(days=3)
    tracker.absorb(connector(certificates=[CertificateEnd("hub_ca", "2026-03-13T09:00:00Z")]), 0)
    tracker.absorb(judge_hub([("certificate", end)], NOW), 0)
    subjects = [one.key.subject for one in tracker.due(0).raised]
    assert subjects == ["c · hub_ca 2026-03-13", "hub · certificate 2026-03-13"]
    assert tracker.connectors() == {"c"}
    tracker.absorb(connector(linked=False), 1)  # away: of its certificates nothing is known
    tracker.absorb(judge_hub([], NOW), 1)
    assert [key.subject for key in tracker.due(1).ended] == ["hub · certificate 2026-03-13"]
    tracker.absorb(gone(connector="c"), 2)
    assert {key.subject for key in tracker.due(2).ended} == {"c", "c · hub_ca 2026-03-13"}


@pytest.mark.parametrize(
    ("call", "at", "words"),
    [
        ("fine", "2026-03-10T08:00:00Z", []),
        ("not-found", "2026-03-10T08:00:00Z", ["A call failed: the far end was not found."]),
        ("sip:eve@example.com", "2026-03-10T08:00:00Z", ["A call failed."]),
        ("network", "2026-03-09T09:00:00Z", []),
        ("network", "then", []),
    ],
)
def test_the_last_call_is_told_where_it_failed_of_late(call: str, at: str, words: list[str]) -> None:
    assert [one.words for one in kept(call=call, call_at=at).conditions] == words


def test_a_failed_call_is_one_alert_until_one_is_made() -> None:
    tracker = Tracker(0)
    for seconds, call in enumerate(("network", "network", "not-found", "")):
        tracker.absorb(kept(call=call), seconds)
        news = tracker.due(seconds)
        assert (len(news.raised), len(news.changed), news.ended) == ([1, 0, 0, 0][seconds], [0, 0, 1, 0][seconds], ())
    for end in (kept(call="fine"), forgotten_call("room_1")):
        again = Tracker(0)
        again.restore(tracker.open.values())
        again.absorb(end, 9)
        assert [key.kind for key in again.due(9).ended] == [Kind.CALL]
