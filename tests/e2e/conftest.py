"""The world that the end-to-end tests share: started once in each worker that has such tests."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from support.world import RunningWorld, running_world


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningWorld]:
    async with running_world(tmp_path_factory.mktemp("w") / "world") as running:
        yield running
