"""The conversation of signing in: what opens, what does not, and what is said to whom."""

import asyncio
from pathlib import Path

import pytest

from roomgate.hub.identity.guessing import FREE_TRIES, TooManyTries
from roomgate.hub.identity.pending import LIVES_S
from roomgate.hub.identity.person import FactorWanted, SignInRefused
from roomgate.hub.identity.signin import Opened, SecondRefused, SignInOver, Visitor
from support.factors import HERE, add_app, add_passkey, again, begun, with_app
from support.hub import PASSWORD, Hub, running
from support.passkey import Authenticator

pytestmark = pytest.mark.asyncio
ELSEWHERE = Visitor("198.51.100.7")


async def how(hub: Hub, opened: Opened) -> str:
    signed = await again(hub, opened[1].reveal())
    assert signed.web is not None
    assert signed.web.proof.strong
    return f"{signed.person.name} {signed.web.proof.how}"


async def with_passkey(hub: Hub, name: str, credential: bytes = b"a passkey of a test") -> Authenticator:
    await hub.person(name)
    _, cookie = await hub.parts.identity.sign_in(name, PASSWORD, "192.0.2.1")
    return (await add_passkey(hub, await again(hub, cookie.reveal()), credential))[0]


async def asked(hub: Hub, visitor: Visitor = ELSEWHERE) -> tuple[Visitor, bytes]:
    cookie, options = hub.parts.signin.challenge(HERE, visitor)
    return Visitor(visitor.source, "", cookie.reveal()), options


