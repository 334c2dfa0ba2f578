from pathlib import Path

import pytest

from roomgate.errors import Conflict
from roomgate.hub.making import hub_fingerprint, init, migrate
from support.hub import PASSWORD, config

pytestmark = pytest.mark.asyncio


async def test_a_hub_is_made_once(tmp_path: Path) -> None:
    made = await init(config(tmp_path), "ada", PASSWORD)
    assert made.fingerprint == hub_fingerprint(config(tmp_path))
    with pytest.raises(Conflict):
        await init(config(tmp_path), "eve", PASSWORD)
    assert await migrate(config(tmp_path)) == "0003"
