"""The page of approvals: asking, answering and break-glass by its forms."""

from pathlib import Path

import pytest

from roomgate.hub.approvals.request import State
from roomgate.hub.relay.asked import Wish
from roomgate.hub.relay.sessions import Kind
from roomgate.link.messages import Outcome
from roomgate.xapi.call import Verb
from support.console import Console, console, words

pytestmark = pytest.mark.asyncio
EVIL = "<script>alert(1)</script>"


async def ask(it: Console, name: str, **changes: str | list[str]) -> str:
    fields: dict[str, str | list[str]] = {
        "rooms": "oslo", "capabilities": ["call", "av-control"], "minutes": "60", "reason": f"the camera {EVIL}",
    }  # fmt: skip
    return words(await (await it.as_(name)).post("/approvals", **{**fields, **changes}))


async def only(it: Console) -> str:
    [request] = await it.hub.parts.approvals.open(it.hub.admin)
    return request.id


async def test_asked_in_words_and_approved_with_less(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        kim = await it.hub.person("kim")
        assert "Your request waits" in await ask(it, "kim")
        id = await only(it)
        ada = await it.as_("ada")
        shown = await ada.get("/approvals")
        assert EVIL not in shown.text
        assert (
            "kim asks for oslo, to make and end calls and change volume and screens, for 1 h, because: the camera"
            in (words(shown))
        )
        page = words(
            await ada.post(f"/approvals/{id}/approve", words="Briefly.", minutes="10", capabilities=["av-control"])
        )
        assert "Approved: the access begins now." in page
        assert "by ada" in page
        [record] = await it.hub.parts.grants.of_person(kim.id)
        assert ([one.value for one in record.grant.capabilities], record.grant.reason[:10]) == (
            ["av-control"], "the camera",
        )  # fmt: skip
        mine = words(await (await it.as_("kim")).get("/approvals"))
        assert "Approved" in mine
        assert "Briefly." in mine


async def test_all_of_it_refused_and_withdrawn(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        await it.hub.person("kim")
        ada, kim = await it.as_("ada"), await it.as_("kim")
        await ask(it, "kim")
        id = await only(it)
        assert "Say in a sentence why not." in words(await ada.post(f"/approvals/{id}/refuse", words=""))
        assert "does not wait" not in words(await ada.post(f"/approvals/{id}/refuse", words="Not today."))
        assert "Not today." in words(await kim.get("/approvals"))
        await it.hub.person("eve")
        for who, told in ((kim, True), (await it.as_("eve"), False)):
            [csv, json] = [await who.get(f"/approvals/answered.{form}") for form in ("csv", "json")]
            assert ("Not today." in csv.text, [row["answer"] for row in json.json()]) == (told, ["refused"] * told)
        assert "does not wait any more" in words(await ada.post(f"/approvals/{id}/approve", capabilities=[]))
        await ask(it, "kim")
        page = words(await kim.post(f"/approvals/{await only(it)}/withdraw"))
        assert "The request is withdrawn." in page
        await ask(it, "kim")
        id = await only(it)
        await ada.post(f"/approvals/{id}/approve", minutes="60", capabilities=["call", "av-control"])
        assert (await it.hub.parts.approvals.get(id, it.hub.admin)).state is State.APPROVED


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"minutes": "soon"}, "Say in minutes how long it lasts."),
        ({"minutes": "20000"}, "at most 7 days"),
        ({"rooms": " , "}, "at least one room"),
        ({"reason": ""}, "Say why"),
    ],
)
async def test_a_form_that_cannot_be_followed_says_why(tmp_path: Path, wrong: dict[str, str], says: str) -> None:
    async with console(tmp_path) as it:
        await it.hub.person("kim")
        assert says in await ask(it, "kim", **wrong)
        assert await it.hub.parts.approvals.open(it.hub.admin) == []


async def test_each_sees_their_own_and_may_do_only_what_is_theirs(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        for name in ("kim", "eve"):
            await it.hub.person(name)
        await ask(it, "kim")
        id = await only(it)
        eve, kim, ada = [await it.as_(name) for name in ("eve", "kim", "ada")]
        hidden = await eve.get("/approvals")
        assert "kim" not in words(hidden)
        assert id not in hidden.text
        assert 'id="glass"' not in hidden.text
        own, all_ = (await kim.get("/approvals")).text, (await ada.get("/approvals")).text
        assert (f"{id}/withdraw" in own, f"{id}/approve" in own) == (True, False)
        assert (f"{id}/withdraw" in all_, f"{id}/approve" in all_) == (False, True)
        for act in ("approve", "refuse", "withdraw", "acknowledge"):
            assert "There is no such request." in words(await eve.post(f"/approvals/{id}/{act}", words="x"))
        assert (await it.hub.parts.approvals.get(id, it.hub.admin)).state is State.WAITING


async def test_break_glass_is_on_every_page_of_those_who_could_approve(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        await it.hub.person("ole", "security-officer")
        await it.hub.person("eve", "auditor")
        ada, ole, eve = [await it.as_(name) for name in ("ada", "ole", "eve")]
        wish = {"rooms": "oslo", "capabilities": ["call"], "minutes": "30"}
        assert "Say why" in words(await ada.post("/approvals/break-glass", reason="fire", **wish))
        page = words(await ada.post("/approvals/break-glass", reason=f"The alarm rings {EVIL}", **wish))
        assert "You have access to oslo" in page
        for who, told in ((ada, True), (ole, True), (eve, False)):
            shown = await who.get("/rooms")
            assert ("ada took access to oslo without a second person" in words(shown)) is told
            assert EVIL not in shown.text
        id = await only(it)
        assert "Still lives" in words(await ole.get("/approvals"))
        assert "It still lives." in words(await ole.post(f"/approvals/{id}/acknowledge", words=""))
        [grant] = await it.hub.parts.grants.of_person(it.hub.admin.person.id)
        assert "The grant has ended" in words(await ole.post(f"/access/grants/{grant.grant.id}/cut", back="/approvals"))
        assert "Somebody else must acknowledge it." in words(await ada.get("/approvals"))
        assert "Acknowledged" in words(await ole.post(f"/approvals/{id}/acknowledge", words="A drill."))
        assert "took access" not in words(await ada.get("/rooms"))
        assert "A drill." in words(await ada.get("/approvals"))


async def test_what_a_room_is_being_asked_is_shown_to_its_asker_and_to_those_who_see_all(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        site.silent = True
        kim = await it.guest("kim", "oslo", "call")
        await it.hub.person("eve")
        me, _ = await it.hub.sign_in("kim")
        session = await it.relay.relay.open_session(me.principal, "oslo", Kind.API)
        wish = Wish(Verb.COMMAND, "Dial", {"Number": "secret-number@example.com"})
        answer = await it.relay.relay.ask(me.principal, "oslo", wish, session=session, wait_s=0)
        assert answer.outcome == "waiting"
        await it.relay.events.message(site, Outcome(site.orders[-1].id, "waiting"))
        for who, told in ((kim, True), (await it.as_("ada"), True), (await it.as_("eve"), False)):
            shown = await who.get("/approvals")
            assert ("Dial" in words(shown)) is told
            assert "secret-number" not in shown.text


async def test_the_page_in_chinese(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.hub.person("kim")
        await ask(it, "kim")
        shown = words(await (await it.as_("ada", "zh-Hans")).get("/approvals"))
        assert "kim 申请访问 oslo，以便发起和结束通话和调节音量和屏幕" in shown
