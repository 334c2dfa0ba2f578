"""A double on loopback. What the checks say of it is in tests/e2e/test_check_doubles_on_a_port.py."""

from pathlib import Path

import pytest

from roomgate.checks.doubles.flaws import NONE
from roomgate.checks.doubles.scene import OAK
from roomgate.cli.check import load_target
from roomgate.cli.double_world import double_world

pytestmark = [pytest.mark.asyncio, pytest.mark.xdist_group("cli")]


async def test_what_it_writes_can_be_read_and_is_for_its_owner_alone(tmp_path: Path):
    async with double_world(tmp_path / "double", NONE) as found:
        assert found.target.stat().st_mode & 0o077 == 0
        target, _ = load_target(found.target)
        assert target.front == f"{found.address}/"
        assert "Pretended" in (tmp_path / "double" / "golden" / "signin.html").read_text()


async def test_a_device_that_was_changed_is_made_anew(tmp_path: Path):
    for _ in range(2):
        async with double_world(tmp_path / "double", NONE, "sim") as found:
            device = found.scene.double.devices[OAK]
            assert (await device.read())["name"] == "Oak room"
            await device.change_password("another-4711-Word")
