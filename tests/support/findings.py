"""Findings and reports of exposure checks, for tests."""

from typing import Any

from roomgate.hub.findings.service import Seen

AT = "2026-03-10T08:00:00.000Z"  # an hour before the clock of a test's hub begins


def seen(key: str = "a", severity: str = "warning", source: str = "rooms", **more: Any) -> Seen:
    facts: dict[str, Any] = {"title": f"Title {key}.", "evidence": {"k": f"v-{key}"}, "mend": "Mend it.", **more}
    return Seen(source, key, severity, **facts)


def judged(id: str = "K01", outcome: str = "fail", severity: str = "critical", **more: Any) -> dict[str, Any]:
    """One check of a report, as `roomgate check run --json` has it."""
    return {
        "id": id, "outcome": outcome, "severity": severity, "title": f"What {id} says is wrong", "says": "It was seen.",
        "mend": "Mend it.", "points": [{"where": "https://a.example/", "what": "open", "steps": [0]}], "vector": "CVSS:4.0/x",
        "score": 9.3, "cwe": [306], "asvs": ["8.1.1"], "look": "links", "tier": 0, "weight": "fatal", "evidence": ["a.json"],
        "table": [], **more,
    }  # fmt: skip


def report(*findings: dict[str, Any], began: str = AT, target: str = "Our connector", **more: Any) -> dict[str, Any]:
    found = list(findings) or [judged()]
    return {"target": target, "began": began, "grade": "F", "points": 40, "why": [], "findings": found, **more}
