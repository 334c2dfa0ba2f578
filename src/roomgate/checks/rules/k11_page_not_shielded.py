"""K11: pages that browsers are not told to shield: scripts of anybody run, anybody may frame them."""

import re
from collections.abc import Sequence

from roomgate.checks.declared import Check, Weight
from roomgate.checks.html_source import Source, is_page, read_source
from roomgate.checks.looks import front
from roomgate.checks.outcome import Judgement, Point, failed, inconclusive, not_applicable, passed
from roomgate.checks.snapshot import Exchange, Snapshot
from roomgate.checks.target import Target

Policy = dict[str, list[str]]  # directive → its sources, lower case
_ANYBODY = frozenset({"*", "http:", "https:", "http://*", "https://*", "*:*", "data:", "blob:", "filesystem:"})
_KEYED = re.compile(r"^'(nonce-.+|sha(256|384|512)-.+)'$")

# What an attacker gains by each, were there something to gain it with. Framing needs nothing but a visitor's click.
FRAMED = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:A/VC:N/VI:L/VA:N/SC:N/SI:N/SA:N"
SCRIPTS = "CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:A/VC:L/VI:L/VA:N/SC:N/SI:N/SA:N"
SNIFFED = "CVSS:4.0/AV:N/AC:H/AT:P/PR:N/UI:A/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N"


def parse_policies(headers: Sequence[str]) -> list[Policy]:
    """Each policy of these headers; several may stand in one, with commas. The first of a directive counts."""
    policies = []
    for text in ",".join(headers).split(","):
        policy: Policy = {}
        for directive in text.split(";"):
            words = directive.split()
            if words:
                policy.setdefault(words[0].lower(), [word.lower() for word in words[1:]])
        if policy:
            policies.append(policy)
    return policies


def restricts_scripts(policy: Policy) -> bool:
    """Whether it keeps scripts of strangers from running: those written into the page, and those fetched.

    A nonce or a hash makes browsers ignore 'unsafe-inline', and 'strict-dynamic' the hosts (CSP level 3).
    """
    sources = next((policy[name] for name in ("script-src", "default-src") if name in policy), None)
    if sources is None:
        return False
    keyed = any(_KEYED.match(one) for one in sources)
    strict = "'strict-dynamic'" in sources
    if "'unsafe-inline'" in sources and not keyed and not strict:
        return False
    return (strict and keyed) or not any(one in _ANYBODY for one in sources)


def restricts_framing(policies: Sequence[Policy], frame_options: Sequence[str]) -> bool:
    """frame-ancestors decides where there is one; else X-Frame-Options, of which ALLOW-FROM means nothing now."""
    ancestors = [policy["frame-ancestors"] for policy in policies if "frame-ancestors" in policy]
    if ancestors:
        return any(not any(one in _ANYBODY for one in sources) for sources in ancestors)
    words = [word.strip().upper() for text in frame_options for word in text.split(",")]
    return "DENY" in words or "SAMEORIGIN" in words


def _lacks(step: Exchange, source: Source) -> list[tuple[str, str]]:
    """What a page should say and does not: a CVSS vector, and words."""
    headers = parse_policies(step.every("content-security-policy"))
    whole = headers + parse_policies(source.order("content-security-policy"))
    lacks = []
    if (source.controls or source.forms or source.has_scripts) and not restricts_framing(
        headers, step.every("x-frame-options")
    ):
        lacks.append((FRAMED, "any site may show it in a frame (no frame-ancestors, no X-Frame-Options)"))
    if not any(restricts_scripts(policy) for policy in whole):
        why = "no Content-Security-Policy" if not whole else "its Content-Security-Policy lets any script run"
        if not whole and step.header("content-security-policy-report-only"):
            why = "its Content-Security-Policy only reports"
        lacks.append((SCRIPTS, why))
    if step.header("x-content-type-options").split(",")[0].strip().lower() != "nosniff":
        lacks.append((SNIFFED, "no X-Content-Type-Options: nosniff"))
    return lacks


def judge(snapshot: Snapshot, target: Target) -> Judgement:
    steps = front.own_answers(snapshot, target)
    answered = [step for step in steps if step.answered]
    if not answered:
        return inconclusive(
            f"No page answered: {steps[0].fault or 'why is not known'}." if steps else "No page was seen."
        )
    shown = [step for step in answered if not 300 <= step.status < 400]
    pages = [step for step in shown if step.body and is_page(step.header("content-type"), step.body)]
    if not pages:
        if not shown:
            return inconclusive(
                "The front leads elsewhere, to a host that is not this target's: no page of it was seen."
            )
        if any(step.succeeded for step in shown):
            return not_applicable("It shows no page: its answers are no HTML.")
        return inconclusive("No page was shown, only errors without HTML.")
    points, vectors, told = [], set(), []
    for step in pages:
        lacks = _lacks(step, read_source(step.body))
        vectors |= {vector for vector, _ in lacks}
        if lacks:
            points.append(Point(step.url, "; ".join(words for _, words in lacks), (snapshot.number(step),)))
        policy = step.header("referrer-policy").split(",")[-1].strip().lower()
        if policy in ("", "unsafe-url", "no-referrer-when-downgrade"):
            what = f"Referrer-Policy: {policy}" if policy else "no Referrer-Policy: browsers then send the origin alone"
            told.append(Point(step.url, what, (snapshot.number(step),)))
    if points:
        worst = next(vector for vector in (FRAMED, SCRIPTS, SNIFFED) if vector in vectors)
        return failed(f"{points[0].where}: {points[0].what}.", points + told, worst)
    return passed(
        "Its pages run no script of strangers, cannot be framed by strangers, and are shown as what they are.", told
    )


CHECK = Check(
    id="K11",
    title="Browsers are not told to shield its pages",
    weight=Weight.COUNTED,
    vector=SCRIPTS,
    cwe=(693, 1021),
    asvs=("3.4.3", "3.4.4", "3.4.5", "3.4.6"),
    sources=(
        "https://www.w3.org/TR/CSP3/",
        "https://github.com/mdn/mdn-http-observatory",
        "https://www.zaproxy.org/docs/alerts/10038/",
    ),
    procedure="Fetch the front pages and the sign-in page, and read the headers of each answer that is a page (not of "
    "redirects, and not of pages of other hosts that they lead to). It must say: frame-ancestors or X-Frame-Options, "
    "if the page has a form, a control or a script; a Content-Security-Policy whose script-src (or default-src) has "
    "neither 'unsafe-inline' without a nonce or hash, nor a source that means anybody; and X-Content-Type-Options: "
    "nosniff.",
    remedy="Send Content-Security-Policy: default-src 'self'; frame-ancestors 'none'; base-uri 'none'; object-src "
    "'none', with a nonce for each script that stands in a page; X-Content-Type-Options: nosniff; Referrer-Policy: "
    "no-referrer.",
    mistaken="A page that is meant to be framed (a widget) names its frames in frame-ancestors. A policy in a meta "
    "element counts for scripts, not for framing, as in browsers. A page without scripts and input gains little from "
    "a policy.",
    look=front.LOOK,
    judge=judge,
)
