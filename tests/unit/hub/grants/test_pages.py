"""The page of access: giving, confirming and cutting by its forms."""

from pathlib import Path

import pytest

from roomgate.hub.grants.pages import MOST_LINES
from roomgate.hub.relay.sessions import Kind
from support.console import Console, console, words

pytestmark = pytest.mark.asyncio
EVIL = "<script>alert(1)</script>"


async def give(it: Console, **changes: str | list[str]) -> str:
    fields: dict[str, str | list[str]] = {
        "person": "bob", "rooms": ["oslo"], "capabilities": ["observe", "call"], "minutes": "30", "reason": "repair",
    }  # fmt: skip
    ada = await it.as_("ada")
    return words(await ada.post("/access/grants", **{**fields, **changes})).replace("&#39;", "'")


async def test_a_grant_is_given_by_the_form_and_shown(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        await it.hub.person("bob")
        page = await give(it, reason=f"repair {EVIL}")
        assert "bob" in page
        [record] = await it.hub.parts.grants.of_person((await it.hub.parts.identity.get("bob")).id)
        assert {one.value for one in record.grant.capabilities} == {"observe", "call"}
        assert (record.grant.until - record.grant.start).total_seconds() == 30 * 60
        shown = (await (await it.as_("ada")).get("/access")).text
        assert "repair &lt;script&gt;" in shown
        assert EVIL not in shown


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"minutes": "soon"}, "Say in minutes how long it lasts."),
        ({"capabilities": ["everything"]}, "everything"),
        ({"person": "nobody-at-all"}, "nobody-at-all"),
        ({"rooms": ["paris"]}, "paris"),
    ],
)
async def test_a_form_that_cannot_be_followed_says_why(
    tmp_path: Path, wrong: dict[str, str | list[str]], says: str
) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        bob = await it.hub.person("bob")
        page = await give(it, **wrong)
        assert "Refused" in page
        assert says in page
        assert await it.hub.parts.grants.of_person(bob.id) == []


