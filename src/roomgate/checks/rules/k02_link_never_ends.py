"""K02: a device link never ends."""

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from roomgate.checks.declared import Check, Weight
from roomgate.checks.looks import lasting
from roomgate.checks.looks.lasting import LOOK, Options
from roomgate.checks.looks.links import subject_of
from roomgate.checks.opening import chains
from roomgate.checks.outcome import Judgement, Outcome, Point, failed, inconclusive, passed
from roomgate.checks.snapshot import Exchange, Fact, Snapshot
from roomgate.checks.target import Link, Target
from roomgate.clock import parse_iso

WATCHED_LEAST = timedelta(hours=24) - timedelta(
    minutes=5
)  # a link alone that nobody ended in a day, and of which no end was said
ISSUED_LONG_AGO = timedelta(days=30)
SIGN_IN_MOST = timedelta(days=30) - timedelta(
    minutes=5
)  # a sign-in that is remembered for a month is long, and no longer an accident
_END_NAMES = frozenset(
    [
        "exp",
        "expires",
        "expiry",
        "expire",
        "expires_at",
        "expiration",
        "valid_until",
        "not_after",
        "se",
        "until",
        "x-amz-expires",
    ]
)


class Try(msgspec.Struct, frozen=True):
    at: datetime
    open: bool | None
    steps: tuple[int, ...]
    anew: bool = False


def judge(snapshot: Snapshot, target: Target) -> Judgement:
    options = target.option("K02", Options) or Options()
    links = lasting.watched_links(snapshot, target)
    found = [_judge_link(snapshot, link, target, options) for link in links]
    points = [point for one in found for point in one.points]
    table = [row for one in found for row in one.table]
    said = f" The vendor says of it: {target.about.vendor_lifetime}." if target.about.vendor_lifetime else ""
    for outcome, make in ((Outcome.FAIL, failed), (Outcome.INCONCLUSIVE, None)):
        if first := next((one for one in found if one.outcome is outcome), None):
            return failed(first.says + said, points, "", table) if make else inconclusive(first.says + said, points)
    if not found:
        return inconclusive("There is no link to look at.")
    return passed(found[0].says + said, points, table)


def _judge_link(snapshot: Snapshot, link: Link, target: Target, options: Options) -> Judgement:
    subject = subject_of(link)
    if snapshot.of(Fact, lasting.BY_ITSELF, subject):
        link = msgspec.structs.replace(link, account="")  # what its vendor says of a sign-in is not so
    tries = find_tries(snapshot, link, target)
    points = [Point(subject, f"{_stamp(one)}: {_word(one)}", one.steps) for one in _telling(tries)]
    if (own_end := says_end(link.url)) is not None:
        points.append(Point(subject, f"its own address says that it ends on {own_end:%Y-%m-%d %H:%M} UTC"))
    if not tries:
        fault = next(iter(snapshot.of(Fact, lasting.NOT_LET_IN, subject)), None)
        return inconclusive(f"{subject} was not opened: {fault.fault if fault else 'it was not asked'}.", points)
    first_open = next((one for one in tries if one.open), None)
    if first_open is None:
        return inconclusive(f"{subject} never opened, so nobody can say when it ends.", points)
    end = lasting.end_of(link, tries[0].at)
    late = timedelta(seconds=lasting.late_s(options, link.lifetime_s or 0.0))
    if end is None and own_end is not None:
        end, late = own_end, timedelta(minutes=5)
    table = _table(subject, tries)
    if end is not None and (over := [one for one in tries if one.open and one.at > end + late]):
        by = _span(over[-1].at - end)
        how = " by a fresh sign-in" if over[-1].anew else ""
        return failed(f"{subject} is still open{how} {by} after its time.", points, "", table)
    kept = [one for one in tries if not one.anew]
    ended = _ended(kept, snapshot)
    if ended is not None:
        if end is not None and any(one.open for one in tries if one.anew):
            return inconclusive(f"The sign-in of {subject} ended; its own time ends on {_date(end)} only.", points)
        what = "The sign-in with which it opens" if link.account and end is None else subject
        return passed(
            f"{what} ended {_span(ended.at - tries[0].at)} after it was first opened, or before.", points, table
        )
    if not kept or not kept[-1].open:
        return inconclusive(f"{subject} was open and then gave no clear answer.", points)
    return _still_open(link, subject, kept, end, points, table)


def _still_open(
    link: Link, subject: str, kept: Sequence[Try], end: datetime | None, points: Sequence[Point],
    table: Sequence[dict[str, Any]],
) -> Judgement:  # fmt: skip
    """Open when it was last asked: too long, or not yet."""
    last = kept[-1].at
    if end is not None:
        return inconclusive(
            f"{subject} is open, as it may be: its time ends on {_date(end)}. Ask again after that.", points
        )
    watched = last - next(one.at for one in kept if one.open)
    if link.account:
        if watched >= SIGN_IN_MOST:
            return failed(f"A sign-in opens {subject} {_span(watched)} later as on the first day.", points, "", table)
        ask = _date(kept[0].at + timedelta(days=30))
        said = f"{subject} opens with a sign-in, which had not ended after {_span(watched)}"
        return inconclusive(f"{said}. Ask again from {ask} on, or name what it was issued for as lifetime_s.", points)
    if link.issued is not None and (age := last - lasting.utc(link.issued)) >= ISSUED_LONG_AGO:
        return failed(f"{subject} was issued {_span(age)} ago, and opens by itself.", points, "", table)
    if watched >= WATCHED_LEAST:
        return failed(f"{subject} opens by itself {_span(watched)} later, and no end was said.", points, "", table)
    ask = _date(kept[0].at + timedelta(days=1))
    return inconclusive(
        f"{subject} was open for all of {_span(watched)}, and no end was said. Ask again from {ask} on "
        f"(watch_s under [K02]), or name when it was issued.", points,
    )  # fmt: skip


