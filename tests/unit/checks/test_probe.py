"""A request channel asked again and again: refused twice in a row is cut; what a refusal takes away is kept."""

import httpx
import pytest

from roomgate.checks.addresses import Addresses
from roomgate.checks.pace import Pace
from roomgate.checks.probe import Probe
from roomgate.checks.served import Known, Manner
from roomgate.checks.snapshot import Exchange
from roomgate.checks.target import Ask
from support.checks import ONE, kit_of

NAME = "https://target.example/name"


def probe_of(folder, answers, url=NAME, **more):
    kit = kit_of(folder, answers, ONE)
    session = kit.web.fresh("ada")
    session.cookies.set("sid", "abc", domain="target.example")
    return kit, Probe(kit, "name", Ask(url=url), session, Known(expects="room"), "x", Pace(4, kit.time), **more)


def answering(*statuses):
    left = list(statuses)

    def answer(request):
        status = left.pop(0) if len(left) > 1 else left[0]
        if not status:
            raise httpx.ConnectError("refused")
        return httpx.Response(status, text="room")

    return answer


async def ask(probe, times):
    return [await probe.once() for _ in range(times)]


@pytest.mark.asyncio
async def test_once_is_not_enough_and_trouble_is_neither(tmp_path):
    _, probe = probe_of(tmp_path, answering(200, 401, 200, 401, 503, 401))
    await ask(probe, 3)
    assert (probe.cut, probe.cut_t) == (False, None)
    await ask(probe, 3)
    assert probe.cut
    assert probe.cut_t == pytest.approx(0.75, abs=0.01)
    assert (probe.counts[Manner.SERVED], probe.counts[Manner.REFUSED], probe.counts[Manner.TROUBLE]) == (2, 3, 1)


@pytest.mark.asyncio
async def test_a_refusal_that_takes_the_cookie_away_is_asked_again_with_it(tmp_path):
    cookies = []

    def answer(request):
        cookies.append(request.headers.get("cookie"))
        return httpx.Response(401, headers={"set-cookie": "sid=; Max-Age=0; Path=/"})

    _, probe = probe_of(tmp_path, answer)
    await ask(probe, 3)
    assert cookies == ["sid=abc"] * 3


@pytest.mark.asyncio
async def test_a_session_that_is_renewed_with_each_answer_is_followed(tmp_path):
    cookies = []

    def answer(request):
        cookies.append(request.headers.get("cookie"))
        return httpx.Response(
            200, text="room", headers={"set-cookie": f"sid=n{len(cookies)}; Path=/; Domain=target.example"}
        )

    _, probe = probe_of(tmp_path, answer)
    await ask(probe, 3)
    assert "sid=n2" in cookies[2]


@pytest.mark.asyncio
async def test_only_some_answers_are_evidence_but_the_changes_are(tmp_path):
    kit, probe = probe_of(tmp_path, answering(*[200] * 100, 401))
    for _ in range(110):
        await probe.once()
    probe.flush()
    kept = [step for step in kit.recorder.steps if isinstance(step, Exchange)]
    assert len(kept) < 20
    assert [step.status for step in kept][:1] == [200]
    assert sum(step.status == 401 for step in kept) >= 2


@pytest.mark.asyncio
async def test_a_long_page_is_kept_short(tmp_path):
    kit, probe = probe_of(tmp_path, lambda request: httpx.Response(200, text="room" + "x" * 100_000))
    assert await probe.once() is Manner.SERVED
    (step,) = kit.recorder.steps
    assert (len(step.body), step.truncated, step.body_bytes) == (16384, True, 100_004)


@pytest.mark.asyncio
async def test_a_host_that_is_not_permitted_is_trouble_and_no_error(tmp_path):
    kit, probe = probe_of(tmp_path, answering(200))
    kit.web._addresses = Addresses({})
    assert await probe.once() is Manner.TROUBLE
    assert not probe.busy


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("status", "manner"), [(401, Manner.REFUSED), (503, Manner.TROUBLE), (429, Manner.TROUBLE), (0, Manner.TROUBLE)]
)
async def test_whoever_is_not_signed_in_again_is_refused_once_for_all(tmp_path, status, manner):
    text = ONE + (
        '\n[[accounts]]\nname = "ada"\nuser = "ada"\n[accounts.sign_in.request]\nurl = "https://target.example/in"\n'
    )
    kit = kit_of(tmp_path, answering(status), text)
    first = Probe(kit, "name", Ask(url=NAME), kit.web.fresh(), Known(expects="room"), "x", Pace(4, kit.time))
    again = first.again("a new sign-in", "ada", 5.0)
    assert await again.once() is manner
    assert again.cut is (manner is Manner.REFUSED)
    assert again.due(kit.recorder.t + 5.0)
    assert not again.due(kit.recorder.t + 1.0)
