from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from roomgate.link.messages import Outcome
from support.console import Console, console
from support.programmed import MACRO, PANEL, Programmed

pytestmark = pytest.mark.asyncio
MACROS, PANELS = "/api/v1/rooms/oslo/macros", "/api/v1/rooms/oslo/panels"


@asynccontextmanager
async def served(folder: Path, *capabilities: str) -> AsyncIterator[tuple[Console, httpx.AsyncClient, Programmed]]:
    async with console(folder) as it:
        site, device = await it.connect("oslo"), Programmed()
        site.answers = dict.fromkeys(("Command", "Configuration"), device)
        reader = await it.guest("mia", "oslo", *(capabilities or ("macros", "ui")))
        it.http.headers.update(reader.headers | {"X-CSRF-Token": reader.csrf, "Origin": "https://hub"})
        yield it, it.http, device


async def put(http: httpx.AsyncClient, path: str, text: str, etag: str = "", **more: Any) -> httpx.Response:
    headers = {"If-Match": etag} if etag else {}
    return await http.put(path, json={"text": text, **more}, headers=headers)


async def test_a_macro_is_saved_read_switched_and_removed(tmp_path: Path) -> None:
    async with served(tmp_path) as (_, http, device):
        made = await put(http, f"{MACROS}/lights", MACRO)
        assert (made.status_code, made.json()["findings"]) == (200, [])
        etag = made.headers["etag"]
        assert (await put(http, f"{MACROS}/lights", "// two\n", etag)).status_code == 200
        late = await put(http, f"{MACROS}/lights", "// three\n", etag)
        assert (late.status_code, late.json()["code"]) == (412, "text.differs")
        assert (await put(http, f"{MACROS}/lights", "x", '"v1"')).status_code == 400
        assert (await http.get(f"{MACROS}/lights")).json()["text"] == "// two\n"
        assert (await http.post(f"{MACROS}/lights/activate")).json() == {"name": "lights", "active": True, "note": ""}
        assert (await http.get(MACROS)).json() == {"items": [{"name": "lights", "active": True}]}
        assert (await http.post(f"{MACROS}/lights/deactivate")).json()["active"] is False
        gone = await http.delete(f"{MACROS}/lights", headers={"If-Match": "*"})
        assert gone.json() == {"name": "lights", "version": 3}
        assert (await http.get(f"{MACROS}/lights")).status_code == 404
        assert device.macros == {}


async def test_versions_their_difference_and_the_way_back(tmp_path: Path) -> None:
    async with served(tmp_path) as (_, http, device):
        await put(http, f"{PANELS}/lights", PANEL)
        await put(http, f"{PANELS}/lights", PANEL.replace("Dark", "Night"))
        found = (await http.get(f"{PANELS}/lights/versions")).json()["items"]
        assert [(one["number"], one["how"], one["by"]) for one in found] == [(2, "saved", "mia"), (1, "saved", "mia")]
        said = (await http.get(f"{PANELS}/lights/difference?old=1&new=2")).json()["difference"]
        assert [one.split() for one in said.splitlines() if one[0] in "+-"][2:] == [
            ["-", "<Name>Dark</Name>"],
            ["+", "<Name>Night</Name>"],
        ]
        assert "Dark" in (await http.get(f"{PANELS}/lights/versions/1")).json()["text"]
        assert (await http.get(f"{PANELS}/lights/versions/9")).status_code == 404
        assert (await http.post(f"{PANELS}/lights/rollback", json={"version": 1})).status_code == 200
        assert "Dark" in device.panels["lights"]
        listed = (await http.get(PANELS)).json()["items"]
        assert listed == [{"name": "lights", "title": "Lights & blinds", "place": "HomeScreen"}]


async def test_the_engine_and_its_log(tmp_path: Path) -> None:
    async with served(tmp_path) as (_, http, _device):
        assert (await http.get("/api/v1/rooms/oslo/macro-engine")).json() == {
            "active": 0,
            "crashes": 0,
            "running": True,
        }
        assert (await http.post("/api/v1/rooms/oslo/macro-engine", json={"do": "restart"})).status_code == 204
        assert (await http.post("/api/v1/rooms/oslo/macro-engine", json={"do": "x"})).status_code == 400
        [line] = (await http.get("/api/v1/rooms/oslo/macro-log")).json()["items"]
        assert line == {"at": "T", "level": "Info", "macro": "a", "message": "<b>hello</b>"}


async def test_checks_need_no_room_and_speak_ones_language(tmp_path: Path) -> None:
    async with served(tmp_path) as (_, http, device):
        body = {"kind": "macro", "text": "a\nrequire('fs')", "others": []}
        [found] = (await http.post("/api/v1/text-checks", json=body)).json()["findings"]
        assert (found["line"], found["code"], found["words"][:8]) == (2, "lint.require", "There is")
        chinese = await http.post("/api/v1/text-checks", json=body, headers={"Accept-Language": "zh"})
        assert chinese.json()["findings"][0]["words"].startswith("设备上没有")
        assert (await http.post("/api/v1/text-checks", json={**body, "kind": "x"})).status_code == 400
        assert device.asked == []


async def test_what_was_not_done_is_an_error(tmp_path: Path) -> None:
    async with served(tmp_path) as (_, http, device):
        bad = await put(http, f"{MACROS}/a", "f(")
        assert (bad.status_code, bad.json()["code"]) == (400, "text.faulty")
        assert (await put(http, f"{MACROS}/xapi", "f()")).json()["code"] == "text.name"
        assert (await put(http, f"{MACROS}/a", "f(", anyway=True)).status_code == 200
        device.refusals["Macros Macro Save"] = Outcome("", "refused", rule="never", words="Never.")
        no = await put(http, f"{MACROS}/a", "f()")
        assert (no.status_code, no.json()["rule"]) == (403, "never")
        device.refusals["Macros Macro Get"] = Outcome("", "unknown", words="Lost.")
        assert (await http.get(MACROS)).status_code in (503, 504)


async def test_a_grant_without_the_class_reads_nothing(tmp_path: Path) -> None:
    async with served(tmp_path, "observe") as (_, http, device):
        for path in (MACROS, f"{MACROS}/a", f"{MACROS}/a/versions", f"{MACROS}/a/versions/1", PANELS, f"{PANELS}/a"):
            assert (await http.get(path)).status_code == 403, path
        assert device.asked == []
