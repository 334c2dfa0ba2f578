"""Twelve wrong passwords: a lock or a growing delay passes, none fails, and what is not clear is open."""

from urllib.parse import parse_qs

import httpx
import pytest
from hypothesis import given, settings

from roomgate.checks.catalogue import all_checks
from roomgate.checks.outcome import Outcome
from roomgate.checks.pace import HandTime
from roomgate.checks.rules.k19_endless_guesses import AFTER, BEFORE, CHECK, LOOK, TRIES, WRONG, judge
from roomgate.checks.run import Wish, plan
from roomgate.checks.snapshot import Exchange
from support.checks import ONE, judged, looked, target_of
from support.odd_snapshots import odd_snapshots

PASSWORD = "the-right-password"
ACCOUNT = f"""
[[accounts]]
name = "bob"
user = "bob"
password = "{PASSWORD}"
wrong_passwords = true
[accounts.sign_in.request]
url = "https://target.example/login"
method = "POST"
form = {{user = "{{user}}", password = "{{password}}"}}
"""
TEXT = ONE + ACCOUNT
FORM = "<form><input type=password name=password></form>"


class Connector:
    """``wrong(n, right)`` is what the nth password in a row, after wrong ones, is answered; None: as ever."""

    def __init__(self, wrong=lambda n, right: None, time=None):
        self.wrong, self.time, self.passwords, self.count = wrong, time or HandTime(), [], 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        password = parse_qs(request.content.decode()).get("password", [""])[0]
        self.passwords.append(password)
        right = password == PASSWORD
        answer = self.wrong(self.count, right)
        self.count += not right
        if answer is not None:
            return answer
        return (
            httpx.Response(200, text="Your rooms")
            if right
            else httpx.Response(401, text=FORM + f"Wrong. {self.count:032}")
        )


async def found(folder, connector, text=TEXT, **more):
    return (await judged(folder, connector, text, only=["K19"], time=connector.time, **more))["K19"]


@pytest.mark.asyncio
async def test_no_limit_at_all_fails(tmp_path):
    connector = Connector()
    one = await found(tmp_path, connector)
    assert (one.outcome, one.severity, len(one.points)) == (Outcome.FAIL, "critical", TRIES)
    assert [password == PASSWORD for password in connector.passwords] == [True, *[False] * TRIES, True]
    assert len(set(connector.passwords)) == TRIES + 1
    assert PASSWORD not in (tmp_path / "looks" / "guesses.json").read_text()


@pytest.mark.asyncio
@pytest.mark.parametrize("wrong", [
    lambda n, right: httpx.Response(429, text="Slow down", headers={"Retry-After": "60"}) if n >= 5 else None,
    lambda n, right: httpx.Response(423, text="Locked") if n >= 10 else None,
    lambda n, right: httpx.Response(401, text=FORM + "Wrong.") if n >= 8 else None,  # a lock that nobody is told of
    lambda n, right: httpx.Response(403, text="Blocked") if n >= TRIES else None,
])  # fmt: skip
async def test_a_lock_passes(tmp_path, wrong):
    assert (await found(tmp_path, Connector(wrong))).outcome is Outcome.PASS


@pytest.mark.asyncio
async def test_a_delay_that_grows_passes_and_a_slow_server_does_not(tmp_path):
    time = HandTime()
    growing = Connector(lambda n, right: time.advance(0.05 * 1.6**n), time)
    assert (await found(tmp_path / "1", growing)).outcome is Outcome.PASS
    slow = HandTime()
    assert (await found(tmp_path / "2", Connector(lambda n, right: slow.advance(2.0), slow))).outcome is Outcome.FAIL


