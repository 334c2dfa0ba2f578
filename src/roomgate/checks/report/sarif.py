"""The report as SARIF 2.1.0 (OASIS), for code scanners and their dashboards. Pure.

Every check is a rule. A fail is a result of kind ``fail`` with a level by its severity; a pass, what could not be judged
(``open``) and what does not apply are results of those kinds, so that a reader sees what was looked at at all.
"""

import hashlib
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from roomgate.checks.finding import Finding
from roomgate.checks.outcome import Outcome, Point
from roomgate.checks.report.report import Report
from roomgate.redact import foreign

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
KINDS = {
    Outcome.FAIL: "fail", Outcome.PASS: "pass", Outcome.INCONCLUSIVE: "open", Outcome.NOT_APPLICABLE: "notApplicable",
}  # fmt: skip
LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}
_CWE_GUID = "25f72d7e-8a92-459d-ad67-64853f788765"  # as MITRE's own SARIF taxonomy has it
_POINTS_MOST = 100
_LONGEST = 2000


def render_sarif(report: Report) -> bytes:
    cwes = sorted({number for one in report.findings for number in one.cwe})
    run = {
        "tool": {
            "driver": {
                "name": "roomgate check",
                "version": report.version,
                "rules": [_rule(one, cwes) for one in report.findings],
                "supportedTaxonomies": [{"name": "CWE", "guid": _CWE_GUID, "index": 0}],
            }
        },
        "taxonomies": [_taxonomy(cwes)],
        "invocations": [{"executionSuccessful": True, "startTimeUtc": report.began, "endTimeUtc": report.ended}],
        "automationDetails": {"id": f"roomgate-check/{quote(report.target, safe='')[:200]}/"},
        "artifacts": [_artifact(one.name, one.sha256, one.size_bytes) for one in report.files],
        "results": [_result(one, number, report) for number, one in enumerate(report.findings)],
        "columnKind": "unicodeCodePoints",
        "properties": {"grade": report.grade, "points": report.points, "tier": report.tier_words},
    }
    whole = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return msgspec.json.format(msgspec.json.encode(whole), indent=1) + b"\n"


def text(words: str) -> str:
    """Words of others in a message: no embedded link, no placeholder (SARIF 3.11.5 and 3.11.6), no control sign."""
    clean = foreign(words, _LONGEST)
    for sign in "\\[]":
        clean = clean.replace(sign, "\\" + sign)
    return clean.replace("{", "{{").replace("}", "}}")


def address(where: str) -> str:
    """A URI reference (RFC 3986), whatever the target made of its address."""
    clean = quote(foreign(where, _LONGEST), safe="%:/?#@!$&'()*+,;=-._~")
    head, mark, rest = clean.partition("#")
    # A percent sign that begins no escape, a second fragment, or a bracket would make it none.
    made = head + mark + rest.replace("#", "%23")
    return "".join(
        "%25" if sign == "%" and not _escape(made[n + 1 : n + 3]) else sign for n, sign in enumerate(made)
    )  # fmt: skip


def _escape(two: str) -> bool:
    return len(two) == 2 and all(sign in "0123456789abcdefABCDEF" for sign in two)


def _rule(one: Finding, cwes: Sequence[int]) -> dict[str, Any]:
    parts = (one.mend, f"How it is looked at: {one.procedure}", f"How this could be mistaken: {one.mistaken}")
    return {
        "id": one.id,
        "name": "".join(word.capitalize() for word in one.title.split() if word.isalnum()) or one.id,
        "shortDescription": {"text": text(one.title) or one.id},
        "fullDescription": {"text": text(f"{one.title}. {one.procedure}")},
        "help": {"text": "\n\n".join(map(text, parts))},
        "defaultConfiguration": {"level": LEVELS.get(one.severity, "note")},
        "relationships": [
            {
                "target": {
                    "id": str(number), "index": cwes.index(number),
                    "toolComponent": {"name": "CWE", "guid": _CWE_GUID, "index": 0},
                },
                "kinds": ["relevant"],
            }
            for number in one.cwe
        ],
        "properties": {
            "security-severity": f"{one.score:.1f}",
            "cvss": one.vector,
            "asvs": list(one.asvs),
            "tags": ["security", *(f"external/cwe/cwe-{number}" for number in one.cwe)],
        },
    }  # fmt: skip


def _taxonomy(cwes: Sequence[int]) -> dict[str, Any]:
    return {
        "name": "CWE",
        "guid": _CWE_GUID,
        "organization": "MITRE",
        "shortDescription": {"text": "The MITRE Common Weakness Enumeration"},
        "informationUri": "https://cwe.mitre.org/",
        "isComprehensive": False,
        "taxa": [
            {"id": str(number), "helpUri": f"https://cwe.mitre.org/data/definitions/{number}.html"} for number in cwes
        ],
    }


def _artifact(name: str, sha256: str, size_bytes: int) -> dict[str, Any]:
    return {"location": {"uri": address(name)}, "hashes": {"sha-256": sha256}, "length": size_bytes}


def _result(one: Finding, number: int, report: Report) -> dict[str, Any]:
    failed = one.outcome is Outcome.FAIL
    points = one.points[:_POINTS_MOST]
    said = " ".join([text(one.says), *(f"{text(point.where)}: {text(point.what)}." for point in points[:10])])
    made: dict[str, Any] = {
        "ruleId": one.id,
        "ruleIndex": number,
        "kind": KINDS[one.outcome],
        "level": LEVELS.get(one.severity, "note") if failed else "none",
        "message": {"text": said or one.id},
        "locations": [_location(points[0] if points else None, report)],
        "partialFingerprints": {"roomgateCheck/v1": fingerprint(one, report.target)},
        "properties": {
            "outcome": one.outcome.value,
            "score": one.score,
            "evidence": [foreign(name, _LONGEST) for name in one.evidence],
        },
    }
    if rest := points[1:]:
        made["relatedLocations"] = [_location(point, report) | {"id": n} for n, point in enumerate(rest, 1)]
    return made


def fingerprint(one: Finding, target: str) -> str:
    """The same for the same weakness at the same target, however often it is looked at."""
    return hashlib.sha256(f"{target}\n{one.id}".encode("utf-8", "replace")).hexdigest()


def _location(point: Point | None, report: Report) -> dict[str, Any]:
    """Where it was seen: an address, or something else of the target by its name."""
    where = point.where if point is not None else ""
    if where.startswith(("http://", "https://", "ws://", "wss://")):
        made: dict[str, Any] = {"physicalLocation": {"artifactLocation": {"uri": address(where)}}}
    else:
        front = report.urls[0] if report.urls else "about:blank"
        made = {"physicalLocation": {"artifactLocation": {"uri": address(front)}}}
        if where:
            made["logicalLocations"] = [{"fullyQualifiedName": foreign(where, 300)}]
    if point is not None:
        made["message"] = {"text": text(point.what) or "seen here"}
    return made
