"""Invitations: who comes in by one, once, and what is told of those that do not fit."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from roomgate.access.principal import Kind, Right
from roomgate.clock import HandClock
from roomgate.errors import BadInput, Conflict, NotFound
from roomgate.hub.identity.guessing import FREE_TRIES, TooManyTries
from roomgate.hub.identity.invitations import FIRST_HOURS, InvitationRefused
from roomgate.hub.identity.person import Forbidden, SignInRefused
from roomgate.hub.identity.service import LastAdministrator
from roomgate.hub.identity.signin import Visitor
from roomgate.hub.parts import open_parts
from support.factors import again, with_app
from support.hub import PASSWORD, Hub, config, kept_bytes, running

pytestmark = pytest.mark.asyncio
THERE = Visitor("198.51.100.7", "a browser")
BOB: frozenset[str] = frozenset({"auditor"})


async def invite(hub: Hub, name: str = "bob", hours: float = 72, *roles: str) -> str:
    _, code = await hub.parts.invitations.invite(name, frozenset(roles or BOB), hub.admin, hours)
    return code.reveal()


async def refused(hub: Hub, code: str, visitor: Visitor = THERE) -> tuple[str, str]:
    with pytest.raises(InvitationRefused) as no:
        await hub.parts.invitations.accept(code, PASSWORD, visitor)
    return no.value.message, no.value.hint


async def test_who_is_invited_chooses_a_password_and_comes_in_once(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        code = await invite(hub)
        assert code.encode() not in kept_bytes(tmp_path)
        for password in (PASSWORD, ""):
            with pytest.raises(SignInRefused):
                await hub.parts.identity.sign_in("bob", password, "192.0.2.1")
        _, cookie = await hub.parts.invitations.accept(code.upper().replace("-", " "), PASSWORD, THERE)
        bob = await again(hub, cookie.reveal())
        assert (bob.person.name, bob.may(Right.AUDIT), bob.weak) == ("bob", True, False)
        assert bob.web is not None
        assert (bob.web.proof.how, bob.web.proof.strong, bob.web.agent) == ("invitation", False, "a browser")
        await refused(hub, code)
        assert await hub.parts.identity.sign_in("bob", PASSWORD, "192.0.2.1")
        kinds = await hub.kinds()
        assert kinds.index("invitation.made") < kinds.index("invitation.ended")


async def test_an_administrator_who_comes_in_has_their_rights_after_a_factor(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        code = await invite(hub, "boss", 72, "administrator")
        _, cookie = await hub.parts.invitations.accept(code, PASSWORD, THERE)
        boss = await again(hub, cookie.reveal())
        assert (boss.weak, boss.may(Right.PEOPLE)) == (True, False)


async def test_a_password_that_is_none_uses_nothing_up(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        code = await invite(hub)
        with pytest.raises(BadInput):
            await hub.parts.invitations.accept(code, "short", THERE)
        assert await hub.parts.invitations.accept(code, PASSWORD, THERE)


async def test_of_two_at_once_one_comes_in(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        code, done = await invite(hub), list[str]()

        async def come(password: str) -> None:
            try:
                await hub.parts.invitations.accept(code, password, THERE)
                done.append(password)
            except InvitationRefused:
                pass

        async with asyncio.TaskGroup() as group:
            for number in range(4):
                group.create_task(come(f"{PASSWORD} {number}"))
        (password,) = done
        assert await hub.parts.identity.sign_in("bob", password, "192.0.2.1")


async def test_what_never_was_what_is_over_and_what_was_cut_read_alike(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        over, cut, gone = await invite(hub, "over", 1), await invite(hub, "cut"), await invite(hub, "gone")
        waiting = {one.name: one.id for one in await hub.parts.invitations.waiting(hub.admin)}
        await hub.parts.invitations.cut(waiting["cut"], hub.admin)
        await hub.parts.identity.delete("gone", hub.admin)
        hub.clock.advance(3600)
        await hub.parts.identity.by_cookie(hub.cookie)
        assert await hub.parts.invitations.waiting(hub.admin) == []
        told = {await refused(hub, code) for code in ("0000-0000-0000-0000-0000", "rubbish", over, cut, gone)}
        assert len(told) == 1
        with pytest.raises(NotFound):
            await hub.parts.invitations.cut(waiting["cut"], hub.admin)


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_clock_that_is_set_back_prolongs_none(tmp_path: Path, restarted: bool) -> None:
    async with running(tmp_path) as hub:
        code = await invite(hub, hours=1)
        if not restarted:
            hub.clock.wall -= timedelta(hours=2)
            hub.clock.advance(3600)
            await refused(hub, code)
            await hub.parts.expire()
            assert (await hub.kinds()).count("invitation.ended") == 1
            assert await hub.parts.invitations.waiting(hub.admin) == []
            return
        clock = hub.clock
    clock.wall -= timedelta(hours=2)
    parts = await open_parts(config(tmp_path), clock)
    try:
        clock.advance(3600)
        with pytest.raises(InvitationRefused):
            await parts.invitations.accept(code, PASSWORD, THERE)
    finally:
        await parts.aclose()


async def test_an_older_copy_brings_no_invitation_back(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        code, bob = await invite(hub), await hub.parts.identity.get("bob")
        await hub.parts.restorations.enter("backup")
        await hub.parts.restorations.admit("ada", None)
        await hub.parts.restorations.confirm([bob.id], [], [], (await hub.sign_in("ada"))[0])
        await refused(hub, code)


async def test_guessing_is_slowed(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        code = await invite(hub)
        for _ in range(FREE_TRIES):
            await refused(hub, "0000-0000-0000-0000-0000")
        with pytest.raises(TooManyTries):
            await hub.parts.invitations.accept(code, PASSWORD, THERE)
        assert await hub.parts.invitations.accept(code, PASSWORD, Visitor("192.0.2.200"))


async def test_nobody_invites_beyond_their_rights_or_for_ever(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.person("desk", "service-desk")
        desk, _ = await hub.sign_in("desk")
        for refused in (
            hub.parts.invitations.invite("eve", frozenset(), desk), hub.parts.invitations.waiting(desk),
            hub.parts.invitations.reset("ada", desk), hub.parts.invitations.cut("x", desk),
        ):  # fmt: skip
            with pytest.raises(Forbidden):
                await refused
        for hours in (0, -1, 337):
            with pytest.raises(BadInput):
                await invite(hub, "eve", hours)
        with pytest.raises(Conflict):
            await invite(hub, "desk")
        with pytest.raises(BadInput):
            await invite(hub, "eve", 1, "emperor")


async def test_a_reset_ends_all_and_invites_anew(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await with_app(hub, "cleo")
        _, token = await hub.token("cleo")
        _, first = await hub.parts.invitations.reset("cleo", hub.admin)
        _, code = await hub.parts.invitations.reset("cleo", hub.admin, hours=1)
        assert await hub.parts.identity.by_token(token) is None
        with pytest.raises(SignInRefused):
            await hub.parts.identity.sign_in("cleo", PASSWORD, "192.0.2.1")
        await refused(hub, first.reveal())
        assert await hub.parts.invitations.accept(code.reveal(), PASSWORD, THERE)
        assert await hub.parts.factors.of((await hub.parts.identity.get("cleo")).id) == []
        await hub.parts.identity.create_person("robot", None, frozenset(), hub.admin, Kind.SERVICE)
        for name in ("ada", "robot"):
            with pytest.raises(Conflict):
                await hub.parts.invitations.reset(name, hub.admin)


async def test_an_invited_administrator_is_none_yet(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        code = await invite(hub, "boss", 72, "administrator")
        with pytest.raises(LastAdministrator):
            await hub.parts.identity.delete("ada", hub.admin)
        await hub.parts.invitations.accept(code, PASSWORD, THERE)
        await hub.parts.identity.delete("ada", hub.admin)


async def test_the_first_administrator_comes_by_a_code_while_nobody_can_sign_in_as_one(tmp_path: Path) -> None:
    clock = HandClock()
    parts = await open_parts(config(tmp_path), clock)
    try:
        ada, first = await parts.invitations.first_administrator("ada")
        clock.advance(FIRST_HOURS * 3600)
        with pytest.raises(InvitationRefused):
            await parts.invitations.accept(first.reveal(), PASSWORD, THERE)
        with pytest.raises(NotFound):
            await parts.invitations.first_administrator("bob")
        again, code = await parts.invitations.first_administrator("ada")
        assert again.id == ada.id
        assert await parts.invitations.accept(code.reveal(), PASSWORD, THERE)
        with pytest.raises(Conflict):
            await parts.invitations.first_administrator("ada")
    finally:
        await parts.aclose()
