"""K22: an enrolment code enrols more than once, or after its time."""

import asyncio
import re

import msgspec

from roomgate.checks.declared import Check, Look, Tier, Weight
from roomgate.checks.kit import Kit
from roomgate.checks.outcome import Judgement, Point, failed, inconclusive, passed
from roomgate.checks.pace import Pace
from roomgate.checks.snapshot import Act, Exchange, Snapshot, Told
from roomgate.checks.target import Deed, Target
from roomgate.checks.tester import NobodyToAsk, NotDone

FIRST, AGAIN, TOGETHER, LATE, CLEANUP = "first use", "second use", "used at once", "late use", "clean up"
MARGIN_S = 5.0
AT_ONCE_PER_SECOND = 1000.0


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``issue`` gives a fresh code; ``redeem`` would enrol with ``{code}``, and works exactly if it was accepted.

    ``code`` is a pattern whose first group is the code in what ``issue`` gives; without one, it is all of it.
    ``cleanup`` removes what was enrolled, after each use. ``lifetime_s``: how long a code lives; ``expired``: one that
    was never used and whose time is over, which spares the waiting.
    """

    issue: Deed = Deed()
    redeem: Deed
    cleanup: Deed | None = None
    code: str = ""
    lifetime_s: float | None = None
    expired: str = ""


def _needs(target: Target) -> str:
    options = target.option("K22", Options)
    if options is None:
        return "the target file does not say how a connector is enrolled ([K22] issue, redeem)."
    try:
        re.compile(options.code)
    except re.error as bad:
        return f"[K22] code is no pattern: {bad}."
    return ""


async def look(kit: Kit) -> None:
    """Use codes: one after the other, at once, late. Each is hidden in what is recorded."""
    options = kit.target.option("K22", Options)
    assert options is not None
    known: dict[str, str] = {}  # what is shown in place of each code, since a vendor may issue the same one again
    code = await _issue(kit, options, known)
    await _redeem(kit, options, code, FIRST)
    await _redeem(kit, options, code, AGAIN)
    await _clean(kit, options)
    if options.redeem.request is not None or options.redeem.command:  # a person has but two hands
        code = await _issue(kit, options, known)
        async with asyncio.TaskGroup() as group:
            for _ in range(2):
                group.create_task(_redeem(kit, options, code, TOGETHER, Pace(AT_ONCE_PER_SECOND, kit.time)))
        await _clean(kit, options)
    if options.expired:
        kit.recorder.hide(options.expired, "expired enrolment code")
        await _redeem(kit, options, options.expired, LATE)
    elif options.lifetime_s is not None and not kit.quick:
        code = await _issue(kit, options, known)
        kit.progress(f"waiting {options.lifetime_s:.0f} s, until a code's time is over", 0.5)
        await kit.time.sleep(options.lifetime_s + MARGIN_S)
        await _redeem(kit, options, code, LATE)
    else:
        return
    await _clean(kit, options)


async def _issue(kit: Kit, options: Options, known: dict[str, str]) -> str:
    """Raises NotDone where none comes."""
    act = await kit.tester.do(options.issue, "issue a code", say="Let the vendor's console issue an enrolment code.")
    text = act.answer if act.how != "by hand" else await kit.tester.type("The enrolment code:", "issue a code")
    found = re.search(options.code, text) if options.code else re.match(r"\s*(\S+)", text)
    if found is None:
        raise NotDone("No enrolment code is in what was given for one.")
    code = found.group(1) if found.re.groups else found.group()
    if code in known:
        return known[code]
    name = f"enrolment-code-{len(known) + 1}"
    known[f"‹{name}›"] = code
    kit.recorder.hide(code, name)
    return code


async def _redeem(kit: Kit, options: Options, code: str, label: str, pace: Pace | None = None) -> None:
    try:
        act = await kit.tester.do(
            options.redeem, "enrol", label=label, say="Try to enrol a connector with the code {code}.",
            values={"code": code}, pace=pace,
        )  # fmt: skip
    except NotDone:
        return  # refused, and on record
    if act.how == "by hand":
        await kit.tester.choose("Was the connector enrolled?", ("yes", "no"), label)


async def _clean(kit: Kit, options: Options) -> None:
    if options.cleanup is not None:
        try:
            await kit.tester.do(options.cleanup, "remove what was enrolled", label=CLEANUP)
        except (NotDone, NobodyToAsk):
            return  # there may be nothing to remove


def judge(snapshot: Snapshot, target: Target) -> Judgement:
    options = target.option("K22", Options)
    within_s = options.redeem.within_s if options is not None else 60.0
    first, again, together, late = (_uses(snapshot, one, within_s) for one in (FIRST, AGAIN, TOGETHER, LATE))
    bad = []
    if True in first and True in again:
        bad.append(
            Point("one after the other", "a code that had enrolled once enrolled again", _steps(snapshot, AGAIN))
        )
    if together.count(True) > 1:
        bad.append(Point("at once", "two uses of one code at once both enrolled", _steps(snapshot, TOGETHER)))
    if True in late:
        bad.append(Point("late", "a code enrolled after its time was over", _steps(snapshot, LATE)))
    if bad:
        return failed("An enrolment code is good for more than one connector, or has no end.", bad)
    if first != [True]:
        return inconclusive("Not even a fresh code enrolled, so a refusal says nothing.")
    if again != [False]:
        return inconclusive("What became of a code's second use is not known.")
    if len(together) != 2 or None in together or together.count(True) != 1:
        return inconclusive("What became of two uses of one code at once is not known.")
    if late != [False]:
        return inconclusive(
            "A code enrols once only. Whether it ends is not known: [K22] lifetime_s or expired would tell."
        )
    return passed("A code enrols once, also when it is used twice at once, and not after its time.")


def _uses(snapshot: Snapshot, label: str, within_s: float) -> list[bool | None]:
    """Whether each use was accepted; None where nothing can be said: no answer came, or a tester did not say."""
    told = snapshot.of(Told, label)
    found: list[bool | None] = []
    silent = any(not one.answered or one.status >= 500 or one.status == 429 for one in snapshot.of(Exchange, label))
    for act in snapshot.of(Act, label):
        if act.how == "by hand":
            said = told[len(found)].answer if len(found) < len(told) else ""
            found.append({"yes": True, "no": False}.get(said))
        elif act.ok:
            found.append(True)
        else:
            found.append(None if silent or act.t - act.began >= within_s else False)
    return found


def _steps(snapshot: Snapshot, label: str) -> tuple[int, ...]:
    return tuple(snapshot.number(act) for act in snapshot.of(Act, label))


LOOK = Look("enrolment", Tier.SITE, look, _needs)

CHECK = Check(
    id="K22",
    title="An enrolment code works more than once, or after its time",
    weight=Weight.REQUIRED,
    vector="CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:L",
    cwe=(294, 367),
    asvs=("6.4.1", "15.4.2"),
    sources=("https://cwe.mitre.org/data/definitions/294.html", "https://cwe.mitre.org/data/definitions/367.html"),
    procedure="Have a code issued and enrol with it twice; have another issued and enrol with it twice at the same moment; "
    "use one whose time is over. Only the first use of a fresh code may be accepted, and of two at once only one.",
    remedy="Store codes as hashes, with an end of minutes; mark one as used in the same transaction that enrols; and tell "
    "an administrator of every use that was refused.",
    mistaken="A redeem command that also succeeds when it is refused makes every use look accepted: it must fail "
    "(or its answer lack the expected text) exactly when nobody was enrolled. A second use by the same connector that is "
    "only told again what it was given before, for it lost the answer, enrols nobody new: use another identity.",
    look=LOOK,
    judge=judge,
    options=Options,
)
