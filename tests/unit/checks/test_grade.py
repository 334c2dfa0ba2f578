"""The formula of the grade, and that no weakness ever makes it better."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from roomgate.checks.finding import Finding
from roomgate.checks.grade import COSTS, grade
from roomgate.checks.outcome import Outcome

ORDER = ["A", "B", "C", "D", "E", "-", "F"]


def finding(id="K10", outcome=Outcome.PASS, severity="medium", weight="counted"):
    return Finding(id=id, outcome=outcome, severity=severity, title=f"{id} is wrong", says="", mend="", weight=weight)


SOUND = [
    finding("K01", severity="critical", weight="fatal"), finding("K02", severity="critical", weight="required"),
    finding("K03", severity="critical", weight="fatal"), finding("K05", severity="high", weight="required"),
    finding("K10"), finding("K11", severity="low"), finding("K29", severity="info", weight="info"),
]  # fmt: skip
FINDINGS = st.lists(
    st.tuples(st.sampled_from(SOUND), st.sampled_from(Outcome)), unique_by=lambda pair: pair[0].id, max_size=len(SOUND)
).map(lambda pairs: [replace(one, outcome=outcome) for one, outcome in pairs])


def changed(**outcomes):
    return [replace(one, outcome=Outcome(outcomes.get(one.id, one.outcome))) for one in SOUND]


def test_all_sound_is_an_a():
    found = grade(SOUND)
    assert (found.letter, found.points, found.why) == ("A", 100, ())


def test_what_decides_alone_decides():
    found = grade(changed(K03="fail"))
    assert (found.letter, found.points) == ("F", 70)
    assert found.why == ("K03 fails: K03 is wrong.",)


def test_each_severity_costs_what_is_published():
    for id in ("K02", "K05", "K10", "K11", "K29"):
        one = next(one for one in SOUND if one.id == id)
        assert grade(changed(**{id: "fail"})).points == 100 - COSTS[one.severity]


def test_the_steps_are_those_of_the_page():
    lows = [finding(f"K{n}", Outcome.FAIL, "low") for n in range(40, 62)]
    letters = [grade([SOUND[0], *lows[:n]]).letter for n in (0, 1, 2, 6, 7, 13, 14, 20, 21)]
    assert letters == ["A", "A", "B", "B", "C", "C", "D", "D", "E"]


def test_no_a_while_a_required_check_is_not_a_pass():
    found = grade(changed(K05="inconclusive"))
    assert (found.letter, found.points) == ("B", 100)
    assert found.why == ("No A before these are judged: K05.",)
    assert grade(changed(K05="not-applicable")).letter == "A"


def test_a_required_check_that_informs_only_still_holds_back_an_a():
    cut = finding("K30", Outcome.FAIL, "info", "required")
    found = grade([*SOUND, cut])
    assert (found.letter, found.points) == ("B", 100)
    assert found.why == ("K30 fails: K30 is wrong.",)


def test_without_k01_there_is_no_grade_and_no_fault():
    assert grade(changed(K01="inconclusive")).letter == "-"
    assert grade(SOUND[1:]).letter == "-"
    assert grade([]).letter == "-"
    assert grade(changed(K01="inconclusive", K03="fail")).letter == "F"


@given(FINDINGS, st.data())
def test_one_more_fail_is_never_a_better_grade(findings, data):
    if not findings:
        return
    worse = data.draw(st.integers(0, len(findings) - 1))
    after = [replace(one, outcome=Outcome.FAIL) if n == worse else one for n, one in enumerate(findings)]
    old, new = grade(findings), grade(after)
    assert new.points <= old.points
    assert old.letter == "-" or ORDER.index(new.letter) >= ORDER.index(old.letter)


@given(FINDINGS, st.data())
def test_what_is_no_longer_known_is_never_a_better_grade(findings, data):
    sound = [n for n, one in enumerate(findings) if one.outcome in (Outcome.PASS, Outcome.NOT_APPLICABLE)]
    if not sound:
        return
    lost = data.draw(st.sampled_from(sound))
    after = [replace(one, outcome=Outcome.INCONCLUSIVE) if n == lost else one for n, one in enumerate(findings)]
    assert ORDER.index(grade(after).letter) >= ORDER.index(grade(findings).letter)


@given(FINDINGS)
def test_whatever_was_judged_gives_a_grade_with_its_reason(findings):
    found = grade(findings)
    assert found.letter in ORDER
    assert 0 <= found.points <= 100
    assert found.letter not in ("F", "-") or found.why
    assert grade(list(reversed(findings))).letter == found.letter
