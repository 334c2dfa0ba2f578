from pathlib import Path

import pytest

from roomgate.hub.findings.pages import about
from roomgate.hub.findings.store import Finding
from support.console import console, words
from support.findings import seen

pytestmark = pytest.mark.asyncio


async def test_an_empty_page_says_what_belongs_there(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        ada = await it.as_("ada")
        page = await ada.get("/findings")
        assert "Nothing to look at" in words(page)
        assert "roomgate check publish" in page.text
        assert 'href="/findings" data-key="i"' in page.text


async def test_the_list_its_filter_and_its_files(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        bad = seen("a", "critical", "check", title="<b>=Bad", evidence={"says": "It was <i>seen</i>."})
        await it.hub.parts.findings.note([bad, seen("b", "note"), seen("c", "eerie", "elsewhere")])
        ada = await it.as_("ada")
        page = await ada.get("/findings")
        assert "&lt;b&gt;=Bad" in page.text
        assert "It was &lt;i&gt;seen" in page.text
        assert "<b>=Bad" not in page.text
        said = words(page)
        assert "3 findings are open" in said
        assert said.index("=Bad") < said.index("Title b.") < said.index("Title c.")
        assert "Exposure check" in said
        assert "elsewhere" in said
        found = words(await ada.get("/findings?severity=note"))
        assert "Title b." in found
        assert "=Bad" not in found
        assert "No finding is like that" in words(await ada.get("/findings?q=zzz"))
        table = (await ada.get("/findings.csv")).text
        assert "'=Bad" not in table  # it begins with a letter of markup, so it is no formula
        assert table.splitlines()[0].startswith("severity,title,source,")
        assert [one["title"] for one in (await ada.get("/findings.json?source=check")).json()] == ["<b>=Bad"]


async def test_one_is_read_and_dealt_with(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        one = seen("a", evidence={"seen": "line 1\n<script>line 2"}, mend="")
        await it.hub.parts.findings.note([one, seen(source="break-glass", title="Glass.")])
        ada = await it.as_("ada")
        page = await ada.get(f"/findings/{one.id}")
        assert "line 1<br>&lt;script&gt;line 2" in page.text
        assert "ask whoever acted" in words(page)
        assert "Say what was done" in words(await ada.post(f"/findings/{one.id}/close", reason=" "))
        after = await ada.post(f"/findings/{one.id}/close", reason="<u>Replaced")
        assert "Dealt with: Title a." in words(after)
        assert "&lt;u&gt;Replaced" in after.text
        closed = await ada.get(f"/findings/{one.id}")
        assert "ada" in words(closed)
        assert 'name="reason"' not in closed.text
        assert "dealt with it already" in words(await ada.post(f"/findings/{one.id}/close", reason="again"))
        glass = await ada.get(f"/findings/{seen(source='break-glass').id}")
        assert 'name="reason"' not in glass.text
        assert 'href="/approvals"' in glass.text
        assert (await ada.get("/findings/finding_x")).status_code == 404


async def test_who_audits_reads_and_whoever_does_not_is_not_led_there(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.hub.parts.findings.note([seen()])
        await it.hub.person("kim", "auditor")
        await it.hub.person("lee", "member")
        kim, lee = await it.as_("kim"), await it.as_("lee")
        page = await kim.get(f"/findings/{seen().id}")
        assert "Whoever may audit and cut" in words(page)
        assert 'name="reason"' not in page.text
        assert "right to cut" in words(await kim.post(f"/findings/{seen().id}/close", reason="x"))
        assert 'href="/findings"' not in (await lee.get("/rooms")).text
        for path in ("/findings", f"/findings/{seen().id}", "/findings.csv", "/findings.json"):
            assert (await lee.get(path)).status_code == 403
        assert "Title a." in words(await (await it.as_("ada", "zh-Hans")).get("/findings"))


async def test_only_so_many_are_shown_until_somebody_asks_for_all(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.hub.parts.findings.note([seen(str(n)) for n in range(103)])
        ada = await it.as_("ada")
        page = await ada.get("/findings")
        assert page.text.count('<tr id="finding_') == 100
        assert len(page.content) < 100_000
        assert (await ada.get("/findings?all=1")).text.count('<tr id="finding_') == 103


async def test_in_short_a_line_says_what_was_seen() -> None:
    def made(**evidence: str) -> Finding:
        return Finding("a", "b", "note", "c", evidence, "", "", "")

    assert [about(made(says="x", why="y")), about(made(why="y")), about(made(said="z")), about(made())] == [
        "x",
        "y",
        "z",
        "",
    ]
