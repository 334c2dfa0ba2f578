"""A finding tells the check's words, the score of what was seen, and where the evidence is."""

from roomgate.checks.finding import build_finding
from roomgate.checks.outcome import Outcome, failed, passed
from roomgate.checks.snapshot import Render, Snapshot
from support.reports import AT, VECTORS, check

CHECK = check("K06", passed("Fine."), look="pages")


def shown(picture):
    return Render(label="x", t=0.0, at=AT, url="https://target.example/", picture=picture)


def test_it_carries_what_the_check_says_of_itself():
    found = build_finding(CHECK, None, passed("Fine."))
    assert (found.id, found.title, found.mend) == ("K06", CHECK.title, CHECK.remedy)
    assert (found.procedure, found.mistaken, found.sources) == (CHECK.procedure, CHECK.mistaken, CHECK.sources)
    assert (found.outcome, found.weight, found.tier, found.look) == (Outcome.PASS, "required", 0, "pages")


def test_the_score_is_of_what_was_seen_where_that_is_milder_or_worse():
    assert build_finding(CHECK, None, failed("Open.")).severity == "high"
    milder = build_finding(CHECK, None, failed("Open.", vector=VECTORS["low"]))
    assert (milder.severity, milder.score, milder.vector) == ("low", 2.1, VECTORS["low"])


def test_the_evidence_is_the_look_and_its_pictures_each_once():
    snapshot = Snapshot(look="pages", steps=(shown("b.png"), shown("a.png"), shown("b.png"), shown("")))
    found = build_finding(CHECK, snapshot, failed("Alike."))
    assert found.evidence == ("looks/pages.json", "evidence/a.png", "evidence/b.png")


def test_a_look_that_saw_nothing_is_no_evidence():
    assert build_finding(CHECK, Snapshot(look="pages"), passed("Fine.")).evidence == ()
    assert build_finding(CHECK, None, passed("Fine.")).evidence == ()
