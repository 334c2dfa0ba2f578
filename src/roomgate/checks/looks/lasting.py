"""Each link as it was issued, again and again: when issued, through its time, and after.

A link that was issued for a time is asked at its end and twice shortly after. One of which nothing is said is asked
after an hour, a day, a week and a month, as far as ``watch_s`` lets it. Where there are several, the first is used in
between and the others are left alone, for some ends come only to what nobody uses. A link that goes with an account
is opened in one sign-in from first to last, and at the end in a fresh one too; unless it opens to a stranger, whatever
its vendor says: then it is watched by itself.

Killed, it goes on where it was: when the first try was made is in its earlier steps. A sign-in cannot be gone on
with, so the series of a link that has one begins anew.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

import msgspec

from roomgate.checks.declared import Look, Tier
from roomgate.checks.kit import Kit
from roomgate.checks.links import never_issued
from roomgate.checks.looks.links import needs_links, subject_of, without_sign_in
from roomgate.checks.opening import Served, Way, chains, read_answer, read_data
from roomgate.checks.recorder import Masks
from roomgate.checks.snapshot import AnyStep, Exchange, Fact, Snapshot
from roomgate.checks.target import Deed, Link, Target
from roomgate.checks.web import CannotSignIn, Session
from roomgate.clock import parse_iso
from roomgate.errors import BadInput

PROBE, READ, ANEW, ANEW_READ = "probe", "probe reads", "signed in anew", "signed in anew reads"
ALONE, ALONE_READ, BY_ITSELF = "as a stranger", "as a stranger reads", "opens by itself"
CONTROL, FRONT, ALIVE, ISSUED, NOT_LET_IN = "never issued", "front door", "is it there", "issued", "account not let in"
HOUR, DAY = 3600.0, 86400.0
TIMES = (0.0, HOUR, DAY, 7 * DAY, 30 * DAY)
FOLLOW = 3
_ADDRESS = re.compile(r"https?://[^\s\"'<>\\]+")


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``watch_s``: how long it is looked at in all, if it has not ended before. ``late_s``: how much later than its time
    is still in time. ``issue``: how a fresh link is had, whose answer holds its address; it is then the one that is
    watched. ``like``: the link (name or address) whose marker, account, reads and lifetime it has; the first, if empty.
    """

    watch_s: float = HOUR
    late_s: float | None = None
    issue: Deed | None = None
    like: str = ""


@dataclass(slots=True)
class _Watched:
    link: Link
    used: bool
    due: list[datetime] = field(default_factory=list)
    session: Session | None = None
    first: datetime | None = None  # when it was first asked
    shut: int = 0
    opened: bool = False


def late_s(options: Options, lifetime_s: float) -> float:
    if options.late_s is not None:
        return options.late_s
    return min(60.0, max(2.0, lifetime_s / 10))


