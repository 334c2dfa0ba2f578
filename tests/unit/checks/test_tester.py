import sys
from collections.abc import Sequence

import httpx
import pytest

from roomgate.checks import tester
from roomgate.checks.addresses import Addresses
from roomgate.checks.pace import HandTime, Pace
from roomgate.checks.recorder import Masks, Recorder
from roomgate.checks.snapshot import Act, Told
from roomgate.checks.target import Ask, Deed
from roomgate.checks.tester import NobodyToAsk, NotDone
from roomgate.checks.web import Web
from support.checks import kit_of, target_of

pytestmark = pytest.mark.asyncio


class Hand:
    """A tester who does what they are asked, and says the same each time."""

    def __init__(self, answer: str = "yes") -> None:
        self.asked: list[str] = []
        self._answer = answer

    async def please(self, what: str) -> None:
        self.asked.append(what)

    async def choose(self, question: str, answers: Sequence[str]) -> str:
        self.asked.append(question)
        assert self._answer in answers
        return self._answer

    async def type(self, question: str) -> str:
        self.asked.append(question)
        return self._answer


class Rig:
    def __init__(self, voice: Hand | None = None, status: int = 200) -> None:
        self.sent: list[httpx.Request] = []
        self.time = HandTime()
        self.recorder = Recorder(self.time, Masks({"pass-of-anna": "password of anna"}))

        def answer(request: httpx.Request) -> httpx.Response:
            self.sent.append(request)
            self.time.advance(2)
            return httpx.Response(status, stream=httpx.ByteStream(b"removed; pass-of-anna"))

        web = Web(
            target_of(), self.recorder, Addresses({"target.example": "192.0.2.1"}), Pace(2, self.time),
            transport=httpx.MockTransport(answer),
        )  # fmt: skip
        self.tester = tester.Tester(self.recorder, web, self.time, voice)

    @property
    def acts(self) -> list[Act]:
        return [step for step in self.recorder.steps if isinstance(step, Act)]


REMOVE = Ask(url="https://target.example/people/1", method="DELETE")


async def test_a_request_of_the_file_is_sent_and_its_time_is_kept() -> None:
    rig = Rig()
    act = await rig.tester.do(Deed(request=REMOVE), "deleted", label="cause")
    assert [(one.method, one.url.path) for one in rig.sent] == [("DELETE", "/people/1")]
    assert (act.how, act.ok, act.label, act.name) == ("request", True, "cause", "deleted")
    assert act.began < act.t
    assert act.answer == "removed; ‹password of anna›"


@pytest.mark.parametrize("status", [302, 403, 404, 500])
async def test_a_request_that_did_not_work_says_so_and_nothing_follows_from_it(status: int) -> None:
    rig = Rig(status=status)
    with pytest.raises(NotDone):
        await rig.tester.do(Deed(request=REMOVE), "deleted")
    assert [act.ok for act in rig.acts] == [False]


async def test_a_request_that_is_served_without_what_it_should_say_did_not_work() -> None:
    rig = Rig()
    with pytest.raises(NotDone):
        await rig.tester.do(Deed(request=Ask(url=REMOVE.url, method="DELETE", expects="gone")), "deleted")
    assert await rig.tester.do(Deed(request=Ask(url=REMOVE.url, method="DELETE", expects="removed")), "deleted")


async def test_a_command_gets_its_words_as_they_are_and_no_shell() -> None:
    rig = Rig()
    program = (sys.executable, "-c", "import sys; print(sys.argv[1:])", "{name}", "$HOME; rm x")
    act = await rig.tester.do(Deed(command=program), "deleted", values={"name": "anna"})
    assert (act.how, act.ok, act.answer) == ("command", True, "['anna', '$HOME; rm x']")
    assert rig.sent == []


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ((sys.executable, "-c", "import sys; print('why'); sys.exit(3)"), "why"),
        (("/nowhere/at/all",), "cannot be run"),
        ((sys.executable, "-c", "input()"), "EOF"),
    ],
)
async def test_a_command_that_fails_is_not_done_and_its_words_are_kept(command: tuple[str, ...], said: str) -> None:
    rig = Rig()
    with pytest.raises(NotDone):
        await rig.tester.do(Deed(command=command), "deleted")
    (act,) = rig.acts
    assert (act.ok, said in act.answer) == (False, True)


