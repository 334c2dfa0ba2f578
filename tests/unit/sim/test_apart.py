"""A room with doors of its own: what it says of itself is so."""

import asyncio
import hashlib
import ssl
from contextlib import ExitStack
from pathlib import Path

import pytest

from roomgate.clock import SystemClock
from roomgate.sim.apart import Apart
from roomgate.sim.config import RoomConfig, SimConfig
from roomgate.sim.restless import read_unrest
from roomgate.sim.servers.poster import Poster


@pytest.mark.asyncio
async def test_a_room_shows_the_certificate_whose_pin_it_told(tmp_path: Path) -> None:
    unrest = read_unrest("Status/Audio/Volume=30")
    config = SimConfig(tmp_path, (RoomConfig("Birch"),), unrest=unrest)
    with ExitStack() as stack:
        apart = Apart(config, config.rooms[0], SystemClock(), Poster(), stack)
        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            stop = group.create_task(asyncio.Event().wait())
            apart.start(group)
            told = apart.ready
            client = ssl.create_default_context(cafile=told.ca)
            _, writer = await asyncio.open_connection(told.host, told.port, ssl=client)
            shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
            assert hashlib.sha256(shown).hexdigest() == told.pin
            writer.close()
            reader, writer = await asyncio.open_connection(told.host, told.ssh_port)
            assert (await reader.readline()).startswith(b"SSH-2.0-")
            writer.close()
            assert apart.room.device.restless is not None
            stop.cancel()
            for task in asyncio.all_tasks():
                if task.get_name().startswith("sim.Birch."):
                    task.cancel()
