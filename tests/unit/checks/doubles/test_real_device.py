"""The double's face of a device, on the real simulator."""

import asyncio
from pathlib import Path

import pytest

from roomgate import xapi
from roomgate.checks.doubles.device import HELPER
from roomgate.checks.doubles.real_device import Reach, RealDevice
from roomgate.xapi.errors import XapiError
from support.simulated import simulator

pytestmark = pytest.mark.asyncio


async def test_it_is_read_used_and_left_as_it_was(tmp_path: Path):
    async with simulator(tmp_path, "Birch") as (room,), asyncio.TaskGroup() as group:
        reach = Reach(
            room.host, room.port, room.user, room.password, str(room.ca), room.admin_user, room.admin_password,
            room.panel,
        )  # fmt: skip
        device = RealDevice(reach, group)
        try:
            found = await device.read()
            assert found["name"] == "Birch"
            await device.notify("Connected from afar")
            assert "Connected from afar" in await device.shown()
            await device.clear()
            assert "Connected from afar" not in await device.shown()
            await device.command("Dial", {"Number": "echo@example.com"})
            await device.hang_up()
            await device.hang_up()  # there is none any more
            assert not await device.in_call()
            with pytest.raises(XapiError):
                await device.command("No Such Thing", {})
            assert found["serial"] in await device.page("/web/")
            assert "passphrase" in await device.page("/web/signin")
            async with xapi.connect(
                reach.address.replace("https", "wss") + "/ws", user=room.admin_user, password=room.admin_password,
                ca=str(room.ca),
            ) as owner:  # fmt: skip

                async def sessions() -> int:
                    listed = await owner.command("Security Session List")
                    return str(listed).count(room.user)

                before = await sessions()
                await device.visit(leave=False)
                assert await sessions() == before
                await device.visit(leave=True)
                assert await sessions() == before + 1
                await device.install()
                await device.install()
                assert HELPER in str(await owner.command("UserManagement User List"))
                await device.uninstall()
                assert HELPER not in str(await owner.command("UserManagement User List"))
            await device.change_password("another-4711-Word")
            assert (await device.read())["name"] == "Birch"
        finally:
            await device.aclose()
