"""The steps of signing in as forms: which step a form means, and what is asked next."""

import json
from pathlib import Path
from typing import Any

import pytest

from roomgate.hub.http.gate import PENDING_COOKIE, Asked, Entered, Gate, end_pending
from roomgate.hub.identity.guessing import FREE_TRIES
from support.factors import add_passkey, again, with_app
from support.hub import PASSWORD, Hub, running

pytestmark = pytest.mark.asyncio


def gate(hub: Hub, public_url: str = "https://hub.example.com") -> Gate:
    return Gate(hub.parts.identity, hub.parts.signin, hub.parts.invitations, public_url)


def scope(pending: str = "", **more: Any) -> dict[str, Any]:
    headers = [(b"user-agent", b"a browser")]
    if pending:
        headers.append((b"cookie", f"{PENDING_COOKIE}={pending}".encode()))
    return {"client": ("198.51.100.7", 1), "server": ("hub.example.com", 443), "headers": headers, **more}


def cookie_of(asked: Asked | tuple[str, str]) -> str:
    """The pending cookie that an answer sets; it is the browser's alone, and ends."""
    (line,) = [asked] if isinstance(asked, tuple) else asked.headers
    name, value = line[1].split(";")[0].split("=", 1)
    assert (line[0], name, name.startswith("__Host-")) == ("Set-Cookie", PENDING_COOKIE, True)
    assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=300"} == set(line[1].split("; ")[1:])
    return value


async def take(hub: Hub, pending: str = "", **form: str) -> Entered | Asked:
    return await gate(hub).take(scope(pending), form)


async def test_a_password_then_a_code(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        app = await with_app(hub, "cleo")
        asked = await take(hub, user="cleo", password=PASSWORD)
        assert isinstance(asked, Asked)
        assert (asked.step, asked.status, asked.said, asked.passkeys) == ("second", 200, "", True)
        pending = cookie_of(asked)
        again_asked = await take(hub, pending, code="000 000")
        assert isinstance(again_asked, Asked)
        assert (again_asked.step, again_asked.status, again_asked.said) == ("second", 401, "The code does not fit.")
        entered = await take(hub, pending, code=app.code())
        assert isinstance(entered, Entered)
        web = (await again(hub, entered.cookie.reveal())).web
        assert web is not None
        assert (web.source, web.agent) == ("198.51.100.7", "a browser")


async def test_a_step_without_its_beginning_begins_again(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        asked = await take(hub, code="123456")
        assert isinstance(asked, Asked)
        assert (asked.step, asked.status, asked.said) == ("password", 401, "This took too long.")
        refused = await take(hub, passkey="{}")
        assert isinstance(refused, Asked)
        assert (refused.step, refused.status) == ("password", 401)


async def test_a_passkey_alone(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.person("cleo")
        _, cookie = await hub.parts.identity.sign_in("cleo", PASSWORD, "192.0.2.1")
        mine, _ = await add_passkey(hub, await again(hub, cookie.reveal()))
        options, bound = gate(hub).challenge(scope())
        assert json.loads(options)["rpId"] == "hub.example.com"
        assert isinstance(await take(hub, cookie_of(bound), passkey=mine.show(options)), Entered)


async def test_an_invitation(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        _, code = await hub.parts.invitations.invite("boss", frozenset({"administrator"}), hub.admin)
        bad = await take(hub, invitation=code.reveal(), new="short")
        assert isinstance(bad, Asked)
        assert (bad.step, bad.status) == ("invitation", 400)
        refused = await take(hub, invitation="rubbish", new=PASSWORD)
        assert isinstance(refused, Asked)
        assert (refused.step, refused.status, refused.said) == ("invitation", 401, "The invitation does not fit.")
        entered = await take(hub, invitation=code.reveal(), new=PASSWORD)
        assert isinstance(entered, Entered)
        assert entered.weak  # led on to add a second factor


async def test_who_is_slowed_is_told_for_how_long_in_the_step_where_they_are(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await with_app(hub, "cleo")
        asked = await take(hub, user="cleo", password=PASSWORD)
        assert isinstance(asked, Asked)
        pending = cookie_of(asked)
        for _ in range(FREE_TRIES):
            await take(hub, pending, code="000000")
        slowed = await take(hub, pending, code="000000")
        assert isinstance(slowed, Asked)
        assert (slowed.step, slowed.status, slowed.headers) == ("second", 429, (("Retry-After", "1"),))


async def test_which_forms_are_steps_and_where_passkeys_are_offered(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        for fields, means in (
            ({"user", "password"}, True), ({"code"}, True), ({"passkey"}, True), ({"invitation"}, True),
            ({"user"}, False), ({"new"}, False), (set(), False),
        ):  # fmt: skip
            assert Gate.means_step(dict.fromkeys(fields, "x")) is means
        assert gate(hub, "").first(scope(server=("127.0.0.1", 8443)), 401) == Asked(status=401)
        assert gate(hub, "").first(scope(), 200).passkeys
        assert "Max-Age=0" in end_pending()[1]
