"""The page at which a code is typed: it shows what would be given, warns, and takes one answer."""

from pathlib import Path

import pytest

from roomgate.access.scope import Scope
from roomgate.hub.http.door import COOKIE
from roomgate.hub.identity.devices import show_code
from roomgate.hub.identity.person import Proof
from support.console import Console, Reader, console, words

pytestmark = pytest.mark.asyncio


def begin(made: Console) -> tuple[str, str]:
    devices = made.hub.parts.identity.devices
    begun, secret = devices.begin("<i>laptop</i>", 90, Scope.parse(["read", "room:oslo"]), "198.51.100.7")
    return show_code(begun.code), secret.reveal()


async def test_a_yes(tmp_path: Path) -> None:
    async with console(tmp_path) as made:
        reader = await made.guest("guest", "oslo")
        code, secret = begin(made)
        assert "only if you started this yourself" in words(await reader.get("/device"))
        page = await reader.post("/device", code=code.lower())
        said = words(page)
        assert "&lt;i&gt;laptop" in page.text
        for told in ("198.51.100.7", "room:oslo", "1 h 30 min", "Did you start this yourself?", "refuse"):
            assert told in said, told
        assert made.hub.parts.identity.devices.fetch(secret) is None
        page = await reader.post("/device/answer", code=code, answer="yes")
        assert "is signed in as you" in words(page)
        made.hub.clock.advance(3)
        token = made.hub.parts.identity.devices.fetch(secret)
        assert token is not None
        signed = await made.hub.parts.identity.by_token(token.reveal())
        assert signed is not None
        assert signed.person.name == "guest"


async def test_a_no_and_a_wrong_code(tmp_path: Path) -> None:
    async with console(tmp_path) as made:
        reader = await made.guest("guest", "oslo")
        code, _ = begin(made)
        assert "gets nothing" in words(await reader.post("/device/answer", code=code, answer="no"))
        used = await reader.post("/device/answer", code=code, answer="yes")
        wrong = await reader.post("/device", code="BCDF-GHJK")
        assert "There is no such code" in words(used)
        assert words(used) == words(wrong)
        assert await made.hub.parts.identity.tokens((await made.hub.parts.identity.get("guest")).id) == []


async def test_whoever_has_rights_shows_a_second_factor_first(tmp_path: Path) -> None:
    async with console(tmp_path) as made:
        code, _ = begin(made)
        opened = await made.hub.parts.identity.open_web(made.hub.admin.person.id, Proof(), "192.0.2.1")
        assert opened is not None
        by_password = Reader(made.http, {"Cookie": f"{COOKIE}={opened[1].reveal()}"}, opened[0].csrf)
        page = await by_password.post("/device", code=code)
        assert "second factor" in words(page)
        assert "laptop" not in page.text
