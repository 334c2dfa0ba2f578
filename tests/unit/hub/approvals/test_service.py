"""Requests: asked for by one, answered by another, once; and gone with whoever asked."""

import asyncio
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from roomgate.access.principal import Kind
from roomgate.errors import BadInput, Conflict, NotFound, RoomgateError
from roomgate.hub.approvals.request import MOST_WAITING, Request, State
from roomgate.hub.approvals.service import ASKER_GONE, TOO_LATE
from roomgate.hub.grants.service import GIVER_GONE
from roomgate.hub.grants.wanted import Wanted
from roomgate.hub.identity.person import Forbidden, Signed
from support.hub import Hub, running

pytestmark = pytest.mark.asyncio


def wish(room: str = "oslo", *capabilities: str, minutes: float = 60) -> Wanted:
    return Wanted(person="", rooms=(room,), capabilities=capabilities or ("observe", "call"), minutes=minutes,
                  reason="the camera")  # fmt: skip


async def three(hub: Hub) -> tuple[Signed, Signed, Signed]:
    """Kim, who asks; Ole, a security officer; Eve, who has no part in it."""
    await hub.rooms("oslo", "bergen")
    await hub.person("kim")
    await hub.person("ole", "security-officer")
    await hub.person("eve")
    return (await hub.token("kim"))[0], (await hub.token("ole"))[0], (await hub.token("eve"))[0]


async def live(hub: Hub, person: Signed) -> list[tuple[str, ...]]:
    """What somebody's live grants give."""
    now = hub.clock.now()
    records = await hub.parts.grants.of_person(person.person.id)
    return [tuple(sorted(r.grant.capabilities)) for r in records if r.grant.live(now)]


