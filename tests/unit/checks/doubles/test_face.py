import pytest

from roomgate.checks.doubles.flaws import NONE
from support.double import DEVICE, Browser, double_in_memory

pytestmark = pytest.mark.asyncio


async def test_the_owner_sees_the_devices_own_page():
    async with double_in_memory(NONE) as double:
        browser = Browser(double)
        assert "Pretended Board" in (await browser.get(f"{DEVICE}/web/signin")).text
        assert (await browser.get(f"{DEVICE}/")).headers["location"] == "/web/signin"
        assert (await browser.get(f"{DEVICE}/other")).status_code == 404
