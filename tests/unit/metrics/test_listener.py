"""A real scrape of a real hub's parts, read by the reader of the format."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from prometheus_client.openmetrics import parser as open_parser
from prometheus_client.parser import text_string_to_metric_families

from roomgate.hub.metrics.service import Metrics
from roomgate.link.messages import Heartbeat
from roomgate.metrics.listener import Listener
from support.console import Console, console

pytestmark = pytest.mark.asyncio
OPEN = {"Accept": "application/openmetrics-text; version=1.0.0"}


@asynccontextmanager
async def scraped(it: Console) -> AsyncIterator[tuple[httpx.AsyncClient, Metrics]]:
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    metrics = Metrics(it.hub.parts, it.relay)
    listener = Listener("127.0.0.1", 0, metrics.scrape, port.set_result)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(listener.run())
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{await port}", trust_env=False) as http:
            yield http, metrics
        task.cancel()


async def test_a_scrape_is_read_in_both_formats_names_nobody_and_is_all_there_is(tmp_path: Path) -> None:
    async with console(tmp_path) as it, scraped(it) as (http, metrics):
        await it.connect("oslo")
        net = {"Jitter": 40, "LastIntervalLost": 0, "LastIntervalReceived": 100}
        channels = [{"id": 1, "Call": None, "Channel": [{"id": 1, "Type": "Audio", "Netstat": net}]}]
        await it.state("oslo", {"Call": [{"id": 1, "Status": "Connected"}], "MediaChannels": {"Call": channels}})
        assert it.site is not None
        await it.relay.events.message(it.site, Heartbeat(2, [], 0.03))
        metrics.look_at_calls()
        answer = await http.get("/metrics", headers=OPEN)
        assert answer.headers["content-type"].startswith("application/openmetrics-text")
        found = {one.name: one for one in open_parser.text_string_to_metric_families(answer.text)}
        calls = {sample.labels["state"]: sample.value for sample in found["roomgate_rooms"].samples}
        assert calls == {"fine": 0, "call": 1, "warn": 0, "trouble": 0, "unknown": 0}
        assert [sample.value for sample in found["roomgate_calls"].samples] == [1]
        assert {s.labels["quality"]: s.value for s in found["roomgate_call_rooms"].samples}["fair"] == 1
        for name in ("call_jitter_seconds", "call_loss_percent", "link_round_trip_seconds"):
            (count,) = [s.value for s in found[f"roomgate_{name}"].samples if s.name.endswith("_count")]
            assert (name, count) == (name, 1)
        plain = await http.get("/metrics")
        assert {one.name for one in text_string_to_metric_families(plain.text)} >= {
            "roomgate_rooms",
            "roomgate_cut_seconds",
        }
        for word in ("oslo", "ada", "home"):
            assert word not in plain.text
        assert (await http.get("/")).status_code == 404
        assert (await http.post("/metrics")).status_code == 405
        with pytest.raises(httpx.RemoteProtocolError):
            await http.get("/metrics", headers={"X": "y" * 20_000})


@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost", 200), ("127.0.0.1:9464", 200), ("[::1]:9464", 200), ("rebound.example", 403), ("[2001:db8::1]", 403),
     ("127.0.0.1.example:9464", 403), ("", 403)],
)  # fmt: skip
async def test_a_page_whose_name_leads_here_learns_nothing(tmp_path: Path, host: str, status: int) -> None:
    async with console(tmp_path) as it, scraped(it) as (http, _):
        answer = await http.get("/metrics", headers={"Host": host})
    assert (answer.status_code, "roomgate_" in answer.text) == (status, status == 200)
