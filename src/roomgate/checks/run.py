"""A run: take every look once, keep it, judge it. Looks are taken one after the other: two at once would disturb.

But for a quick run from outside: there whatever says that it may is taken beside the others, at the one pace of all.
"""

import asyncio
import re
import ssl
import traceback
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import httpx

from roomgate.checks.addresses import Addresses, LookUp, look_up
from roomgate.checks.declared import Check, Look, Tier
from roomgate.checks.finding import Finding, build_finding
from roomgate.checks.journal import Journal, Run, digest
from roomgate.checks.kept import encode_target
from roomgate.checks.kit import Kit
from roomgate.checks.outcome import Judgement, Outcome, inconclusive
from roomgate.checks.pace import Pace, SystemTime, Time
from roomgate.checks.recorder import Masks, Recorder
from roomgate.checks.snapshot import Ended, Snapshot
from roomgate.checks.sockets import OpenSocket, real_sockets
from roomgate.checks.target import Target, overdue
from roomgate.checks.tester import Tester, Voice
from roomgate.checks.web import Web
from roomgate.clock import iso
from roomgate.errors import BadInput, RoomgateError
from roomgate.xapi.errors import XapiError

_ERRED = "The checker itself erred: "
_WORDS_OF_FORMS = ("password", "passphrase", "username", "user", "email", "hidden", "submit", "text", "form", "input")


class NotAuthorised(RoomgateError):
    """The written authorisation is over."""

    code = "check.not-authorised"
    hint = "Ask the owner for a new one, and write it into the target file."


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to be looked at."""

    tier: Tier = Tier.OUTSIDE
    only: tuple[str, ...] = ()
    quick: bool = False
    intrusive: bool = False


@dataclass(frozen=True, slots=True)
class Around:
    """What a run needs of the world; tests hand in their own."""

    time: Time = field(default_factory=SystemTime)
    voice: Voice | None = None
    transport: Callable[[], httpx.AsyncBaseTransport] | None = None
    look_up: LookUp = look_up
    progress: Callable[[str, str, float], None] = lambda look, what, part: None
    open_socket: OpenSocket | None = None  # stands in for the network as ``transport`` does; None: real ones


def plan(checks: Sequence[Check], wish: Wish) -> list[Look]:
    """The looks that these checks take, each once, in the order of their first check, but for those that come last.

    Raises BadInput.
    """
    ids = {check.id for check in checks}
    if unknown := [id for id in wish.only if id not in ids]:
        raise BadInput(f"There is no check {', '.join(unknown)}.", hint="`roomgate check list` shows them.")
    looks: dict[str, Look] = {}
    for check in checks:
        if not wish.only or check.id in wish.only:
            looks.setdefault(check.look.id, check.look)
    return sorted(looks.values(), key=lambda look: look.last)


async def run(target: Target, text: str, checks: Sequence[Check], wish: Wish, journal: Journal, around: Around) -> None:
    """Look at everything that is wished for and not yet in the journal.

    ``text`` is the target file's: another file is another run. Raises NotAuthorised, Conflict, BadInput. Cancelled,
    it leaves the journal so that it can go on.
    """
    if overdue(target, around.time.now()):
        raise NotAuthorised(f"The authorisation ended on {target.authorisation.until}.")
    looks = plan(checks, wish)
    journal.open(
        Run(
            target=target.about.name, target_sha256=digest(text), began=iso(around.time.now()), tier=int(wish.tier),
            only=wish.only, quick=wish.quick, intrusive=wish.intrusive,
        )
    )  # fmt: skip
    journal.keep_target(encode_target(target))
    addresses = await Addresses.of(target, around.look_up)
    pace = Pace(target.permitted.requests_per_second, around.time)
    masks = Masks(_masked(target))
    trust = cache(lambda: trust_of(target))  # reading the system's authorities takes a while
    quietly = replace(around, progress=lambda look, what, part: None)  # the line that a person sees is another look's
    left = [look for look in looks if journal.find(look.id) is None]
    beside = [look for look in left if look.beside and wish.quick and wish.tier is Tier.OUTSIDE]
    try:
        async with asyncio.TaskGroup() as group:
            for look in beside:
                taking = _take(look, target, wish, journal, quietly, addresses, pace, masks, trust)
                group.create_task(taking, name=f"check.{look.id}")
            for look in left:
                if look not in beside:
                    await _take(look, target, wish, journal, around, addresses, pace, masks, trust)
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None  # such as a disk that is full: told as if it had been one alone


def why_not(look: Look, target: Target, wish: Wish) -> str:
    """Why a look is not taken, or nothing."""
    if look.tier > wish.tier:
        return f"Not looked at: it is done {look.tier.words}, and this run was {wish.tier.words}."
    if wish.quick and not look.quick:
        return "Not looked at: it takes longer than a quick check does."
    if look.intrusive and not (wish.intrusive and target.permitted.intrusive):
        return "Not looked at: it places a call or moves a room, and needs --allow-intrusive and a test room in the target file."
    if lacks := look.needs(target):
        return f"Not looked at: {lacks}"
    return ""


async def _take(
    look: Look, target: Target, wish: Wish, journal: Journal, around: Around, addresses: Addresses, pace: Pace,
    masks: Masks, trust: Callable[[], ssl.SSLContext],
) -> None:  # fmt: skip
    began = iso(around.time.now())
    if why := why_not(look, target, wish):
        journal.end(Snapshot(look=look.id, began=began, ended=Ended.SKIPPED, why=why))
        return
    earlier, kept = journal.begin(look.id)
    recorder = Recorder(around.time, masks, kept.keep)
    ended, why = Ended.DONE, ""
    try:
        trusted = trust() if around.transport is None or around.open_socket is None else None
        async with (
            Web(target, recorder, addresses, pace, trusted, _transport(around)) as web,
            AsyncExitStack() as later,
        ):
            kit = Kit(
                target, web, around.time, pace, recorder, Tester(recorder, web, around.time, around.voice), addresses,
                journal.evidence, wish.intrusive and target.permitted.intrusive, wish.quick,
                lambda what, part: around.progress(look.id, what, part), tuple(earlier), wish.tier, later,
                open_socket=around.open_socket or real_sockets(addresses, trusted or trust()),
            )  # fmt: skip
            around.progress(look.id, "", 0.0)
            await look.run(kit)
            around.progress(look.id, "", 1.0)
    except (RoomgateError, XapiError) as broken:
        ended, why = Ended.FAILED, f"{broken}"
    except Exception as broken:
        ended, why = Ended.FAILED, _words(broken)
    finally:
        kept.close()
    journal.end(Snapshot(look=look.id, began=began, ended=ended, why=why, steps=tuple(recorder.steps)))


def _words(broken: BaseException) -> str:
    """Of a group, the first that is ours; of what is nobody's, its name and place."""
    if isinstance(broken, BaseExceptionGroup):
        inner = [_words(one) for one in broken.exceptions]
        return next((one for one in inner if not one.startswith(_ERRED)), inner[0])
    if isinstance(broken, RoomgateError | XapiError):
        return f"{broken}"
    place = traceback.extract_tb(broken.__traceback__)[-1:]
    where = "".join(f" in {Path(one.filename).name}, line {one.lineno}" for one in place)
    return f"{_ERRED}{type(broken).__name__}{where}: {broken}"[:300]