async def test_rooms_may_be_named_in_a_line(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo", "rome")
        bob = await it.hub.person("bob")
        await give(it, rooms=[], room_names=" oslo, rome ,")
        [record] = await it.hub.parts.grants.of_person(bob.id)
        assert len(record.grant.rooms) == 2


async def test_cut_beside_a_grant_ends_it(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        bob = await it.hub.person("bob")
        grant = await it.hub.grant("bob", "oslo")
        page = await (await it.as_("ada")).post(f"/access/grants/{grant.id}/cut", back="/access")
        assert "The grant has ended" in words(page)
        [record] = await it.hub.parts.grants.of_person(bob.id) or [None]
        assert record is None or record.ended is not None
        assert "grant.revoked" in [one.cause.value for one in it.hub.heard]


async def test_somebody_ends_their_own_grant_and_nobody_elses(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        bob = await it.guest("bob", "oslo", "observe")
        await it.hub.person("eve")
        other = await it.hub.grant("eve", "oslo")
        refused = await bob.post(f"/access/grants/{other.id}/cut", back="/access")
        assert refused.status_code in (403, 404)
        [own] = await it.hub.parts.grants.of_person((await it.hub.parts.identity.get("bob")).id)
        assert "The grant has ended" in words(await bob.post(f"/access/grants/{own.grant.id}/cut", back="/access"))


async def test_a_session_is_cut_by_whoever_may_and_by_its_own_person(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        bob = await it.guest("bob", "oslo", "observe")
        eve = await it.guest("eve", "oslo", "observe")
        me, _ = await it.hub.sign_in("bob")
        session = await it.relay.relay.open_session(me.principal, "oslo", Kind.XAPI)
        assert (await eve.post(f"/access/sessions/{session.id}/cut", back="/access")).status_code == 404
        assert session.ended is None
        assert "bob is out." in words(await bob.post(f"/access/sessions/{session.id}/cut", back="/access"))
        assert session.ended is not None
        assert (await bob.post(f"/access/sessions/{session.id}/cut", back="/access")).status_code == 404


async def test_cut_now_locks_a_person_out_until_the_lock_is_lifted(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        bob = await it.hub.person("bob")
        theirs, ada = await it.as_("bob"), await it.as_("ada")
        page = await ada.post(f"/access/people/{bob.id}/cut", back="/access")
        assert "bob is out of everything" in words(page)
        assert (await theirs.get("/rooms")).status_code == 401
        [lock] = await it.hub.parts.grants.locks()
        assert "The lock is lifted." in words(await ada.post(f"/access/locks/{lock.lock.id}/lift", back="/access"))
        assert (await theirs.get("/rooms")).status_code == 401  # nothing comes back by itself
        assert (await (await it.as_("bob")).get("/rooms")).status_code == 200


async def test_an_account_is_disabled_and_enabled(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        bob = await it.hub.person("bob")
        ada = await it.as_("ada")
        assert "bob is disabled" in words(await ada.post(f"/access/people/{bob.id}/disable", back="/access"))
        assert not (await it.hub.parts.identity.get("bob")).active
        assert "bob may sign in again" in words(await ada.post(f"/access/people/{bob.id}/enable", back="/access"))
        assert (await it.hub.parts.identity.get("bob")).active


async def test_whoever_has_no_right_changes_nothing(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        eve = await it.hub.person("eve")
        bob = await it.guest("bob", "oslo", "observe")
        page = await bob.get("/access")
        for hidden in ('id="give"', 'id="people"', 'id="locks"', "eve"):
            assert hidden not in page.text
        for action in ("cut", "disable"):
            assert (await bob.post(f"/access/people/{eve.id}/{action}", back="/access")).status_code == 403
        said = words(
            await bob.post("/access/grants", person="bob", rooms="oslo", capabilities="call", minutes="5", reason="x")
        )
        assert "Refused" in said
        assert (await it.hub.parts.identity.get("eve")).active


async def test_a_paused_grant_waits_for_another_administrator(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        await it.hub.person("boss", "administrator")
        boss, _ = await it.hub.sign_in("boss")
        await it.hub.person("bob")
        grant = await it.hub.grant("bob", "oslo", by=boss)
        await it.hub.parts.identity.set_active("boss", False, it.hub.admin)
        ada = await it.as_("ada")
        assert "Confirm" in words(await ada.get("/access"))
        assert (
            "Confirm"
            not in words(await ada.post(f"/access/grants/{grant.id}/confirm", back="/access")).split("Give access")[1]
        )


async def test_who_can_do_what_is_answered_with_why(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo", "rome")
        await it.hub.person("bob")
        await it.hub.grant("bob", "oslo", capability="call")
        ada = await it.as_("ada")
        of_room = words(await ada.get("/access?q=who+can+do+what+in+Oslo"))
        assert "Who can do what in oslo, and why" in of_room
        assert "What bob can do, and why" in words(await ada.get("/access?q=bob"))
        assert "No such room or person" in words(await ada.get("/access?q=paris"))
        assert "Nobody, from outside." in words(await ada.get("/access?q=rome"))
        page = (await ada.get("/access?q=oslo")).text
        assert 'formaction="/rooms/oslo/cut"' in page


async def test_one_form_carries_all_cuts_and_lists_are_bounded(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        for n in range(MOST_LINES + 3):
            await it.hub.person(f"person {n}")
        page = (await (await it.as_("ada")).get("/access")).text
        assert page.count('formaction="/access/people/') == 2 * (MOST_LINES - 1)  # nobody cuts themself
        assert f"The first {MOST_LINES} of {MOST_LINES + 4}." in words(page)
        assert (
            page.count("<form ") == 8
        )  # language, sign out, search, give, roles, a role, tags, and one for all changes


async def test_a_grant_by_tag_and_site_later_counted_and_while_booked(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo", "rome")
        bob, ada = await it.hub.person("bob"), await it.as_("ada")
        assert "The tags of oslo are changed." in words(
            await ada.post("/access/tags", room="oslo", tags="Boards, halls")
        )
        assert "is no tag" in words(await ada.post("/access/tags", room="oslo", tags="no tag"))
        assert "boards oslo" in words(await ada.get("/access"))
        await give(
            it, rooms=[], tags=["boards"], sites=["home"], role="observer", capabilities=[], start="30", uses="3",
            only_booked="1",
        )  # fmt: skip
        [record] = await it.hub.parts.grants.of_person(bob.id)
        grant = record.grant
        assert (grant.tags, len(grant.sites), grant.most_uses, grant.only_booked) == ({"boards"}, 1, 3, True)
        assert (grant.start - it.hub.clock.now()).total_seconds() == 30 * 60
        page = words(await ada.get("/access"))
        for said in ("site home, tag boards", "Only while the room is booked", "0 of 3 commands used", "From"):
            assert said in page
        for question in ("bob", "oslo", "rome"):
            page = words(await ada.get(f"/access?q={question}"))
            assert "It begins later" in page
        assert "Write a whole number." in words(await give(it, uses="many"))
        for _ in range(4):  # step by step, or the sign-in would have idled too long
            it.hub.clock.advance(8 * 60)
            await ada.get("/access")
        assert "No booking is on" in words(await ada.get("/access?q=rome"))
