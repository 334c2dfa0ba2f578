"""SARIF 2.1.0: valid by the standard's own schema, and told by the right kind and level."""

import json

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from roomgate.checks.outcome import Outcome, failed, passed
from roomgate.checks.report.report import File
from roomgate.checks.report.sarif import address, fingerprint, render_sarif, text
from support.hostile_words import LINES, hostile_report
from support.node import node_modules
from support.reports import check, report_of


@pytest.fixture(scope="module")
def schema():
    """The standard's own, as npm's @microsoft/jest-sarif carries it."""
    home = node_modules("@microsoft/jest-sarif")
    whole = json.loads((home / "@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json").read_text("utf-8"))
    for kind in ("run", "toolComponent"):
        del whole["definitions"][kind]["properties"]["language"]["pattern"]  # its expression is no ECMA 262 one
    return jsonschema_rs.validator_for(whole, validate_formats=True)


def complaints(schema, raw):
    return [f"{list(one.instance_path)}: {one.message}"[:300] for one in schema.iter_errors(json.loads(raw))]


def run_of(report):
    (run,) = json.loads(render_sarif(report))["runs"]
    return run


def test_it_is_valid(schema):
    files = (File(name="looks/a b.json", sha256="ab" * 32, size_bytes=7),)
    assert complaints(schema, render_sarif(replace(report_of(), files=files))) == []
    assert complaints(schema, render_sarif(report_of([]))) == []


def test_the_schema_notices_a_wrong_one(schema):
    broken = json.loads(render_sarif(report_of()))
    broken["runs"][0]["results"][0]["level"] = "catastrophe"
    assert complaints(schema, json.dumps(broken)) != []


def test_kind_and_level_say_what_came_of_it():
    told = {one["ruleId"]: (one["kind"], one["level"]) for one in run_of(report_of())["results"]}
    assert told == {
        "K01": ("fail", "error"), "K06": ("fail", "error"), "K30": ("fail", "error"), "K10": ("fail", "warning"),
        "K11": ("fail", "note"), "K29": ("fail", "note"), "K02": ("open", "none"), "K21": ("open", "none"),
        "K03": ("pass", "none"), "K13": ("pass", "none"), "K25": ("notApplicable", "none"),
    }  # fmt: skip


def test_a_result_points_at_its_rule_and_a_rule_at_its_weakness():
    run = run_of(report_of())
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[one["ruleIndex"]]["id"] == one["ruleId"] for one in run["results"])
    taxa = run["taxonomies"][0]["taxa"]
    for rule in rules:
        for relation in rule["relationships"]:
            assert taxa[relation["target"]["index"]]["id"] == relation["target"]["id"]
    assert rules[0]["properties"]["security-severity"] == "10.0"
    assert {"security", "external/cwe/cwe-306"} <= set(rules[0]["properties"]["tags"])
    assert "Mend what K01 names." in rules[0]["help"]["text"]


def test_where_it_was_seen():
    results = {one["ruleId"]: one for one in run_of(report_of())["results"]}
    place = results["K01"]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert place == "https://connector.example.com/d/7f3a91"
    cut = results["K30"]
    assert cut["locations"][0]["logicalLocations"] == [{"fullyQualifiedName": "the administrator leaves, request"}]
    assert cut["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "https://connector.example.com/"
    assert len(cut["relatedLocations"]) == 5


def test_the_same_weakness_has_the_same_fingerprint_run_after_run():
    one = report_of([check("K01", failed("Open."))]).findings[0]
    again = report_of([check("K01", passed("Shut."))]).findings[0]
    assert fingerprint(one, "a") == fingerprint(again, "a")
    assert len({fingerprint(one, "a"), fingerprint(one, "b"), fingerprint(replace(one, id="K02"), "a")}) == 3


@pytest.mark.parametrize(
    "line", [line for line in LINES if line != "\ud800"]
)  # no file that we read can hold half a sign
def test_hostile_words_are_inert_and_valid(schema, line):
    raw = render_sarif(hostile_report(line))
    assert complaints(schema, raw) == []
    assert b"\\u001b" not in raw


@given(st.text(max_size=60))
@settings(max_examples=60)
def test_no_text_at_all_makes_it_invalid(schema, words):
    assert complaints(schema, render_sarif(hostile_report(words))) == []


@given(st.text(max_size=60))
def test_a_message_has_no_link_and_no_placeholder(words):
    made = text(words)
    bare = made.replace("\\\\", "").replace("\\[", "").replace("\\]", "").replace("{{", "").replace("}}", "")
    assert not set("[]{}\\") & set(bare)


@pytest.mark.parametrize(
    ("where", "made"),
    [
        ("https://a.example/b?c=d#e", "https://a.example/b?c=d#e"),
        ("https://a.example/b c", "https://a.example/b%20c"),
        ("https://a.example/%zz%20", "https://a.example/%25zz%20"),
        ("https://a.example/#a#b", "https://a.example/#a%23b"),
        ("https://a.example/ø", "https://a.example/%C3%B8"),
        ("https://a.example/<>\"`|^", "https://a.example/%3C%3E%22%60%7C%5E"),
    ],
)  # fmt: skip
def test_addresses(where, made):
    assert address(where) == made


def test_every_outcome_has_a_kind():
    assert {one["kind"] for one in run_of(report_of())["results"]} == {"fail", "pass", "open", "notApplicable"}
    assert len(Outcome) == 4
