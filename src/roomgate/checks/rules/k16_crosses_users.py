"""K16: what belongs to one person is served to another who is signed in as themself (insecure direct references)."""

import re
from collections.abc import Set

import msgspec

from roomgate.checks.declared import Check, Look, Tier, Weight
from roomgate.checks.forms import has_password_field
from roomgate.checks.kit import Kit
from roomgate.checks.likeness import answers_alike
from roomgate.checks.outcome import Judgement, Point, failed, inconclusive, passed
from roomgate.checks.snapshot import Exchange, Fact, Snapshot
from roomgate.checks.target import Account, Ask, Target
from roomgate.checks.transit import normalised
from roomgate.errors import NotFound

OWN, OTHER, STRANGER, ASKED, FRONT = "own", "other", "stranger", "asked", "front"
MOST = 12  # pairs; each is three requests
ALIKE = 0.6
_FIGURES = re.compile(r"\d+")


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``pairs``: requests that only their account may make, read only. ``other``: the account that must be refused.

    ``shared``: addresses that both may see by design; they are left out.
    """

    pairs: tuple[Ask, ...] = ()
    other: str = ""
    shared: tuple[str, ...] = ()


class _Pair(msgspec.Struct, frozen=True):
    ask: Ask
    owner: str
    other: str
    marker: str
    of_link: bool  # whether a link alone should show it is K01's question
    general: bool = False  # its marker is what a channel expects, which may be a word of everybody's


def other_of(target: Target, owner: str, named: str = "") -> Account | None:
    """Who must be refused what is the owner's. An administrator may see everything by design, so it is no test."""
    if named:
        try:
            return target.account(named) if named != owner else None
        except NotFound:
            return None
    users = [one for one in target.accounts if one.name != owner and one.role != "administrator"]
    return users[0] if users else None


def pairs_of(target: Target) -> list[_Pair]:
    """What is asked: the file's own pairs, and what the links and channels of an account ask."""
    options = target.option("K16", Options) or Options()
    wanted: list[tuple[Ask, str, str, bool, bool]] = [
        (ask, ask.account, ask.expects, _is_of_link(ask.url, target), False) for ask in options.pairs
    ]
    for link in target.links:
        if link.account:
            wanted.append((Ask(url=link.url), link.account, link.marker, True, False))
            wanted += [
                (read, read.account or link.account, read.expects or link.marker, True, False) for read in link.reads
            ]
    for channel in target.channels:
        if channel.kind == "request" and channel.request.account:
            ask, marker = channel.request, channel.expects or channel.request.expects
            of_link = _is_of_link(ask.url, target)
            wanted.append((ask, ask.account, marker, of_link, not of_link))
    pairs: dict[tuple[str, str, str], _Pair] = {}
    for ask, owner, marker, of_link, general in wanted:
        other = other_of(target, owner, options.other)
        if owner and other is not None and ask.url not in options.shared:
            pairs.setdefault((ask.method, ask.url, owner), _Pair(ask, owner, other.name, marker, of_link, general))
    return list(pairs.values())[:MOST]


def _is_of_link(url: str, target: Target) -> bool:
    return any(url.startswith(link.url) or url in [read.url for read in link.reads] for link in target.links)


def needs(target: Target) -> str:
    if len([one for one in target.accounts if one.role != "administrator"]) < 2 and not target.option("K16", Options):
        return "it needs two test accounts that are no administrators."
    if not pairs_of(target):
        return "it needs something that belongs to one of the test accounts: a link with its account, or [K16] pairs."
    return ""


