"""K19: passwords may be guessed as often as one likes."""

import re
from statistics import median

import msgspec

from roomgate.checks.declared import Check, Look, Tier, Weight
from roomgate.checks.forms import has_password_field
from roomgate.checks.html_source import is_page, read_source
from roomgate.checks.kit import Kit
from roomgate.checks.outcome import Judgement, Point, failed, inconclusive, passed
from roomgate.checks.pace import Pace
from roomgate.checks.snapshot import Exchange, Fact, Snapshot
from roomgate.checks.target import Account, Ask, Target
from roomgate.checks.ways import leads
from roomgate.checks.web import CannotSignIn

BEFORE, WRONG, AFTER = "right before", "wrong", "right after"
ACCEPTED, REFUSED = "accepted", "refused"
TRIES = 12
PER_SECOND = 2.0  # its own: slower, a limit per minute would not be met
DELAY_MS, TIMES = 700.0, 3.0
_LIMITS = {423: "locked", 429: "too many requests"}
_CHANGING = re.compile(r"[A-Za-z0-9+/_=-]{16,}|\d+")


# ---- the look --------------------------------------------------------------------------------------


def _account(target: Target) -> Account | None:
    return next((one for one in target.accounts if one.wrong_passwords and _takes_password(one)), None)


def _takes_password(account: Account) -> bool:
    return account.sign_in is not None and "{password}" in msgspec.json.encode(account.sign_in.request).decode()


def _needs(target: Target) -> str:
    if not any(one.wrong_passwords for one in target.accounts):
        return "no account in the target file has wrong_passwords = true, and wrong passwords are tried on no other."
    return "" if _account(target) else "the account with wrong_passwords has no sign_in with {password} in it."


async def _run(kit: Kit) -> None:
    account = _account(kit.target)
    if account is None or account.sign_in is None:
        return
    await _right(kit, account, BEFORE)
    pace = Pace(PER_SECOND, kit.time)
    for number in range(1, TRIES + 1):
        kit.progress(f"wrong password {number} of {TRIES}", number / (TRIES + 2))
        session = kit.web.fresh(account.name)
        session.values = {"name": account.name, "user": account.user, **account.values, "password": _wrong(number)}
        await kit.web.send(
            _bare(account.sign_in.request), WRONG, session, declared=True, pace=pace, subject=account.name
        )
    await _right(kit, account, AFTER)


async def _right(kit: Kit, account: Account, label: str) -> None:
    """Sign in as ever. Before the guesses this must work, or what follows says nothing: raises CannotSignIn."""
    try:
        await kit.web.sign_in_as(account, label)
    except CannotSignIn as refused:
        kit.recorder.fact(label, REFUSED, subject=account.name, fault=str(refused))
        if label == BEFORE:
            raise
        return
    kit.recorder.fact(label, ACCEPTED, subject=account.name)


def _wrong(number: int) -> str:
    """Passwords that could be one, each another, and that no account has."""
    return f"Not-The-Password-{number:02}!"


def _bare(ask: Ask) -> Ask:
    return msgspec.structs.replace(ask, expects="")


LOOK = Look("guesses", Tier.ACCOUNTS, _run, _needs, last=True)

# ---- the judgement ---------------------------------------------------------------------------------


def judge(snapshot: Snapshot, target: Target) -> Judgement:
    tries = snapshot.of(Exchange, WRONG)
    answered = [step for step in tries if step.answered]
    after = {fact.name for fact in snapshot.of(Fact, AFTER)}
    if ACCEPTED not in {fact.name for fact in snapshot.of(Fact, BEFORE)}:
        return inconclusive(
            "The right password was not seen to be accepted before the wrong ones, so they prove nothing."
        )
    if len(answered) < TRIES:
        fault = next((step.fault for step in tries if not step.answered), "the run ended")
        return inconclusive(
            f"Only {len(answered)} of {TRIES} wrong passwords had an answer ({fault}): a limit, or the network."
        )
    points = [Point(step.url, _words(step), (snapshot.number(step),)) for step in answered]
    limit = _limit(answered)
    broke = any(step.fault or step.status >= 500 for step in snapshot.of(Exchange, AFTER))
    locked = REFUSED in after and not broke
    if any(_looks_accepted(step, snapshot) for step in answered):
        return inconclusive(
            "A wrong password had the same answer as the right one: what is accepted cannot be told.", points
        )
    if locked:
        return passed(f"After {TRIES} wrong passwords in a row even the right one is refused.", points)
    if ACCEPTED not in after:
        return inconclusive(f"After {TRIES} wrong passwords, the right one had no answer, or an error.", points)
    if limit.startswith("slower"):
        return passed(f"Wrong passwords are answered ever {limit}.", points)
    if limit:
        return inconclusive(
            f"Wrong passwords were limited ({limit}), but the right one was accepted straight after: "
            "it may be a limit that somebody who guesses right does not feel.",
            points,
        )
    return failed(
        f"{TRIES} wrong passwords in {_span(answered):.0f} s, all answered alike, and the right one is accepted then.",
        points,
    )


