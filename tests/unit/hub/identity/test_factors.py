"""Second factors: how each comes and goes, what falls with it, and who may do it."""

from pathlib import Path

import pytest

from roomgate.access.principal import Right
from roomgate.errors import BadInput, Conflict, NotFound
from roomgate.hub.identity.factor_store import FactorKind
from roomgate.hub.identity.factors import RECOVERY_CODES
from roomgate.hub.identity.passkeys import BadPasskey, Party
from roomgate.hub.identity.person import FactorNeeded, Forbidden, SignInAgain
from roomgate.hub.identity.service import STEP_UP_S
from roomgate.hub.identity.store import change_person
from roomgate.hub.revocation import Cause
from support.factors import HERE, add_app, add_passkey, again, with_app
from support.hub import PASSWORD, Hub, kept_bytes, running

pytestmark = pytest.mark.asyncio


async def weak(hub: Hub, name: str, *roles: str) -> tuple[str, str]:
    """Somebody new who signed in by a password alone: their id, and the cookie."""
    person = await hub.person(name, *roles)
    _, cookie = await hub.parts.identity.sign_in(name, PASSWORD, "192.0.2.1")
    return person.id, cookie.reveal()


async def test_a_role_waits_for_the_second_factor_and_is_open_with_it(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        _, cookie = await weak(hub, "bob", "administrator")
        bob = await again(hub, cookie)
        assert (bob.weak, bob.rights) == (True, frozenset())
        with pytest.raises(FactorNeeded) as refused:
            bob.require(Right.PEOPLE)
        assert (refused.value.code, "Settings" in refused.value.hint) == ("factor.needed", True)
        with pytest.raises(FactorNeeded):
            await hub.parts.identity.make_token("bob", 10, "", bob)
        _, fresh = await add_app(hub, bob)
        strong = await again(hub, fresh)
        assert (strong.weak, strong.may(Right.PEOPLE)) == (False, True)
        assert strong.web is not None
        assert strong.web.proof.how == "totp"
        assert await hub.parts.identity.by_cookie(cookie) is None  # the cookie from before is nobody's


@pytest.mark.parametrize("roles", [(), ("auditor",), ("service-desk",)])
async def test_a_role_without_strong_rights_waits_for_nothing(tmp_path: Path, roles: tuple[str, ...]) -> None:
    async with running(tmp_path) as hub:
        _, cookie = await weak(hub, "bob", *roles)
        bob = await again(hub, cookie)
        assert (bob.weak, bob.rights) == (False, bob.person.rights)


async def test_a_new_factor_ends_what_else_is_open(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        id, cookie = await weak(hub, "bob")
        _, other = await hub.sign_in("bob")
        _, token = await hub.token("bob")
        hub.heard.clear()
        bob = await again(hub, cookie)
        assert bob.web is not None
        _, fresh = await add_app(hub, bob)
        assert await hub.parts.identity.by_cookie(other) is None
        assert await hub.parts.identity.by_token(token) is None
        assert [(r.cause, r.subject, r.spared) for r in hub.heard] == [(Cause.FACTOR_CHANGED, id, bob.web.id)]
        assert (await again(hub, fresh)).person.id == id
        assert "factor.added" in await hub.kinds()


async def test_an_app_counts_when_its_first_code_was_shown(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        id, cookie = await weak(hub, "bob")
        bob, factors = await again(hub, cookie), hub.parts.factors
        with pytest.raises(Conflict):
            await factors.confirm_totp(bob, "123456", "")
        await factors.begin_totp(bob)
        offer = factors.offer(bob)
        assert offer is not None
        for wrong in ("000000x", "", "12345"):
            with pytest.raises(BadInput):
                await factors.confirm_totp(bob, wrong, "")
        assert await factors.of(bob.person.id) == []
        hub.clock.advance(600)
        assert factors.offer(bob) is None
        assert await hub.parts.identity.sign_in("bob", PASSWORD, "192.0.2.1")  # a password is enough still
        app, _ = await add_app(hub, bob)
        assert [(one.kind, one.name) for one in await factors.of(bob.person.id)] == [(FactorKind.TOTP, "my telephone")]
        assert app.secret.encode() not in kept_bytes(tmp_path)
        assert id == bob.person.id


async def test_a_passkey_is_added_once_and_by_whoever_was_asked(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        _, cookie = await weak(hub, "bob")
        bob = await again(hub, cookie)
        mine, fresh = await add_passkey(hub, bob)
        bob = await again(hub, fresh)
        assert not bob.weak
        options = await hub.parts.factors.begin_passkey(bob, HERE)
        with pytest.raises(BadPasskey):
            await hub.parts.factors.add_passkey(bob, HERE, mine.make(options), "")
        with pytest.raises(BadPasskey):  # its challenge served
            await hub.parts.factors.add_passkey(bob, HERE, mine.make(options), "")
        with pytest.raises(BadInput):
            await hub.parts.factors.begin_passkey(bob, Party("127.0.0.1", "https://127.0.0.1"))


async def test_a_token_changes_no_factor(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        app, factors = await with_app(hub, "cleo"), hub.parts.factors
        _, text = await hub.token("cleo")
        by_token = await hub.parts.identity.by_token(text)
        assert by_token is not None
        assert factors.offer(by_token) is None
        for refused in (
            factors.begin_totp(by_token), factors.confirm_totp(by_token, app.code(), ""), factors.make_codes(by_token),
            factors.begin_passkey(by_token, HERE), factors.add_passkey(by_token, HERE, "{}", ""),
            factors.remove(by_token, "x"),
        ):  # fmt: skip
            with pytest.raises(SignInAgain):
                await refused


async def test_a_first_factor_takes_a_sign_in_of_the_last_minutes(tmp_path: Path) -> None:
    async with running(tmp_path, web_idle_s=3600) as hub:
        _, cookie = await weak(hub, "bob")
        hub.clock.advance(STEP_UP_S + 1)
        bob = await again(hub, cookie)
        for refused in (hub.parts.factors.begin_totp(bob), hub.parts.factors.begin_passkey(bob, HERE)):
            with pytest.raises(SignInAgain):
                await refused


async def test_an_old_strong_sign_in_does_not_change_factors(tmp_path: Path) -> None:
    async with running(tmp_path, web_idle_s=3600) as hub:
        id, cookie = await weak(hub, "bob")
        _, fresh = await add_app(hub, await again(hub, cookie))
        (app,) = await hub.parts.factors.of((await hub.parts.identity.get(id)).id)
        hub.clock.advance(STEP_UP_S + 1)
        bob, factors = await again(hub, fresh), hub.parts.factors
        for refused in (
            factors.begin_totp(bob), factors.begin_passkey(bob, HERE), factors.make_codes(bob), factors.remove(bob, app.id)
        ):  # fmt: skip
            with pytest.raises(SignInAgain):
                await refused
        with pytest.raises(SignInAgain):
            await hub.parts.identity.set_password(id, "five other unrelated words", bob)
        with pytest.raises(BadInput):
            await hub.parts.identity.set_password(id, "five other unrelated words", bob, present="wrong")
        assert await hub.parts.identity.set_password(id, "five other unrelated words", bob, present=PASSWORD)


async def test_recovery_codes_are_shown_once_and_new_ones_end_the_old(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        _, cookie = await weak(hub, "bob")
        bob, factors = await again(hub, cookie), hub.parts.factors
        with pytest.raises(Conflict):
            await factors.make_codes(bob)
        _, fresh = await add_app(hub, bob)
        bob = await again(hub, fresh)
        bob = await again(hub, (await factors.make_codes(bob)).reveal())
        first = factors.take_shown(bob)
        assert (len(set(first)), factors.take_shown(bob)) == (RECOVERY_CODES, [])
        bob = await again(hub, (await factors.make_codes(bob)).reveal())
        second = factors.take_shown(bob)
        assert not {*first} & {*second}
        living = await factors.of(bob.person.id)
        assert sum(one.kind is FactorKind.RECOVERY for one in living) == RECOVERY_CODES
        assert not any(code.encode() in kept_bytes(tmp_path) for code in first + second)


async def test_without_the_last_factor_the_session_is_weak_and_no_code_is_left(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        _, cookie = await weak(hub, "bob", "administrator")
        factors = hub.parts.factors
        _, fresh = await add_app(hub, await again(hub, cookie))
        bob = await again(hub, (await factors.make_codes(await again(hub, fresh))).reveal())
        app = next(one for one in await factors.of(bob.person.id) if one.kind is FactorKind.TOTP)
        with pytest.raises(NotFound):
            await factors.remove(hub.admin, app.id)  # somebody else's
        fresh = (await factors.remove(bob, app.id)).reveal()
        bob = await again(hub, fresh)
        assert (bob.weak, await factors.of(bob.person.id)) == (True, [])
        assert await hub.parts.identity.sign_in("bob", PASSWORD, "192.0.2.1")


async def test_an_administrator_resets_somebody_elses_and_ends_all(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await with_app(hub, "bob", "auditor")
        bob = await hub.parts.identity.get("bob")
        _, text = await hub.token("bob")
        hub.heard.clear()
        await hub.parts.factors.reset("bob", hub.admin)
        assert await hub.parts.identity.by_token(text) is None
        assert [(r.cause, r.subject, r.spared) for r in hub.heard] == [(Cause.FACTOR_CHANGED, bob.id, None)]
        assert await hub.parts.factors.of(bob.id) == []
        assert "factor.removed" in await hub.kinds()
        with pytest.raises(Conflict):
            await hub.parts.factors.reset("ada", hub.admin)
        member, _ = await hub.sign_in("bob")
        with pytest.raises(Forbidden):
            await hub.parts.factors.reset("ada", member)


async def test_nobody_resets_somebody_with_more_rights(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.person("boss", "administrator")
        _, cookie = await weak(hub, "bob", "administrator")
        with pytest.raises(FactorNeeded):
            await hub.parts.factors.reset("boss", await again(hub, cookie))


async def test_nobody_removes_their_only_way_in(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        _, cookie = await weak(hub, "bob")
        _, fresh = await add_passkey(hub, await again(hub, cookie))
        bob = await again(hub, fresh)
        await hub.parts.db.write(lambda conn: change_person(conn, bob.person.id, password=None))
        (key,) = await hub.parts.factors.of(bob.person.id)
        with pytest.raises(Conflict):
            await hub.parts.factors.remove(bob, key.id)
        assert [one.id for one in await hub.parts.factors.of(bob.person.id)] == [key.id]
