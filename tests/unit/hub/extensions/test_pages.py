"""The pages without script, over a device of a few lines. In a browser: tests/e2e/test_macros_page.py."""

import html
import io
import re
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from roomgate.hub.extensions.text import digest_of
from roomgate.link.messages import Outcome
from support.console import Console, Reader, console, words
from support.programmed import MACRO, PANEL, Programmed

pytestmark = pytest.mark.asyncio


@asynccontextmanager
async def programmed(folder: Path) -> AsyncIterator[tuple[Console, Reader, Programmed]]:
    async with console(folder) as it:
        site, device = await it.connect("oslo"), Programmed()
        site.answers = dict.fromkeys(("Command/Macros", "Command/User", "Command/Room", "Configuration"), device)
        yield it, await it.guest("mia", "oslo", "observe", "macros", "ui"), device


async def test_a_macro_from_nothing_to_its_versions(tmp_path: Path) -> None:
    async with programmed(tmp_path) as (it, mia, device):
        empty = await mia.get("/rooms/oslo/macros")
        assert "No macros yet" in words(empty)
        assert "import xapi from" in (await mia.get("/rooms/oslo/macros/edit")).text
        saved = await mia.post(
            "/rooms/oslo/macros/save", name="lights", text=MACRO.replace("\n", "\r\n"), do="run", digest=""
        )
        assert "It is saved, active, and the engine was restarted." in words(saved)
        assert device.macros == {"lights": MACRO}  # with the ends of lines that were meant
        assert "console.log('canary-4711')" in html.unescape(saved.text)
        again = await mia.post(
            "/rooms/oslo/macros/save", name="lights", text="// two\n", do="save", digest=digest_of(MACRO)
        )
        assert "It is saved on the device." in words(again)
        versions = await mia.get("/rooms/oslo/macros/versions?name=lights")
        assert "From version 1 to 2" in words(versions)
        assert "Lines: 1 more, 2 fewer" in words(versions)
        assert "saved by mia" in words(versions)
        back = await mia.post("/rooms/oslo/macros/do", name="lights", version="1", do="back")
        assert "lights is as it was in version 1." in words(back)
        assert device.macros["lights"] == MACRO
        listed = words(await mia.get("/rooms/oslo/macros"))
        assert "Active" in listed
        assert "&lt;b&gt;hello&lt;/b&gt;" in (await mia.get("/rooms/oslo/macros")).text
        for do, said in (
            ("deactivate", "lights is not active any more."),
            ("stop", "The engine is stopped."),
            ("restart", "The engine was restarted."),
            ("clear-log", "The log is empty."),
            ("remove", "lights is removed. Below you can put it back."),
        ):
            assert said in words(await mia.post("/rooms/oslo/macros/do", name="lights", do=do)), do
        assert "Not on the device any more" in words(await mia.get("/rooms/oslo/macros"))
        assert (await mia.post("/rooms/oslo/macros/do", name="x", do="explode")).status_code == 404
        page = await it.hub.parts.db.read(lambda conn: [tuple(r) for r in conn.exec_driver_sql("select * from asks")])
        assert "canary" not in str(page)
        entries = await it.hub.parts.record.entries(limit=500)
        assert "canary" not in str(entries)


async def test_what_somebody_else_changed_is_shown_beside_ones_own(tmp_path: Path) -> None:
    async with programmed(tmp_path) as (_, mia, device):
        device.macros["lights"] = "// theirs\n"
        clash = await mia.post(
            "/rooms/oslo/macros/save", name="lights", text="// mine\n", do="save", digest=digest_of("x")
        )
        assert clash.status_code == 409
        assert "Somebody else has changed it" in words(clash)
        assert "<code>// theirs</code>" in clash.text
        assert device.macros["lights"] == "// theirs\n"
        digest = re.search(r'name="digest" value="([0-9a-f]{64})"', clash.text)
        assert digest is not None
        await mia.post("/rooms/oslo/macros/save", name="lights", text="// mine\n", do="save", digest=digest[1])
        assert device.macros["lights"] == "// mine\n"


async def test_findings_keep_a_text_from_being_sent_until_one_says_anyway(tmp_path: Path) -> None:
    async with programmed(tmp_path) as (_, mia, device):
        fields = {"name": "a", "text": "f(\n", "digest": ""}
        for do, status in (("check", 200), ("save", 400)):
            said = await mia.post("/rooms/oslo/macros/save", do=do, **fields)
            assert "Line 1 ( is never closed" in words(said)
            assert "f(" in said.text
            assert said.status_code == status
        assert device.macros == {}
        assert "slash" in words(await mia.post("/rooms/oslo/macros/save", name="a/b", text="x", digest="", do="save"))
        await mia.post("/rooms/oslo/macros/save", do="anyway", **fields)
        assert device.macros == {"a": "f(\n"}


