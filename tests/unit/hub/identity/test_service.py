"""What falls with a person, by the table in the architecture: each row, each column."""

import asyncio
import threading
from pathlib import Path

import pytest

from roomgate.errors import BadInput, Conflict, NotFound, PreconditionFailed, RoomgateError
from roomgate.hub.identity.guessing import Guessing, TooManyTries
from roomgate.hub.identity.passwords import Busy
from roomgate.hub.identity.person import Forbidden, SignInRefused
from roomgate.hub.identity.service import Identity, LastAdministrator
from roomgate.hub.revocation import Cause, SubjectKind
from roomgate.ids import PersonId
from support.hub import PASSWORD, Hub, running
from support.waiting import until

pytestmark = pytest.mark.asyncio
OTHER = "quite another four words"


async def guest(hub: Hub) -> tuple[str, str, str]:
    """A guest with a grant, a token and a browser: the id, the token, the cookie."""
    await hub.rooms("oslo")
    person = await hub.person("guest")
    await hub.grant("guest", "oslo")
    _, token = await hub.token("guest")
    _, cookie = await hub.sign_in("guest")
    hub.heard.clear()
    return person.id, token, cookie


async def alive(hub: Hub, token: str, cookie: str) -> tuple[bool, bool]:
    identity = hub.parts.identity
    return await identity.by_token(token) is not None, await identity.by_cookie(cookie) is not None


