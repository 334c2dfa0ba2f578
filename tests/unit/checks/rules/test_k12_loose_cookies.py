"""Session cookies: protected and random, or told; what is no session never fails, what is not known is no pass."""

import itertools
import random

import httpx
import msgspec
import pytest
from hypothesis import given, settings

from roomgate.checks.declared import Tier
from roomgate.checks.outcome import Outcome
from roomgate.checks.rules.k12_loose_cookies import (
    CHECK,
    GUESSED,
    OPEN_TO_SCRIPTS,
    REFUSED,
    SAMPLE,
    SIGNED,
    VISIT,
    judge,
)
from roomgate.checks.snapshot import encode_snapshot
from support.checks import ONE, judged, looked, target_of
from support.odd_snapshots import odd_snapshots

ALL = "; Path=/; Secure; HttpOnly; SameSite=Lax"
ACCOUNT = """
[[accounts]]
name = "bob"
user = "bob"
password = "bobs-password"
[accounts.sign_in.request]
url = "https://target.example/login"
method = "POST"
form = {user = "{user}", password = "{password}"}
"""


def tokens(seed=1):
    source = random.Random(seed)
    return (f"{source.getrandbits(128):032x}" for _ in itertools.count())


def counting(start=1000):
    return (str(n) for n in itertools.count(start))


class Front:
    """Gives each visitor, and each sign-in, a cookie; ``{}`` in it is the next value."""

    def __init__(self, visitor="", signed_in="", values=None):
        self.visitor, self.signed_in = visitor, signed_in
        self.values = values or tokens()
        self.visits = self.sign_ins = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            self.sign_ins += 1
            return self._set(self.signed_in)
        self.visits += 1
        return self._set(self.visitor)

    def _set(self, cookie: str) -> httpx.Response:
        headers = [("Set-Cookie", one.replace("{}", next(self.values))) for one in cookie.split("\n") if one]
        return httpx.Response(200, headers=headers, text="Rooms")


async def found(folder, front, text=ONE, **more):
    return (await judged(folder, front, text, only=["K12"], **more))["K12"]


@pytest.mark.asyncio
@pytest.mark.parametrize(("cookie", "outcome", "vector"), [
    ("session={}" + ALL, Outcome.PASS, CHECK.vector),
    ("__Host-session={}" + ALL, Outcome.PASS, CHECK.vector),
    ("session={}; HttpOnly; SameSite=Lax", Outcome.FAIL, CHECK.vector),
    ("session={}; Secure; SameSite=Lax", Outcome.FAIL, OPEN_TO_SCRIPTS),
    ("session={}; Secure; HttpOnly", Outcome.FAIL, OPEN_TO_SCRIPTS),
    ("session={}; Secure; HttpOnly; SameSite=None", Outcome.PASS, CHECK.vector),
    ("PHPSESSID={}", Outcome.FAIL, CHECK.vector),
])  # fmt: skip
async def test_each_protection_of_a_visitors_session(tmp_path, cookie, outcome, vector):
    one = await found(tmp_path, Front(cookie))
    assert (one.outcome, one.vector) == (outcome, vector)


@pytest.mark.asyncio
@pytest.mark.parametrize("cookie", [
    "csrftoken={}", "lang=en-GB-oxendict-1", "theme=dark", "_ga={}", "oauth_state={}; Secure", "visited=1", "session=0",
])  # fmt: skip
async def test_what_is_no_session_fails_nothing_and_proves_nothing(tmp_path, cookie):
    assert (await found(tmp_path / "1", Front(cookie))).outcome is Outcome.INCONCLUSIVE
    assert (await found(tmp_path / "2", Front(cookie + "\nsession={}" + ALL))).outcome is Outcome.PASS


@pytest.mark.asyncio
async def test_a_long_cookie_of_unknown_purpose_leaves_it_open(tmp_path):
    one = await found(tmp_path, Front("visitor={}"))
    assert one.outcome is Outcome.INCONCLUSIVE
    assert "visitor" in one.says


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "values",
    [
        counting(),
        (f"{n:032x}" for n in itertools.count(70000)),
        (f"{1700000000123 + 511 * n}" for n in itertools.count()),
    ],
)
async def test_sessions_that_can_be_guessed_fail_however_well_protected(tmp_path, values):
    one = await found(tmp_path, Front("session={}" + ALL, values=values))
    assert (one.outcome, one.vector, one.severity) == (Outcome.FAIL, GUESSED, "critical")
    assert "rise" in one.says
    assert one.table[0]["samples"] == 21


