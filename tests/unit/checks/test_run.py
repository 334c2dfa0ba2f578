"""A run goes on where it was killed, no look is taken twice, and no judge can be made to fall over."""

import asyncio
import os
import signal
import ssl
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roomgate.checks.catalogue import all_checks
from roomgate.checks.declared import Check, Look, Tier, Weight
from roomgate.checks.finding import build_finding
from roomgate.checks.journal import Journal
from roomgate.checks.outcome import Judgement, Outcome, passed
from roomgate.checks.pace import HandTime
from roomgate.checks.run import Around, NotAuthorised, Wish, folder_of, judge, judge_all, plan, run, trust_of, why_not
from roomgate.checks.snapshot import (
    Act,
    Ended,
    Exchange,
    Fact,
    Frame,
    Render,
    Snapshot,
    Told,
    decode_snapshot,
    encode_snapshot,
)  # fmt: skip
from roomgate.errors import BadInput, Conflict, RoomgateError
from support.checks import AUTHORISED, ONE, target_of
from support.spoiled_snapshots import recorded, spoiled


def check(id: str, look: Look) -> Check:
    return Check(
        id=id, title="Something is wrong", weight=Weight.COUNTED, vector="", cwe=(), asvs=(), sources=(), procedure="Look.",
        remedy="Mend it.", mistaken="Seldom.", look=look, judge=lambda snapshot, target: passed("Nothing is wrong."),
    )  # fmt: skip


async def found(host: str) -> list[str]:
    return ["192.0.2.1"]


def around(answer=lambda request: httpx.Response(200)) -> Around:
    return Around(HandTime(), None, lambda: httpx.MockTransport(answer), found)


async def taken(folder: Path, *looks: Look, text: str = ONE, wish: Wish | None = None) -> dict[str, Snapshot]:
    checks = [check(f"X{n:02}", look) for n, look in enumerate(looks)]
    journal = Journal(folder)
    await run(target_of(text), text, checks, wish or Wish(Tier.SITE), journal, around())
    return journal.snapshots()


async def nothing(kit) -> None:
    kit.recorder.fact("seen", "nothing")


@pytest.mark.asyncio
async def test_each_look_is_taken_once_whatever_comes_after(tmp_path):
    times = []

    async def count(kit) -> None:
        times.append(kit.target.front)

    look = Look("one", Tier.OUTSIDE, count)
    await taken(tmp_path, look, look)
    await taken(tmp_path, look, look)
    assert len(times) == 1


@pytest.mark.asyncio
async def test_a_look_that_breaks_off_keeps_what_it_saw_and_costs_no_other(tmp_path):
    async def ours(kit) -> None:
        kit.recorder.fact("seen", "before")
        raise RoomgateError("it is gone")

    async def nobodys(kit) -> None:
        kit.recorder.fact("seen", "before")
        raise KeyError("a mistake")

    async def in_a_group(kit) -> None:
        async with asyncio.TaskGroup():
            kit.recorder.fact("seen", "before")
            raise RoomgateError("one of many is gone")

    looks = [Look(f.__name__, Tier.OUTSIDE, f) for f in (ours, nobodys, in_a_group, nothing)]
    snapshots = await taken(tmp_path, *looks)
    assert {name: one.ended for name, one in snapshots.items()} == {
        "ours": Ended.FAILED, "nobodys": Ended.FAILED, "in_a_group": Ended.FAILED, "nothing": Ended.DONE,
    }  # fmt: skip
    assert all(one.steps for one in snapshots.values())
    assert snapshots["ours"].why == "it is gone"
    assert "one of many is gone" in snapshots["in_a_group"].why
    assert snapshots["nobodys"].why.startswith("The checker itself erred: KeyError in test_run.py, line ")
    for one in snapshots.values():
        expected = Outcome.PASS if one.ended is Ended.DONE else Outcome.INCONCLUSIVE
        assert judge(check("X00", looks[0]), one, target_of(ONE)).outcome is expected


@pytest.mark.asyncio
async def test_a_cancelled_run_goes_on_later(tmp_path):
    gone = []

    async def stuck(kit) -> None:
        kit.recorder.fact("seen", f"try {len(kit.earlier)}")
        if not kit.earlier:
            await asyncio.Event().wait()
        gone.extend(kit.earlier)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await taken(tmp_path, Look("stuck", Tier.OUTSIDE, stuck))
    assert Journal(tmp_path).find("stuck") is None
    snapshots = await taken(tmp_path, Look("stuck", Tier.OUTSIDE, stuck))
    assert [step.name for step in gone] == ["try 0"]
    assert [step.name for step in snapshots["stuck"].steps] == ["try 1"]


