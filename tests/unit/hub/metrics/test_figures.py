import json
import re
from pathlib import Path

import pytest

from roomgate.hub.metrics.figures import families
from roomgate.metrics.listener import render
from support.figures import HUB, connector_figures

GRAFANA = Path(__file__).resolve().parents[4] / "docs" / "grafana" / "roomgate.json"


def test_every_quality_of_calls_is_told_also_where_no_room_has_it():
    (family,) = [one for one in families(HUB) if one.name == "roomgate_call_rooms"]
    assert {s.labels["quality"]: s.value for s in family.samples} == {"good": 0, "fair": 0, "poor": 1, "unknown": 1}


def test_rooms_are_named_only_where_they_are_given():
    assert not [one for one in families(HUB) if one.name == "roomgate_room_state"]


@pytest.mark.asyncio
async def test_the_dashboard_asks_for_what_there_is() -> None:
    text = (render(families(HUB), "")[0] + render(await connector_figures(0).scrape(), "")[0]).decode()
    known = set(re.findall(r"^# TYPE (\S+)", text, re.M)) | set(re.findall(r"^(roomgate_\w+)", text, re.M))
    panels = json.loads(GRAFANA.read_text("utf-8"))["panels"]
    asked = [target["expr"] for panel in panels for target in panel["targets"]]
    named = {name for expr in asked for name in re.findall(r"roomgate_\w+", expr)}
    assert named - known == set()
    assert [expr for expr in asked if any(expr.count(a) != expr.count(b) for a, b in ("()", "[]", "{}"))] == []
    assert len({panel["id"] for panel in panels}) == len(panels)
