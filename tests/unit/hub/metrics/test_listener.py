"""A real scrape of a real hub's parts, read by the reader of the format."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from prometheus_client.openmetrics import parser as open_parser
from prometheus_client.parser import text_string_to_metric_families

from roomgate.hub.metrics.listener import Listener
from roomgate.hub.metrics.service import Metrics
from support.console import Console, console

pytestmark = pytest.mark.asyncio
GRAFANA = Path(__file__).resolve().parents[4] / "docs" / "grafana" / "roomgate.json"
OPEN = {"Accept": "application/openmetrics-text; version=1.0.0"}


@asynccontextmanager
async def scraped(it: Console) -> AsyncIterator[httpx.AsyncClient]:
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    listener = Listener("127.0.0.1", 0, Metrics(it.hub.parts, it.relay).snapshot, port.set_result)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(listener.run())
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{await port}", trust_env=False) as http:
            yield http
        task.cancel()


async def test_a_scrape_is_read_in_both_formats_and_names_nobody(tmp_path: Path) -> None:
    async with console(tmp_path) as it, scraped(it) as http:
        await it.connect("oslo")
        await it.state("oslo", {"Call": [{"id": 1, "Status": "Connected"}]})
        answer = await http.get("/metrics", headers=OPEN)
        assert answer.headers["content-type"].startswith("application/openmetrics-text")
        found = {one.name: one for one in open_parser.text_string_to_metric_families(answer.text)}
        calls = {sample.labels["state"]: sample.value for sample in found["roomgate_rooms"].samples}
        assert calls == {"call": 1}
        assert [sample.value for sample in found["roomgate_calls"].samples] == [1]
        plain = await http.get("/metrics")
        assert {one.name for one in text_string_to_metric_families(plain.text)} >= {
            "roomgate_rooms",
            "roomgate_cut_seconds",
        }
        for word in ("oslo", "ada", "home"):
            assert word not in plain.text


async def test_nothing_else_is_there(tmp_path: Path) -> None:
    async with console(tmp_path) as it, scraped(it) as http:
        assert (await http.get("/")).status_code == 404
        assert (await http.post("/metrics")).status_code == 405
        with pytest.raises(httpx.RemoteProtocolError):
            await http.get("/metrics", headers={"X": "y" * 20_000})


async def test_the_dashboard_asks_for_what_there_is(tmp_path: Path) -> None:
    async with console(tmp_path) as it, scraped(it) as http:
        text = (await http.get("/metrics")).text
        known = set(re.findall(r"^# TYPE (\S+)", text, re.M)) | set(re.findall(r"^(roomgate_\w+)", text, re.M))
    panels = json.loads(GRAFANA.read_text("utf-8"))["panels"]
    asked = [target["expr"] for panel in panels for target in panel["targets"]]
    named = {name for expr in asked for name in re.findall(r"roomgate_\w+", expr)}
    assert named - known == set()
    assert [expr for expr in asked if any(expr.count(a) != expr.count(b) for a, b in ("()", "[]", "{}"))] == []
    assert len({panel["id"] for panel in panels}) == len(panels)