async def test_an_approval_gives_what_was_asked_in_the_approvers_name(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        kim, _, _ = await three(hub)
        asked = await hub.parts.approvals.ask(kim, wish())
        assert (asked.state, asked.person, asked.until) == (
            State.WAITING, kim.person.id, hub.clock.now() + timedelta(hours=24),
        )  # fmt: skip
        assert await live(hub, kim) == []
        hub.clock.advance(600)
        said = await hub.parts.approvals.approve(asked.id, hub.admin, "Go ahead.")
        grant = (await hub.parts.grants.get(said.grant or "")).grant
        assert (said.state, said.answered_by, said.words) == (State.APPROVED, hub.admin.person.id, "Go ahead.")
        assert (grant.person, grant.made_by, grant.reason) == (kim.person.id, hub.admin.person.id, "the camera")
        assert grant.until == hub.clock.now() + timedelta(minutes=60)  # from the yes, not from the wish
        assert await live(hub, kim) == [("call", "observe")]
        assert [kind for kind in await hub.kinds() if kind.startswith(("request", "grant"))] == [
            "request.made", "grant.made", "request.answered",
        ]  # fmt: skip


async def test_a_grant_that_was_approved_is_watched_to_its_end(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        kim, ole, _ = await three(hub)
        await hub.parts.approvals.approve((await hub.parts.approvals.ask(kim, wish())).id, ole)
        hub.clock.wall -= timedelta(days=1)
        hub.clock.mono += 3600
        await hub.parts.expire()
        assert await hub.parts.grants.of_person(kim.person.id) == []


async def test_an_answer_may_give_less_and_never_more(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        kim, _, _ = await three(hub)
        approvals = hub.parts.approvals
        asked = await approvals.ask(kim, wish())
        for more in ({"minutes": 61}, {"minutes": 0}, {"capabilities": ("system",)}, {"capabilities": ()}):
            with pytest.raises(BadInput):
                await approvals.approve(asked.id, hub.admin, **more)  # type: ignore[arg-type]
        said = await approvals.approve(asked.id, hub.admin, minutes=5, capabilities=("observe",))
        grant = (await hub.parts.grants.get(said.grant or "")).grant
        assert (sorted(grant.capabilities), grant.until - grant.start) == (["observe"], timedelta(minutes=5))


async def test_nobody_answers_for_themself_and_nobody_without_the_right(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        kim, ole, eve = await three(hub)
        approvals = hub.parts.approvals
        own = await approvals.ask(hub.admin, wish())
        officers = await approvals.ask(ole, wish())
        for request, who in ((own, hub.admin), (officers, ole)):
            for answer in (approvals.approve(request.id, who), approvals.refuse(request.id, who, "no")):
                with pytest.raises(Forbidden):
                    await answer
        kims = await approvals.ask(kim, wish())
        for who, refusal in ((eve, NotFound), (kim, Forbidden)):
            for answer in (approvals.approve(kims.id, who), approvals.refuse(kims.id, who, "no")):
                with pytest.raises(refusal):
                    await answer
        with pytest.raises(NotFound):
            await approvals.withdraw(kims.id, eve)
        with pytest.raises(Forbidden):
            await approvals.withdraw(kims.id, ole)
        await hub.parts.identity.create_person("bot", None, frozenset({"administrator"}), hub.admin, Kind.SERVICE)
        with pytest.raises(Forbidden):  # its token was made by the one who asked
            await approvals.approve(own.id, (await hub.token("bot"))[0])
        assert await live(hub, kim) == await live(hub, hub.admin) == await live(hub, ole) == []


async def test_whoever_only_approves_gives_no_more_than_the_everyday(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        kim, ole, _ = await three(hub)
        approvals = hub.parts.approvals
        strong = await approvals.ask(kim, wish("oslo", "observe", "system"))
        with pytest.raises(Forbidden):
            await approvals.approve(strong.id, ole)
        assert (await approvals.get(strong.id, kim)).state is State.WAITING
        assert await live(hub, kim) == []
        await approvals.approve(strong.id, ole, capabilities=("observe",))
        assert await live(hub, kim) == [("observe",)]
        again = await approvals.ask(kim, wish("oslo", "system"))
        await approvals.approve(again.id, hub.admin)
        assert ("system",) in await live(hub, kim)


async def test_an_unknown_room_and_a_forbidden_one_are_asked_for_alike(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        kim, _, _ = await three(hub)
        approvals = hub.parts.approvals
        known, unknown = await approvals.ask(kim, wish("oslo")), await approvals.ask(kim, wish("nowhere"))
        assert (known.state, known.until) == (unknown.state, unknown.until)
        with pytest.raises(BadInput, match="nowhere"):  # to the approver, who may know
            await approvals.approve(unknown.id, hub.admin)
        assert (await approvals.get(unknown.id, kim)).state is State.WAITING
        said = await approvals.refuse(unknown.id, hub.admin, "Which room do you mean?")
        assert (said.state, said.words, said.grant) == (State.REFUSED, "Which room do you mean?", None)
        with pytest.raises(BadInput):
            await approvals.refuse(known.id, hub.admin, " ")


async def test_an_answer_is_the_last_one(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        kim, ole, _ = await three(hub)
        approvals = hub.parts.approvals
        withdrawn = await approvals.withdraw((await approvals.ask(kim, wish())).id, kim)
        refused = await approvals.refuse((await approvals.ask(kim, wish())).id, ole, "Not today.")
        approved = await approvals.approve((await approvals.ask(kim, wish())).id, ole)
        for over in (withdrawn, refused, approved):
            for answer in (
                approvals.approve(over.id, ole),
                approvals.refuse(over.id, ole, "no"),
                approvals.withdraw(over.id, kim),
            ):
                with pytest.raises(Conflict):
                    await answer
        assert await live(hub, kim) == [("call", "observe")]


@pytest.mark.parametrize("wall", [True, False])
async def test_it_lapses_after_a_day_by_whichever_clock_is_first(tmp_path: Path, wall: bool) -> None:
    async with running(tmp_path) as hub:
        kim, _, _ = await three(hub)
        approvals = hub.parts.approvals
        asked = await approvals.ask(kim, wish())
        hub.clock.wall += timedelta(days=1) if wall else -timedelta(hours=1)
        hub.clock.mono += 0 if wall else 86400
        with pytest.raises(Conflict):  # already, whoever is first
            await approvals.approve(asked.id, hub.admin)
        await hub.parts.expire()
        await hub.parts.expire()
        lapsed = await approvals.get(asked.id, kim) if not wall else (await approvals.answered(kim, 1))[0]
        assert (lapsed.state, lapsed.words, lapsed.answered_by) == (State.LAPSED, TOO_LATE, None)
        assert (await hub.kinds()).count("request.answered") == 1


async def test_what_waited_while_the_hub_was_away_lapses_at_its_start(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        kim, _, _ = await three(hub)
        asked = await hub.parts.approvals.ask(kim, wish())
        hub.parts.approvals._ends.drop(asked.id)
        hub.clock.advance(90_000)
        await hub.parts.approvals.load()
        await hub.parts.approvals.expire()
        assert (await hub.parts.approvals.get(asked.id, hub.admin)).state is State.LAPSED


@pytest.mark.parametrize("how", ["disabled", "deleted", "locked", "restored"])
async def test_what_somebody_asked_for_ends_with_them(tmp_path: Path, how: str) -> None:
    async with running(tmp_path) as hub:
        kim, _, _ = await three(hub)
        parts = hub.parts
        asked = await parts.approvals.ask(kim, wish())
        match how:
            case "disabled":
                await parts.identity.set_active("kim", False, hub.admin)
                await parts.identity.set_active("kim", True, hub.admin)
            case "deleted":
                await parts.identity.delete("kim", hub.admin)
            case "locked":
                lock = await parts.grants.lock("person", "kim", "", hub.admin)
                with pytest.raises(Conflict):
                    await parts.approvals.ask(kim, wish())
                await parts.grants.lift(lock.lock.id, hub.admin)
            case _:
                await parts.restorations.enter("backup")
                await parts.restorations.admit("ada", None)
                hub.admin, _ = await hub.sign_in("ada")
        over = await parts.approvals.get(asked.id, hub.admin)
        assert over.state is State.LAPSED
        assert over.words == ("The hub was restored." if how == "restored" else ASKER_GONE)
        with pytest.raises(Conflict):
            await parts.approvals.approve(asked.id, hub.admin)


async def test_what_was_approved_pauses_when_the_approver_is_gone(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        kim, ole, _ = await three(hub)
        said = await hub.parts.approvals.approve((await hub.parts.approvals.ask(kim, wish())).id, ole)
        await hub.parts.identity.delete("ole", hub.admin)
        assert (await hub.parts.grants.get(said.grant or "")).paused == GIVER_GONE
        assert await live(hub, kim) == []


async def test_an_approver_who_is_gone_or_demoted_meanwhile_gives_nothing(tmp_path: Path) -> None:
    """Their request was let in at the door before the change that took the right away."""
    async with running(tmp_path) as hub:
        kim, ole, _ = await three(hub)
        approvals = hub.parts.approvals
        asked = await approvals.ask(kim, wish())
        await hub.parts.identity.change_roles("ole", frozenset({"auditor"}), hub.admin)
        with pytest.raises(Forbidden):
            await approvals.approve(asked.id, ole)
        await hub.parts.identity.change_roles("ole", frozenset({"security-officer"}), hub.admin)
        await hub.parts.identity.set_active("ole", False, hub.admin)
        with pytest.raises(Forbidden):
            await approvals.approve(asked.id, ole)
        assert await live(hub, kim) == []


async def test_so_many_of_one_person_wait_and_no_more(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        kim, _, eve = await three(hub)
        approvals = hub.parts.approvals
        many = [await approvals.ask(kim, wish()) for _ in range(MOST_WAITING)]
        with pytest.raises(Conflict):
            await approvals.ask(kim, wish())
        await approvals.ask(eve, wish())
        await approvals.withdraw(many[0].id, kim)
        await approvals.ask(kim, wish())


async def test_each_sees_their_own(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        kim, ole, eve = await three(hub)
        approvals = hub.parts.approvals
        kims, eves = await approvals.ask(kim, wish()), await approvals.ask(eve, wish())
        with pytest.raises(NotFound):
            await approvals.get(kims.id, eve)
        for who, sees in ((kim, {kims.id}), (eve, {eves.id}), (ole, {kims.id, eves.id})):
            assert {one.id for one in await approvals.page(who, None, "", 10)} == sees
            assert {one.id for one in await approvals.open(who)} == sees
        await approvals.withdraw(kims.id, kim)
        assert [[one.id for one in await approvals.answered(who, 9)] for who in (kim, eve, ole)] == [
            [kims.id], [], [kims.id],
        ]  # fmt: skip


# -- races -------------------------------------------------------------------------------------------


async def outcomes(*work) -> list[object]:
    """What each of these, begun together, came to: its result, or what it raised."""
    found: list[object] = [None] * len(work)

    async def one(at: int) -> None:
        try:
            found[at] = await work[at]
        except RoomgateError as no:
            found[at] = no

    async with asyncio.TaskGroup() as group:
        for at in range(len(work)):
            group.create_task(one(at))
    return found


async def test_of_two_approvers_at_once_exactly_one_wins(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        kim, ole, _ = await three(hub)
        asked = await hub.parts.approvals.ask(kim, wish())
        found = await outcomes(
            *(hub.parts.approvals.approve(asked.id, who) for who in (ole, hub.admin, ole, hub.admin))
        )
        assert sorted(type(one).__name__ for one in found) == ["Conflict", "Conflict", "Conflict", "Request"]
        assert await live(hub, kim) == [("call", "observe")]
        assert (await hub.kinds()).count("grant.made") == 1


@pytest.mark.parametrize("first", ["approve", "disable"])
async def test_an_approval_while_the_asker_is_disabled_leaves_nothing(tmp_path: Path, first: str) -> None:
    async with running(tmp_path) as hub:
        kim, ole, _ = await three(hub)
        asked = await hub.parts.approvals.ask(kim, wish())
        work = [hub.parts.approvals.approve(asked.id, ole), hub.parts.identity.set_active("kim", False, hub.admin)]
        await outcomes(*(work if first == "approve" else work[::-1]))
        assert await hub.parts.grants.of_person(kim.person.id) == []


# -- no sequence gives anything without two people -----------------------------------------------------


STEP = st.tuples(
    st.sampled_from(["ask", "ask", "approve", "less", "refuse", "withdraw", "wait", "give"]),
    st.integers(0, 2),  # who
    st.integers(0, 5),  # which
)


@settings(
    max_examples=12, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(STEP, min_size=20, max_size=40))
async def test_no_sequence_gives_anything_without_two_people(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, int]]
) -> None:
    """Whatever is asked, answered and awaited by whom: each grant was asked for by its holder, and made by another.

    What is asked for is nothing that `second_person` guards as well: the answer alone must see to it.
    """
    async with running(tmp_path_factory.mktemp("hub"), second_person=["call"]) as hub:
        kim, ole, _ = await three(hub)
        people, asked = [kim, ole, hub.admin], list[Request]()
        approvals = hub.parts.approvals
        for what, who, which in steps:
            by = people[who]
            one = asked[which % len(asked)].id if asked else "request_none"
            try:
                match what:
                    case "ask":
                        asked.append(await approvals.ask(by, wish("oslo", "observe", minutes=10 + which)))
                    case "approve":
                        await approvals.approve(one, by)
                    case "less":
                        await approvals.approve(one, by, minutes=5)
                    case "refuse":
                        await approvals.refuse(one, by, "No.")
                    case "withdraw":
                        await approvals.withdraw(one, by)
                    case "give":  # straight, for oneself
                        await hub.parts.grants.give(
                            by, msgspec.structs.replace(wish("oslo", "call"), person=by.person.id)
                        )
                    case _:
                        hub.clock.advance(3600 * which)
                        await approvals.expire()
            except RoomgateError:
                continue
        requests = {one.grant: one for one in await approvals.page(hub.admin, State.APPROVED, "", 500)}
        made = [event for event in await hub.events() if event.kind == "grant.made"]
        assert len(made) == len(requests)
        for event in made:
            request = requests[event.grant]  # type: ignore[union-attr]
            assert event.person == request.person != request.answered_by == event.by  # type: ignore[union-attr]
