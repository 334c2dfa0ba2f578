import pytest

from support.figures import connector_figures as figures

pytestmark = pytest.mark.asyncio


async def test_what_a_connector_tells_of_itself() -> None:
    found = {one.name: one for one in await figures(7).scrape()}
    devices = {s.labels["condition"]: s.value for s in found["roomgate_connector_devices"].samples}
    assert devices == {"fine": 1, "offline": 0, "quarantined": 0}
    values = {s.name: s.value for one in found.values() for s in one.samples if not s.labels}
    assert (values["roomgate_connector_spool_entries"], values["roomgate_connector_link_ups_total"]) == (2, 2)
    assert (values["roomgate_connector_link_up"], values["roomgate_connector_rooms_in_use"]) == (1, 1)


async def test_before_the_first_link_nothing_is_known_of_what_the_hub_holds() -> None:
    assert "roomgate_connector_spool_entries" not in {one.name for one in await figures(None).scrape()}
