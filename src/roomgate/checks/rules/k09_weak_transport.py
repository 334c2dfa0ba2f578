"""K09: pages over plain HTTP, TLS below 1.2, or a certificate that proves nothing."""

import re

from roomgate.checks.declared import Check, Weight
from roomgate.checks.forms import has_password_field
from roomgate.checks.looks import transport
from roomgate.checks.outcome import Judgement, Point, failed, inconclusive, passed
from roomgate.checks.snapshot import Exchange, Fact, Snapshot
from roomgate.checks.target import Target
from roomgate.checks.tls import CERTIFICATE, PROTOCOL, TESTSSL
from roomgate.checks.ways import leads, ways_of

_REFRESH = re.compile(r"(?is)<meta[^>]{0,200}http-equiv\s*=\s*[\"']?refresh[^>]{0,200}url\s*=\s*[\"']?\s*https://")
_OLD = {"SSLv2": "SSL 2", "SSLv3": "SSL 3", "TLS1": "TLS 1.0", "TLS1_1": "TLS 1.1"}  # testssl.sh's names
_CHAIN_SHOWN = 3
_HEAD = 16 * 1024  # characters of a page in which a refresh would stand
# An old protocol alone: browsers no longer speak it, so an attack needs an old client, and work.
OLD_PROTOCOL = "CVSS:4.0/AV:A/AC:H/AT:P/PR:N/UI:P/VC:L/VI:L/VA:N/SC:N/SI:N/SA:N"


def judge(snapshot: Snapshot, target: Target) -> Judgement:
    bad, unsure, told = _plain(snapshot)
    certificates = _certificates(snapshot)
    bad, unsure, told = bad + certificates[0], unsure + certificates[1], told + certificates[2]
    vector = "" if bad else OLD_PROTOCOL
    for found in (_protocols(snapshot), _testssl(snapshot)):
        bad, unsure, told = bad + found[0], unsure + found[1], told + found[2]
    if bad:
        says = f"{bad[0].what}." + (f" And {len(bad) - 1} more." if len(bad) > 1 else "")
        return failed(says, bad + unsure + told, vector)
    if unsure:
        return inconclusive(f"{unsure[0].where}: {unsure[0].what}.", unsure + told)
    if not snapshot.of(Exchange, transport.PLAIN) and not snapshot.of(Fact, transport.TLS):
        return inconclusive("Nothing was looked at.")
    return passed("Only TLS 1.2 and newer, with a certificate that holds, and nothing over plain HTTP.", told)


Points = tuple[list[Point], list[Point], list[Point]]  # wrong; not known; told


def _plain(snapshot: Snapshot) -> Points:
    """What came of each plain address: the last answer on the way that began there."""
    bad, unsure, told = [], [], []
    for way in ways_of(snapshot.of(Exchange, transport.PLAIN)):
        first, last = way[0], way[-1]
        numbers = tuple(snapshot.number(step) for step in way)
        if not first.url.startswith("http://"):
            continue
        plain = [step for step in way if step.url.startswith("http://")]
        secured = (
            last.url.startswith("https://") or leads(last).startswith("https://") or _REFRESH.search(last.body[:_HEAD])
        )
        shown = next(
            (step for step in plain if step.succeeded and step.body_bytes and not _REFRESH.search(step.body[:_HEAD])),
            None,
        )
        form = next((step for step in plain if step.answered and has_password_field(step.body)), None)
        if form is not None:
            bad.append(Point(form.url, "Asks for a password over plain HTTP", numbers))
        elif shown is not None:
            bad.append(Point(shown.url, "Serves a page over plain HTTP", numbers))
        elif 300 <= last.status < 400 and not secured:
            unsure.append(Point(first.url, f"answers with a redirect to {leads(last)[:120] or 'nowhere'}", numbers))
        else:
            what = "redirects to HTTPS" if secured else f"serves nothing ({last.status or last.fault})"
            told.append(Point(first.url, what, numbers))
    return bad, unsure, told


def _certificates(snapshot: Snapshot) -> Points:
    bad: list[Point] = []
    unsure: list[Point] = []
    told: list[Point] = []
    for fact in _facts(snapshot, CERTIFICATE):
        value, numbers = fact.value, (snapshot.number(fact),)
        if not isinstance(value, dict):
            unsure.append(
                Point(fact.subject, f"no TLS connection came about ({fact.fault or 'nothing was seen'})", numbers)
            )
            continue
        chain = _chain_words(value)
        if value.get("verified") is True:
            told.append(Point(fact.subject, f"{value.get('version', 'TLS')}, {chain}", numbers))
        elif value.get("verified") is False:
            reason = value.get("reason") or value.get("said") or "not verified"
            bad.append(Point(fact.subject, f"The certificate does not hold ({reason}; {chain})", numbers))
        else:
            what = f"no handshake as browsers make it ({value.get('reason', 'why is not known')}; {chain})"
            unsure.append(Point(fact.subject, what, numbers))
    return bad, unsure, told