async def test_disabling_ends_everything_and_enabling_brings_nothing_back(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        id, token, cookie = await guest(hub)
        assert await alive(hub, token, cookie) == (True, True)
        await hub.parts.identity.set_active(id, False, hub.admin)
        assert await alive(hub, token, cookie) == (False, False)
        assert await hub.parts.grants.of_person(id) == []
        assert [(r.cause, r.kind, r.subject) for r in hub.heard] == [(Cause.PERSON_DISABLED, SubjectKind.PERSON, id)]
        with pytest.raises(SignInRefused):
            await hub.sign_in("guest")
        with pytest.raises(Conflict):
            await hub.token("guest")
        await hub.parts.identity.set_active(id, True, hub.admin)
        assert await alive(hub, token, cookie) == (False, False)
        assert await hub.parts.grants.of_person(id) == []
        assert len(hub.heard) == 1


async def test_deleting_ends_everything_and_gives_the_name_back(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        id, token, cookie = await guest(hub)
        await hub.parts.identity.delete(id, hub.admin)
        assert await alive(hub, token, cookie) == (False, False)
        assert [r.cause for r in hub.heard] == [Cause.PERSON_DELETED]
        with pytest.raises(NotFound):
            await hub.parts.identity.get(id)
        again = await hub.person("guest")
        assert again.id != id
        assert await alive(hub, token, cookie) == (False, False)
        assert await hub.parts.grants.of_person(again.id) == []


async def test_the_own_password_spares_that_one_browser_under_a_new_cookie(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        id, token, other_cookie = await guest(hub)
        signed, cookie = await hub.sign_in("guest")
        assert signed.web is not None
        _, fresh = await hub.parts.identity.set_password(id, OTHER, signed, present=PASSWORD)
        assert fresh is not None
        assert await alive(hub, token, other_cookie) == (False, False)
        assert await alive(hub, token, cookie) == (False, False)
        renewed = await hub.parts.identity.by_cookie(fresh.reveal())
        assert renewed is not None
        assert renewed.web is not None
        assert (renewed.web.id, renewed.web.csrf != signed.web.csrf) == (signed.web.id, True)
        assert len(await hub.parts.grants.of_person(id)) == 1
        (cut,) = hub.heard
        assert (cut.cause, cut.kind, cut.spared) == (Cause.PASSWORD_CHANGED, SubjectKind.PERSON, signed.web.id)
        with pytest.raises(SignInRefused):
            await hub.sign_in("guest")


async def test_the_own_password_by_token_spares_nothing(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        id, token, cookie = await guest(hub)
        signed = await hub.parts.identity.by_token(token)
        assert signed is not None
        await hub.parts.identity.set_password(id, OTHER, signed, present=PASSWORD)
        assert await alive(hub, token, cookie) == (False, False)
        assert hub.heard[0].spared is None


async def test_a_reset_by_somebody_else_ends_all_but_the_grants(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        id, token, cookie = await guest(hub)
        _, fresh = await hub.parts.identity.set_password(id, OTHER, hub.admin)
        assert fresh is None
        assert await alive(hub, token, cookie) == (False, False)
        assert len(await hub.parts.grants.of_person(id)) == 1
        assert [(r.cause, r.spared) for r in hub.heard] == [(Cause.PASSWORD_CHANGED, None)]
        assert await hub.parts.identity.by_cookie(hub.cookie) is not None


async def test_other_roles_renew_the_cookie_and_keep_the_rest(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        id, token, cookie = await guest(hub)
        await hub.parts.identity.change_roles(id, frozenset({"auditor"}), hub.admin)
        signed = await hub.parts.identity.by_cookie(cookie)
        assert signed is not None
        assert signed.fresh is not None
        assert "auditor" in signed.person.roles
        assert (await hub.parts.identity.by_cookie(cookie)) is not None  # for requests that were on their way
        hub.clock.advance(11)
        assert await hub.parts.identity.by_cookie(cookie) is None
        assert await hub.parts.identity.by_cookie(signed.fresh.reveal()) is not None
        assert await hub.parts.identity.by_token(token) is not None
        assert [(r.cause, r.kind) for r in hub.heard] == [(Cause.ROLE_CHANGED, SubjectKind.PERSON)]


async def test_a_token_ends_alone(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        id, token, cookie = await guest(hub)
        signed, other = await hub.token("guest")
        assert signed.token is not None
        await hub.parts.identity.end_token(signed.token.id, hub.admin)
        assert await hub.parts.identity.by_token(other) is None
        assert await alive(hub, token, cookie) == (True, True)
        assert [(r.cause, r.kind, r.subject) for r in hub.heard] == [
            (Cause.TOKEN_REVOKED, SubjectKind.CREDENTIAL, signed.token.id)
        ]
        with pytest.raises(NotFound):
            await hub.parts.identity.end_token(signed.token.id, hub.admin)
        assert len(await hub.parts.identity.tokens(id)) == 1


@pytest.mark.parametrize("wall", [True, False])
async def test_a_token_expires_by_whichever_clock_is_first(tmp_path: Path, wall: bool) -> None:
    async with running(tmp_path) as hub:
        _, token, _ = await guest(hub)
        hub.parts.identity._web_ends._ends.clear()  # the browser's idle end is another test's
        await hub.parts.identity.expire()
        assert hub.heard == []
        if wall:
            hub.clock.wall = hub.clock.wall.replace(year=2027)
        else:
            hub.clock.mono += 3600  # somebody holds the wall clock back
        assert await hub.parts.identity.by_token(token) is None
        await hub.parts.identity.expire()
        await hub.parts.identity.expire()
        assert [r.cause for r in hub.heard] == [Cause.TOKEN_EXPIRED]


async def test_a_browser_that_idles_is_signed_out(tmp_path: Path) -> None:
    async with running(tmp_path, web_idle_s=600, web_absolute_s=5000) as hub:
        _, _, cookie = await guest(hub)
        hub.clock.advance(599)
        assert await hub.parts.identity.by_cookie(cookie) is not None
        hub.clock.advance(600)
        assert await hub.parts.identity.by_cookie(cookie) is None
        await hub.parts.identity.expire()
        assert {r.cause for r in hub.heard} == {Cause.SIGNED_OUT}


async def test_a_browser_that_is_used_all_the_time_is_signed_out_in_the_end(tmp_path: Path) -> None:
    async with running(tmp_path, web_idle_s=600, web_absolute_s=1000) as hub:
        _, _, cookie = await guest(hub)
        hub.clock.advance(500)
        assert await hub.parts.identity.by_cookie(cookie) is not None
        hub.clock.advance(450)
        assert await hub.parts.identity.by_cookie(cookie) is not None
        hub.clock.advance(100)  # 1050 s: beyond the absolute end, though it was used
        assert await hub.parts.identity.by_cookie(cookie) is None
        await hub.parts.identity.expire()
        assert {r.cause for r in hub.heard} == {Cause.SIGNED_OUT}


async def test_signing_out_cuts_what_was_opened_from_it_once(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        _, token, _ = await guest(hub)
        signed, cookie = await hub.sign_in("guest")
        for _ in range(2):
            await hub.parts.identity.sign_out(signed)
        assert await alive(hub, token, cookie) == (True, False)
        assert [(r.cause, r.subject) for r in hub.heard] == [(Cause.SIGNED_OUT, signed.principal.credential)]


async def test_a_cookie_survives_a_restart_and_its_end_does_too(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        _, token, cookie = await guest(hub)
        await hub.parts.identity.load()
        assert await alive(hub, token, cookie) == (True, True)
        hub.clock.advance(24 * 3600)
        assert await alive(hub, token, cookie) == (False, False)


async def test_unknown_names_and_wrong_passwords_read_alike(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.person("guest")
        said = []
        for name, password in (("guest", "wrong"), ("nobody", PASSWORD), ("", "")):
            with pytest.raises(SignInRefused) as refused:
                await hub.parts.identity.sign_in(name, password, "192.0.2.7")
            said.append((refused.value.message, refused.value.code))
        assert len(set(said)) == 1
        assert (await hub.kinds()).count("signin.failed") == 3
        assert b"nobody" not in b"".join(e.raw for e in await hub.parts.record.entries(0, 100, kind="signin.failed"))


async def test_guessing_waits_longer_each_time_and_never_for_good(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.person("guest")
        for _ in range(5):
            with pytest.raises(SignInRefused):
                await hub.parts.identity.sign_in("guest", "wrong", "192.0.2.7")
        with pytest.raises(TooManyTries):
            await hub.parts.identity.sign_in("guest", PASSWORD, "192.0.2.8")
        hub.clock.advance(61)
        assert await hub.parts.identity.sign_in("guest", PASSWORD, "192.0.2.8")


async def test_guesses_at_an_account_do_not_keep_its_owner_waiting(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        identity = hub.parts.identity
        await hub.person("guest")
        await identity.sign_in("guest", PASSWORD, "192.0.2.8")
        for number in range(5):
            with pytest.raises(SignInRefused):
                await identity.sign_in("guest", "wrong", f"198.51.100.{number}")
        with pytest.raises(TooManyTries):  # by name, for all whom nobody knows
            await identity.sign_in("guest", "wrong", "198.51.100.9")
        assert await identity.sign_in("guest", PASSWORD, "192.0.2.8")
        with pytest.raises(TooManyTries):  # and the owner's coming in does not free them
            await identity.sign_in("guest", "wrong", "198.51.100.9")
        for _ in range(5):
            with pytest.raises(SignInRefused):
                await identity.sign_in("guest", "wrong", "192.0.2.8")
        with pytest.raises(TooManyTries):  # where people are known, guessing is slowed all the same
            await identity.sign_in("guest", "wrong", "192.0.2.8")


async def test_a_flood_of_strangers_keeps_nobody_out_who_came_in_from_there_before(tmp_path: Path) -> None:
    said: list[str] = []

    async def stranger(identity: Identity, number: int) -> None:
        try:
            await identity.sign_in(f"nobody-{number}", "wrong", f"198.51.100.{number}")
        except RoomgateError as refused:
            said.append(refused.code)

    async with running(tmp_path) as hub:
        identity = hub.parts.identity
        await hub.person("guest")
        await identity.sign_in("guest", PASSWORD, "192.0.2.8")
        identity._guessing = Guessing(hub.clock)
        await identity.load()  # known over a restart too
        go_on = threading.Event()
        identity._passwords._lanes[False].threads.submit(go_on.wait, 20)  # a hash that takes long
        try:
            async with asyncio.TaskGroup() as group:
                for number in range(100):
                    group.create_task(stranger(identity, number))
                await until(lambda: Busy.code in said)
                assert await identity.sign_in("guest", PASSWORD, "192.0.2.8")
                go_on.set()
        finally:
            go_on.set()


async def test_nobody_rises_above_who_raises_them(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.person("guest")
        member, _ = await hub.sign_in("guest")
        identity = hub.parts.identity
        for act in (
            identity.create_person("x", None, frozenset(), member),
            identity.change_roles("guest", frozenset({"administrator"}), member),
            identity.set_password("ada", OTHER, member),
            identity.set_active("ada", False, member),
            identity.delete("ada", member),
            identity.make_token("ada", 5, "", member),
        ):
            with pytest.raises(Forbidden):
                await act
        with pytest.raises(BadInput):
            await identity.change_roles("guest", frozenset({"emperor"}), hub.admin)


async def test_a_token_makes_no_token_that_outlives_it(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.person("guest")
        signed, _ = await hub.token("guest", minutes=10)
        child, _ = await hub.parts.identity.make_token("guest", 600, "", signed)
        assert signed.token is not None
        assert child.until <= signed.token.until
        for minutes in (0, -1, float("inf"), 10**9):
            with pytest.raises(BadInput):
                await hub.parts.identity.make_token("guest", minutes, "", hub.admin)


async def test_the_last_administrator_stays(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        identity, ada = hub.parts.identity, hub.admin.person.id
        for act in (
            identity.set_active(ada, False, hub.admin),
            identity.delete(ada, hub.admin),
            identity.change_roles(ada, frozenset(), hub.admin),
            hub.parts.grants.lock("person", ada, "", hub.admin),
        ):
            with pytest.raises(LastAdministrator):
                await act
        assert hub.heard == []
        await hub.person("bob", "administrator")
        await identity.change_roles(ada, frozenset({"member"}), hub.admin)


async def test_a_stale_version_changes_nothing(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        person = await hub.person("guest")
        await hub.parts.identity.change_roles(person.id, frozenset({"auditor"}), hub.admin, person.version)
        with pytest.raises(PreconditionFailed):
            await hub.parts.identity.set_active(person.id, False, hub.admin, person.version)
        assert (await hub.parts.identity.get(PersonId(person.id))).active


async def test_names_are_taken_whatever_their_case(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.person("Guest")
        for name in ("guest", "GUEST", "ｇｕｅｓｔ"):
            with pytest.raises(Conflict):
                await hub.person(name)
        for name in ("", "a:b", "person_1", "x\ny", "y" * 121):
            with pytest.raises(BadInput):
                await hub.person(name)


async def test_there_is_one_first_administrator(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        with pytest.raises(Conflict):
            await hub.parts.identity.create_first_admin("eve", PASSWORD)