@pytest.mark.asyncio
async def test_a_weak_one_beside_a_strong_one_is_open(tmp_path):
    values = itertools.chain.from_iterable(zip(counting(), tokens(), strict=False))
    one = await found(tmp_path, Front(f"session_visits={{}}{ALL}\nsession={{}}{ALL}", values=values))
    assert one.outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_a_sign_ins_cookies_are_judged_and_their_values_never_kept(tmp_path):
    given = [f"{random.Random(seed).getrandbits(128):032x}" for seed in range(9)]
    front = Front("", "id={}; Secure; SameSite=Lax", iter(given))
    one = await found(tmp_path, front, ONE + ACCOUNT)
    assert (one.outcome, one.vector) == (Outcome.FAIL, OPEN_TO_SCRIPTS)
    assert front.sign_ins == 4
    kept = (tmp_path / "looks" / "cookies.json").read_text()
    assert not any(value in kept for value in given)
    assert "‹cookie id of bob›" in kept


@pytest.mark.asyncio
async def test_sign_ins_whose_cookies_count_up_fail(tmp_path):
    one = await found(tmp_path, Front("", "session={}" + ALL, counting()), ONE + ACCOUNT)
    assert (one.outcome, one.vector) == (Outcome.FAIL, GUESSED)


@pytest.mark.asyncio
async def test_a_sound_sign_in_passes_and_the_same_value_each_time_is_open(tmp_path):
    assert (await found(tmp_path / "1", Front("", "id={}" + ALL), ONE + ACCOUNT)).outcome is Outcome.PASS
    same = itertools.repeat("5f3e9c1d7a2b4e6f8091a2b3c4d5e6f7")
    assert (
        await found(tmp_path / "2", Front("", "session={}" + ALL, same), ONE + ACCOUNT)
    ).outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_a_sign_in_without_cookies_has_none_to_protect(tmp_path):
    assert (await found(tmp_path, Front(), ONE + ACCOUNT)).outcome is Outcome.NOT_APPLICABLE


@pytest.mark.asyncio
async def test_from_outside_no_account_is_used(tmp_path):
    front = Front("session={}" + ALL, "id={}")
    one = await found(tmp_path, front, ONE + ACCOUNT, tier=Tier.OUTSIDE)
    assert (one.outcome, front.sign_ins) == (Outcome.PASS, 0)


@pytest.mark.asyncio
async def test_an_account_that_is_not_let_in_leaves_it_open(tmp_path):
    def answer(request):
        return httpx.Response(403 if request.method == "POST" else 200, text="Rooms")

    assert (await found(tmp_path, answer, ONE + ACCOUNT)).outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_the_samples_have_a_budget_that_the_file_declares(tmp_path):
    front = Front("session={}" + ALL)
    await found(tmp_path / "1", front, ONE + "[K12]\nsamples = 50\nper_second = 40\n")
    assert front.visits == 51
    quick = Front("session={}" + ALL)
    await found(tmp_path / "2", quick, ONE + "[K12]\nsamples = 50\n", quick=True)
    assert quick.visits == 21
    without = Front("lang=en")
    await found(tmp_path / "3", without)
    assert without.visits == 1


@pytest.mark.asyncio
async def test_over_plain_http_secure_is_not_asked_for(tmp_path):
    text = ONE.replace("https://", "http://")
    assert (await found(tmp_path, Front("session={}; HttpOnly; SameSite=Lax"), text)).outcome is Outcome.PASS


@pytest.mark.asyncio
async def test_cookies_of_a_foreign_sign_in_are_not_its_own(tmp_path):
    def answer(request):
        if request.url.host == "identity.example":
            return httpx.Response(200, headers={"Set-Cookie": "session=12345678"}, text="Sign in")
        return httpx.Response(302, headers={"Location": "https://identity.example/"})

    one = await found(tmp_path, answer, ONE + '[permitted]\nhosts = ["identity.example"]\n')
    assert one.outcome is Outcome.INCONCLUSIVE
    assert not one.points


@pytest.mark.asyncio
async def test_nor_are_those_of_a_sign_in_that_is_made_elsewhere(tmp_path):
    text = ONE + ACCOUNT.replace("target.example", "identity.example")
    one = await found(tmp_path, Front("", "session={}"), text)
    assert one.outcome is Outcome.INCONCLUSIVE
    assert not one.points


@pytest.mark.asyncio
async def test_nobody_there_is_inconclusive(tmp_path):
    def answer(request):
        raise httpx.ConnectError("refused")

    assert (await found(tmp_path, answer)).outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_a_snapshot_that_was_kept_is_judged_the_same(tmp_path):
    snapshot = (await looked(tmp_path, Front("session={}"), only=["K12"]))["cookies"]
    kept = msgspec.json.decode(encode_snapshot(snapshot), type=type(snapshot))
    assert judge(kept, target_of()) == judge(snapshot, target_of())


@settings(max_examples=40)
@given(odd_snapshots([VISIT, SAMPLE, SIGNED, REFUSED], ["session", "a"]))
def test_any_snapshot_is_judged(snapshot):
    assert judge(snapshot, target_of()).says


def test_it_is_declared_whole():
    assert all((CHECK.id == "K12", CHECK.procedure, CHECK.remedy, CHECK.mistaken, CHECK.cwe, CHECK.asvs))
