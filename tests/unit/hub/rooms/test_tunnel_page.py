"""The page about a device's own page: what the site says of it, who has it open, and nothing of the page itself."""

from pathlib import Path

import pytest

from roomgate.hub.channels import Kind
from roomgate.hub.rooms.tunnel_page import Identity, read_identity
from roomgate.link.messages import Outcome
from support.console import console, words

pytestmark = pytest.mark.asyncio
PRINT = "0123456789abcdef" * 4
GROUPED = " ".join(PRINT[at : at + 4] for at in range(0, 64, 4))
LOOK = "Command/Roomgate/Tunnel/Get"


async def test_the_certificate_and_the_command_stand_there(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        site.answers[LOOK] = {"Fingerprint": PRINT, "By": "pin"}
        await it.hub.grant("ada", "oslo", capability="web")
        page = await (await it.as_("ada")).get("/rooms/oslo/page")
        assert page.status_code == 200
        assert GROUPED in words(page)
        assert "roomgate room tunnel oslo" in words(page)
        assert "Nobody has it open." in words(page)
        assert "<iframe" not in page.text


async def test_what_the_site_refuses_is_told_in_its_words(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        await it.hub.grant("ada", "oslo", capability="web")
        no = "Roomgate Tunnel is never done for somebody outside."
        site.answers[LOOK] = Outcome("", "refused", rule="never", words=no)
        page = words(await (await it.as_("ada")).get("/rooms/oslo/page"))
        assert no in page
        assert "The site has not told it." in page


async def test_without_the_class_nothing_is_asked(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        await it.hub.person("bob")
        await it.hub.grant("bob", "oslo")
        page = words(await (await it.as_("bob")).get("/rooms/oslo/page"))
        assert "Your access to this room does not take in" in page
        assert site.orders == []


async def test_a_site_that_is_away_is_told(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        await it.hub.grant("ada", "oslo", capability="web")
        await it.relay.events.gone(site)
        assert "does not answer just now" in words(await (await it.as_("ada")).get("/rooms/oslo/page"))


async def test_who_has_one_open_is_told_with_a_way_to_cut(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        await it.hub.person("kim")
        await it.hub.grant("kim", "oslo", capability="web")
        session = await it.relay.relay.open_session((await it.hub.sign_in("kim"))[0].principal, "oslo", Kind.TUNNEL)

        async def close(why: object) -> None:
            pass

        with it.relay.channels.open(Kind.TUNNEL, session, close):
            page = await (await it.as_("ada")).get("/rooms/oslo/page")
            assert f'formaction="/access/sessions/{session.id}/cut"' in page.text
            assert "Nobody has it open." not in words(page)


@pytest.mark.parametrize("told", [None, [], {}, {"Fingerprint": "ab"}, {"Fingerprint": "<" * 64}])
async def test_an_answer_that_is_none_gives_no_fingerprint(told: object) -> None:
    assert read_identity(told) == Identity()


async def test_an_authoritys_word_is_told_as_such() -> None:
    assert read_identity({"Fingerprint": PRINT, "By": "ca"}).by == "ca"
