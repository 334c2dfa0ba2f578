"""K23: what was done is not on record: who, what, when and where."""

from collections import Counter
from collections.abc import Sequence

import msgspec

from roomgate.checks.declared import Check, Look, Tier, Weight
from roomgate.checks.entries import has_clock, looks_like_record, parse_record, times_in
from roomgate.checks.forms import has_password_field
from roomgate.checks.kit import Kit
from roomgate.checks.outcome import Judgement, Point, failed, inconclusive, passed
from roomgate.checks.snapshot import Act, Exchange, Snapshot, Told
from roomgate.checks.target import Deed, Target
from roomgate.checks.tester import NotDone
from roomgate.clock import parse_iso

ACT, BEFORE, RECORD, TAMPER = "act ", "record before", "record", "tamper evidence"
LOOK_EVERY_S = 10.0
YES, NO, UNKNOWN, NOT_READ = "yes", "no", "I do not know", "not understood"
ANSWER_MOST = 64 * 1024  # of what a command prints, as much is kept


class Known(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An act that must be on record. ``who``, ``what`` and ``where``: words, any of which the entry must hold.

    ``refused``: it is tried and must not work, like a stranger's try; that it was tried has to be on record too.
    """

    name: str
    deed: Deed = Deed()
    who: tuple[str, ...]
    what: tuple[str, ...]
    where: tuple[str, ...] = ()
    refused: bool = False


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``record`` fetches the vendor's record, as text, lines, CSV, JSON or a page with a row for each entry.

    It is fetched again and again until every act is in it, for ``delay_s`` at most. An entry's time may differ from the
    act's by ``tolerance_s``. ``tamper_evidence`` proves that the record was not changed, where the vendor offers that.
    """

    acts: tuple[Known, ...]
    record: Deed
    delay_s: float = 60.0
    tolerance_s: float = 120.0
    tamper_evidence: Deed | None = None


def _needs(target: Target) -> str:
    options = target.option("K23", Options)
    if options is None or not options.acts:
        return "the target file does not say which acts must be on record ([K23] acts), or how the record is fetched."
    if len({one.name for one in options.acts}) < len(options.acts):
        return "[K23] acts: two have the same name."
    if options.record.request is None and not options.record.command:
        return "[K23] record has neither a request nor a command that gives the record."
    return ""


async def look(kit: Kit) -> None:
    """Fetch the record, do the acts, and fetch it again until they are all in it."""
    options = kit.target.option("K23", Options)
    assert options is not None
    try:
        await kit.tester.do(options.record, "fetch the record", label=BEFORE)
    except NotDone:
        kit.progress("there is no record yet", 0.0)  # what is in it later is new
    for number, act in enumerate(options.acts):
        kit.progress(act.name, number / (len(options.acts) + 2))
        try:
            await kit.tester.do(act.deed, act.name, label=ACT + act.name)
        except NotDone:
            if not act.refused:
                raise
    until = kit.time.monotonic() + options.delay_s
    while True:
        await kit.tester.do(options.record, "fetch the record", label=RECORD)
        seen = Snapshot(look=LOOK.id, steps=tuple(kit.recorder.steps))
        if kit.time.monotonic() >= until or _is_whole(seen, options):
            break
        await kit.time.sleep(min(LOOK_EVERY_S, max(0.0, until - kit.time.monotonic())))
    if options.tamper_evidence is not None:
        try:
            await kit.tester.do(options.tamper_evidence, TAMPER)
        except NotDone:
            return  # on record
    elif kit.tester.present:
        question = "Can the vendor prove that nobody changed or removed entries of this record?"
        await kit.tester.choose(question, (YES, NO, UNKNOWN), TAMPER)


def _is_whole(seen: Snapshot, options: Options) -> bool:
    entries = new_entries(seen)
    return all(set(_found(seen, act, entries, options).values()) == {YES} for act in options.acts)


# ---- judging ---------------------------------------------------------------------------------------

_ALL = ("who", "what", "when", "where")


def judge(snapshot: Snapshot, target: Target) -> Judgement:
    options = target.option("K23", Options)
    text = _record(snapshot)
    if options is None or text is None:
        return inconclusive("The vendor's record was not fetched.")
    if has_password_field(text) or not looks_like_record(text):
        return inconclusive("What came is no record that can be read: no list, and no line with a time.")
    if [act for act in snapshot.of(Act) if act.label.startswith(ACT) and not act.ok and not _may_fail(act, options)]:
        return inconclusive("Not all acts could be done, so the record cannot be compared with them.")
    undone = [one.name for one in options.acts if not snapshot.of(Act, ACT + one.name)]
    if undone:
        return inconclusive(f"These acts were not done: {', '.join(undone)}.")
    bad, table, unread = [], [], []
    entries = new_entries(snapshot)
    for act in options.acts:
        found = _found(snapshot, act, entries, options)
        table.append({"act": act.name, **{part: found.get(part, NO) for part in _ALL}})
        lacks = [part for part in _ALL if found.get(part, NO) == NO]
        if lacks:
            what = f"the record lacks {', '.join(lacks)}" if found else "is not on record"
            bad.append(Point(act.name, what, tuple(snapshot.number(one) for one in snapshot.of(Act, ACT + act.name))))
        elif NOT_READ in found.values():
            unread.append(act.name)
    if bad and _is_cut(snapshot):
        return inconclusive("The record is longer than was read. Let [K23] record ask for the newest entries.", bad)
    if bad:
        return failed(f"Of {len(options.acts)} acts, {len(bad)} are not on record as they were done.", bad, table=table)
    if unread:
        return inconclusive(f"These acts are on record, with a time that was not understood: {', '.join(unread)}.")
    return passed(f"All {len(options.acts)} acts are on record: who, what, when and where.", _tamper(snapshot), table)


def _may_fail(act: Act, options: Options) -> bool:
    return any(ACT + one.name == act.label and one.refused for one in options.acts)


def new_entries(snapshot: Snapshot) -> list[str]:
    """Those that were not in it before the acts: what somebody did a minute ago proves nothing of them."""
    before, after = (Counter(parse_record(_record(snapshot, label) or "")) for label in (BEFORE, RECORD))
    return list(after - before)


def _record(snapshot: Snapshot, label: str = RECORD) -> str | None:
    fetched = [act for act in snapshot.of(Act, label) if act.ok]
    if not fetched:
        return None
    answers = snapshot.of(Exchange, label)  # which keep more of it than an act does
    return answers[-1].body if answers and fetched[-1].how == "request" else fetched[-1].answer


def _is_cut(snapshot: Snapshot) -> bool:
    answers = snapshot.of(Exchange, RECORD)
    if answers:
        return answers[-1].truncated or answers[-1].body_bytes > len(answers[-1].body.encode())
    return any(len(act.answer) >= ANSWER_MOST for act in snapshot.of(Act, RECORD)[-1:])


def _found(snapshot: Snapshot, act: Known, entries: Sequence[str], options: Options) -> dict[str, str]:
    """What the best entry has of it; an entry that does not say what was done is none at all."""
    done = snapshot.of(Act, ACT + act.name)
    try:
        ended = parse_iso(done[-1].at)
    except (ValueError, IndexError):
        return {}
    took_s = max(0.0, done[-1].t - done[-1].began)
    best: dict[str, str] = {}
    for entry in entries:
        if not _holds(entry, act.what):
            continue
        apart = [(moment - ended).total_seconds() for moment in times_in(entry)]
        near = any(-took_s - options.tolerance_s <= one <= options.tolerance_s for one in apart)
        when = YES if near else NOT_READ if not apart and has_clock(entry) else NO
        who, where = (YES if _holds(entry, words) else NO for words in (act.who, act.where))
        found = {"who": who, "what": YES, "when": when, "where": where}
        if not best or list(found.values()).count(NO) < list(best.values()).count(NO):
            best = found
    return best


def _holds(entry: str, words: Sequence[str]) -> bool:
    folded = entry.casefold()
    return not words or any(word.casefold() in folded for word in words)


def _tamper(snapshot: Snapshot) -> list[Point]:
    acts, told = snapshot.of(Act, TAMPER), snapshot.of(Told, TAMPER)
    if acts:
        said = "is proved" if acts[-1].ok else "could not be proved"
        return [Point("tamper evidence", f"that nobody changed the record {said}", (snapshot.number(acts[-1]),))]
    if told:
        said = {YES: "can be proved", NO: "cannot be proved"}.get(told[-1].answer, "is not known")
        return [Point("tamper evidence", f"that nobody changed the record {said}", (snapshot.number(told[-1]),))]
    return [Point("tamper evidence", "was not looked at")]


LOOK = Look("record", Tier.SITE, look, _needs, quick=False)

CHECK = Check(
    id="K23",
    title="What was done is not on record",
    weight=Weight.COUNTED,
    vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:N/VI:L/VA:N/SC:N/SI:L/SA:N",
    cwe=(778, 223),
    asvs=("16.1.1", "16.2.1", "16.3.2", "16.4.3"),
    sources=("https://cwe.mitre.org/data/definitions/778.html",),
    procedure="Do a number of known acts: sign in, open a room, read, change, place a call, share a link, be refused as a "
    "stranger. Fetch the vendor's record before, and after it until they are all in it, or the time it may take is over. Each act must be "
    "found with who did it, what, when (in UTC or with a zone) and on which device. Ask for proof that the record was "
    "not changed.",
    remedy="Record every access and every refusal with person, act, device and time in UTC, where those whom it is about "
    "cannot change it, and let customers export it.",
    mistaken="Some records come late: give them their time (delay_s). An entry may call a person or an act by other words: "
    "name all of them. A clock that is wrong by more than the tolerance makes a record useless, and is a fail on purpose.",
    look=LOOK,
    judge=judge,
    options=Options,
)