def meeting(times: list[str]) -> tuple[Look, Look]:
    """A look that waits for what only the other one gives, which comes after it."""
    there = asyncio.Event()

    async def waits(kit) -> None:
        await asyncio.wait_for(there.wait(), 0.2)
        times.append("met")

    async def comes(kit) -> None:
        there.set()
        kit.recorder.fact("seen", "it")

    return Look("waits", Tier.OUTSIDE, waits, beside=True), Look("comes", Tier.OUTSIDE, comes)


@pytest.mark.asyncio
async def test_beside_others_only_in_a_quick_run_from_outside(tmp_path):
    for number, (wish, met) in enumerate(
        [(Wish(quick=True), True), (Wish(), False), (Wish(Tier.ACCOUNTS, quick=True), False)]
    ):
        times: list[str] = []
        snapshots = await taken(tmp_path / str(number), *meeting(times), wish=wish)
        assert bool(times) is met
        assert snapshots["comes"].ended is Ended.DONE


@pytest.mark.asyncio
async def test_what_befalls_one_beside_another_is_told_as_itself(tmp_path, monkeypatch):
    def full(self, snapshot) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(Journal, "end", full)
    with pytest.raises(OSError, match="no space left"):
        await taken(tmp_path, *meeting([]), wish=Wish(quick=True))


KILLED = """
import asyncio, sys, time
from pathlib import Path
from roomgate.checks.declared import Look, Tier
from roomgate.checks.journal import Journal
from roomgate.checks.run import Wish, run
from support.checks import ONE, target_of
from unit.checks.test_run import around, check

folder, hang = Path(sys.argv[1]), sys.argv[2]

def look(name):
    async def take(kit):
        with (folder / "taken").open("a") as out:
            out.write(f"{name}\\n")
        for n in range(3):
            await kit.web.get(f"https://target.example/{name}/{n}", "asked")
        if name == hang:
            print("hanging", flush=True)
            await asyncio.Event().wait()
        kit.recorder.fact("earlier", name, [step.url for step in kit.earlier])
    return Look(name, Tier.OUTSIDE, take)

checks = [check(f"X{n}", look(name)) for n, name in enumerate(("one", "two", "three"))]
asyncio.run(run(target_of(ONE), ONE, checks, Wish(), Journal(folder), around()))
"""


def test_a_run_that_is_killed_goes_on_where_it_was(tmp_path):
    """kill -9 in the middle of each of its looks, in a process of its own."""
    paths = os.pathsep.join(sys.path)

    async def once(hang: str) -> str:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", KILLED, str(tmp_path), hang, stdout=asyncio.subprocess.PIPE, env={"PYTHONPATH": paths},
        )  # fmt: skip
        assert process.stdout is not None
        said = (await process.stdout.readline()).decode().strip()
        if said:
            process.send_signal(signal.SIGKILL)
        await process.wait()
        return said

    for hang in ("one", "two", "three", ""):
        assert asyncio.run(once(hang)) == ("hanging" if hang else "")
    assert (tmp_path / "taken").read_text().split() == ["one", "one", "two", "two", "three", "three"]
    for name, snapshot in Journal(tmp_path).snapshots().items():
        asked = [f"https://target.example/{name}/{n}" for n in range(3)]
        assert [step.url for step in snapshot.of(Exchange)] == asked
        assert snapshot.of(Fact, "earlier")[0].value == asked
        assert snapshot.ended is Ended.DONE


@pytest.mark.asyncio
async def test_another_file_or_wish_is_another_run(tmp_path):
    look = Look("one", Tier.OUTSIDE, nothing)
    await taken(tmp_path, look)
    with pytest.raises(Conflict):
        await taken(tmp_path, look, text=ONE + "\n")
    with pytest.raises(Conflict):
        await taken(tmp_path, look, wish=Wish(Tier.OUTSIDE))


@pytest.mark.asyncio
async def test_what_is_not_wished_for_is_skipped_and_says_why(tmp_path):
    looks = [
        Look("site", Tier.SITE, nothing),
        Look("slow", Tier.OUTSIDE, nothing, quick=False),
        Look("call", Tier.OUTSIDE, nothing, intrusive=True),
        Look("lacking", Tier.OUTSIDE, nothing, lambda target: "it needs a link."),
        Look("done", Tier.OUTSIDE, nothing),
    ]
    snapshots = await taken(tmp_path, *looks, wish=Wish(Tier.OUTSIDE, quick=True, intrusive=True))
    assert {name for name, one in snapshots.items() if one.ended is Ended.DONE} == {"done"}
    for look in looks[:4]:
        why = snapshots[look.id].why
        assert why == why_not(look, target_of(ONE), Wish(Tier.OUTSIDE, quick=True, intrusive=True)) != ""
        assert judge(check("X00", look), snapshots[look.id], target_of(ONE)) == Judgement(Outcome.INCONCLUSIVE, why)
    assert judge(check("X00", looks[0]), None, target_of(ONE)).outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_an_authorisation_that_is_over_ends_it_before_anything_is_asked(tmp_path):
    over = ONE.replace(AUTHORISED, AUTHORISED + "until = 2026-03-09\n")
    with pytest.raises(NotAuthorised, match="2026-03-09"):
        await taken(tmp_path, Look("one", Tier.OUTSIDE, nothing), text=over)
    assert not list(tmp_path.iterdir())
    last = over.replace("2026-03-09", "2026-03-10")
    assert target_of(last).authorisation.until == date(2026, 3, 10)
    assert await taken(tmp_path, Look("one", Tier.OUTSIDE, nothing), text=last)


