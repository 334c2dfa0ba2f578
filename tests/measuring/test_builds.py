"""What each measurement makes of its samples: pure, so tried on samples of our own."""

import pytest

from bench.measurements import (
    check_report,
    command,
    connector,
    cut,
    fleet,
    growth,
    invitations,
    mirror,
    read,
    rooms_page,
    settings,
    start,
    throughput,
)
from bench.measurements.asking import HUB, NGINX
from bench.measurements.connector import GOES_UP, STAYS, Memory, Windows
from bench.measurements.cut import Fell
from bench.measurements.growth import Grown
from bench.measurements.rooms_page import Loads
from bench.measurements.throughput import Seen
from bench.result import Result
from bench.town import some_settings


def by_id(result: Result) -> dict[str, float]:
    return {one.id: one.measured for one in result.judged}


def took(ours: float, theirs: float) -> dict[str, dict[str, list[list[float]]]]:
    return {
        how: {HUB: [[ours] * 99 + [ours * 6]] * 3, NGINX: [[theirs] * 100] * 3} for how in ("one", "paced", "at once")
    }


def test_a_read_is_held_against_the_proxies_and_its_tail_against_itself():
    found = read.build(took(1500.0, 400.0))
    assert by_id(found) == pytest.approx({"read.one.p50": 1.1, "read.paced.p99": 1.0, "read.at-once.p99": 1.0})
    slow = took(1500.0, 400.0)
    slow["paced"][HUB] = [[1000.0] * 95 + [9000.0] * 5] * 3
    assert by_id(read.build(slow))["read.paced.p99"] == pytest.approx(9.0)


def test_a_command_is_held_against_its_own_repeats_read_and_flushes():
    reads, flushes = [[1000.0], [2000.0], [3000.0]], [[500.0], [600.0], [700.0]]
    commands = took(0.0, 400.0)
    commands["one"][HUB] = [[2100.0], [3300.0], [4700.0]]
    (target,) = command.build(reads, flushes, commands).judged
    assert (target.measured, target.low, target.high) == pytest.approx((0.1, 0.1, 0.3))
    assert target.met


def test_throughput_tells_each_process():
    seen = Seen([900.0, 1000.0], {"hub": [500.0, 600.0], "connector": [400.0, 300.0]}, {"hub": [0.9, 0.9], "connector": [0.4, 0.4]})  # fmt: skip
    result = throughput.build({kind: {HUB: seen, NGINX: seen} for kind in ("read", "command")})
    assert by_id(result) == {"throughput.read": 950.0, "throughput.command": 950.0}
    assert ["reads, roomgate", "together", "900 (900–900)", "130%"] in result.tables[0].rows


def test_the_cut_is_judged_by_the_last_frame():
    fell = Fell([[10.0] * 98 + [400.0] * 2], [[20.0] * 100], {"socket": [[1.0]], "events": [[2.0]]}, [[5.0]])
    result = cut.build({"at once": fell, "one by one": fell}, 50)
    assert by_id(result) == {"cut.at-once.p99": 400.0, "cut.one-by-one.p99": 400.0}
    assert not any(one.met for one in result.judged)


def test_memory_is_counted_for_each_room_beyond_the_first_and_time_for_a_thousand_messages():
    windows = Windows([500.0, 500.0], [0.05, 0.06], [0.01, 0.01], [0.02, 0.02])
    quiet = Windows([0.0, 0.0], [0.01, 0.01], [0.0, 0.0], [0.0, 0.0])
    result = connector.build(
        Memory(60_000, 160_000, 2001), Memory(16_000, 136_000, 2001), 160_000, {"": quiet, STAYS: windows, GOES_UP: windows}
    )  # fmt: skip
    assert by_id(result) == pytest.approx({"connector.memory": 50.0, "connector.cpu": 11.0})


def test_the_mirror_is_judged_by_what_comes_through_and_how_soon():
    burst = mirror.Burst([80_000] * 3, [9990.0] * 3, [100.0, 120.0, 1500.0], [0, 0, 2], [0.5] * 3, [0.1] * 3)
    fine = mirror.Burst([80_000], [9990.0], [90.0], [0], [0.5], [0.1])
    result = mirror.build({"all": burst, "half": fine}, 1000)
    assert by_id(result) == {"mirror.late": 110.0, "mirror.lost": 2.0}
    assert [one.met for one in result.judged] == [True, False]


