"""What is done by a request of the target file: taken, refused, or led on to another page."""

import httpx
import pytest

from roomgate.checks.snapshot import Act
from roomgate.checks.target import Ask, Deed
from roomgate.checks.tester import NobodyToAsk, NotDone
from support.checks import kit_of

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


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [200, 201, 204])
async def test_what_is_answered_well_is_done(tmp_path, status):
    kit = kit_of(tmp_path, lambda _: httpx.Response(status))
    assert (await kit.tester.do(DEED, "disable")).ok


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
async def test_what_is_refused_is_not_done_and_is_on_record(tmp_path, status):
    kit = kit_of(tmp_path, lambda _: httpx.Response(status))
    with pytest.raises(NotDone, match=str(status)):
        await kit.tester.do(DEED, "disable")
    assert [step.ok for step in kit.recorder.steps if isinstance(step, Act)] == [False]


@pytest.mark.asyncio
async def test_a_form_that_leads_on_to_a_page_was_taken_and_counts_from_its_own_answer(tmp_path):
    kit = kit_of(tmp_path, leading_to("/list"))
    act = await kit.tester.do(DEED, "disable")
    after = kit.recorder.exchanges("disable (what it leads to)")
    assert act.ok
    assert [step.status for step in after] == [200]
    assert act.t <= after[0].t


@pytest.mark.asyncio
@pytest.mark.parametrize("where", ["/sign-in", "/nothing", "https://elsewhere.example/", ""])
async def test_a_form_that_leads_to_the_sign_in_page_or_nowhere_was_refused(tmp_path, where):
    kit = kit_of(tmp_path, leading_to(where))
    with pytest.raises(NotDone):
        await kit.tester.do(DEED, "disable")


@pytest.mark.asyncio
async def test_a_sign_out_leads_to_the_sign_in_page(tmp_path):
    kit = kit_of(tmp_path, leading_to("/sign-in"))
    assert (await kit.tester.do(DEED, "sign out", ends=True)).ok


@pytest.mark.asyncio
@pytest.mark.parametrize(("text", "done"), [("ada is disabled", True), ("ada is deleted", False)])
async def test_what_it_expects_may_stand_on_the_page_that_it_leads_to(tmp_path, text, done):
    kit = kit_of(tmp_path, leading_to("/list"))
    deed = Deed(request=Ask(url="https://target.example/disable", method="POST", expects=text))
    if done:
        assert (await kit.tester.do(deed, "disable", ends=True)).ok
    else:
        with pytest.raises(NotDone):
            await kit.tester.do(deed, "disable", ends=True)


@pytest.mark.asyncio
async def test_what_nobody_says_how_to_do_needs_somebody(tmp_path):
    kit = kit_of(tmp_path, lambda _: httpx.Response(200))
    with pytest.raises(NobodyToAsk, match="open the door"):
        await kit.tester.do(None, "open the door")