def test_the_plan_names_each_look_once_and_refuses_what_there_is_not():
    one, two = Look("one", Tier.OUTSIDE, nothing), Look("two", Tier.OUTSIDE, nothing)
    checks = [check("X01", one), check("X02", two), check("X03", one)]
    assert plan(checks, Wish()) == [one, two]
    assert plan(checks, Wish(only=("X03",))) == [one]
    with pytest.raises(BadInput, match="X04"):
        plan(checks, Wish(only=("X04",)))


@pytest.mark.asyncio
async def test_what_the_file_itself_looks_for_is_not_masked(tmp_path):
    text = (
        ONE
        + """
[[accounts]]
name = "ada"
password = "password"
values = { room = "room-4711", key = "k-99-secret" }
headers = { Authorization = "Basic YWRhOnBhc3N3b3Jk" }

[[links]]
url = "https://target.example/d/x"
marker = "room-4711"
"""
    )
    page = '<input type="password"> room-4711 k-99-secret YWRhOnBhc3N3b3Jk'

    async def read(kit) -> None:
        await kit.web.get(kit.target.front, "x")

    journal = Journal(tmp_path)
    checks = [check("X01", Look("one", Tier.OUTSIDE, read))]
    await run(target_of(text), text, checks, Wish(), journal, around(lambda request: httpx.Response(200, text=page)))
    (step,) = journal.snapshots()["one"].of(Exchange)
    assert step.body == '<input type="password"> room-4711 ‹key of ada› ‹Authorization of ada›'


def test_a_certificate_file_that_is_none_is_told(tmp_path):
    (tmp_path / "ca.pem").write_text("no certificate")
    for table in ("target", "device"):
        text = (
            ONE.replace("urls =", 'ca = "ca.pem"\nurls =') if table == "target" else ONE + '[device]\nca = "ca.pem"\n'
        )
        with pytest.raises(BadInput, match=rf"\[{table}\] ca"):
            trust_of(target_of(text, tmp_path))
    assert trust_of(target_of(ONE)).verify_mode is ssl.CERT_REQUIRED


def test_a_folder_s_name_is_made_of_the_target_s():
    assert folder_of(target_of(ONE), Path("/x")) == Path("/x/check-a-target")
    odd = msgspec.structs.replace(target_of(ONE).about, name="../../etc/passwd ☃")
    assert folder_of(type(target_of(ONE))(odd, target_of(ONE).authorisation), Path("/x")).parent == Path("/x")


# ---- any snapshot, any judge -----------------------------------------------------------------------

FULL = (
    ONE
    + """
[device]
url = "https://device.example"
golden = "golden"
[site]
connector = "10.0.0.7"
networks = ["10.0.0.0/24"]
[[accounts]]
name = "ada"
token = "token-of-ada"
[[accounts]]
name = "bob"
token = "token-of-bob"
[[links]]
url = "https://target.example/d/7f3a91"
marker = "room-4711"
account = "ada"
[[channels]]
name = "status"
request = { url = "https://target.example/api/status", account = "ada" }
[[causes]]
name = "gone"
kind = "deleted"
account = "ada"
"""
)


def labels() -> list[str]:
    """Every label that some look uses, as far as its module tells: they are what judges select by."""
    known = {
        "stranger",
        "let in",
        "sign-in",
        "secure",
        "plain",
        "vendor",
        "golden",
        "via 0",
        "direct 0",
        "own 0",
        "other 0",
    }
    for one in all_checks():
        for module in {one.judge.__module__, one.look.run.__module__}:
            known |= {
                v for k, v in vars(sys.modules[module]).items() if k.isupper() and isinstance(v, str) and len(v) < 40
            }
    return sorted(
        known | {f"{one} 0" for one in known} | {f"{one} 0 form" for one in known} | {f"{one} page" for one in known}
    )