def test_starts_are_judged_by_what_each_program_says():
    result = start.build({"hub": [1.0, 3.0, 2.5], "connector": [1.0]}, {"help": [100.0, 120.0], "python": [20.0]})
    assert by_id(result) == {"start.hub": 2.5, "start.connector": 1.0, "start.help": 110.0}
    assert [one.met for one in result.judged] == [False, True, True]


def test_the_page_is_judged_with_the_most_rooms():
    small, large = Loads([9e4], [8e4], [2e4], [90.0], [95.0]), Loads([1.2e5], [8e4], [4e4], [150.0], [160.0])
    result = rooms_page.build({10: (small, [50.0]), 5000: (large, [90.0, 120.0])})
    assert by_id(result) == {"rooms-page.bytes": 120.0, "rooms-page.first": 150.0, "rooms-page.update": 105.0}


def test_the_settings_are_judged_by_the_slowest_and_the_heaviest_of_their_pages():
    cpu = {name: [9.0] for name in ("hub", "connector", "sim")}
    pages = {
        "a": settings.Opened([240.0, 260.0], [240.0, 260.0], [5e4], [50.0], [280.0], cpu),
        "b": settings.Opened([100.0, 120.0], [300.0, 360.0], [8e4], [90.0], [290.0], cpu),
    }
    smallest = settings.Opened([900.0], [900.0], [9e4], [20.0], [950.0], cpu)  # it stands beside them
    result = settings.build(pages, {"smallest": smallest}, [30.0, 40.0], 1000)
    assert by_id(result) == {"settings-page.first": 330.0, "settings-page.bytes": 80.0}


def test_growth_names_the_cost_that_grows_most():
    grown = Grown({"flat": {10: 1.0, 100: 1.0}, "steep": {10: 1.0, 100: 100.0}})
    result = growth.build(dict.fromkeys(("rooms", "people", "entries"), grown))
    assert by_id(result) == pytest.approx({"growth.rooms": 2.0, "growth.people": 2.0, "growth.entries": 2.0})
    assert all(one.how.startswith("steep") for one in result.judged)
    assert {plot.name for plot in result.plots} == {"growth-rooms", "growth-people", "growth-entries"}


def test_a_plan_is_told_in_seconds_and_its_application_against_the_devices_own_rate():
    result = fleet.build(2000, 8000, [10.0, 12.0, 11.0], [8.8, 9.6, 9.2], [])
    assert by_id(result) == pytest.approx({"fleet.plan": 11.0, "fleet.apply": 9.2 / 8.0})
    assert all(one.met for one in result.judged)
    assert len(some_settings(fleet.SETTINGS)) == fleet.SETTINGS


def test_invitations_are_rated_by_their_mean_and_judged_by_the_slowest():
    found = invitations.build(
        [[0.1] * 99 + [10.1]] * 3, [[1.0] * 99 + [4.0]] * 3, [[1.0, 40.0], [1.0, 44.0], [1.0, 42.0]], 300, ["a"]
    )
    assert by_id(found) == pytest.approx(
        {
            "invitations.own": 5000.0,
            "invitations.whole": 100_000 / 103,
            "invitations.p99": 1.0,
            "invitations.worst": 42.0,
            "invitations.right": 100 * 299 / 300,
        }
    )
    assert found.notes == ["Not right yet: `a`."]


def test_an_invitation_is_right_where_each_of_its_meetings_leads_where_it_should():
    cases = {case.name: case for case in invitations.load_cases()}
    assert invitations.is_right(cases["zoom-link-only"])
    assert invitations.is_right(cases["bad-rubbish"])
    other = invitations.Case("x", cases["zoom-link-only"].raw, cases["webex-personal-room"].expected)
    assert not invitations.is_right(other)
    assert not invitations.is_right(invitations.Case("x", b"rubbish", cases["zoom-link-only"].expected))
    assert not invitations.is_right(
        invitations.Case("x", cases["zoom-link-only"].raw, {"error": "meeting.invitation.bad"})
    )


def test_a_report_is_held_against_two_seconds():
    made = {"all forms, sealed": [1.0, 2.5, 1.5], "proven whole": [0.1]}
    found = check_report.build(made, 100, 40.0)
    assert by_id(found) == {"check-report.whole": 1.5}
    assert found.judged[0].met
    assert "600 requests" in found.judged[0].how


def test_the_run_that_is_reported_on_is_as_large_as_it_is_said_to_be():
    looks, checks = check_report.build_looks(3), check_report.build_checks(3)
    assert len(looks["links"].steps) == 3 * check_report.EACH
    assert len({step.body_sha256 for step in looks["links"].steps}) == 3 * check_report.EACH
    assert [one.id for one in checks] == [f"K{n:02}" for n in range(1, 31)]
