"""Tokens on the page of settings: made with a scope, shown once, ended; service accounts with theirs."""

import re
from pathlib import Path

import pytest

from roomgate.hub.console.visit import Form
from roomgate.hub.identity.token_pages import parse_scope
from support.console import console, words


def scope(**fields: str) -> tuple[str, ...] | None:
    made = parse_scope(Form({name: [text] for name, text in fields.items()}))
    return None if made is None else made.words


def test_what_the_form_comes_to() -> None:
    assert scope() is None
    assert scope(scope="all") is None
    assert scope(scope="read", rooms=" oslo , rome,") == ("read", "room:oslo", "room:rome")
    assert scope(scope="all", rooms="oslo") == ("room:oslo",)


@pytest.mark.asyncio
async def test_a_token_is_made_shown_once_and_cut(tmp_path: Path) -> None:
    async with console(tmp_path) as made:
        reader = await made.guest("guest", "oslo")
        assert "roomgate login https://" in words(await reader.get("/settings"))
        page = await reader.post("/settings/tokens", name="wall", minutes="60", scope="read", rooms="oslo")
        (text,) = set(re.findall(r"rg_[\w-]{43}", page.text))
        assert text not in (await reader.get("/settings")).text
        signed = await made.hub.parts.identity.by_token(text, "198.51.100.7")
        assert signed is not None
        assert signed.scope is not None
        assert signed.scope.words == ("read", "room:oslo")
        said = words(await reader.get("/settings"))
        assert "Never" in said
        assert "room:oslo" in said
        await made.hub.parts.identity.expire()
        await made.hub.parts.db.write(lambda conn: None)
        assert "198.51.100.7" in words(await reader.get("/settings"))
        page = await reader.post(f"/settings/tokens/{signed.principal.credential}/cut")
        assert "The token is ended" in words(page)
        assert await made.hub.parts.identity.by_token(text) is None


@pytest.mark.asyncio
@pytest.mark.parametrize("wrong", [{"minutes": "0"}, {"minutes": "x"}, {"scope": "more"}])
async def test_what_is_made_wrongly_is_said(tmp_path: Path, wrong: dict[str, str]) -> None:
    async with console(tmp_path) as made:
        reader = await made.guest("guest", "oslo")
        page = await reader.post("/settings/tokens", **({"name": "wall", "minutes": "60"} | wrong))
        assert page.status_code == 200
        assert "rg_" not in page.text
        assert 'role="alert"' in page.text


@pytest.mark.asyncio
async def test_service_accounts_are_for_whoever_may_change_people(tmp_path: Path) -> None:
    async with console(tmp_path) as made:
        ada, guest = await made.as_("ada"), await made.guest("guest", "oslo")
        page = await ada.post("/settings/accounts", name="dashboard")
        assert "dashboard is added" in words(page)
        account = await made.hub.parts.identity.get("dashboard")
        page = await ada.post("/settings/tokens", account=account.id, name="wall", minutes="60", scope="rooms")
        (text,) = set(re.findall(r"rg_[\w-]{43}", page.text))
        signed = await made.hub.parts.identity.by_token(text)
        assert signed is not None
        assert signed.person.id == account.id
        assert "dashboard" not in (await guest.get("/settings")).text
        for path, fields in (
            ("/settings/accounts", {"name": "mine"}),
            ("/settings/tokens", {"account": account.id, "name": "x", "minutes": "60"}),
        ):
            page = await guest.post(path, **fields)
            assert 'role="alert"' in page.text
        assert (await guest.post(f"/settings/tokens/{signed.principal.credential}/cut")).status_code == 404
        assert await made.hub.parts.identity.by_token(text) is not None
        assert "dashboard is added" not in words(await ada.post("/settings/accounts", name="dashboard"))
