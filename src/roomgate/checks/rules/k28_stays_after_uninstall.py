"""K28: the connector is uninstalled, and its links, its accounts or its traces on the device are still there."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

import msgspec

from roomgate.checks.declared import Check, Look, Tier, Weight
from roomgate.checks.inside import (
    MACROS,
    PANELS,
    SESSIONS,
    SLOTS,
    USERS,
    Reach,
    Room,
    Row,
    lacks_device,
    numbers_of,
    reach_device,
    read_lists,
    rows_of,
)
from roomgate.checks.kit import Kit
from roomgate.checks.likeness import line_likeness
from roomgate.checks.outcome import Judgement, Point, failed, inconclusive, passed
from roomgate.checks.snapshot import Exchange, Fact, Snapshot
from roomgate.checks.target import Deed, Link, Target
from roomgate.checks.web import CannotSignIn, Session
from roomgate.errors import BadInput

BEFORE, AFTER, BASELINE = "before", "after", "before install"
PAGE, READ = "page ", "read "
ALIKE = 0.9
_LISTS = (USERS, MACROS, PANELS, SLOTS)
_WORDS = {USERS: "account", MACROS: "macro", PANELS: "panel", SLOTS: "feedback slot", SESSIONS: "session"}
# Of traces on the device alone, which serve nobody by themselves: whoever has what they know must be near it.
TRACES = "CVSS:4.0/AV:A/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:L/SC:N/SI:N/SA:N"
PAUSES_S = (0.0, 30.0, 45.0)  # before a sign-in is tried, and tried again


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``uninstall`` does what the vendor's manual says; ``reinstall`` undoes it.

    What on the device is the connector's is told by ``accounts``, and by ``macros``, ``panels`` and ``feedback`` (how
    their names, or the slots' addresses, begin); or by ``before_install``, a JSON file with the device's lists as they
    were: ``{"users": ["admin"], "macros": [], "panels": [], "feedback": []}``. ``others``: what else was added since.
    """

    uninstall: Deed = Deed()
    reinstall: Deed | None = None
    accounts: tuple[str, ...] = ()
    macros: tuple[str, ...] = ()
    panels: tuple[str, ...] = ()
    feedback: tuple[str, ...] = ()
    before_install: str = ""
    others: tuple[str, ...] = ()
    after_s: float = 60.0

    @property
    def names_its_own(self) -> bool:
        return bool(self.accounts or self.macros or self.panels or self.feedback or self.before_install)


def _needs(target: Target) -> str:
    options = target.option("K28", Options)
    if options is None:
        return "the target file does not say how the connector is uninstalled ([K28] uninstall)."
    if not options.names_its_own:
        return "the target file does not say what on the device is the connector's ([K28] accounts, or before_install)."
    if "" in (*options.macros, *options.panels, *options.feedback):
        return "an empty beginning fits every name ([K28] macros, panels, feedback)."
    return lacks_device(target)


async def look(kit: Kit, reach: Reach = reach_device) -> None:
    """Links and the device's lists, before and after; it is installed again whatever happens."""
    options = kit.target.option("K28", Options)
    assert options is not None
    if options.before_install:
        kit.recorder.fact(BASELINE, "lists", await _load_baseline(kit, options), subject=options.before_install)
    sessions = {link.url: await _session(kit, link) for link in kit.target.links}
    async with reach(kit) as room:
        await _see(kit, room, sessions, BEFORE)
    async with AsyncExitStack() as afterwards:
        if options.reinstall is not None:
            afterwards.push_async_callback(kit.tester.do, options.reinstall, "install again")
        await kit.tester.do(
            options.uninstall,
            "uninstall",
            say="Uninstall the connector as the vendor's manual says, and close the account.",
        )
        kit.progress(f"waiting {options.after_s:.0f} s", 0.6)
        await kit.time.sleep(options.after_s)
        async with reach(kit) as room:
            await _see(kit, room, sessions, AFTER)


