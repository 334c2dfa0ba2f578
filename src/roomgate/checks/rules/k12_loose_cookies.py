"""K12: cookies that let somebody in can be stolen on the way, read by scripts, or guessed."""

from dataclasses import dataclass
from typing import Any

import msgspec

from roomgate.checks.cookies import Cookie, Purpose, cookies_of, lacks, remarks, values_of
from roomgate.checks.declared import Check, Look, Tier, Weight
from roomgate.checks.kit import Kit
from roomgate.checks.looks.front import host_of, is_own, pages_of
from roomgate.checks.outcome import Judgement, Point, failed, inconclusive, not_applicable, passed
from roomgate.checks.pace import Pace
from roomgate.checks.snapshot import Exchange, Fact, Snapshot
from roomgate.checks.strength import measure
from roomgate.checks.target import Account, Target
from roomgate.checks.web import CannotSignIn

VISIT, SAMPLE, SIGNED, REFUSED = "visit", "sample", "signed in", "not signed in"
SAMPLES, SAMPLES_MOST = 20, 1000
SIGN_INS = 4
LONG = 16  # characters: what is shorter names nobody, unless it is called a session

# An estimate from few samples is rough: below the one it is weak, from the other on it is not.
WEAK_BITS, SOUND_BITS = 56.0, 60.0

