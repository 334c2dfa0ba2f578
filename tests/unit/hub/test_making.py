from pathlib import Path

import pytest

from roomgate.access.principal import Right
from roomgate.clock import SystemClock
from roomgate.errors import Conflict
from roomgate.hub.identity.invitations import InvitationRefused
from roomgate.hub.identity.signin import Visitor
from roomgate.hub.making import first_admin, first_token, hub_fingerprint, init, migrate
from roomgate.hub.parts import open_parts
from support.hub import PASSWORD, config

pytestmark = pytest.mark.asyncio


async def test_a_hub_is_made_once(tmp_path: Path) -> None:
    made = await init(config(tmp_path), "ada", PASSWORD)
    assert made.fingerprint == hub_fingerprint(config(tmp_path))
    with pytest.raises(Conflict):
        await init(config(tmp_path), "eve", PASSWORD)
    assert await migrate(config(tmp_path)) == "0006"


async def test_without_a_password_the_first_administrator_comes_by_a_code(tmp_path: Path) -> None:
    made = await init(config(tmp_path), "ada", None)
    assert made.code is not None
    with pytest.raises(Conflict):
        await init(config(tmp_path), "ada", None)
    code = await first_admin(config(tmp_path), "ada")
    parts = await open_parts(config(tmp_path), SystemClock())
    try:
        with pytest.raises(InvitationRefused):
            await parts.invitations.accept(made.code.reveal(), PASSWORD, Visitor("192.0.2.1"))
        assert await parts.invitations.accept(code.reveal(), PASSWORD, Visitor("192.0.2.1"))
    finally:
        await parts.aclose()
    with pytest.raises(Conflict):
        await first_admin(config(tmp_path), "ada")
    assert await first_admin(config(tmp_path), "ada", anew=True)


async def test_a_script_gets_a_second_factor_and_a_token(tmp_path: Path) -> None:
    made = await init(config(tmp_path), "ada", PASSWORD, second_factor=True)
    token = await first_token(config(tmp_path), made.admin, 5)
    assert made.app is not None
    assert len(set(made.recovery)) == 10
    parts = await open_parts(config(tmp_path), SystemClock())
    try:
        signed = await parts.identity.by_token(token.reveal())
        assert signed is not None
        assert signed.may(Right.PEOPLE)
        cookie = await parts.signin.password("ada", PASSWORD, Visitor("192.0.2.1"))
        assert not isinstance(cookie, tuple)
        assert await parts.signin.code(made.recovery[3], Visitor("192.0.2.1", "", cookie.reveal()))
    finally:
        await parts.aclose()