LABELS = labels()
TARGETS = [target_of(text) for text in (ONE, FULL)]
JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
TEXTS = st.sampled_from([
    "", "room-4711", "<form><input type=password></form>", "https://target.example/d/7f3a91", "https://[", "//", "{", "[]",
    '{"a": 1}', "http://target.example/", "\x00", "é", "0", "-1", "1e999", "ada", "status", "gone", "v=1; Path=/", "max-age=x",
]) | st.text(max_size=20)  # fmt: skip
PAIRS = st.lists(
    st.tuples(st.sampled_from(["set-cookie", "location", "content-type", "Strict-Transport-Security", "x"]), TEXTS),
    max_size=4,
).map(tuple)
TIMES = st.sampled_from([0.0, 0.5, -1.0, 61.0, 1e12, float("1e-9")])
BASE = {"label": st.sampled_from(LABELS) | TEXTS, "t": TIMES, "at": TEXTS, "subject": TEXTS}
STEPS = st.one_of(
    st.builds(
        Exchange, **BASE, method=TEXTS, url=TEXTS, sent=PAIRS, sent_body=TEXTS, status=st.sampled_from([0, 1, 200, 204, 302, 401, 404, 429, 500, 999, -1]),
        headers=PAIRS, body=TEXTS, body_sha256=TEXTS, body_bytes=st.integers(-1, 10), truncated=st.booleans(), took_ms=TIMES, fault=TEXTS,
    ),
    st.builds(Frame, **BASE, channel=TEXTS, way=st.sampled_from(["opened", "refused", "sent", "received", "closed", "x"]), url=TEXTS, text=TEXTS, code=st.integers(-1, 5000)),
    st.builds(
        Render, **BASE, url=TEXTS, title=TEXTS, text=TEXTS, skeleton=st.lists(TEXTS, max_size=4).map(tuple), html=TEXTS,
        forms=st.lists(st.dictionaries(st.sampled_from(["action", "method", "fields", "x"]), JUNK, max_size=3), max_size=2).map(tuple),
        scripts=st.lists(TEXTS, max_size=2).map(tuple), asked=st.lists(TEXTS, max_size=2).map(tuple),
        referrers=st.lists(st.tuples(TEXTS, TEXTS), max_size=2).map(tuple), picture=TEXTS, phash=TEXTS, fault=TEXTS,
    ),
    st.builds(Act, **BASE, name=TEXTS, how=TEXTS, ok=st.booleans(), answer=TEXTS, began=TIMES),
    st.builds(Told, **BASE, question=TEXTS, answer=TEXTS),
    st.builds(Fact, **BASE, name=st.sampled_from(["0", "1", "x"]) | TEXTS, value=JUNK, fault=TEXTS),
)  # fmt: skip


# Every judge is shown the same ones: to make a snapshot costs far more than to judge it.
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(steps=st.lists(STEPS, max_size=12).map(tuple))
def test_every_judge_gives_a_judgement_for_any_snapshot(steps):
    encoded = encode_snapshot(Snapshot(look="any", steps=steps))
    assert decode_snapshot(encoded).look == "any"
    for one in all_checks():
        snapshot = Snapshot(look=one.look.id, steps=steps)
        for target in TARGETS:
            made = one.judge(snapshot, target)
            assert isinstance(made, Judgement), one.id
            assert isinstance(made.outcome, Outcome), one.id
            assert made.says.strip(), one.id
            assert all(0 <= step < len(steps) for point in made.points for step in point.steps), one.id
            msgspec.json.encode(build_finding(one, snapshot, made))


@pytest.mark.parametrize("look", sorted({one.look.id for one in all_checks()}))
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32))
def test_every_judge_survives_what_was_spoiled_in_a_true_snapshot(look, seed):
    random = Random(seed)
    for target, snapshots in recorded():
        if (snapshot := snapshots.get(look)) is not None:
            odd = spoiled(random, snapshot)
            for one in all_checks():
                if one.look.id == look:
                    made = one.judge(odd, target)
                    assert isinstance(made, Judgement), one.id
                    assert all(0 <= step < len(odd.steps) for point in made.points for step in point.steps), one.id


@pytest.mark.parametrize("one", all_checks(), ids=lambda one: one.id)
def test_no_judge_passes_what_nobody_saw(one):
    for target in TARGETS:
        made = one.judge(Snapshot(look=one.look.id), target)
        assert made.outcome in (Outcome.INCONCLUSIVE, Outcome.NOT_APPLICABLE), made.says


def test_a_judge_that_falls_over_costs_only_its_own_check():
    def fall(snapshot, target):
        raise ZeroDivisionError("oh")

    look = Look("one", Tier.OUTSIDE, nothing)
    bad = replace(check("X01", look), judge=fall)
    good = check("X02", look)
    found_ = judge_all([bad, good], {"one": Snapshot(look="one")}, target_of(ONE))
    assert [one.outcome for one in found_] == [Outcome.INCONCLUSIVE, Outcome.PASS]
    assert "ZeroDivisionError" in found_[0].says
