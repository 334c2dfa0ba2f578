from pathlib import Path

import pytest

from roomgate.hub.console.naming import people_names, site_names
from support.hub import running

pytestmark = pytest.mark.asyncio


async def test_ids_are_shown_by_name_and_what_is_gone_by_its_id(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        bob = await hub.person("bob")
        assert await people_names(hub.parts, [bob.id, bob.id, "person_gone"]) == {
            bob.id: "bob",
            "person_gone": "person_gone",
        }
        await hub.rooms("oslo")
        [site] = await hub.parts.sites.sites()
        assert await site_names(hub.parts) == {site.id: "home"}
