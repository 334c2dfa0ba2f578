import csv
import io
from pathlib import Path

import pytest

from roomgate.hub.channels import Kind
from roomgate.hub.console.words import LANGUAGES, Words
from roomgate.hub.cuts.pages import COLUMNS
from roomgate.hub.revocation import Cause
from support.console import console, words

pytestmark = pytest.mark.asyncio


async def test_a_cut_by_the_page_stands_on_the_page_of_the_cuts(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        bob = await it.guest("bob", "oslo", "observe")
        ada = await it.as_("ada")
        assert "Nothing was cut yet" in words(await ada.get("/cuts"))
        await it.hub.parts.db.write(lambda conn: None)

        session = await it.relay.relay.open_session((await it.hub.token("bob"))[0].principal, "oslo", Kind.XAPI)

        async def close(why: object) -> None:
            it.hub.clock.advance(0.025)

        with it.relay.channels.open(Kind.XAPI, session, close):
            person = await it.hub.parts.identity.get("bob")
            await ada.post(f"/access/people/{person.id}/cut")
        await it.hub.parts.db.write(lambda conn: None)
        page = words(await ada.get("/cuts"))
        assert "1 channels in 1 cuts: half had ended within 25 ms" in page
        assert "lock" in page
        sheet = list(csv.reader(io.StringIO((await ada.get("/cuts.csv")).text)))
        assert sheet[0] == list(COLUMNS)
        assert sheet[1][1:7] == ["lock", "1", "1", "25", "25", "25"]
        assert (await ada.get("/cuts.json")).json()[0]["cause"] == "lock"
        assert (await bob.get("/cuts")).status_code in (401, 403)


async def test_it_is_nothing_for_who_may_not_see(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.hub.person("bob")
        bob = await it.as_("bob")
        for path in ("/cuts", "/cuts.csv", "/cuts.json"):
            assert (await bob.get(path)).status_code == 403
        assert "/cuts" not in (await bob.get("/access")).text
        assert 'href="/cuts"' in (await (await it.as_("ada")).get("/access")).text


async def test_every_cause_has_its_words(tmp_path: Path) -> None:

    assert [
        (language, cause)
        for language in LANGUAGES
        for cause in Cause
        if not Words.of(language).has(f"cause.{cause.value}")
    ] == []
