from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.errors import BadInput
from roomgate.hub.findings import report as reports
from roomgate.hub.findings.report import CheckReport
from support.findings import AT, judged, report

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


def read(*findings: dict[str, object], **more: object) -> CheckReport:
    return reports.check_report(msgspec.convert(report(*findings, **more), CheckReport), NOW)  # type: ignore[arg-type]


def test_a_whole_report_is_taken_with_all_that_it_says_beside() -> None:
    made = read(judged(), judged("K02", "pass"))
    assert (made.target, [one.outcome for one in made.findings]) == ("Our connector", ["fail", "pass"])


@pytest.mark.parametrize(
    "change",
    [
        {"target": ""}, {"target": "x" * 201}, {"target": "a\nb"}, {"target": 7}, {"began": "yesterday"}, {"began": ""},
        {"began": "2026-03-10T08:00:00"}, {"began": "2026-03-12T08:00:00Z"}, {"findings": []}, {"grade": "wonderful"},
        {"findings": [judged(), judged()]}, {"findings": [judged("K01'; drop")]}, {"findings": [judged("")]},
        {"findings": [judged(outcome="maybe")]}, {"findings": [judged(severity="awful")]}, {"findings": "K01"},
        {"findings": [judged(title="x" * 201)]}, {"findings": [judged(says="x" * 8001)]}, {"findings": [{"id": "K01"}]},
        {"findings": [judged(f"K{n}") for n in range(501)]},
    ],
)  # fmt: skip
def test_what_is_no_report_is_refused(change: dict[str, object]) -> None:
    with pytest.raises((BadInput, msgspec.ValidationError)):
        reports.check_report(msgspec.convert(report() | change, CheckReport), NOW)


@pytest.mark.parametrize(
    ("severity", "kept"),
    [("critical", "critical"), ("high", "critical"), ("medium", "warning"), ("low", "note"), ("info", "note")],
)
def test_a_fail_is_as_bad_as_its_score(severity: str, kept: str) -> None:
    made = read(judged(severity=severity))
    named = reports.named(made, made.findings[0])
    assert named is not None
    assert reports.severity_of(named) == kept
    assert named not in reports.others(made, made.findings[0])
    assert len(reports.others(made, made.findings[0])) == 3


def test_what_could_not_be_judged_is_a_note_and_closes_nothing() -> None:
    made = read(judged(outcome="inconclusive"))
    named = reports.named(made, made.findings[0])
    assert named is not None
    assert reports.severity_of(named) == "note"
    assert reports.others(made, made.findings[0]) == []
    assert "could not be judged" in reports.title_of(made, made.findings[0])
    assert "explain K01" in reports.mend_of(made.findings[0])


@pytest.mark.parametrize("outcome", ["pass", "not-applicable"])
def test_what_is_fine_is_no_finding_and_closes_all_that_was(outcome: str) -> None:
    made = read(judged(outcome=outcome))
    assert reports.named(made, made.findings[0]) is None
    assert {named.kind for named in reports.others(made, made.findings[0])} == {*reports.FAILS, "inconclusive"}


def test_two_targets_are_never_taken_for_one() -> None:
    keys = {
        reports.Named(target, check, "note").key for target, check in (("A", "K01"), ("A K01", "K01"), ("A\0", "K01"))
    }
    assert len(keys) == 3


def test_the_evidence_says_what_was_seen_where_and_who_published_it() -> None:
    points = [{"where": f"https://a.example/{n}", "what": "open"} for n in range(12)]
    made = read(judged(points=points))
    found = reports.evidence_of(made, made.findings[0], "Ada")
    assert found["published by"] == "Ada"
    assert found["seen"].splitlines()[0] == "https://a.example/0: open"
    assert found["seen"].splitlines()[-1] == "and 4 more"
    assert "CVSS" not in reports.evidence_of(read(judged(outcome="inconclusive")), read(judged(outcome="inconclusive")).findings[0], "Ada")  # fmt: skip


@pytest.mark.parametrize(
    ("than", "is_older"),
    [(None, False), ("", False), ("rubbish", False), (AT, False), ("2026-03-10T08:00:00.001Z", True)],
)
def test_an_older_report_says_nothing_against_what_came_later(than: str | None, is_older: bool) -> None:
    assert reports.older(read(), than) is is_older


@given(st.recursive(st.none() | st.text() | st.integers(), lambda s: st.lists(s) | st.dictionaries(st.text(), s)))
def test_rubbish_raises_only_our_errors(rubbish: object) -> None:
    with pytest.raises((BadInput, msgspec.ValidationError)):
        reports.check_report(msgspec.convert(rubbish, CheckReport), NOW)
