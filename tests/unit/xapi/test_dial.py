import pytest
import pytest_asyncio

from roomgate.xapi import connect
from roomgate.xapi.errors import AuthenticationFailed, BadArgument, CertificateChanged, DeviceGone
from support.echo_device import LOGIN, EchoDevice


@pytest_asyncio.fixture
async def device():
    async with EchoDevice().open() as device:
        yield device


def dial(device, **changes):
    options = {"user": LOGIN.user, "password": LOGIN.password, "pin": device.pin, **changes}
    return connect(str(device.address), **options)


@pytest.mark.asyncio
async def test_a_device_in_one_block(device):
    async with dial(device) as room:
        assert await room.status.Audio.Volume() == 40
    assert isinstance(await room.wait_closed(), DeviceGone)
    with pytest.raises(DeviceGone):
        await room.get("Status/Audio/Volume")


@pytest.mark.asyncio
async def test_the_block_s_own_error_comes_out_plain(device):
    with pytest.raises(BadArgument):
        async with dial(device, pin=None, ca=device.ca) as room:
            await room.command("Audio.Volume.Set", Level=400)
    with pytest.raises(ZeroDivisionError):
        async with dial(device, subprotocol=True):
            raise ZeroDivisionError


@pytest.mark.asyncio
async def test_a_device_that_goes_away_is_an_error_of_the_next_call(device):
    async with dial(device) as room:
        device.server.close()
        await room.wait_closed()
        with pytest.raises(DeviceGone):
            await room.get("Status/Audio/Volume")


@pytest.mark.asyncio
async def test_no_entry(device):
    with pytest.raises(AuthenticationFailed):
        async with dial(device, password="wrong"):
            pytest.fail("never entered")
    assert device.handshakes == 1
    with pytest.raises(CertificateChanged):
        async with dial(device, pin="00" * 32):
            pytest.fail("never entered")
    assert device.handshakes == 1
    with pytest.raises(BadArgument):
        async with dial(device, ca=device.ca):
            pytest.fail("never entered")
