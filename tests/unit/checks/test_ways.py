"""Redirects that were followed belong to what led to them; what was asked by itself stands alone."""

from hypothesis import given, settings

from roomgate.checks.snapshot import Exchange
from roomgate.checks.ways import leads, ways_of
from support.odd_snapshots import odd_snapshots


def step(url, status=200, location=""):
    headers = (("Location", location),) if location else ()
    return Exchange(label="x", t=0, at="", method="GET", url=url, status=status, headers=headers)


def test_a_way_goes_on_while_each_answer_leads_to_the_next():
    one = [
        step("http://a.example/", 301, "/b"),
        step("http://a.example/b", 302, "https://a.example/"),
        step("https://a.example/"),
    ]
    other = [step("http://b.example/", 302, "http://c.example/")]
    assert ways_of([*one, *other, step("http://d.example/")]) == [one, other, [step("http://d.example/")]]


def test_only_a_redirect_leads_anywhere():
    assert leads(step("http://a.example/x/y", 302, "../z")) == "http://a.example/z"
    assert leads(step("http://a.example/", 200, "/z")) == ""
    assert leads(step("http://a.example/", 302)) == ""
    assert leads(step("http://a.example/", 302, "http://[")) == ""


@settings(max_examples=40)
@given(odd_snapshots(["x"]))
def test_no_step_is_lost(snapshot):
    steps = snapshot.of(Exchange)
    assert [one for way in ways_of(steps) for one in way] == steps