def _masked(target: Target) -> dict[str, str]:
    """The secrets to mask. Not those that the file shows or looks for itself (a room's name among an account's
    values), nor the words of forms: they would be masked where they are what is looked for."""
    shown = [*target.about.urls, *(text for link in target.links for text in (link.marker, link.name, link.url))]
    shown += [text for ask in target.asks for text in (ask.expects, ask.url)] + [one.expects for one in target.channels]
    secrets = dict(target.secrets)
    for one in target.accounts:
        for header, value in one.headers.items():
            secrets |= {word: f"{header} of {one.name}" for word in re.split(r"[\s;=]+", value) if len(word) >= 12}
    return {
        secret: name
        for secret, name in secrets.items()
        if secret.lower() not in _WORDS_OF_FORMS and not any(secret in text for text in shown)
    }


def trust_of(target: Target) -> ssl.SSLContext:
    """What the checker believes of certificates: the system's authorities, and those that the file names."""
    trust = ssl.create_default_context()
    for where, name in (("target", target.about.ca), ("device", target.device.ca)):
        file = target.base / name
        try:
            if name:
                trust.load_verify_locations(cafile=str(file))
        except (OSError, ssl.SSLError) as bad:
            raise BadInput(f"[{where}] ca: {file} cannot be read as a certificate: {bad}.") from bad
    return trust


def _transport(around: Around) -> httpx.AsyncBaseTransport | None:
    return around.transport() if around.transport is not None else None


def judge_all(checks: Sequence[Check], snapshots: dict[str, Snapshot], target: Target) -> list[Finding]:
    """Pure: every check's finding, in their order."""
    return [
        build_finding(check, snapshots.get(check.look.id), judge(check, snapshots.get(check.look.id), target))
        for check in checks
    ]


def judge(check: Check, snapshot: Snapshot | None, target: Target) -> Judgement:
    """One check's judgement. A look that was not taken, or broke off, is judged only if it saw enough for a fail."""
    if snapshot is None:
        return inconclusive("Not looked at in this run.")
    if snapshot.ended is Ended.SKIPPED:
        return inconclusive(snapshot.why)
    try:
        found = check.judge(snapshot, target)
    except Exception as broken:
        return inconclusive(_words(broken))
    if snapshot.ended is Ended.FAILED and found.outcome is not Outcome.FAIL:
        return inconclusive(f"The look broke off: {snapshot.why}", found.points)
    return found


def folder_of(target: Target, base: Path) -> Path:
    """Where a run goes if nobody says."""
    words = "".join(c if c.isalnum() else "-" for c in target.about.name.lower())
    return base / f"check-{'-'.join(filter(None, words.split('-')))[:60] or 'run'}"
