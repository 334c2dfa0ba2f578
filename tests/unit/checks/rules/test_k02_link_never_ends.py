"""Links are watched through their time, by hand-wound clocks: what ends, what does not, what nobody can say yet."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from roomgate.checks.catalogue import get_check
from roomgate.checks.journal import Journal
from roomgate.checks.looks import lasting
from roomgate.checks.outcome import Outcome
from roomgate.checks.pace import HandTime
from roomgate.checks.rules.k02_link_never_ends import CHECK, judge, says_end
from roomgate.checks.run import Around, Wish, run
from roomgate.checks.snapshot import Act, Exchange, Snapshot
from support.checks import AUTHORISED, judged, looked, target_of

HEAD = f'[target]\nname = "A target"\nurls = ["https://target.example/"]\n\n{AUTHORISED}\n'
PAGE = "<html><h1>Room 4711</h1></html>"
ACCOUNT = """
[[accounts]]
name = "ana"
user = "ana"
password = "k7-Vintage-harp"
[accounts.sign_in.request]
url = "https://target.example/sign-in"
method = "POST"
form = {user = "{user}", password = "{password}"}
"""
DAY = 86400.0


def toml(*lines: str, more: str = "", path: str = "/d/9b1f04c7d2e85a63") -> str:
    link = ["[[links]]", f'url = "https://target.example{path}"', 'marker = "Room 4711"', *lines]
    return HEAD + "\n".join(link) + "\n" + more


class Service:
    """Links that end ``lives_s`` after the first moment, or after the last use; sign-ins that end too."""

    def __init__(self, time: HandTime, *, lives_s: float = 1e12, idle_s: float = 1e12, sign_in_s: float = 0.0):
        self.time, self.lives_s, self.idle_s, self.sign_in_s = time, lives_s, idle_s, sign_in_s
        self.began, self.used, self.signed, self.down = time.monotonic(), {}, {}, False
        self.asked = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        now, path = self.time.monotonic(), request.url.path
        self.asked += 1
        if self.down:
            return httpx.Response(503)
        if path == "/sign-in":
            self.signed[f"s{len(self.signed)}-cookie-of-ana"] = now
            return httpx.Response(204, headers={"set-cookie": f"sid={list(self.signed)[-1]}"})
        if path == "/issue":
            self.began = now
            return httpx.Response(200, json={"link": "/d/fresh-9b1f04c7d2e85a63"})
        if not path.endswith(("04c7d2e85a63", "/d/x")):
            return httpx.Response(200 if path == "/" else 404)
        if self.sign_in_s:
            since = self.signed.get(request.headers.get("cookie", "").removeprefix("sid="))
            if since is None or now - since > self.sign_in_s:
                return httpx.Response(401)
        if now - self.began > self.lives_s or now - self.used.get(path, now) > self.idle_s:
            return httpx.Response(410)
        self.used[path] = now
        return httpx.Response(200, headers={"content-type": "text/html"}, text=PAGE)


async def of(folder, text, **lives):
    time = HandTime()
    service = Service(time, **lives)
    found = (await judged(folder, service, text, only=["K02"], time=time))["K02"]
    assert found.says
    return found


@pytest.mark.asyncio
async def test_a_link_that_ends_with_its_time_passes(tmp_path):
    found = await of(tmp_path, toml("lifetime_s = 20.0"), lives_s=20)
    assert found.outcome is Outcome.PASS, found.says
    assert found.table


@pytest.mark.asyncio
async def test_a_link_that_outlives_its_time_fails(tmp_path):
    found = await of(tmp_path, toml("lifetime_s = 20.0"))
    assert (found.outcome, "after its time" in found.says) == (Outcome.FAIL, True)


@pytest.mark.asyncio
async def test_use_puts_the_end_off(tmp_path):
    other = toml("lifetime_s = 600.0", more="").split("[[links]]")[1].replace("9b1f04c7", "77aa04c7")
    text = toml("lifetime_s = 600.0", more="[[links]]" + other)
    assert (await of(tmp_path / "a", text, idle_s=300)).outcome is Outcome.FAIL
    assert (await of(tmp_path / "b", text, lives_s=600)).outcome is Outcome.PASS


@pytest.mark.asyncio
async def test_without_a_word_of_its_end_it_is_watched(tmp_path):
    found = await of(tmp_path / "hour", toml())
    assert (found.outcome, "Ask again from 2026-03-11" in found.says) == (Outcome.INCONCLUSIVE, True)
    assert (await of(tmp_path / "day", toml(more=f"[K02]\nwatch_s = {DAY}\n"))).outcome is Outcome.FAIL
    assert (await of(tmp_path / "end", toml(more=f"[K02]\nwatch_s = {DAY}\n"), lives_s=7200)).outcome is Outcome.PASS


@pytest.mark.asyncio
async def test_what_was_issued_long_ago_and_opens_by_itself_fails_at_once(tmp_path):
    found = await of(tmp_path, toml("issued = 2025-11-02T10:00:00Z", more="[K02]\nwatch_s = 0.0\n"))
    assert (found.outcome, "127 days ago" in found.says or "128 days ago" in found.says) == (Outcome.FAIL, True)
    fresh = toml("issued = 2026-03-09T10:00:00Z", more="[K02]\nwatch_s = 0.0\n")
    assert (await of(tmp_path / "fresh", fresh)).outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_a_name_that_needs_a_sign_in_may_stay_and_the_sign_in_must_end(tmp_path):
    text = toml('account = "ana"', more=ACCOUNT)
    assert (await of(tmp_path / "a", text, sign_in_s=1800)).outcome is Outcome.PASS
    assert (await of(tmp_path / "b", text, sign_in_s=9e9)).outcome is Outcome.INCONCLUSIVE
    month = text + f"[K02]\nwatch_s = {31 * DAY}\n"
    assert (await of(tmp_path / "c", month, sign_in_s=9e9)).outcome is Outcome.FAIL


@pytest.mark.asyncio
async def test_a_grant_that_ends_reaches_a_fresh_sign_in(tmp_path):
    text = toml('account = "ana"', "lifetime_s = 60.0", more=ACCOUNT)
    assert (await of(tmp_path / "a", text, sign_in_s=3600, lives_s=60)).outcome is Outcome.PASS
    found = await of(tmp_path / "b", text, sign_in_s=30)
    assert (found.outcome, "fresh sign-in" in found.says) == (Outcome.FAIL, True)


@pytest.mark.asyncio
async def test_a_link_with_an_account_that_opens_by_itself_is_watched_by_itself(tmp_path):
    old = toml('account = "ana"', "issued = 2025-11-02T10:00:00Z", more=ACCOUNT + "[K02]\nwatch_s = 0.0\n")
    found = await of(tmp_path / "a", old)
    assert (found.outcome, "opens by itself" in found.says) == (Outcome.FAIL, True)
    assert (await of(tmp_path / "b", old, sign_in_s=9e9)).outcome is Outcome.INCONCLUSIVE
    short = toml('account = "ana"', "lifetime_s = 20.0", more=ACCOUNT)
    assert (await of(tmp_path / "c", short, lives_s=20)).outcome is Outcome.PASS


@pytest.mark.asyncio
async def test_dead_links_and_dead_targets_prove_nothing(tmp_path):
    assert (await of(tmp_path / "a", toml("lifetime_s = 20.0"), lives_s=-1)).outcome is Outcome.INCONCLUSIVE
    time = HandTime()
    service = Service(time)

    def answer(request):
        service.down = service.asked > 2
        return service(request)

    found = (await judged(tmp_path / "b", answer, toml("lifetime_s = 20.0"), only=["K02"], time=time))["K02"]
    assert (found.outcome, "no clear answer" in found.says) == (Outcome.INCONCLUSIVE, True)


@pytest.mark.asyncio
async def test_a_fresh_link_is_issued_and_watched(tmp_path):
    issue = '[K02.issue.request]\nurl = "https://target.example/issue"\nmethod = "POST"\n'
    found = await of(tmp_path / "a", toml("lifetime_s = 20.0", more=issue), lives_s=20)
    assert found.outcome is Outcome.PASS
    assert all("issued anew" in point.where for point in found.points)
    assert (await of(tmp_path / "b", toml("lifetime_s = 20.0", more=issue))).outcome is Outcome.FAIL


@pytest.mark.asyncio
async def test_a_killed_watch_goes_on_where_it_was(tmp_path):
    """What was seen before the kill counts: the day is over a day after the first try, not after the second."""
    text = toml(more=f"[K02]\nwatch_s = {DAY}\n")
    time = HandTime()
    service = Service(time)
    checks = [get_check("K02")]

    class Killed(BaseException):
        """Nothing that a run would take for a mistake of its own, and end the look by."""

    def answer(request):
        if time.monotonic() > 1000 + 20 * 3600:
            raise Killed
        return service(request)

    async def found(host):
        return ["192.0.2.1"]

    target, journal = target_of(text), Journal(tmp_path)
    around = Around(time, None, lambda: httpx.MockTransport(answer), found)
    with pytest.raises(Killed):
        await run(target, text, checks, Wish(only=("K02",)), journal, around)
    time.advance(3600)
    around = Around(time, None, lambda: httpx.MockTransport(service), found)
    await run(target, text, checks, Wish(only=("K02",)), Journal(tmp_path), around)
    snapshot = Journal(tmp_path).find("lasting")
    assert snapshot is not None
    assert judge(snapshot, target).outcome is Outcome.FAIL
    assert time.monotonic() == pytest.approx(1000 + DAY, abs=60)


@pytest.mark.asyncio
async def test_it_asks_seldom(tmp_path):
    time = HandTime()
    service = Service(time)
    await looked(tmp_path, service, toml(more=f"[K02]\nwatch_s = {30 * DAY}\n"), only=["K02"], time=time)
    assert service.asked < 50


@pytest.mark.parametrize(
    ("url", "end"),
    [
        ("https://a.example/d/x?exp=1893456000", datetime(2030, 1, 1, tzinfo=UTC)),
        ("https://a.example/d/x?se=2030-01-01T00:00:00Z&sig=y", datetime(2030, 1, 1, tzinfo=UTC)),
        ("https://a.example/d/x?expires=1893456000000", datetime(2030, 1, 1, tzinfo=UTC)),
        ("https://a.example/d/eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE4OTM0NTYwMDB9.c2ln", datetime(2030, 1, 1, tzinfo=UTC)),
        ("https://a.example/d/x?exp=soon", None),
        ("https://a.example/d/eyJ.eyJ.x", None),
        ("https://a.example/d/x", None),
    ],
)
def test_the_end_that_an_address_states(url, end):
    assert says_end(url) == end


@pytest.mark.asyncio
async def test_a_link_that_outlives_the_end_in_its_own_address_fails(tmp_path):
    past = int((datetime(2026, 3, 10, tzinfo=UTC) - timedelta(days=1)).timestamp())
    found = await of(tmp_path, toml(path=f"/d/x?exp={past}", more="[K02]\nwatch_s = 0.0\n"))
    assert found.outcome is Outcome.FAIL


def test_any_snapshot_is_judged():
    target = target_of(toml())
    subject = "https://target.example/d/9b1f04c7d2e85a63"
    step = {"t": 0.0, "subject": subject, "label": lasting.PROBE}
    odd = (
        Act(name="x", how="y", at="no time", **step),
        Exchange(method="GET", url="[", status=200, body=PAGE, at="no time", **step),
        Exchange(method="GET", url="[", status=0, at="2026-01-01T00:00:00Z", **step),
    )
    for steps in ((), odd):
        assert judge(Snapshot(look="lasting", steps=steps), target).outcome is Outcome.INCONCLUSIVE


def test_it_is_declared_whole():
    assert (CHECK.id, CHECK.options, CHECK.look.quick) == ("K02", lasting.Options, False)