async def test_a_site_that_keeps_it_shut_says_which_line_opens_it(tmp_path: Path) -> None:
    async with programmed(tmp_path) as (_, mia, device):
        device.never = ("Macros Macro Save", "Macros Macro Activate")
        device.macros["a"] = MACRO
        page = await mia.get("/rooms/oslo/macros")
        assert 'open = ["Macros Macro Save", "Macros Macro Activate"]' in html.unescape(page.text)
        assert "Activate a" not in words(page)
        refusal = "Macros Macro Save is never done for somebody outside."
        device.refusals["Macros Macro Save"] = Outcome("", "refused", rule="never", words=refusal)
        said = await mia.post("/rooms/oslo/macros/save", name="b", text=MACRO, digest="", do="save")
        assert refusal in words(said)
        assert "canary-4711" in said.text  # what was typed is not lost
        inside = "The policy “meetings” of this site keeps it inside."
        device.refusals["Macros Macro Get"] = Outcome("", "refused", rule="policy", words=inside)
        shut = await mia.get("/rooms/oslo/macros")
        assert (shut.status_code, inside in words(shut)) == (200, True)
        for path in ("edit?name=a", "versions?name=a"):
            assert inside in words(await mia.get((await mia.get(f"/rooms/oslo/macros/{path}")).headers["location"]))


async def test_an_engine_that_did_not_start_is_told(tmp_path: Path) -> None:
    async with programmed(tmp_path) as (_, mia, device):
        device.macros["a"] = MACRO
        device.refusals["Macros Runtime Restart"] = Outcome("", "failed", words="Macros are off")
        for do in ("activate", "deactivate"):
            assert "the engine was not restarted" in words(await mia.post("/rooms/oslo/macros/do", name="a", do=do))
        said = await mia.post("/rooms/oslo/macros/save", name="b", text=MACRO, digest="", do="run")
        assert "the engine was not restarted: Macros are off" in words(said)


async def test_a_panel_with_its_pictures(tmp_path: Path) -> None:
    async with programmed(tmp_path) as (_, mia, device):
        assert "No panels yet" in words(await mia.get("/rooms/oslo/panels"))
        saved = await mia.post("/rooms/oslo/panels/save", name="lights", text=PANEL, digest="", do="save")
        assert "On the touch screen" in words(saved)
        assert saved.text.count('<svg class="touch"') == 2
        page = await mia.get("/rooms/oslo/panels")
        assert "Lights &amp; blinds" in page.text
        assert "Home screen" in words(page)
        archive = await mia.get("/rooms/oslo/panels.zip")
        with zipfile.ZipFile(io.BytesIO(archive.content)) as files:
            assert files.namelist() == ["lights.xml"]
        bad = await mia.post("/rooms/oslo/panels/save", name="x", text="<a>", digest="", do="anyway")
        assert (bad.status_code, "This is not XML" in words(bad)) == (400, True)
        assert list(device.panels) == ["lights"]
        assert "lights is removed" in words(await mia.post("/rooms/oslo/panels/do", name="lights", do="remove"))
        assert "lights is as it was" in words(
            await mia.post("/rooms/oslo/panels/do", name="lights", version="2", do="back")
        )
        for version in ("x", "99"):
            assert "Refused" in words(
                await mia.post("/rooms/oslo/panels/do", name="lights", version=version, do="back")
            )
        assert (await mia.post("/rooms/oslo/panels/do", name="lights", do="activate")).status_code == 404


async def test_whoever_holds_no_such_right_sees_no_code(tmp_path: Path) -> None:
    async with programmed(tmp_path) as (it, mia, device):
        await mia.post("/rooms/oslo/macros/save", name="lights", text=MACRO, do="save", digest="")
        bob = await it.guest("bob", "oslo", "observe", "ui")
        for path in ("macros", "macros/edit?name=lights", "macros/versions?name=lights&new=1"):
            page = await bob.get(f"/rooms/oslo/{path}")
            assert "canary" not in page.text
            assert "lights" not in words(page)
        before = list(device.asked)
        await bob.post("/rooms/oslo/macros/save", name="lights", text="x", do="save", digest="")
        await bob.post("/rooms/oslo/macros/do", name="lights", version="1", do="back")
        assert [one for one in device.asked[len(before) :] if one.startswith("Macros")] == []
        assert "macros" not in (await bob.get("/rooms/oslo")).text.split('class="tabs"')[1].split("</nav>")[0]
