"""A code enrols once: after that, at the same moment and after its time it must be refused, and seen to be."""

from dataclasses import dataclass, field

import httpx
import pytest
from hypothesis import given

from roomgate.checks.outcome import Outcome
from roomgate.checks.pace import HandTime
from roomgate.checks.rules.k22_enrolment_reusable import AGAIN, CHECK, CLEANUP, FIRST, LATE, TOGETHER, judge
from roomgate.checks.snapshot import Act, Snapshot
from support.checks import ONE, target_of
from support.site_looks import Hands, finding_of, look_at, odd_snapshots

TEXT = f"""{ONE}
[K22]
lifetime_s = 600
code = 'code: (\\S+)'
issue = {{request = {{method = "POST", url = "https://target.example/issue"}}}}
redeem = {{request = {{method = "POST", url = "https://target.example/enrol/{{code}}", json = {{code = "{{code}}"}}}}}}
cleanup = {{request = {{method = "DELETE", url = "https://target.example/connector"}}}}
"""


@dataclass
class Enrolment:
    """A vendor's enrolment. ``uses``: how often a code is good; ``looks_first``: it marks it used too late."""

    time: HandTime = field(default_factory=HandTime)
    uses: int = 1
    looks_first: bool = False
    always_the_same: bool = False
    lives_s: float = 600
    refuses_with: int = 403
    cleans_up: int = 204
    codes: dict[str, tuple[float, int]] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.seen.append(path)
        if path == "/issue":
            code = "secret-code-0" if self.always_the_same else f"secret-code-{len(self.codes)}"
            self.codes.setdefault(code, (self.time.monotonic(), 0))
            return httpx.Response(200, text=f"your code: {code}")
        if path == "/connector":
            return httpx.Response(self.cleans_up)
        code = path.removeprefix("/enrol/")
        assert code in request.content.decode()
        born, used = self.codes.get(code, (0.0, 0))
        third = code == "secret-code-1" and self.looks_first
        if self.time.monotonic() - born > self.lives_s or (used >= self.uses and not third):
            return httpx.Response(self.refuses_with)
        self.codes[code] = (born, used + 1)
        return httpx.Response(200, text="welcome")


async def found(enrolment: Enrolment, text: str = TEXT, **more):
    return await finding_of(CHECK, text, answers=enrolment, time=enrolment.time, **more)


@pytest.mark.asyncio
async def test_a_sound_one_passes():
    enrolment = Enrolment()
    assert (await found(enrolment)).outcome is Outcome.PASS
    assert enrolment.seen.count("/connector") == 3


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("flaw", "where"),
    [
        ({"uses": 2}, "one after the other"),
        ({"always_the_same": True, "uses": 9}, "at once"),
        ({"looks_first": True}, "at once"),
        ({"lives_s": 9e9}, "late"),
    ],
)
async def test_each_flaw_fails(flaw, where):
    one = await found(Enrolment(**flaw))
    assert one.outcome is Outcome.FAIL
    assert where in [point.where for point in one.points]


@pytest.mark.asyncio
@pytest.mark.parametrize("flaw", [{"uses": 0}, {"refuses_with": 500}, {"refuses_with": 429}])
async def test_what_cannot_be_known_is_no_pass(flaw):
    assert (await found(Enrolment(**flaw))).outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_a_lifetime_that_nobody_states_is_no_pass():
    one = await found(Enrolment(), TEXT.replace("lifetime_s = 600\n", ""))
    assert one.outcome is Outcome.INCONCLUSIVE
    assert "Whether it ends" in one.says
    assert (await found(Enrolment(), quick=True)).outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
@pytest.mark.parametrize(("lives_s", "outcome"), [(600, Outcome.PASS), (9e9, Outcome.FAIL)])
async def test_an_old_code_spares_the_waiting(lives_s, outcome):
    enrolment = Enrolment(lives_s=lives_s)
    enrolment.codes["an-old-code"] = (enrolment.time.monotonic() - 10_000, 0)
    began = enrolment.time.monotonic()
    one = await found(enrolment, TEXT.replace("lifetime_s = 600", 'expired = "an-old-code"'))
    assert one.outcome is outcome
    assert enrolment.time.monotonic() - began < 60


@pytest.mark.asyncio
async def test_no_code_is_in_what_is_kept():
    enrolment = Enrolment()
    snapshot, _ = await look_at(CHECK, TEXT, answers=enrolment, time=enrolment.time)
    assert "enrolment-code-1" in str(snapshot)
    assert "secret-code" not in str(snapshot)


@pytest.mark.asyncio
async def test_a_clean_up_that_fails_changes_nothing():
    assert (await found(Enrolment(cleans_up=404))).outcome is Outcome.PASS


@pytest.mark.asyncio
async def test_no_code_comes():
    one = await found(Enrolment(), TEXT.replace("code: (", "nothing (like it)("))
    assert one.outcome is Outcome.INCONCLUSIVE
    assert "No enrolment code" in one.says


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("says", "outcome"),
    [
        (["by-hand-1", "yes", "yes", "no"], Outcome.FAIL),
        (["by-hand-1", "no", "no", "no"], Outcome.INCONCLUSIVE),
        (["by-hand-1", "yes", "no", "no"], Outcome.INCONCLUSIVE),  # nobody uses two at once by hand
    ],
)
async def test_by_hand(says, outcome):
    hands = Hands(says=list(says))
    one = await finding_of(
        CHECK, f'{ONE}\n[K22]\nredeem = {{say = "Enrol with {{code}}"}}\nexpired = "an-old-one"\n', voice=hands
    )
    assert one.outcome is outcome
    assert "Enrol with by-hand-1" in hands.asked


@pytest.mark.parametrize(("took_s", "outcome"), [(5.0, Outcome.PASS), (60.0, Outcome.INCONCLUSIVE)])
def test_a_command_that_never_ended_refused_nothing(took_s, outcome):
    def act(label: str, ok: bool, took_s: float = 1.0) -> Act:
        return Act(label=label, t=took_s, at="", name="enrol", how="command", ok=ok, began=0.0)

    uses = (act(FIRST, True), act(AGAIN, False, took_s), act(TOGETHER, True), act(TOGETHER, False), act(LATE, False))
    target = target_of(f'{ONE}\n[K22]\nredeem = {{command = ["enrol", "{{code}}"]}}\n')
    assert judge(Snapshot(look="enrolment", steps=uses), target).outcome is outcome


def test_the_file_may_be_wrong():
    assert "K22" in CHECK.look.needs(target_of(ONE))
    assert "no pattern" in CHECK.look.needs(target_of(f'{ONE}\n[K22]\ncode = "("\nredeem = {{}}\n'))


@given(odd_snapshots([FIRST, AGAIN, TOGETHER, LATE, CLEANUP]))
def test_odd_steps_are_judged(snapshot):
    assert judge(snapshot, target_of(TEXT)).says
    assert judge(snapshot, target_of(ONE)).says
