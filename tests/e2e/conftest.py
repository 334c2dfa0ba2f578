"""The world that the end-to-end tests share: started once in each worker that has such tests."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from support.browser import chromium
from support.half_minutes import HalfMinutes, half_minutes
from support.world import RunningWorld, running_world


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningWorld]:
    async with running_world(tmp_path_factory.mktemp("w") / "world") as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session", name="half_minutes")
async def half_minutes_(world: RunningWorld) -> AsyncIterator[HalfMinutes]:
    """Begins when the first test asks for it; see `support.half_minutes`."""
    async with half_minutes(world) as running:
        yield running