OPEN_TO_SCRIPTS = "CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:A/VC:L/VI:L/VA:N/SC:N/SI:N/SA:N"
GUESSED = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:L/SC:N/SI:N/SA:N"


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``samples``: how many fresh visits a run makes that is not quick; ``per_second``: their own budget."""

    samples: int = SAMPLES
    per_second: float = 0.0  # 0: that of the run


# ---- the look --------------------------------------------------------------------------------------


async def _run(kit: Kit) -> None:
    pages = pages_of(kit.target)
    for url in pages:
        await kit.web.get(url, VISIT, kit.web.fresh(), follow=3)
    setting = next((step for step in _own(kit.recorder.exchanges(VISIT), kit.target) if _worth_sampling(step)), None)
    if setting is not None:
        await _sample(kit, setting.url)
    account = _account(kit.target)
    if account is not None and kit.tier >= Tier.ACCOUNTS:
        await _sign_in(kit, account)


def _worth_sampling(step: Exchange) -> bool:
    return any(
        one.purpose is Purpose.SESSION or (one.purpose is Purpose.UNKNOWN and len(one.value) >= LONG)
        for one in cookies_of(step)
    )


async def _sample(kit: Kit, url: str) -> None:
    options = kit.target.option("K12", Options) or Options()
    count = SAMPLES if kit.quick else max(2, min(options.samples, SAMPLES_MOST))
    pace = Pace(min(options.per_second, 50.0), kit.time) if options.per_second > 0 and not kit.quick else None
    for number in range(count):
        kit.progress(f"visit {number + 1} of {count}", number / count)
        await kit.web.get(url, SAMPLE, kit.web.fresh(), pace=pace)


def _account(target: Target) -> Account | None:
    """One that signs in, and is not there to be locked out."""
    able = [one for one in target.accounts if one.sign_in is not None]
    return next((one for one in able if not one.wrong_passwords), None)


async def _sign_in(kit: Kit, account: Account) -> None:
    """A few times, each in a fresh browser. The record has only figures of the cookies, not their values."""
    given: dict[str, list[str]] = {}
    for number in range(SIGN_INS):
        kit.progress(f"sign-in {number + 1} of {SIGN_INS}", number / SIGN_INS)
        try:
            session = await kit.web.sign_in_as(account, SIGNED)
        except CannotSignIn as refused:
            kit.recorder.fact(REFUSED, account.name, subject=account.name, fault=str(refused))
            break
        for cookie in session.cookies.jar:
            given.setdefault(cookie.name, []).append(cookie.value or "")
    for name, values in given.items():
        found = measure(values)
        facts = {"count": found.count, "distinct": found.distinct, "length": found.length, "bits": found.bits}
        kit.recorder.fact(SIGNED, name, {**facts, "rises": found.rises}, subject=account.name)


def _own(steps: list[Exchange], target: Target) -> list[Exchange]:
    return [step for step in steps if is_own(step.url, target)]


LOOK = Look("cookies", Tier.OUTSIDE, _run)

# ---- the judgement ---------------------------------------------------------------------------------


@dataclass(slots=True)
class _Seen:
    """One cookie by name: how it was set at first, and what is known of its values."""

    cookie: Cookie
    step: Exchange
    signed_in: bool
    count: int = 0
    distinct: int = 0
    length: int = 0
    bits: float = 0.0
    rises: bool = False
    known: bool = False  # whether enough values were seen to say anything of them

    @property
    def is_session(self) -> bool:
        """By its name; or because a sign-in sets it, and each time anew."""
        purpose = self.cookie.purpose
        if purpose is Purpose.SESSION:
            return self.length >= 8 or self.distinct > 1
        return purpose is Purpose.UNKNOWN and self.signed_in and self.length >= LONG and self.distinct > 1

    @property
    def may_be_one(self) -> bool:
        varies = self.distinct > 1 or not self.known
        return self.cookie.purpose is Purpose.UNKNOWN and not self.is_session and self.length >= LONG and varies


def judge(snapshot: Snapshot, target: Target) -> Judgement:
    visits = _own([*snapshot.of(Exchange, VISIT), *snapshot.of(Exchange, SAMPLE)], target)
    signed = _own(snapshot.of(Exchange, SIGNED), target)
    refused = snapshot.of(Fact, REFUSED)
    if not any(step.answered for step in (*visits, *signed)):
        fault = next((step.fault for step in visits), "")
        return inconclusive(f"No page answered{': ' + fault if fault else ''}.")
    seen = _seen(snapshot, visits, signed)
    sessions = [one for one in seen if one.is_session]
    bad, vectors = [], []
    unsure: list[Point] = []
    told: list[Point] = []
    strong = any(one.known and one.bits >= SOUND_BITS for one in sessions)
    for one in sessions:
        where, numbers = f"{one.cookie.name} at {one.step.url}", (snapshot.number(one.step),)
        missing = lacks(one.cookie, secure=one.step.url.startswith("https://"))
        if missing:
            bad.append(Point(where, f"no {', no '.join(missing)}", numbers))
            vectors.append("" if "Secure" in missing else OPEN_TO_SCRIPTS)
        weak = _weakness(one)
        if weak and one.distinct > 1 and one.bits < WEAK_BITS and not strong:
            bad.append(Point(where, weak, numbers))
            vectors.append(GUESSED)
        elif weak:
            unsure.append(Point(where, weak, numbers))
        if said := remarks(one.cookie, host_of(one.step.url)):
            told.append(Point(where, "; ".join(said), numbers))
    for one in seen:
        missing = lacks(one.cookie, secure=one.step.url.startswith("https://"))
        if one.may_be_one and missing:
            what = f"no {', no '.join(missing)}; whether it lets anybody in is not known"
            (told if sessions else unsure).append(
                Point(f"{one.cookie.name} at {one.step.url}", what, (snapshot.number(one.step),))
            )
    table = [
        {"cookie": one.cookie.name, "samples": one.count, "different": one.distinct, "length": one.length,
         "bits": one.bits}
        for one in seen if one.known
    ]  # fmt: skip
    if bad:
        vector = GUESSED if GUESSED in vectors else "" if "" in vectors else OPEN_TO_SCRIPTS
        return failed(f"{bad[0].where}: {bad[0].what}.", bad + unsure + told, vector, table)
    if refused:
        return inconclusive(f"The cookies of a sign-in were not seen: {refused[0].fault}", unsure + told)
    if unsure:
        return inconclusive(f"{unsure[0].where}: {unsure[0].what}.", unsure + told)
    if not sessions:
        if signed and any(step.succeeded for step in signed):
            return not_applicable("No cookie lets anybody in: not for a visitor, and not after a sign-in.")
        return inconclusive(
            "A visitor is given no session cookie; with a test account, those of a sign-in would be seen."
        )
    extent = "those of a sign-in too" if any(one.signed_in for one in sessions) else "as a visitor is given them"
    return passed(f"Session cookies are protected and cannot be guessed ({extent}).", told, table)


def _weakness(one: _Seen) -> str:
    """Why its values may be guessed, or nothing."""
    if not one.known:
        return ""
    if one.distinct == 1:
        return "the same value at every sign-in" if one.signed_in else ""
    if one.bits >= SOUND_BITS:
        return ""
    how = "its values rise, " if one.rises else "values come again, " if one.distinct < one.count else ""
    return f"can be guessed: {how}{one.bits:.0f} bits vary among {one.count} of {one.length} characters"


def _seen(snapshot: Snapshot, visits: list[Exchange], signed: list[Exchange]) -> list[_Seen]:
    found: dict[str, _Seen] = {}
    figures = {fact.name: fact.value for fact in snapshot.of(Fact, SIGNED) if isinstance(fact.value, dict)}
    for step in (*visits, *signed):
        for cookie in cookies_of(step):
            one = found.setdefault(cookie.name, _Seen(cookie, step, signed_in=False))
            one.length = max(one.length, len(cookie.value))
            worse = len(lacks(cookie, secure=True)) > len(lacks(one.cookie, secure=True))
            if worse:  # set in several ways, the weakest counts
                one.cookie, one.step = cookie, step
            one.signed_in |= step in signed
    for name, one in found.items():
        values = values_of(visits, name)
        if len(values) >= 3:
            strength = measure(values)
            one.known, one.count, one.distinct = True, strength.count, strength.distinct
            one.length, one.bits, one.rises = strength.length, strength.bits, strength.rises
        value: Any = figures.get(name)
        if one.signed_in and value is not None and _count(value, "count") >= 3:
            bits = value.get("bits")
            if isinstance(bits, int | float) and (not one.known or one.distinct == 1 or bits < one.bits):
                one.known, one.bits, one.rises = True, float(bits), value.get("rises") is True
                one.count, one.distinct, one.length = (_count(value, key) for key in ("count", "distinct", "length"))
    return list(found.values())


def _count(value: dict[str, Any], key: str) -> int:
    found = value.get(key)
    return found if isinstance(found, int) else 0


CHECK = Check(
    id="K12",
    title="Session cookies are loose, or can be guessed",
    weight=Weight.COUNTED,
    vector="CVSS:4.0/AV:A/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:N/SC:N/SI:N/SA:N",
    cwe=(331, 614, 1004, 1275),
    asvs=("3.3.1", "3.3.2", "3.3.3", "3.3.4", "7.2.3"),
    sources=(
        "https://www.rfc-editor.org/rfc/rfc6265",
        "https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html",
    ),
    procedure="Visit the front and sign-in pages without cookies, and read each Set-Cookie. Where a visitor is given "
    "a session cookie, visit that page 20 times more, each time as somebody new ([K12] samples, up to 1,000, at "
    "per_second), and estimate how many bits vary: by place, alphabet and order. With a test account, sign in four "
    "times and do the same with the cookies of the sign-in, of whose values only figures are kept. Cookies against "
    "forgery, of taste and of load balancers are no sessions, and are told apart by name.",
    remedy="Set-Cookie: __Host-session=…; Path=/; Secure; HttpOnly; SameSite=Lax, with 128 random bits from the "
    "system's source of randomness, given anew at each sign-in.",
    mistaken="A cookie that is called a session and lets nobody in. A cookie of unknown purpose never fails the "
    "check, only leaves it open. The estimate is an upper bound: a hash of a counter looks random, and passes. A "
    "cookie that a load balancer of your own network adds is not the target's.",
    look=LOOK,
    judge=judge,
    options=Options,
)