def _limit(answered: list[Exchange]) -> str:
    """What changed from the first answers to the last, or nothing."""
    for step in answered[1:]:
        if step.status in _LIMITS and answered[0].status != step.status:
            return f"{step.status}, {_LIMITS[step.status]}"
        if step.header("retry-after"):
            return f"Retry-After: {step.header('retry-after')[:40]}"
    first, last = (median(step.took_ms for step in part) for part in (answered[:3], answered[-3:]))
    if last - first >= DELAY_MS and last >= TIMES * first:
        return f"slower: from {first:.0f} to {last:.0f} ms"
    kinds = [_kind(step) for step in answered]
    if kinds[0] != kinds[-1] and _changed_once(kinds):
        return "the answer became another one"
    return ""


def _kind(step: Exchange) -> tuple[int, str, str]:
    """What an answer says, without what is another each time: numbers, tokens, hidden fields, markup."""
    where = _CHANGING.sub("", leads(step))
    shown = read_source(step.body).text if is_page(step.header("content-type"), step.body) else step.body
    return step.status, where, _CHANGING.sub("", shown)[:4000].strip()


def _changed_once(kinds: list[tuple[int, str, str]]) -> bool:
    """The same until some try, and another from then on: not a page that is different each time."""
    turn = next(n for n, kind in enumerate(kinds) if kind != kinds[0])
    return all(kind == kinds[-1] for kind in kinds[turn:]) and len(kinds) - turn >= 2


def _looks_accepted(step: Exchange, snapshot: Snapshot) -> bool:
    """Whether a wrong password had what the right one had: the first answer to it, and no form to try again."""
    right = next(
        (one for one in snapshot.of(Exchange, BEFORE) if one.method == step.method and one.url == step.url), None
    )
    if right is None or not right.answered or has_password_field(step.body):
        return False
    return _kind(step) == _kind(right)


def _words(step: Exchange) -> str:
    again = f", Retry-After {step.header('retry-after')[:20]}" if step.header("retry-after") else ""
    return f"{step.status} after {step.took_ms:.0f} ms{again}"


def _span(answered: list[Exchange]) -> float:
    return answered[-1].t - answered[0].t


CHECK = Check(
    id="K19",
    title="Passwords can be guessed without end",
    weight=Weight.COUNTED,
    vector="CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:N/VC:H/VI:H/VA:N/SC:N/SI:N/SA:N",
    cwe=(307,),
    asvs=("6.1.1", "6.3.1"),
    sources=(
        "https://cheatsheetseries.owasp.org/cheatsheets/Authentication_Cheat_Sheet.html",
        "https://pages.nist.gov/800-63-4/sp800-63b.html",
    ),
    procedure="With the one account that the target file marks wrong_passwords = true, and no other: sign in with the "
    "right password; then send its sign-in twelve times with wrong ones, two a second; then with the right one again. "
    "A lock, a delay that grows, or a refusal of the right password is a limit. It is done last, for it may lock the "
    "tester out.",
    remedy="Slow down after a few wrong passwords for an account, from wherever they come, and for an address, "
    "whatever the account; tell the account's owner. Better still, ask for something that cannot be guessed.",
    mistaken="A limit that begins after more than twelve, or counts per day, is not seen. A firewall in front may "
    "limit your address alone. If the limit shows but the right password is taken straight after, the check is "
    "inconclusive. Name an account that no other check uses.",
    look=LOOK,
    judge=judge,
)
