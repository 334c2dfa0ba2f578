"""K26: the connector leaves sessions open on the device after somebody's access is over."""

import msgspec

from roomgate.checks.declared import Check, Look, Tier, Weight
from roomgate.checks.inside import (
    SESSIONS,
    USERS,
    Reach,
    Row,
    lacks_device,
    numbers_of,
    reach_device,
    read_lists,
    rows_of,
)
from roomgate.checks.kit import Kit
from roomgate.checks.outcome import Judgement, Point, failed, inconclusive, passed
from roomgate.checks.snapshot import Act, Snapshot
from roomgate.checks.target import Deed, Target

BEFORE, DURING, AFTER, VISIT, LEAVE = "before", "during", "after", "visit", "leave"


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``visit`` reaches the device through the connector, and ``leave`` ends that, where it does not end by itself.

    ``accounts``: the device accounts that the connector uses. ``expected``: how many sessions of theirs may stand while
    nobody is there (one, by which it hears of changes). ``others``: accounts of other integrations, left alone.
    """

    visit: Deed = Deed()
    leave: Deed | None = None
    accounts: tuple[str, ...]
    expected: int = 1
    others: tuple[str, ...] = ()
    after_s: float = 60.0


def _needs(target: Target) -> str:
    options = target.option("K26", Options)
    if options is None or not options.accounts:
        return "the target file does not say which device accounts the connector uses ([K26] accounts)."
    return lacks_device(target)


async def look(kit: Kit, reach: Reach = reach_device) -> None:
    """The device's own list of sessions: before, during and after an access through the connector."""
    options = kit.target.option("K26", Options)
    assert options is not None
    async with reach(kit) as room:
        await read_lists(kit, room, BEFORE, (SESSIONS, USERS))
        await kit.tester.do(options.visit, VISIT, say="Open the room through the connector, and read something there.")
        await read_lists(kit, room, DURING, (SESSIONS, USERS))
        if options.leave is not None or options.visit == Deed():
            await kit.tester.do(options.leave, LEAVE, say="Leave the room again: close the page, and sign out.")
        kit.progress(f"waiting {options.after_s:.0f} s", 0.5)
        await kit.time.sleep(options.after_s)
        await read_lists(kit, room, AFTER, (SESSIONS, USERS))


def judge(snapshot: Snapshot, target: Target) -> Judgement:
    options = target.option("K26", Options)
    before, during, after = (rows_of(snapshot, label, SESSIONS) for label in (BEFORE, DURING, AFTER))
    if options is None or before is None or after is None:
        return inconclusive("The device did not give its list of sessions, or not both times.")
    if any(not row.get("user") for row in after):
        return inconclusive("The device does not say whose its sessions are, so those of the connector cannot be told.")
    accounts = {name.casefold() for name in options.accounts}
    ours = 1 if target.device.user.casefold() in accounts else 0  # the checker's own
    left = [row for row in after if str(row.get("user")).casefold() in accounts]
    points = [*_breadth(snapshot, accounts), *(_left(row, snapshot) for row in left)]
    if len(left) - ours > options.expected:
        return failed(
            f"After the access was over, {len(left) - ours} sessions of the connector's accounts stand open at the "
            f"device; {options.expected} would do.",
            points,
        )
    strangers = _strangers(before, after, accounts | {name.casefold() for name in options.others}, target)
    if strangers:
        return inconclusive(
            "Sessions of accounts that the target file does not name began during the access, and are left: "
            f"{', '.join(strangers)}. Whose they are has to be found out ([K26] accounts, others).",
            points,
        )
    if not _was_there(snapshot, options, before, during, accounts, ours):
        return inconclusive(
            "Nothing shows that the access reached the device, so nothing can be said of its end.", points
        )
    return passed("No session of the connector's accounts is left at the device beyond what it needs.", points)


def _was_there(
    snapshot: Snapshot, options: Options, before: list[Row], during: list[Row] | None, accounts: set[str], ours: int
) -> bool:
    """By a session of its accounts, standing or new, or by an answer that only the device gives."""
    for rows in (before, during or []):
        if sum(str(row.get("user")).casefold() in accounts for row in rows) > ours:
            return True
    request = options.visit.request
    return request is not None and bool(request.expects) and any(act.ok for act in snapshot.of(Act, VISIT))


def _strangers(before: list[Row], after: list[Row], named: set[str], target: Target) -> list[str]:
    old = {str(row.get("id")) for row in before}
    new = {str(row.get("user")) for row in after if str(row.get("id")) not in old}
    return sorted(name for name in new if name.casefold() not in named | {target.device.user.casefold()})


def _left(row: Row, snapshot: Snapshot) -> Point:
    what = ", ".join(str(row[name]) for name in ("kind", "from", "since") if row.get(name))
    return Point(f"session of {row.get('user')}", what, numbers_of(snapshot, AFTER, SESSIONS)[-1:])


def _breadth(snapshot: Snapshot, accounts: set[str]) -> list[Point]:
    """An account that may do everything is worth a word, whatever becomes of its sessions."""
    users = rows_of(snapshot, AFTER, USERS) or rows_of(snapshot, BEFORE, USERS) or []
    found = []
    for row in users:
        roles = row.get("roles")
        if str(row.get("name")).casefold() in accounts and isinstance(roles, list) and "Admin" in roles:
            found.append(Point(f"account {row.get('name')}", "is an administrator of the device"))
    return found


LOOK = Look("sessions", Tier.SITE, look, _needs, quick=False)

CHECK = Check(
    id="K26",
    title="The connector leaves sessions open on the device",
    weight=Weight.COUNTED,
    vector="CVSS:4.0/AV:A/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:N/SC:N/SI:N/SA:N",
    cwe=(613, 250),
    asvs=("7.4.1", "13.2.2"),
    sources=("https://cwe.mitre.org/data/definitions/613.html",),
    procedure="As an administrator of the device, list its sessions (Security Session List) and users before, during and "
    "after somebody's access through the connector. After the access is over, count the sessions of the connector's "
    "accounts: no more may stand than it needs to hear of changes.",
    remedy="End each device session with the access that it was opened for; keep at most one, of the least role, for "
    "feedback; and use no administrator's account for daily work.",
    mistaken="Other integrations have sessions too: name their accounts under others. A session that the device itself "
    "ends later than the wait looks as if it were left: wait longer (after_s). The checker's own session is not counted.",
    look=LOOK,
    judge=judge,
    options=Options,
)