async def test_a_command_that_takes_too_long_is_ended() -> None:
    rig = Rig()
    endless = (sys.executable, "-c", "import threading; threading.Event().wait()")
    with pytest.raises(NotDone, match="longer than 0 s"):
        await rig.tester.do(Deed(command=endless, within_s=0.2), "deleted")


async def test_what_the_file_does_not_do_a_person_is_asked_for_in_its_words_or_ours() -> None:
    hand = Hand()
    rig = Rig(hand)
    await rig.tester.do(Deed(say="Delete {name} now."), "deleted", values={"name": "anna"})
    await rig.tester.do(None, "deleted", say="Delete the account {name}.", values={"name": "bert"})
    await rig.tester.do(Deed(), "the account is deleted")
    assert hand.asked == ["Delete anna now.", "Delete the account bert.", "the account is deleted"]
    assert [(act.how, act.ok) for act in rig.acts] == [("by hand", True)] * 3
    assert rig.tester.present


async def test_where_nobody_is_there_nothing_is_done_and_nothing_is_claimed() -> None:
    rig = Rig()
    for act in (
        rig.tester.do(Deed(say="Delete anna."), "deleted"), rig.tester.do(None, "deleted"),
        rig.tester.choose("Do you see a notice?", ["yes", "no"], "notice"), rig.tester.type("What does it say?", "notice"),
    ):  # fmt: skip
        with pytest.raises(NobodyToAsk):
            await act
    assert rig.recorder.steps == []
    assert not rig.tester.present


async def test_what_a_person_answers_is_kept_with_the_question() -> None:
    rig = Rig(Hand("no"))
    assert await rig.tester.choose("Do you see a notice?", ["yes", "no"], "notice") == "no"
    assert await rig.tester.type("What does it say?", "notice") == "no"
    assert [(step.label, step.question, step.answer) for step in rig.recorder.steps if isinstance(step, Told)] == [
        ("notice", "Do you see a notice?", "no"), ("notice", "What does it say?", "no"),
    ]  # fmt: skip


SIGN_IN = "<form method=post><input name=user><input type=password name=pass></form>"
DEED = Deed(request=Ask(url="https://target.example/disable", method="POST", form={"who": "ada"}))
PAGES = {"/list": "<p>ada is disabled</p>", "/sign-in": SIGN_IN}


def leading_to(where: str):
    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(303, headers={"Location": where} if where else {})
        text = PAGES.get(request.url.path)
        return httpx.Response(404 if text is None else 200, text=text or "")

    return answer


async def test_a_form_that_leads_on_to_a_page_was_taken_and_counts_from_its_own_answer(tmp_path):
    kit = kit_of(tmp_path, leading_to("/list"))
    act = await kit.tester.do(DEED, "disable")
    after = kit.recorder.exchanges("disable (what it leads to)")
    assert act.ok
    assert [step.status for step in after] == [200]
    assert act.t <= after[0].t


@pytest.mark.parametrize("where", ["/sign-in", "/nothing", "https://elsewhere.example/", ""])
async def test_a_form_that_leads_to_the_sign_in_page_or_nowhere_was_refused(tmp_path, where):
    kit = kit_of(tmp_path, leading_to(where))
    with pytest.raises(NotDone):
        await kit.tester.do(DEED, "disable")


async def test_a_sign_out_leads_to_the_sign_in_page(tmp_path):
    kit = kit_of(tmp_path, leading_to("/sign-in"))
    assert (await kit.tester.do(DEED, "sign out", ends=True)).ok


@pytest.mark.parametrize(("text", "done"), [("ada is disabled", True), ("ada is deleted", False)])
async def test_what_it_expects_may_stand_on_the_page_that_it_leads_to(tmp_path, text, done):
    kit = kit_of(tmp_path, leading_to("/list"))
    deed = Deed(request=Ask(url="https://target.example/disable", method="POST", expects=text))
    if done:
        assert (await kit.tester.do(deed, "disable", ends=True)).ok
    else:
        with pytest.raises(NotDone):
            await kit.tester.do(deed, "disable", ends=True)