def _protocols(snapshot: Snapshot) -> Points:
    bad, unsure = [], []
    for fact in _facts(snapshot, PROTOCOL):
        value = fact.value if isinstance(fact.value, dict) else {}
        name, numbers = value.get("protocol", "an old protocol"), (snapshot.number(fact),)
        if value.get("taken") is True:
            bad.append(Point(fact.subject, f"Takes {name}, which is out of use since 2021", numbers))
        elif value.get("taken") is not False and not _settled(snapshot, fact.subject, name):
            unsure.append(Point(fact.subject, f"whether it takes {name} could not be seen ({fact.fault})", numbers))
    return bad, unsure, []


def _testssl(snapshot: Snapshot) -> Points:
    bad: list[Point] = []
    told: list[Point] = []
    ours = {point.what for point in _protocols(snapshot)[0]}
    for fact in _facts(snapshot, TESTSSL):
        numbers = (snapshot.number(fact),)
        findings = _findings(fact)
        if not findings:
            told.append(Point(fact.subject, f"Without a second look by testssl.sh: {fact.fault}", numbers))
        for id, severity, finding in findings:
            if id in _OLD and finding.startswith("offered"):
                what = f"Takes {_OLD[id]}, which is out of use since 2021"
                bad += [Point(fact.subject, what, numbers)] if what not in ours else []
            elif severity in ("HIGH", "CRITICAL") and not id.startswith("cert"):
                told.append(Point(fact.subject, f"testssl.sh, {id}: {finding[:200]}", numbers))
    return bad, [], told


def _settled(snapshot: Snapshot, subject: str, name: str) -> bool:
    """Whether testssl.sh saw what we could not."""
    return any(
        _OLD.get(id) == name
        for fact in _facts(snapshot, TESTSSL)
        if fact.subject == subject
        for id, _, finding in _findings(fact)
        if finding.startswith(("offered", "not offered"))
    )


def _findings(fact: Fact) -> list[tuple[str, str, str]]:
    listed = fact.value.get("findings") if isinstance(fact.value, dict) else None
    rows = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return [(str(one.get("id", "")), str(one.get("severity", "")), str(one.get("finding", ""))) for one in rows]


def _facts(snapshot: Snapshot, name: str) -> list[Fact]:
    return [fact for fact in snapshot.of(Fact, transport.TLS) if fact.name == name]


def _chain_words(value: dict[str, object]) -> str:
    chain = value.get("chain")
    rows = [one for one in chain if isinstance(one, dict)] if isinstance(chain, list) else []
    if not rows:
        return "no certificate was seen"
    issuers = " ← ".join(str(one.get("issuer", "?"))[:80] for one in rows[:_CHAIN_SHOWN])
    name, ends = str(rows[0].get("subject", "?"))[:80] or "no name", str(rows[0].get("ends", "?"))[:10]
    return f"for {name}, until {ends}, issued by {issuers}"


CHECK = Check(
    id="K09",
    title="The way to it is not protected by sound TLS",
    weight=Weight.COUNTED,
    vector="CVSS:4.0/AV:A/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:N/SC:H/SI:H/SA:N",
    cwe=(295, 319, 757),
    asvs=("12.1.1", "12.2.1", "12.2.2"),
    sources=("https://www.rfc-editor.org/rfc/rfc8996", "https://testssl.sh/"),
    procedure="Ask each address by plain HTTP (port 80 for one on 443, else the same port), without following to a "
    "page that is not there. Shake hands by TLS as a browser does, and verify the certificate against the system's "
    "authorities and the one that [target] ca names; then offer TLS 1.0 and TLS 1.1, each alone. A run that is not "
    "quick also asks testssl.sh (-p -S), where it is installed: that takes up to two minutes for an address, at a "
    "pace of its own.",
    remedy="Redirect plain HTTP to HTTPS, or do not answer it. Take TLS 1.2 and 1.3 only. Use a certificate of an "
    "authority that browsers know, for the name that people use, and renew it by a program.",
    mistaken="A proxy of your own network that inspects TLS shows its certificate in place of the target's: the chain "
    "is told with the finding; if its issuer is yours, look from another network. A private authority is trusted when "
    "[target] ca names it. A captive page or a filter of your own network may answer plain HTTP in the target's "
    "place. Plain HTTP that is refused, that answers 4xx or 5xx, or that redirects to HTTPS counts as sound.",
    look=transport.LOOK,
    judge=judge,
)