def utc(moment: datetime) -> datetime:
    """A time without a zone is taken as UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def end_of(link: Link, first: datetime) -> datetime | None:
    """When this link has to end, by what was said; None where nothing was."""
    if link.lifetime_s is None:
        return None
    return (utc(link.issued) if link.issued is not None else first) + timedelta(seconds=link.lifetime_s)


async def _run(kit: Kit) -> None:
    options = kit.target.option("K02", Options) or Options()
    now = kit.time.now()
    earlier = _gone_on_with(kit)
    links = [await _issue(kit, options)] if options.issue is not None else list(kit.target.links)
    await kit.web.get(kit.target.front, FRONT, kit.web.fresh(), follow=FOLLOW)
    watched = []
    for number, link in enumerate(links):
        began = _began(earlier, link) or now
        one = _Watched(link, used=number == 0)
        one.due = [moment for moment in _times(link, one.used, began, options) if moment >= now or moment == began]
        if (control := never_issued(link.url)) != link.url:
            await kit.web.get(control, CONTROL, kit.web.fresh(), follow=FOLLOW, subject=subject_of(link))
        if link.account and await _opens_by_itself(kit, link):
            one.link = msgspec.structs.replace(link, account="")
        elif link.account and not await _sign_in(kit, one):
            continue
        watched.append(one)
    await _watch(kit, watched)
    for one in watched:
        if one.link.account and one.opened:
            await _wait_for_its_end(kit, one, options)
            await _probe_anew(kit, one.link)
    await kit.web.get(kit.target.front, ALIVE, kit.web.fresh(), follow=FOLLOW)


async def _opens_by_itself(kit: Kit, link: Link) -> bool:
    subject = subject_of(link)
    if any(
        isinstance(step, Fact) and step.label == BY_ITSELF and step.subject == subject for step in kit.recorder.steps
    ):
        return True  # so it was before the run was killed
    before, session = len(kit.recorder.steps), Session(values={"link": link.url})
    await kit.web.get(link.url, ALONE, session, follow=FOLLOW, subject=subject)
    for ask in link.reads[:1]:
        await kit.web.send(without_sign_in(ask), ALONE_READ, session, declared=True, subject=subject)
    control = [step for step in kit.recorder.exchanges(CONTROL) if step.subject == subject]
    labels = (ALONE, ALONE_READ)
    if is_open(kit.recorder.steps[before:], control, kit.recorder.exchanges(FRONT), link, kit.target, labels) is True:
        kit.recorder.fact(BY_ITSELF, subject, subject=subject)
        return True
    return False


async def _watch(kit: Kit, watched: list[_Watched]) -> None:
    began, last = kit.time.now(), max((one.due[-1] for one in watched if one.due), default=kit.time.now())
    whole = max((last - began).total_seconds(), 1.0)
    while any(one.due for one in watched):
        one = min((one for one in watched if one.due), key=lambda one: one.due[0])
        wait = (one.due[0] - kit.time.now()).total_seconds()
        if wait > 0:
            # In ever shorter steps: a machine that slept meanwhile does not ask late by as much.
            kit.progress(f"{subject_of(one.link)}: next at {one.due[0]:%Y-%m-%d %H:%M:%S} UTC", 1 - wait / whole)
            await kit.time.sleep(min(wait, max(60.0, wait / 2)))
            continue
        one.due.pop(0)
        await _probe(kit, one)
        if one.shut >= 2:
            one.due.clear()  # seen to be shut twice: it has ended, or never was open
        elif one.shut and not one.due:
            one.due.append(kit.time.now() + timedelta(seconds=2))


async def _probe(kit: Kit, one: _Watched) -> None:
    session = one.session or Session(values={"link": one.link.url})
    subject = subject_of(one.link)
    before = len(kit.recorder.steps)
    one.first = one.first or kit.time.now()
    await kit.web.get(one.link.url, PROBE, session, follow=FOLLOW, subject=subject)
    for ask in one.link.reads[:1]:
        asked = ask if one.session is not None else without_sign_in(ask)
        await kit.web.send(asked, READ, session, declared=True, subject=subject)
    steps = kit.recorder.steps[before:]
    control = [step for step in kit.recorder.exchanges(CONTROL) if step.subject == subject]
    open_ = is_open(steps, control, kit.recorder.exchanges(FRONT), one.link, kit.target, (PROBE, READ))
    one.opened |= open_ is True
    one.shut = one.shut + 1 if open_ is False else 0


async def _wait_for_its_end(kit: Kit, one: _Watched, options: Options) -> None:
    """Its sign-in may have ended before its time did: a fresh one tells whether that came."""
    if (end := end_of(one.link, kit.time.now() if one.first is None else one.first)) is None:
        return
    until = end + timedelta(seconds=1.1 * late_s(options, one.link.lifetime_s or 0.0))
    if one.first is not None and until <= one.first + timedelta(seconds=options.watch_s):
        kit.progress(f"{subject_of(one.link)}: signing in anew at {until:%Y-%m-%d %H:%M:%S} UTC", 0.9)
        await kit.time.sleep((until - kit.time.now()).total_seconds())


async def _probe_anew(kit: Kit, link: Link) -> None:
    try:
        session = await kit.web.sign_in(link.account, again=True)
    except CannotSignIn as refused:
        kit.recorder.fact(NOT_LET_IN, link.account, subject=subject_of(link), fault=str(refused).rstrip("."))
        return
    session.values["link"] = link.url
    await kit.web.get(link.url, ANEW, session, follow=FOLLOW, subject=subject_of(link))
    for ask in link.reads[:1]:
        await kit.web.send(ask, ANEW_READ, session, declared=True, subject=subject_of(link))


async def _sign_in(kit: Kit, one: _Watched) -> bool:
    fault = "this run was from outside, without accounts"
    if kit.tier >= Tier.ACCOUNTS:
        try:
            one.session = await kit.web.sign_in_as(kit.target.account(one.link.account))
            one.session.values["link"] = one.link.url
            return True
        except CannotSignIn as refused:
            fault = str(refused).rstrip(".")
    kit.recorder.fact(NOT_LET_IN, one.link.account, subject=subject_of(one.link), fault=fault)
    return False


def is_open(
    steps: Sequence[AnyStep],
    control: Sequence[Exchange],
    front: Sequence[Exchange],
    link: Link,
    target: Target,
    labels: tuple[str, str],
) -> bool | None:
    """Whether one try was let in: by its page, or by the data behind it. None: nobody can say."""
    marker = Masks(target.secrets).clean(link.marker)
    pages = chains([step for step in steps if isinstance(step, Exchange) and step.label == labels[0]])
    reads = chains([step for step in steps if isinstance(step, Exchange) and step.label == labels[1]])
    answer = read_answer(pages[-1] if pages else (), link.url, marker, control, front)
    served = read_data(reads[-1], link.reads[0], marker, link.url) if reads and link.reads else None
    if answer.way is Way.OPEN or served is Served.YES:
        return True
    if served is Served.NO and answer.way is not Way.SILENT:
        return False
    if served is None and (answer.way in (Way.SIGN_IN, Way.REFUSED, Way.GENERIC)):
        return False
    # A page that no longer shows the device is no longer the device's, if it is answered at all.
    return False if served is None and answer.way is Way.UNCLEAR and link.marker and not answer.named else None


# ---- when ----------------------------------------------------------------------------------------------


def _times(link: Link, used: bool, began: datetime, options: Options) -> list[datetime]:
    stop = began + timedelta(seconds=options.watch_s)
    end = end_of(link, began)
    if end is None:
        offsets = {time for time in TIMES if time <= options.watch_s} | {options.watch_s}
        if used:  # a link that is in use: every quarter of an hour at first, then every hour of a day
            offsets |= {n * HOUR / 4 for n in range(1, 5)} | {n * HOUR for n in range(1, 25)}
        else:
            offsets = {0.0, options.watch_s}
        return [began + timedelta(seconds=offset) for offset in sorted(offsets) if offset <= options.watch_s]
    late = late_s(options, link.lifetime_s or 0.0)
    left = max((end - began).total_seconds(), 0.0)
    moments = [began, *([began + timedelta(seconds=left * part) for part in (1 / 3, 2 / 3)] if used and left else [])]
    moments += [max(end, began) + timedelta(seconds=late * times) for times in (1.05, 2.1)]
    return [moment for moment in moments if moment <= stop]


def _gone_on_with(kit: Kit) -> list[AnyStep]:
    """The steps of a try that was killed, but for those of a sign-in, which is gone."""
    alone = {step.subject for step in kit.earlier if isinstance(step, Fact) and step.label == BY_ITSELF}
    signed_in = {subject_of(link) for link in kit.target.links if link.account} - alone
    kept = [step for step in kit.earlier if step.subject not in signed_in and step.label != ISSUED]
    if (kit.target.option("K02", Options) or Options()).issue is not None:
        kept = []
    for step in kept:
        kit.recorder.keep(step)
    return kept


def _began(earlier: Sequence[AnyStep], link: Link) -> datetime | None:
    for step in earlier:
        if step.label == PROBE and step.subject == subject_of(link):
            try:
                return parse_iso(step.at)
            except ValueError:
                return None
    return None


# ---- a fresh link --------------------------------------------------------------------------------------


async def _issue(kit: Kit, options: Options) -> Link:
    like = kit.target.link(options.like) if options.like else kit.target.links[0]
    say = "Have a new link issued that is like " + subject_of(like) + "."
    act = await kit.tester.do(options.issue, "issue a link", say=say, label=ISSUED)
    written = act.answer if act.how != "by hand" else await kit.tester.type("Its address:", ISSUED)
    url = find_address(written, kit.target.front)
    if not url or not kit.addresses.knows(urlsplit(url).hostname or ""):
        raise BadInput("The answer to [K02] issue holds no address of a permitted host.")
    made = _anew(like, url, f"{subject_of(like)}, issued anew")
    kit.recorder.fact(ISSUED, subject_of(made), {"url": url, "like": subject_of(like)}, subject=subject_of(made))
    return made


def _anew(like: Link, url: str, name: str) -> Link:
    """A link like that one; of its reads, those below its address are below the new one. Others would be the old one's."""
    below = [read for read in like.reads if like.url in read.url or "{link}" in read.url]
    reads = [msgspec.structs.replace(read, url=read.url.replace(like.url, url)) for read in below]
    return msgspec.structs.replace(like, url=url, name=name, reads=tuple(reads), issued=None)


def find_address(text: str, base: str) -> str:
    """The address in an answer: under a name that says so in JSON, the first one in a text, or the text as a path."""
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, str):
        text = found
    if isinstance(found, dict):
        for name in ("url", "link", "href", "address", "path"):
            if isinstance(value := found.get(name), str) and value:
                return urljoin(base, value)
    if first := _ADDRESS.search(text):
        return first.group().rstrip(".,;)")
    word = text.strip()
    return urljoin(base, word) if word.startswith("/") and len(word.split()) == 1 else ""


def watched_links(snapshot: Snapshot, target: Target) -> list[Link]:
    """The links that this look was about."""
    made = []
    for fact in snapshot.of(Fact, ISSUED):
        value = fact.value if isinstance(fact.value, dict) else {}
        like = next((link for link in target.links if subject_of(link) == value.get("like")), None)
        if like is not None and isinstance(url := value.get("url"), str):
            made.append(_anew(like, url, fact.name))
    return made or list(target.links)


LOOK = Look("lasting", Tier.OUTSIDE, _run, needs_links, quick=False)
