"""One's own sessions on the page of settings, with Cut beside each."""

from pathlib import Path

import pytest

from roomgate.hub.identity.person import Proof
from roomgate.hub.relay.asked import Wish
from roomgate.xapi.call import Verb
from support.console import console, words

pytestmark = pytest.mark.asyncio


async def test_browsers_are_listed_and_cut(tmp_path: Path) -> None:
    async with console(tmp_path) as made:
        reader = await made.guest("guest", "oslo")
        identity = made.hub.parts.identity
        guest = await identity.get("guest")
        other = await identity.open_web(guest.id, Proof("passkey", True), "198.51.100.7", "<b>Firefox</b>")
        assert other is not None
        page = await reader.get("/settings")
        assert "&lt;b&gt;Firefox" in page.text
        assert "<b>Firefox" not in page.text
        said = words(page)
        assert "198.51.100.7" in said
        assert "Passkey" in said
        assert "This one" in said
        page = await reader.post(f"/settings/sessions/{other[0].id}/cut", back="/settings")
        assert "is signed out" in words(page)
        assert await identity.by_cookie(other[1].reveal()) is None
        assert [web.source for web, _ in await identity.web_sessions(guest.id)] == ["192.0.2.1"]


async def test_rooms_that_one_is_in_are_listed_and_cut(tmp_path: Path) -> None:
    async with console(tmp_path) as made:
        await made.connect("oslo", "rome")
        reader, other = await made.guest("guest", "oslo", "observe"), await made.guest("other", "rome", "observe")
        for name, room in (("guest", "oslo"), ("other", "rome")):
            signed, _ = await made.hub.token(name)
            await made.relay.relay.ask(signed.principal, room, Wish(Verb.GET, "Status/Audio/Volume"))
        page = await reader.get("/settings")
        assert 'href="/rooms/oslo"' in page.text
        assert "rome" not in page.text
        (id,) = [one.id for one in made.relay.book if one.principal.name == "guest"]
        await reader.post(f"/access/sessions/{id}/cut", back="/settings")
        assert made.relay.book.find(id) is None
        assert 'href="/rooms/rome"' in (await other.get("/settings")).text


async def test_all_others_are_cut_at_once(tmp_path: Path) -> None:
    async with console(tmp_path) as made:
        reader = await made.guest("guest", "oslo")
        identity = made.hub.parts.identity
        guest = await identity.get("guest")
        for n in range(3):
            await identity.open_web(guest.id, Proof(), f"198.51.100.{n}")
        assert "Cut all others" in words(await reader.get("/settings"))
        page = await reader.post("/settings/sessions/cut-others")
        assert "3 other browsers are signed out" in words(page)
        assert "Cut all others" not in words(page)
        assert len(await identity.web_sessions(guest.id)) == 1


async def test_somebody_elses_is_as_unknown_as_none(tmp_path: Path) -> None:
    async with console(tmp_path) as made:
        reader = await made.guest("guest", "oslo")
        assert made.hub.admin.web is not None
        admins, none = made.hub.admin.web.id, "web_" + "0" * 20
        answers = [await reader.post(f"/settings/sessions/{id}/cut") for id in (admins, none)]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].text.replace(admins, none) == answers[1].text
        assert await made.hub.parts.identity.by_cookie(made.hub.cookie) is not None
