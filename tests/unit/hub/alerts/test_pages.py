from pathlib import Path

import pytest

from roomgate.hub.alerts.pages import view_of
from roomgate.hub.alerts.store import Alert
from support.console import console, words

pytestmark = pytest.mark.asyncio
AT = "2026-03-10T09:00:00.000Z"


async def test_the_page_its_files_and_who_looks_after_one(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        ada = await it.as_("ada")
        assert "Nothing to do" in words(await ada.get("/alerts"))
        problem = {"id": 1, "Level": "Error", "Description": "<b>=Fan</b>"}
        await it.state("oslo", {"Diagnostics": {"Message": [problem]}})
        await it.hub.parts.alerts.look(it.hub.parts.rooms.ids())
        page = await ada.get("/alerts")
        assert "&lt;b&gt;=Fan" in page.text
        assert 'href="/rooms/oslo"' in page.text
        assert "1 that nobody looks after yet" in words(page)
        (alert,) = await it.hub.parts.alerts.open_for(it.hub.admin)
        assert "ada looks after it" in words(await ada.post(f"/alerts/{alert.id}/seen"))
        assert "no such alert" in words(await ada.post("/alerts/alert_x/seen"))
        await it.state("oslo", {})
        await it.hub.parts.alerts.look(it.hub.parts.rooms.ids())
        page = words(await ada.get("/alerts"))
        assert "Nothing to do" in page
        assert "Device problem" in page
        assert (await ada.get("/alerts.csv")).text.splitlines()[1].split(",")[3:5] == ["device.problem", "oslo"]
        assert [one["seen_by"] for one in (await ada.get("/alerts.json")).json()] == ["ada"]


async def test_routes_are_added_tested_and_removed(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        ada = await it.as_("ada")
        assert "not a public one" in words(await ada.post("/alerts/routes", name="in", address="http://127.0.0.1:9/"))
        bad = await ada.post(
            "/alerts/routes", name="<b>x", address="slack://T1JJ3T3L2/A1BRTD4JD/SECRET7nlazkcOXrIdevi7F/"
        )
        assert "&lt;b&gt;x" in bad.text
        assert "SECRET" not in bad.text
        (route,) = await it.hub.parts.alert_routes.list_for(it.hub.admin)
        await it.hub.person("kim", "service-desk")
        kim = await it.as_("kim")
        assert "Sent to" not in words(await kim.get("/alerts"))
        assert "no such page" in words(await ada.post(f"/alerts/routes/{route.id}/x"))
        assert "no such route" in words(await ada.post("/alerts/routes/route_x/test"))
        it.hub.parts.alert_routes._seal.open = lambda *_: None  # type: ignore[method-assign]
        assert "The test was not taken" in words(await ada.post(f"/alerts/routes/{route.id}/test"))
        assert "sent there any more" in words(await ada.post(f"/alerts/routes/{route.id}/remove"))


async def test_one_without_a_room_leads_where_it_can_be_mended() -> None:
    away = view_of(Alert("a", "", "connector.away", "critical", "connector_1", "Gone.", AT), {}, {})
    finding = view_of(Alert("a", "", "record.finding", "warning", "finding_1", "Odd.", AT), {}, {})
    assert (away.href, away.sign, finding.href, finding.sign) == ("/rooms", "bad", "/findings/finding_1", "warn")
    own = view_of(Alert("a", "", "certificate.ends", "warning", "hub · certificate 2026-04-01", "Soon.", AT), {}, {})
    of_connector = view_of(Alert("a", "", "certificate.ends", "warning", "c · hub_ca 2026-04-01", "Soon.", AT), {}, {})
    assert (own.href, of_connector.href) == ("", "/rooms")
