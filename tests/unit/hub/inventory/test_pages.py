from pathlib import Path

import pytest

from support.console import console, words

pytestmark = pytest.mark.asyncio


async def test_the_list_its_filter_and_its_files(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo", "rome")
        ada = await it.as_("ada")
        page = words(await ada.get("/inventory"))
        assert "2 devices" in page
        found = await ada.get("/inventory?q=rom&sort=-name")
        assert "/rooms/rome" in found.text
        assert "/rooms/oslo" not in found.text
        assert "/rooms/oslo" not in (await ada.get("/inventory?q=zzz")).text
        assert (await ada.get("/inventory.csv")).text.splitlines()[0].startswith("name,site,tags")
        assert [one["name"] for one in (await ada.get("/inventory.json")).json()] == ["oslo", "rome"]
        # What is filtered is saved as it is filtered.
        assert "/inventory.csv?q=rom&amp;sort=-name" in found.text
        assert [one["name"] for one in (await ada.get("/inventory.json?q=rom")).json()] == ["rome"]
        assert [line.split(",")[0] for line in (await ada.get("/inventory.csv?q=rom")).text.splitlines()] == [
            "name", "rome",
        ]  # fmt: skip
        assert [one["name"] for one in (await ada.get("/inventory.json?state=trouble")).json()] == []


async def test_tags_from_a_sheet_are_shown_first_and_then_given(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        ada = await it.as_("ada")
        sheet = "name,tags\noslo,boards"
        shown = words(await ada.post("/inventory/tags", sheet=sheet))
        assert "Change 1 room" in shown
        assert "boards" not in words(await ada.get("/inventory"))
        assert "1 room has its new tags" in words(await ada.post("/inventory/tags", sheet=sheet, do="yes"))
        assert "boards" in words(await ada.get("/inventory"))
        assert "Line 2" in words(await ada.post("/inventory/tags", sheet="name,tags\noslo,a/b"))
        assert "Nothing would change" in words(await ada.post("/inventory/tags", sheet=sheet))


async def test_a_view_is_kept_and_removed(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        ada = await it.as_("ada")
        kept = await ada.post("/inventory/views", name="<b>Mine", q="os")
        assert "&lt;b&gt;Mine" in kept.text
        assert "<b>Mine" not in kept.text
        (view,) = await it.hub.parts.inventory.views(it.hub.admin)
        assert "removed" in words(await ada.post(f"/inventory/views/{view.id}/forget"))
        assert "no such view" in words(await ada.post(f"/inventory/views/{view.id}/forget"))
        assert "needs a name" in words(await ada.post("/inventory/views", name=" ", q="os"))