async def _load_baseline(kit: Kit, options: Options) -> dict[str, list[str]]:
    file = kit.target.base / options.before_install
    try:
        return msgspec.json.decode(await asyncio.to_thread(file.read_bytes), type=dict[str, list[str]])
    except (OSError, msgspec.MsgspecError) as bad:
        raise BadInput(f"[K28] before_install: {file} has no lists of names in JSON: {bad}.") from bad


async def _session(kit: Kit, link: Link) -> Session:
    """Whoever the link is for, signed in while there is still something to sign in to.

    Wrong passwords of a check before this one may have slowed sign-ins down for a while.
    """
    if not link.account:
        return kit.web.fresh()
    for pause_s in PAUSES_S:
        await kit.time.sleep(pause_s)
        try:
            return await kit.web.sign_in(link.account)
        except CannotSignIn:
            continue  # its exchange is on record
    return kit.web.fresh()  # and the page before will show nothing


async def _see(kit: Kit, room: Room, sessions: dict[str, Session], when: str) -> None:
    for link in kit.target.links:
        session = sessions[link.url]
        await kit.web.get(link.url, PAGE + when, session, follow=3, subject=link.url)
        for ask in link.reads:
            bare = msgspec.structs.replace(ask, account="")
            await kit.web.send(bare, READ + when, session, declared=True, subject=link.url)
    await read_lists(kit, room, when, (*_LISTS, SESSIONS))


def judge(snapshot: Snapshot, target: Target) -> Judgement:
    options = target.option("K28", Options)
    if options is None:
        return inconclusive("The target file does not say how the connector is uninstalled.")
    alive, unsure = [], []
    for link in target.links:
        point, doubt = _judge_link(snapshot, link)
        alive += [point] if point else []
        unsure += [f"{link.name or link.url}: {doubt}"] if doubt else []
    traces = _traces(snapshot, options)
    if alive or traces:
        what = "Its links still work" if alive else "It left traces on the device"
        return failed(f"{what} after the connector was uninstalled.", [*alive, *traces], "" if alive else TRACES)
    unknown = [_WORDS[name] + "s" for name in _LISTS if rows_of(snapshot, AFTER, name) is None]
    if unknown:
        return inconclusive(f"The device did not give its lists afterwards: {', '.join(unknown)}.")
    if unsure:
        return inconclusive(f"Whether links are dead is not known. {'; '.join(unsure)}.")
    if not _was_there(snapshot, options):
        return inconclusive(
            "Before it was uninstalled, nothing of it was on the device: nothing can have been removed."
        )
    if not target.links:
        return inconclusive("Nothing of it is left on the device; no link was tried, for the target file has none.")
    return passed("After it was uninstalled, its links are dead and nothing of it is left on the device.")


# ---- links -----------------------------------------------------------------------------------------


def _judge_link(snapshot: Snapshot, link: Link) -> tuple[Point | None, str]:
    """What is still served by it, or why nobody can say."""
    served_before = False
    for number, _ in enumerate(link.reads):
        before, after = (_nth(snapshot, READ + when, link, number) for when in (BEFORE, AFTER))
        if before is None or not _serves(before, link, number):
            continue
        served_before = True
        if after is None or not after.answered or after.status >= 500:
            return None, "its data could not be asked for afterwards"
        if _serves(after, link, number):
            return Point(after.url, "still serves the device's data", (snapshot.number(after),)), ""
    if served_before:
        return None, ""
    before, after = (_nth(snapshot, PAGE + when, link, 0) for when in (BEFORE, AFTER))
    if before is None or not before.succeeded or not link.marker or link.marker not in before.body:
        return None, "before, it did not show what only the device shows"
    if after is None or not after.answered or after.status >= 500:
        return None, "it gave no answer afterwards"
    if link.marker not in after.body or not after.succeeded:
        return None, ""
    if line_likeness(before.body, after.body) >= ALIKE:
        return Point(link.url, "still shows the device", (snapshot.number(after),)), ""
    return None, "it names the device still, on another page than before"