async def _run(kit: Kit) -> None:
    pairs = pairs_of(kit.target)
    for name in dict.fromkeys(pair.other for pair in pairs):
        # What every page of the target has for this account, such as its menu, is no sight of anything.
        await kit.web.get(kit.target.front, FRONT, await kit.web.sign_in(name), follow=3)
    for number, pair in enumerate(pairs):
        kit.progress(pair.ask.url, number / len(pairs))
        kit.recorder.fact(
            ASKED,
            str(number),
            {"marker": pair.marker, "of_link": pair.of_link, "other": pair.other, "general": pair.general},
        )
        # The file names these requests; a reading one may well be a POST.
        owner, other = await kit.web.sign_in(pair.owner), await kit.web.sign_in(pair.other)
        label, ask = str(number), msgspec.structs.replace(pair.ask, carry=False)
        await kit.web.send(ask, f"{OWN} {label}", owner, declared=True, follow=2)
        await kit.web.send(ask, f"{OTHER} {label}", other, declared=True, follow=2)
        await kit.web.send(ask, f"{STRANGER} {label}", kit.web.fresh(), declared=True, follow=2)


LOOK = Look("crossing", Tier.ACCOUNTS, _run, needs)


def judge(snapshot: Snapshot, target: Target) -> Judgement:
    crossed, unclear, unshown, shells = [], [], [], []
    refused: list[str] = []
    frame = {line for step in snapshot.of(Exchange, FRONT) for line in normalised(step.body)}
    for fact in snapshot.of(Fact, ASKED):
        asked = fact.value if isinstance(fact.value, dict) else {}
        steps = [_last(snapshot, f"{who} {fact.name}") for who in (OWN, OTHER, STRANGER)]
        own, other, stranger = steps
        if own is None or other is None or stranger is None:
            continue
        marker = str(asked.get("marker") or "")
        numbers = tuple(snapshot.number(one) for one in (own, other, stranger))
        verdict, what = _verdict(own, other, stranger, marker, bool(asked.get("of_link")), frame)
        if verdict == "crossed" and asked.get("general") is True and not _the_owners(own, other, target):
            verdict, what = "unclear", "both accounts are served there, each something else; name a text of its owner's"
        point = Point(own.url, what, numbers)
        if verdict == "crossed":
            crossed.append(point)
        elif verdict == "refused":
            refused.append(_asked_url(snapshot, fact.name))
        elif verdict == "shell":
            shells.append((_asked_url(snapshot, fact.name), point))
        elif verdict == "unshown":
            unshown.append(point)
        else:
            unclear.append(point)
    for url, point in shells:
        # The page that a script fills is everybody's; what it is filled with was asked for as well, or was not.
        reads = [read.url for link in target.links if link.url == url for read in link.reads]
        if not reads or not all(read in refused for read in reads):
            unclear.append(point)
    if crossed:
        return failed(f"{len(crossed)} of the things that belong to one account were served to another.", crossed)
    if unclear or not refused:
        says = "Whether one account is served what belongs to another could not be told."
        return inconclusive(says + ("" if unclear else " Nothing could be compared."), [*unclear, *unshown])
    said = f"What belongs to one account was refused to the other, {len(refused)} of {len(refused)} times."
    return passed(said, unshown)


def _verdict(
    own: Exchange, other: Exchange, stranger: Exchange, marker: str, of_link: bool, frame: Set[str]
) -> tuple[str, str]:
    if (
        of_link
        and own.succeeded
        and stranger.succeeded
        and own.body_sha256 == stranger.body_sha256
        and not (marker and marker in own.body)
    ):
        return "shell", "everybody is shown the same page there, and nothing of the room: name its reads"
    if not _served(own, marker):
        if own.succeeded and marker and _shows(other, own, "", frame) != "yes":
            # Its owner's own page does not show the thing itself: there is nothing in it that could be crossed.
            return "unshown", f"even its own account is not shown {marker} there"
        return "unclear", f"its own account is not served it: {own.status or own.fault}"
    if not other.answered or other.status == 429 or other.status >= 500:
        return "unclear", f"the other account got no plain answer: {other.status or other.fault}"
    shown = _shows(other, own, marker, frame)
    if shown == "no":
        return "refused", ""
    if shown == "perhaps":
        return "unclear", "the other account was answered with something of its own that tells of it"
    if _shows(stranger, own, marker, frame) == "yes":
        if not marker:
            return "unclear", "everybody is shown the same, signed in or not; name a text that only its owner sees"
        if of_link:
            return "unclear", "nobody needs to sign in for it at all: see K01"
        return "crossed", "served without any sign-in"
    if not marker and not _is_data(own):
        return (
            "unclear",
            "both accounts are shown the same page; name a text (expects, marker) that only its owner sees",
        )
    return "crossed", f"served to the other account ({other.status})"


