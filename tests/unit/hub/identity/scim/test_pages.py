"""The settings' part about directories: adding one, its token once, its brake and the button beside it."""

from pathlib import Path

import pytest

from roomgate.hub.change import Change
from roomgate.hub.revocation import Cause, SubjectKind
from support.console import Console, console, words

pytestmark = pytest.mark.asyncio


async def braked(it: Console, name: str) -> str:
    account = await it.hub.parts.identity.get(name)

    def unit(change: Change) -> None:
        for n in range(10):
            subject = f"person_{n}"
            change.revoke(Cause.PERSON_DEPROVISIONED, SubjectKind.PERSON, subject, by=account.id, reason="")

    await it.hub.parts.changes.write(unit)
    return account.id


async def test_a_directory_is_added_and_its_token_shown_once(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        ada = await it.as_("ada")
        assert "No directory yet." in words(await ada.get("/settings"))
        page = await ada.post("/settings/scim", name="up<b>stream", days="180")
        assert "up&lt;b&gt;stream" in page.text
        assert "https://hub/scim/v2" in page.text
        token = page.text.split('data-copy="rg_')[1].split('"')[0]
        signed = await it.hub.parts.identity.by_token(f"rg_{token}")
        assert signed is not None
        assert [right.value for right in signed.person.rights] == ["provision"]
        again = await ada.get("/settings")
        assert (token in again.text, "1 live token" in words(again)) == (False, True)


@pytest.mark.parametrize(
    "fields", [{"name": "x", "days": "9999"}, {"name": "ada", "days": "30"}, {"name": "", "days": "30"}]
)
async def test_a_form_that_cannot_be_followed_says_why(tmp_path: Path, fields: dict[str, str]) -> None:
    async with console(tmp_path) as it:
        assert "Refused" in words(await (await it.as_("ada")).post("/settings/scim", **fields))
        assert await it.hub.parts.directories.directories(it.hub.admin) == []


async def test_a_brake_that_holds_is_released_by_its_button(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        ada = await it.as_("ada")
        await ada.post("/settings/scim", name="upstream", days="30")
        id = await braked(it, "upstream")
        page = await ada.get("/settings")
        assert "Holds: the next one waits" in words(page)
        assert f"/settings/scim/{id}/release" in page.text
        page = await ada.post(f"/settings/scim/{id}/release")
        assert "upstream may end as many people as it likes for 1 h." in words(page)
        assert f"/settings/scim/{id}/release" not in page.text
        zh = await it.as_("ada", "zh-Hans")
        assert "已放行" in words(await zh.get("/settings"))
        assert "没有这个目录" in words(await zh.post("/settings/scim/nowhere/release"))


async def test_it_is_for_those_who_change_people(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.hub.person("sue", "security-officer")
        sue = await it.as_("sue")
        assert "SCIM" not in words(await sue.get("/settings"))
        assert "Refused" in words(await sue.post("/settings/scim", name="x", days="30"))
