"""K27: pages, scripts, replies or support bundles hold secrets."""

import re
from datetime import UTC, datetime

from roomgate.checks.declared import Check, Weight
from roomgate.checks.looks import sources
from roomgate.checks.looks.sources import Options
from roomgate.checks.outcome import Judgement, Point, failed, inconclusive, passed
from roomgate.checks.secrecy import find_secrets
from roomgate.checks.snapshot import Exchange, Fact, Snapshot
from roomgate.checks.target import Target
from roomgate.clock import parse_iso

_MASK = re.compile(r"‹([^‹›]{1,200}?) of ([^‹›]{1,200})›")
_AGAINST_FORGERY = re.compile(r"(?i)csrf|xsrf|forgery|nonce")
_SECRET_VALUE = re.compile(r"(?i)pass|secret|key|pin|otp|totp|seed|token|code|credential")
_STRANGERS = (sources.PAGE, sources.SCRIPT)
_ACCOUNTS = (sources.OWN_PAGE, sources.OWN_SCRIPT, sources.REPLY)


def judge(snapshot: Snapshot, target: Target) -> Judgement:
    bad: list[Point] = []
    told: list[Point] = []
    plain: list[Point] = []
    for label in (*_STRANGERS, *_ACCOUNTS):
        for step in sources.looked_into(snapshot.of(Exchange, label)):
            owner = "" if label in _STRANGERS else step.subject
            where, number = f"{step.method} {step.url}", (snapshot.number(step),)
            for into, what in _known(step.body, owner, target):
                {"bad": bad, "told": told, "plain": plain}[into].append(Point(where, what, number))
            for hit in find_secrets(step.body, _when(step.at), to_stranger=not owner):
                (bad if hit.sure else told).append(Point(where, hit.what, number))
    bad += _in_bundle(snapshot, target)
    if bad:
        count = len({point.where for point in bad})
        places = "A place that is served holds" if count == 1 else f"{count} places that are served hold"
        return failed(f"{places} a secret: {bad[0].what}.", [*bad, *told])
    return _unless_unseen(snapshot, target, told, plain)


def _unless_unseen(snapshot: Snapshot, target: Target, told: list[Point], plain: list[Point]) -> Judgement:
    if plain:
        return inconclusive(
            "A test account's password stands in a page, but it is so plain a word that it may be there for itself: "
            "give the account a long one that was drawn by chance.", [*plain, *told],
        )  # fmt: skip
    if not sources.looked_into(snapshot.of(Exchange, sources.PAGE)):
        return inconclusive("No page was answered.", told)
    if refused := next(iter(snapshot.of(Fact, sources.NOT_LET_IN)), None):
        return inconclusive(f"What {refused.name} is shown was not seen: {refused.fault}", told)
    if broken := next((fact for fact in snapshot.of(Fact, sources.BUNDLE) if fact.fault), None):
        return inconclusive(f"The support bundle was not seen: {broken.fault}.", told)
    if part := next((fact for fact in snapshot.of(Fact, sources.BUNDLE) if not _is_whole(fact)), None):
        return inconclusive(f"Of the support bundle, {part.name} was not read to its end.", told)
    own = [step for label in (sources.OWN_PAGE, sources.REPLY) for step in snapshot.of(Exchange, label)]
    if not any(step.succeeded for step in sources.looked_into(own)):
        return inconclusive("Only what strangers are shown was seen, without a secret: no account was let in.", told)
    return passed("No secret stands in the pages, scripts and replies that were looked at.", told)


def _known(body: str, owner: str, target: Target) -> list[tuple[str, str]]:
    """Secrets of the target file that came back, by the masks that stand in their place: how much each proves."""
    found: dict[tuple[str, str], None] = {}
    for what, whose in _MASK.findall(body):
        name = f"{what} of {whose}"
        if what.startswith("cookie ") or what == "token":
            if whose != owner:
                found.setdefault(("bad", f"the {name}, for somebody else to read"))
            elif not _AGAINST_FORGERY.search(what):
                found.setdefault(
                    ("told", f"the {name}, in what {owner} is shown: a script that is slipped in reads it")
                )
        elif _SECRET_VALUE.search(what):
            found.setdefault(("plain" if _too_plain(name, target) else "bad", f"the {name}"))
    return list(found)


def _too_plain(name: str, target: Target) -> bool:
    """A test password that is a common word stands in many a page by itself."""
    secret = next((secret for secret, known in target.secrets.items() if known == name), None)
    if secret is None:
        return False
    kinds = sum(
        any(test(letter) for letter in secret) for test in (str.isalpha, str.isdigit, lambda one: not one.isalnum())
    )
    return len(secret) < 8 or (kinds < 2 and len(secret) < 16)


def _in_bundle(snapshot: Snapshot, target: Target) -> list[Point]:
    found = []
    for fact in snapshot.of(Fact, sources.BUNDLE):
        lines = fact.value.get("lines") if isinstance(fact.value, dict) else None
        for line in lines if isinstance(lines, list) else []:
            if not isinstance(line, str):
                continue
            known = [what for into, what in _known(line, "", target) if into == "bad"]
            masks = bool(_MASK.search(line))
            found += [Point(f"bundle: {fact.name}", one, (snapshot.number(fact),)) for one in known]
            if not masks:
                found.append(Point(f"bundle: {fact.name}", line[:200], (snapshot.number(fact),)))
    return found


def _is_whole(fact: Fact) -> bool:
    return isinstance(fact.value, dict) and fact.value.get("whole") is True


def _when(at: str) -> datetime:
    try:
        return parse_iso(at)
    except ValueError:
        return datetime.max.replace(tzinfo=UTC, year=9000)


CHECK = Check(
    id="K27",
    title="Pages, scripts or replies hold secrets",
    weight=Weight.REQUIRED,
    vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:H/VI:H/VA:L/SC:H/SI:H/SA:N",
    cwe=(200, 522, 615),
    asvs=("13.3.1", "14.2.4"),
    sources=("https://cwe.mitre.org/data/definitions/615.html",),
    procedure="Fetch the front page, the sign-in page and two links, with the scripts that they load from home, as a "
    "stranger; then the front page, the links and the reads of the target file as one account of each role. [K27] "
    "reads names further replies, bundle or bundle_file a support bundle. Look in what came for the passwords and "
    "tokens of the target file, and for what is a secret by its shape: private keys, keys of well-known shapes, "
    "credentials in addresses, a password beside its name, a filled-in password field, a signed token that lives on "
    "for more than 30 days. The sign-in's own answer is not looked into.",
    remedy="Keep passwords and keys where they are used, and send none of them to a browser, not even to an "
    "administrator's. Change those that were found. Leave them out of what is logged and bundled.",
    mistaken="A test account with a common word for a password is found in many pages: that is told as inconclusive. "
    "Keys that a service means for the public are not counted, but one may look like another's secret: look at the place. "
    "A page that shows its own visitor's token is told and not counted.",
    look=sources.LOOK,
    judge=judge,
    options=Options,
)