@pytest.mark.asyncio
@pytest.mark.parametrize("wrong", [
    lambda n, right: httpx.Response(429, text="Slow down") if n >= 5 and not right else None,
    lambda n, right: httpx.Response(401, text=FORM + "Tell the letters in the picture") if n >= 5 and not right else None,
])  # fmt: skip
async def test_a_limit_that_the_right_guess_does_not_feel_is_open(tmp_path, wrong):
    assert (await found(tmp_path, Connector(wrong))).outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_a_page_that_is_another_each_time_is_no_limit(tmp_path):
    words = [
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
    ]
    connector = Connector(lambda n, right: None if right else httpx.Response(401, text=FORM + f"Wrong. Tip {words[n]}"))
    assert (await found(tmp_path, connector)).outcome is Outcome.FAIL


@pytest.mark.asyncio
async def test_a_connection_that_is_cut_may_be_a_block_or_the_network(tmp_path):
    def cut(n, right):
        if n >= 6:
            raise httpx.ConnectError("refused")

    one = await found(tmp_path, Connector(cut))
    assert one.outcome is Outcome.INCONCLUSIVE
    assert "6 of 12" in one.says

    def cut_at_the_end(n, right):
        if n >= TRIES:
            raise httpx.ConnectError("refused")

    assert (await found(tmp_path / "2", Connector(cut_at_the_end))).outcome is Outcome.INCONCLUSIVE
    breaking = Connector(lambda n, right: httpx.Response(500, text="Oh") if n >= TRIES else None)
    assert (await found(tmp_path / "3", breaking)).outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_where_the_right_password_does_not_work_nothing_is_guessed(tmp_path):
    connector = Connector(lambda n, right: httpx.Response(401, text=FORM))
    assert (await found(tmp_path, connector)).outcome is Outcome.INCONCLUSIVE
    assert connector.passwords == [PASSWORD]


@pytest.mark.asyncio
async def test_where_wrong_and_right_look_alike_nothing_is_said(tmp_path):
    connector = Connector(lambda n, right: httpx.Response(200, text="Thank you"))
    assert (await found(tmp_path, connector)).outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_a_sign_in_that_redirects_either_way_is_told_apart_by_where_to(tmp_path):
    class Redirecting(Connector):
        def __call__(self, request):
            if request.method == "GET":
                return httpx.Response(200, text="Your rooms" if request.url.path == "/rooms" else FORM)
            right = super().__call__(request).status_code == 200
            return httpx.Response(303, headers={"Location": "/rooms" if right else "/login?wrong=1"})

    assert (await found(tmp_path, Redirecting())).outcome is Outcome.FAIL


@pytest.mark.asyncio
@pytest.mark.parametrize("text", [
    ONE, TEXT.replace("wrong_passwords = true\n", ""), TEXT.replace('"{password}"', '"fixed"'), ONE + ACCOUNT.split("[accounts.sign_in")[0],
])  # fmt: skip
async def test_no_account_that_is_there_for_it_is_touched(tmp_path, text):
    connector = Connector()
    assert (await found(tmp_path, connector, text)).outcome is Outcome.INCONCLUSIVE
    assert connector.passwords == []


@pytest.mark.asyncio
async def test_it_keeps_its_own_pace(tmp_path):
    text = TEXT.replace("[authorisation]", "[permitted]\nrequests_per_second = 0.1\n[authorisation]")
    snapshot = (await looked(tmp_path, Connector(), text, only=["K19"]))["guesses"]
    tries = snapshot.of(Exchange, WRONG)
    assert tries[-1].t - tries[0].t == pytest.approx((TRIES - 1) / 2)


def test_it_is_the_last_look_since_it_may_lock_the_tester_out():
    looks = plan(all_checks(), Wish())
    after = looks[looks.index(LOOK) + 1 :]
    assert LOOK.last
    assert {look.id for look in after} <= {"uninstall"}  # after which there is nothing to guess at


@settings(max_examples=40)
@given(odd_snapshots([BEFORE, WRONG, AFTER], ["accepted", "refused"]))
def test_any_snapshot_is_judged(snapshot):
    assert judge(snapshot, target_of()).says


def test_it_is_declared_whole():
    assert all((CHECK.id == "K19", CHECK.procedure, CHECK.remedy, CHECK.mistaken, CHECK.cwe, CHECK.asvs))
