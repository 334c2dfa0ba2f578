"""K10: browsers are not told to come back by HTTPS only (HSTS absent or short)."""

import re

from roomgate.checks.declared import Check, Weight
from roomgate.checks.looks import front
from roomgate.checks.outcome import Judgement, Point, failed, inconclusive, not_applicable, passed
from roomgate.checks.snapshot import Snapshot
from roomgate.checks.target import Target

LEAST_S = 180 * 24 * 3600  # MDN HTTP Observatory: shorter than six months costs points
_MAX_AGE = re.compile(r'(?i)(?:^|;)\s*max-age\s*=\s*"?(\d{1,12})"?\s*(?=;|$)')


def parse_max_age(header: str) -> int | None:
    """Seconds, or None for a header that no browser would follow (RFC 6797 section 6.1)."""
    found = _MAX_AGE.findall(header)
    return int(found[0]) if len(found) == 1 else None


def judge(snapshot: Snapshot, target: Target) -> Judgement:
    pages = [step for step in front.own_answers(snapshot, target) if step.url.startswith("https://")]
    if not pages:
        return not_applicable("The target has no page over HTTPS.")
    answered = [step for step in pages if step.answered]
    if not answered:
        return inconclusive(f"No page answered: {pages[0].fault}.")
    bad = []
    for step in answered:
        header = step.header("strict-transport-security")
        age = parse_max_age(header) if header else None
        if age is None or age < LEAST_S:
            what = "no Strict-Transport-Security" if not header else f"Strict-Transport-Security: {header[:80]}"
            bad.append(Point(step.url, what, (snapshot.number(step),)))
    if bad:
        return failed("Browsers are not told to come back by HTTPS only, or forget it within six months.", bad)
    return passed("Every page tells browsers to come back by HTTPS only, for at least six months.")


CHECK = Check(
    id="K10",
    title="Browsers are not told to use HTTPS only",
    weight=Weight.COUNTED,
    # Of the usual case, where the attacker must sit on the visitor's network and wait: medium, as ZAP's 10035 has it.
    vector="CVSS:4.0/AV:A/AC:H/AT:P/PR:N/UI:A/VC:H/VI:L/VA:N/SC:N/SI:N/SA:N",
    cwe=(319, 523),
    asvs=("3.4.1",),
    sources=("https://www.rfc-editor.org/rfc/rfc6797", "https://www.zaproxy.org/docs/alerts/10035/"),
    procedure="Fetch the front pages and the sign-in page over HTTPS, and read Strict-Transport-Security of each answer.",
    remedy="Send Strict-Transport-Security with max-age=31536000 or more on every answer over HTTPS.",
    mistaken="A host that serves only an API that no browser visits gains little from it. A header that a proxy of your "
    "own network adds or removes is not the target's: compare with another network.",
    look=front.LOOK,
    judge=judge,
)