async def test_a_password_alone_opens_only_what_has_no_factor(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.person("bob")
        assert isinstance(await hub.parts.signin.password("bob", PASSWORD, ELSEWHERE), tuple)
        await with_app(hub, "cleo")
        with pytest.raises(FactorWanted):
            await hub.parts.identity.sign_in("cleo", PASSWORD, "192.0.2.7")
        assert hub.parts.signin.begun(await begun(hub, "cleo"))


async def test_nothing_is_told_before_the_right_password(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await with_app(hub, "cleo")
        await hub.person("bob")
        told = []
        for name in ("cleo", "bob", "nobody"):
            with pytest.raises(SignInRefused) as refused:
                await hub.parts.signin.password(name, "wrong", ELSEWHERE)
            told.append((type(refused.value), refused.value.message, refused.value.hint))
        assert len(set(told)) == 1


async def test_a_code_opens_and_serves_once(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        app = await with_app(hub, "cleo")
        assert await how(hub, await hub.parts.signin.code(app.code(), await begun(hub, "cleo"))) == "cleo totp"
        with pytest.raises(SecondRefused):
            await hub.parts.signin.code(app.code(), await begun(hub, "cleo"))
        with pytest.raises(SecondRefused):  # nor does an earlier one
            await hub.parts.signin.code(app.code(-1), await begun(hub, "cleo"))
        assert await hub.parts.signin.code(app.code(1), await begun(hub, "cleo"))


async def test_of_two_with_one_code_one_comes_in(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        app = await with_app(hub, "cleo")
        both = [await begun(hub, "cleo"), await begun(hub, "cleo")]
        done: list[object] = []

        async def come(visitor: Visitor) -> None:
            try:
                done.append(await hub.parts.signin.code(app.code(), visitor))
            except SecondRefused as refused:
                done.append(refused)

        async with asyncio.TaskGroup() as group:
            for visitor in both:
                group.create_task(come(visitor))
        assert sorted(isinstance(one, tuple) for one in done) == [False, True]


async def test_the_second_step_takes_the_first_ones_cookie_and_its_time(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        app = await with_app(hub, "cleo")
        for visitor in (ELSEWHERE, Visitor("192.0.2.7", "", "planted")):
            with pytest.raises(SignInOver):
                await hub.parts.signin.code(app.code(), visitor)
        visitor = await begun(hub, "cleo")
        hub.clock.advance(LIVES_S)
        with pytest.raises(SignInOver):
            await hub.parts.signin.code(app.code(), visitor)
        visitor = await begun(hub, "cleo")
        assert await hub.parts.signin.code(app.code(), visitor)
        with pytest.raises(SignInOver):  # it is done
            await hub.parts.signin.code(app.code(1), visitor)


@pytest.mark.parametrize("change", ["password", "disabled", "reset"])
async def test_what_changed_meanwhile_counts(tmp_path: Path, change: str) -> None:
    async with running(tmp_path) as hub:
        app = await with_app(hub, "cleo")
        visitor = await begun(hub, "cleo")
        if change == "password":
            await hub.parts.identity.set_password("cleo", "five other unrelated words", hub.admin)
        elif change == "disabled":
            await hub.parts.identity.set_active("cleo", False, hub.admin)
        else:
            await hub.parts.factors.reset("cleo", hub.admin)
        with pytest.raises(SecondRefused):
            await hub.parts.signin.code(app.code(), visitor)


async def test_a_recovery_code_serves_once(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.person("cleo")
        _, cookie = await hub.parts.identity.sign_in("cleo", PASSWORD, "192.0.2.1")
        _, fresh = await add_app(hub, await again(hub, cookie.reveal()))
        signed = await again(hub, (await hub.parts.factors.make_codes(await again(hub, fresh))).reveal())
        first, second, *_ = hub.parts.factors.take_shown(signed)
        typed = first.upper().replace("-", " ")
        assert await how(hub, await hub.parts.signin.code(typed, await begun(hub, "cleo"))) == "cleo recovery"
        with pytest.raises(SecondRefused):
            await hub.parts.signin.code(first, await begun(hub, "cleo"))
        await with_app(hub, "dora")
        with pytest.raises(SecondRefused):  # somebody else's
            await hub.parts.signin.code(second, await begun(hub, "dora"))
        assert await hub.parts.signin.code(second, await begun(hub, "cleo"))


async def test_a_passkey_opens_alone_and_beside_a_password(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        mine = await with_passkey(hub, "cleo")
        visitor, options = await asked(hub)
        mine.counter = 1
        assert await how(hub, await hub.parts.signin.passkey(mine.show(options), HERE, visitor)) == "cleo passkey"
        visitor, options = await asked(hub, await begun(hub, "cleo"))
        assert hub.parts.signin.begun(visitor)
        mine.counter = 2
        assert await how(hub, await hub.parts.signin.passkey(mine.show(options), HERE, visitor)) == "cleo passkey"


async def test_a_passkey_of_somebody_else_is_no_second_factor(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        mine = await with_passkey(hub, "cleo")
        await with_app(hub, "dora")
        visitor, options = await asked(hub, await begun(hub, "dora"))
        with pytest.raises(SecondRefused):
            await hub.parts.signin.passkey(mine.show(options), HERE, visitor)


async def test_a_challenge_serves_once_and_whoever_was_set_it(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        mine = await with_passkey(hub, "cleo")
        visitor, options = await asked(hub)
        other, _ = await asked(hub)
        with pytest.raises(SignInRefused):
            await hub.parts.signin.passkey(mine.show(options), HERE, other)
        assert await hub.parts.signin.passkey(mine.show(options), HERE, visitor)
        with pytest.raises(SignInRefused):
            await hub.parts.signin.passkey(mine.show(options), HERE, visitor)
        with pytest.raises(SignInRefused):
            await hub.parts.signin.passkey(mine.show(options), HERE, ELSEWHERE)


async def test_a_counter_that_goes_back_is_refused_and_on_record(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        mine = await with_passkey(hub, "cleo")
        for counter, opens in ((5, True), (5, False), (4, False), (0, False), (6, True)):
            visitor, options = await asked(hub)
            mine.counter = counter
            try:
                await hub.parts.signin.passkey(mine.show(options), HERE, visitor)
                opened = True
            except SignInRefused:
                opened = False
            assert (counter, opened) == (counter, opens)
        assert (await hub.kinds()).count("factor.refused") == 3


async def test_who_was_disabled_or_removed_has_no_passkey(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        mine = await with_passkey(hub, "cleo")
        await hub.parts.identity.set_active("cleo", False, hub.admin)
        visitor, options = await asked(hub)
        with pytest.raises(SignInRefused):
            await hub.parts.signin.passkey(mine.show(options), HERE, visitor)
        unknown = Authenticator(HERE.origin, credential=b"nobody's")
        visitor, options = await asked(hub)
        with pytest.raises(SignInRefused):
            await hub.parts.signin.passkey(unknown.show(options), HERE, visitor)


async def test_guessing_codes_is_slowed_and_locks_nobody_out(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        app = await with_app(hub, "cleo")
        visitor = await begun(hub, "cleo", "198.51.100.1")
        refused: list[type[Exception]] = []

        async def guess() -> None:
            try:
                await hub.parts.signin.code("000000", visitor)
            except (SecondRefused, TooManyTries) as no:
                refused.append(type(no))

        async with asyncio.TaskGroup() as group:  # a volley that begins together
            for _ in range(20):
                group.create_task(guess())
        assert refused.count(SecondRefused) == FREE_TRIES
        with pytest.raises(TooManyTries):  # also from another address, for this account
            await hub.parts.signin.code("000000", await begun(hub, "cleo", "198.51.100.2"))
        # The owner comes from where they came from before, and does not wait.
        assert await hub.parts.signin.code(app.code(), await begun(hub, "cleo", "192.0.2.1"))
        hub.clock.advance(61)
        assert await hub.parts.signin.code(app.code(), await begun(hub, "cleo", "198.51.100.2"))


async def test_the_right_password_again_frees_no_guess_at_the_code(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await with_app(hub, "cleo")
        for _ in range(FREE_TRIES):
            with pytest.raises(SecondRefused):
                await hub.parts.signin.code("000000", await begun(hub, "cleo", "198.51.100.1"))
        with pytest.raises(TooManyTries):
            await hub.parts.signin.code("000000", await begun(hub, "cleo", "198.51.100.1"))


async def test_who_is_disabled_is_refused_at_the_first_step_like_anybody(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await with_app(hub, "cleo")
        await hub.parts.identity.set_active("cleo", False, hub.admin)
        with pytest.raises(SignInRefused) as refused:
            await hub.parts.signin.password("cleo", PASSWORD, ELSEWHERE)
        assert refused.value.code == "signin.refused"
