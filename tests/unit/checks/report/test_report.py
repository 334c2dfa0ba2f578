"""The report: built from a run alone, what matters most first, and read back as it was written."""

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.checks.outcome import Outcome, Point, failed, passed
from roomgate.checks.report.report import (
    SHOWN_MOST,
    Allowed,
    build_report,
    decode_report,
    describe,
    encode_report,
    tally,
)
from roomgate.checks.snapshot import Act, Fact, Frame, Render, Told
from roomgate.errors import BadInput
from support.reports import AT, RUN, check, exchange, mixed, report_of, snapshots, target_of

BASE = {"label": "here", "t": 1.5, "at": AT}


def test_it_says_what_was_allowed_asked_and_found():
    found = report_of(links=5)
    assert found.authorisation == Allowed(
        text="The owner of the service allows these checks from 1 to 31 March.", by="Head of IT security",
        until=target_of().authorisation.until,
    )  # fmt: skip
    assert (found.requests, found.pages, found.grade) == (7, 1, "F")
    assert found.counts == {"pass": 2, "fail": 6, "inconclusive": 2, "not-applicable": 1}
    assert sum(found.counts.values()) == len(found.findings)
    assert (found.began, found.ended) == (AT, "2026-03-10T09:04:00.000Z")
    assert [(one.look, one.ended) for one in found.looks] == [
        ("cutting", "failed"),
        ("links", "done"),
        ("pages", "done"),
    ]


def test_what_alone_decides_comes_first_and_then_the_worst():
    assert [one.id for one in report_of().of(Outcome.FAIL)] == ["K01", "K06", "K30", "K10", "K11", "K29"]
    fatal = [check("K02", failed("x"), severity="critical"), check("K04", failed("x"), severity="low")]
    assert [one.id for one in report_of(fatal).of(Outcome.FAIL)] == ["K04", "K02"]
    assert tally(report_of().findings) == {"critical": 1, "high": 2, "medium": 1, "low": 1, "info": 1}


def test_a_run_of_some_checks_is_reported_on_those_alone():
    found = report_of(run=msgspec.structs.replace(RUN, only=("K10",)))
    assert [one.id for one in found.findings] == ["K10"]
    assert found.grade == "-"
    assert "K01 was not among the checks" in found.why[0]


def test_the_steps_that_findings_point_at_are_told():
    found = report_of()
    assert set(found.seen) == {"links#0", "links#1", "pages#2"}
    assert found.seen["links#0"].startswith(f"{AT} GET https://connector.example.com/d/000000?a=1&b=: 200, ")
    assert "in a browser: Sign in" in found.seen["pages#2"]


@pytest.mark.parametrize("steps", [(99,), (-1,), tuple(range(-5, 200))])
def test_a_number_that_no_step_has_is_told_of_no_step(steps):
    pointing = check("K01", failed("x", [Point("here", "this", steps)]))
    found = report_of([pointing], links=100)
    assert all(0 <= int(name.split("#")[1]) < 100 for name in found.seen)
    assert len(found.seen) <= SHOWN_MOST


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (exchange(1, status=0, fault="timeout"), "no answer (timeout)"),
        (exchange(1, body_bytes=0), "200, an empty body"),
        (exchange(1, subject="alice"), "as alice: 200"),
        (Frame(channel="ws", way="received", text="hello", **BASE), "ws received: hello"),
        (Render(url="https://target.example/", **BASE), "in a browser: without a title"),
        (Act(name="leave", how="by hand", ok=False, **BASE), "leave, by hand: not done"),
        (Told(question="Is there a notice?", answer="no", **BASE), "They said: no"),
        (Fact(name="ports", value={"443": "open"}, **BASE), "ports: 443 open"),
        (
            Fact(name="watched", value={"last_s": 20.5, "proven": True, "end": None}, **BASE),
            "last s 20.5, proven yes, end –",
        ),
        (Fact(name="signin.html", value="<p>Hello</p>", **BASE), "signin.html: a page of 12 characters"),
    ],
)
def test_each_kind_of_step_has_its_line(step, words):
    assert words in describe(step)


def test_a_step_of_any_length_is_one_short_line():
    assert len(describe(Fact(name="x" * 5000, **BASE))) <= 600


def test_it_reads_back_as_it_was_written():
    assert decode_report(encode_report(report_of())) == report_of()


def test_the_form_that_scripts_rely_on():
    told = msgspec.json.decode(encode_report(report_of()))
    assert {"grade", "points", "why", "findings"} <= told.keys()
    assert {"id", "outcome", "severity", "title", "evidence", "mend"} <= told["findings"][0].keys()


@given(st.binary(max_size=60) | st.sampled_from([b"[" * 9000, b"{}", b'{"grade": 1}']))
def test_rubbish_raises_only_our_error(raw):
    with pytest.raises(BadInput):
        decode_report(raw)


def test_another_form_is_not_read_as_this_one():
    later = encode_report(msgspec.structs.replace(report_of(), format="roomgate-check-report/2"))
    with pytest.raises(BadInput, match="another form"):
        decode_report(later)


def test_nothing_looked_at_is_nothing_passed():
    found = build_report(RUN, {}, target_of(), [check("K01", passed("Fine."))])
    assert found.counts["inconclusive"] == 1
    assert found.grade == "-"


def test_a_tier_that_is_not_known_has_a_word():
    assert msgspec.structs.replace(report_of(), tier=9).tier_words == "unknown"
    assert report_of().tier_words == "outside only"


def test_a_judgement_may_say_that_its_own_case_is_another():
    mild = replace(check("K01", failed("x", vector="")), id="K10")
    assert build_report(RUN, snapshots(), target_of(), [mild, *mixed()]).findings[0].id == "K10"