def _ended(kept: Sequence[Try], snapshot: Snapshot) -> Try | None:
    """The first of the tries that found it shut for good: two or more in a row, to the last, on a target that answers."""
    last_open = max(n for n, one in enumerate(kept) if one.open) if any(one.open for one in kept) else None
    if last_open is None:
        return None
    after = kept[last_open + 1 :]
    shut = [one for one in after if one.open is False]
    alive = any(step.answered and step.status < 500 for step in snapshot.of(Exchange, lasting.ALIVE))
    return shut[0] if len(shut) >= 2 and len(shut) == len(after) and alive else None


def find_tries(snapshot: Snapshot, link: Link, target: Target) -> list[Try]:
    """Each opening of the link, with when it was and whether it was let in."""
    subject = subject_of(link)
    control = snapshot.of(Exchange, lasting.CONTROL, subject)
    front = snapshot.of(Exchange, lasting.FRONT)
    made = []
    for page, read, anew in ((lasting.PROBE, lasting.READ, False), (lasting.ANEW, lasting.ANEW_READ, True)):
        opened = chains(snapshot.of(Exchange, page, subject))
        reads = chains(snapshot.of(Exchange, read, subject))
        for number, chain in enumerate(opened):
            # A try that was killed between the two has no read of its own; then the series do not match.
            own = reads[number] if len(reads) == len(opened) else ()
            steps = [*chain, *own]
            if (at := _parsed(chain[0].at)) is not None:
                open_ = lasting.is_open(steps, control, front, link, target, (page, read))
                made.append(Try(at, open_, tuple(snapshot.number(step) for step in steps), anew))
    return sorted(made, key=lambda one: one.at)


def says_end(url: str) -> datetime | None:
    """The end that an address itself states: a field that is called so, or a signed token's."""
    parts = urlsplit(url)
    for name, value in parse_qsl(parts.query)[:50]:
        if name.lower() in _END_NAMES and (moment := _moment(value)) is not None:
            return moment
    for word in [*parts.path.split("/"), *(value for _, value in parse_qsl(parts.query)[:50])]:
        if word.startswith("eyJ") and word.count(".") == 2:
            try:
                payload = word.split(".")[1]
                claims: Any = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
            except (ValueError, binascii.Error, RecursionError):
                continue
            if isinstance(claims, dict) and isinstance(claims.get("exp"), int | float):
                return _moment(str(int(claims["exp"])))
    return None


def _moment(value: str) -> datetime | None:
    """Seconds or milliseconds since 1970 of this century, or a written date."""
    try:
        if value.isdigit() and len(value) in (10, 13):
            return datetime.fromtimestamp(int(value[:10]), UTC)
        return lasting.utc(datetime.fromisoformat(value)) if "-" in value else None
    except (ValueError, OverflowError, OSError):
        return None


def _parsed(at: str) -> datetime | None:
    try:
        return parse_iso(at)
    except (ValueError, OverflowError):
        return None


def _telling(tries: Sequence[Try]) -> list[Try]:
    """The first, the last, and those at which it changed."""
    return [
        one
        for n, one in enumerate(tries)
        if n in (0, len(tries) - 1) or one.open is not tries[n - 1].open or one.open is not tries[n + 1].open
    ]


def _table(subject: str, tries: Sequence[Try]) -> list[dict[str, Any]]:
    return [{"link": subject, "at": f"{one.at:%Y-%m-%dT%H:%M:%SZ}", "seen": _word(one)} for one in tries[:100]]


def _word(one: Try) -> str:
    word = {True: "open", False: "shut", None: "no clear answer"}[one.open]
    return word + (" (signed in anew)" if one.anew else "")


def _stamp(one: Try) -> str:
    return f"{one.at:%Y-%m-%d %H:%M:%S} UTC"


def _date(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _span(span: timedelta) -> str:
    seconds = max(span.total_seconds(), 0.0)
    for unit, name in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} seconds"


CHECK = Check(
    id="K02",
    title="A device link never ends",
    weight=Weight.REQUIRED,
    vector="CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:N/VC:H/VI:H/VA:L/SC:N/SI:N/SA:N",
    cwe=(613, 598),
    asvs=("7.3.1", "7.3.2", "9.2.1"),
    sources=("https://cwe.mitre.org/data/definitions/613.html",),
    procedure="Open each link as it was issued (by itself, or in its account's sign-in where it needs one), and go on doing so: until after "
    "its time, where the target file says what it was issued for (lifetime_s, and issued); otherwise after an hour, a "
    "day, a week and a month, for as long as watch_s under [K02] says (an hour, if nothing). The first link is used in "
    "between, the others are left alone. [K02] issue has a fresh link issued first. A link that was open and is then "
    "shut, twice, has ended. It fails if it opens after its time; or by itself with no end said, a day later or a month "
    "after it was issued. What an address says of its own end is told, and counts as its time where no other is named.",
    remedy="Let an address open nothing by itself. Give every grant and every sign-in an end that use does not put off, "
    "and let the end reach what is open.",
    mistaken="A room's permanent address that opens only with a sign-in is a name: it may stay, and what must end is the "
    "sign-in or the grant. A link that was prolonged meanwhile is open rightly: ask again without touching it. A target "
    "that does not answer has not ended anything.",
    look=LOOK,
    judge=judge,
    options=Options,
)