def _nth(snapshot: Snapshot, label: str, link: Link, number: int) -> Exchange | None:
    """The answer to a link's page (its last redirect), or to its nth read."""
    found = snapshot.of(Exchange, label, link.url)
    if label.startswith(PAGE):
        return found[-1] if found else None
    return found[number] if number < len(found) else None


def _serves(step: Exchange, link: Link, number: int) -> bool:
    wanted = link.reads[number].expects or link.marker
    return step.succeeded and wanted in step.body and bool(wanted)


# ---- the device ------------------------------------------------------------------------------------


def _traces(snapshot: Snapshot, options: Options) -> list[Point]:
    found = []
    for name in _LISTS:
        steps = numbers_of(snapshot, AFTER, name)[-1:]
        for row in rows_of(snapshot, AFTER, name) or []:
            if _is_its_own(name, row, options, snapshot):
                found.append(Point(f"{_WORDS[name]} {row.get('name')}", "is still on the device", steps))
    for row in rows_of(snapshot, AFTER, SESSIONS) or []:
        if _named(str(row.get("user")), options.accounts):
            steps = numbers_of(snapshot, AFTER, SESSIONS)[-1:]
            found.append(Point(f"session of {row.get('user')}", "is still open", steps))
    return found


def _is_its_own(name: str, row: Row, options: Options, snapshot: Snapshot) -> bool:
    called = str(row.get("name") or "")
    if not called or called in options.others:
        return False
    prefixes = {MACROS: options.macros, PANELS: options.panels, SLOTS: options.feedback}.get(name, ())
    if (name == USERS and _named(called, options.accounts)) or called.startswith(prefixes):
        return True
    baseline = _baseline(snapshot)
    return name in baseline and called not in baseline[name] and called in _names(rows_of(snapshot, BEFORE, name))


def _was_there(snapshot: Snapshot, options: Options) -> bool:
    return any(
        _is_its_own(name, row, options, snapshot) for name in _LISTS for row in rows_of(snapshot, BEFORE, name) or []
    )


def _baseline(snapshot: Snapshot) -> dict[str, list[Any]]:
    found = [one.value for one in snapshot.of(Fact, BASELINE) if isinstance(one.value, dict)]
    return {str(name): value for name, value in found[-1].items() if isinstance(value, list)} if found else {}


def _names(rows: Sequence[Row] | None) -> list[str]:
    return [str(row.get("name")) for row in rows or []]


def _named(name: str, names: Sequence[str]) -> bool:
    return name.casefold() in {one.casefold() for one in names}


LOOK = Look("uninstall", Tier.SITE, look, _needs, quick=False, last=True)  # it may not come back

CHECK = Check(
    id="K28",
    title="Access or traces stay after the connector is uninstalled",
    weight=Weight.REQUIRED,
    vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:L/SC:N/SI:N/SA:N",
    cwe=(459, 613),
    asvs=("7.4.2", "13.2.2"),
    sources=("https://cwe.mitre.org/data/definitions/459.html",),
    procedure="Fetch each issued link, and list the device's users, macros, panels, feedback slots and sessions. Uninstall "
    "the connector as its manual says. Do the same again. No link may serve the device any more, and nothing that the "
    "connector had put on the device may be left: known by its names, or as what was not there before it was installed.",
    remedy="Let uninstalling end every link and session first, and then remove the connector's accounts, macros, panels and "
    "feedback slots from each device; tell which device could not be reached, so that its owner can.",
    mistaken="What another integration added after the list before the installation is not the connector's: name it under "
    "others. A page that still names the room, but serves nothing of it, is no access. Uninstalling by half (only the "
    "program, not the account at the vendor) is not what the manual says.",
    look=LOOK,
    judge=judge,
    options=Options,
)
