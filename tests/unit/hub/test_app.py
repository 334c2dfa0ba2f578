import asyncio
from pathlib import Path

import pytest

from roomgate.errors import BadInput, Conflict
from roomgate.hub.app import every, own_tasks, serve
from support.hub import config, running

pytestmark = pytest.mark.asyncio


async def test_it_serves_nothing_without_a_certificate(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        await serve(config(tmp_path), lambda url: None)


async def test_what_runs_by_itself_ends_what_is_over(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.rooms("oslo")
        await hub.person("guest")
        grant = await hub.grant("guest", "oslo", minutes=1)
        hub.clock.advance(61)
        ended = asyncio.Event()

        async def hear(_: object) -> None:
            ended.set()

        from roomgate.hub.revocation import Revocation

        hub.parts.bus.listen(Revocation, hear)
        (expiry,) = [work for name, work in own_tasks(hub.parts) if name == "hub.expiry"]
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            task = group.create_task(expiry())
            await ended.wait()
            task.cancel()
        assert [r.subject for r in hub.heard] == [grant.id]


async def test_a_fault_in_the_work_reaches_the_supervisor() -> None:
    async def broken() -> None:
        raise Conflict("no")

    with pytest.raises(Conflict):
        await every(60, broken)()