def _the_owners(own: Exchange, other: Exchange, target: Target) -> bool:
    """Whether the other account was served the very thing of the owner's: the same but for figures, or with a marker."""
    mine = [link.marker for link in target.links if link.marker and link.account == own.subject]
    if found := [marker for marker in mine if marker in own.body]:
        return any(marker in other.body for marker in found)
    return _FIGURES.sub("0", own.body) == _FIGURES.sub("0", other.body)


def _served(step: Exchange, marker: str) -> bool:
    return step.succeeded and (not marker or marker in step.body) and not (not marker and has_password_field(step.body))


def _shows(step: Exchange, own: Exchange, marker: str, frame: Set[str]) -> str:
    """Whether this answer shows what its owner is shown: yes, no, perhaps."""
    if not step.succeeded or (has_password_field(step.body) and not has_password_field(own.body)):
        # A refusal that names the thing is a refusal, whatever its words.
        return "no"
    same = step.body_sha256 == own.body_sha256 or _alike(step.body, own.body, frame) >= ALIKE
    if marker:
        if marker not in step.body:
            return "no"
        return "yes" if same else "perhaps"
    return "yes" if same else "no" if step.url != own.url or step.body_bytes else "perhaps"


def _alike(body: str, own: str, frame: Set[str]) -> float:
    """How much of what its owner is shown is there; of a page, without what every page has."""
    particular = [line for line in normalised(own) if line not in frame] if own.lstrip().startswith("<") else []
    if len(particular) < 3:
        return answers_alike(body, own)
    there = set(normalised(body))
    return sum(line in there for line in particular) / len(particular)


def _is_data(step: Exchange) -> bool:
    return "json" in step.header("content-type") and step.body.strip() not in ("", "{}", "[]", "null", "true")


def _asked_url(snapshot: Snapshot, number: str) -> str:
    found = snapshot.of(Exchange, f"{OWN} {number}")
    return found[0].url if found else ""


def _last(snapshot: Snapshot, label: str) -> Exchange | None:
    found = snapshot.of(Exchange, label)
    return found[-1] if found else None


CHECK = Check(
    id="K16",
    title="One person's rooms are open to another",
    weight=Weight.REQUIRED,
    vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:H/VI:H/VA:L/SC:H/SI:H/SA:N",
    cwe=(639, 863),
    asvs=("8.2.2", "8.4.1", "8.2.3"),
    sources=("https://cwe.mitre.org/data/definitions/639.html", "https://github.com/OWASP/ASVS"),
    procedure="Take what belongs to one test account: its device links, the requests that their pages make, the "
    "requests of [K16] pairs. Make each as its own account, as another account that is signed in as itself, and "
    "without any sign-in; compare the three answers.",
    remedy="Decide each request by who makes it and what it is about, never by whether the identifier is known: put the "
    "account (or its grants) into every query, and answer what is not theirs like what does not exist.",
    mistaken="A room that both accounts may see by design looks like a crossing: name it under [K16] shared, or use "
    "accounts that share none. A page that is the same for everybody (the shell of a script's page) proves nothing: "
    "what it loads does, if the target file names it as the link's reads; otherwise it is inconclusive. So is an answer "
    "that names the room and shows little else beside what every page has.",
    look=LOOK,
    judge=judge,
    options=Options,
)  # fmt: skip
