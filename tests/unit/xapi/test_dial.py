import asyncio
import subprocess
import sys

import pytest
import pytest_asyncio

from roomgate.xapi import connect
from roomgate.xapi.errors import (
    AuthenticationFailed,
    BadArgument,
    CertificateChanged,
    DeviceGone,
    NotAllSet,
    NotOnThisTransport,
    RateLimited,
)
from roomgate.xapi.transports.feedback_receiver import FeedbackReceiver
from support.echo_device import LOGIN, EchoDevice
from support.http_device import HttpDevice, expressions
from support.ssh_device import SshDevice


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


# ---- over HTTP and SSH ----------------------------------------------------------------------------

AUDIO = "/getxml?location=/Status/Audio"


def over(device, **changes):
    options = {"user": LOGIN.user, "password": LOGIN.password, "pin": device.pin, **changes}
    return connect(str(device.address), **options)


@pytest.mark.asyncio
async def test_a_device_over_http():
    async with HttpDevice().open() as device:
        async with over(device, pin=None, ca=EchoDevice().ca) as room:
            assert await room.status.Audio.Volume() == 40
            device.says[AUDIO] = "<Status><Audio><Volume>40</Volume><VolumeMute>On</VolumeMute></Audio></Status>"
            assert await room.query("Status/Audio/*") == {"Status": {"Audio": {"Volume": 40, "VolumeMute": "On"}}}
            await room.set("Configuration/Audio/DefaultVolume", 50)
            assert await room.command("Audio.Volume.Set", Level=40) == {"status": "OK"}
            await room.set_many({"Configuration/Audio/DefaultVolume": 5, "Configuration/SystemUnit/Name": "x"})
            with pytest.raises(NotOnThisTransport, match="receiver"):
                await room.subscribe("Status/Audio")
            with pytest.raises(NotOnThisTransport):
                await room.doc("Status/Audio")
        assert isinstance(await room.wait_closed(), DeviceGone)
        assert device.live == set()


@pytest.mark.asyncio
async def test_feedback_over_http():
    async with HttpDevice().open() as device, FeedbackReceiver.listening("127.0.0.1", 0) as receiver:
        device.says[AUDIO] = "<Status><Audio><Volume>40</Volume></Audio></Status>"
        async with over(device, receiver=receiver, feedback_slots=(2,)) as room:
            async with asyncio.timeout(5), await room.subscribe("Status/Audio", current=True) as audio:
                assert (await anext(audio)).document == {"Status": {"Audio": {"Volume": 40}}}
                registered = next(one.body for one in device.asked if one.target == "/putxml")
                assert expressions(registered) == ["/Status/Audio"]
                url = registered.partition("<ServerUrl>")[2].partition("<")[0]
                assert url.endswith("/2")
                await post(url, "<Status><Identification/><Audio><Volume>41</Volume></Audio></Status>")
                assert (await anext(audio)).document == {"Status": {"Audio": {"Volume": 41}}}
            kept = await room.subscribe("Status/Audio")
        with pytest.raises(DeviceGone):
            await anext(kept)
    puts = [one.body for one in device.asked if one.target == "/putxml"]
    assert ["Deregister" in body for body in puts] == [False, True, False, True]


@pytest.mark.asyncio
async def test_a_setting_that_is_refused_is_named():
    async with HttpDevice().open() as device:
        device.says["/putxml"] = "<Configuration><Error>SystemUnit Name: too long</Error></Configuration>"
        async with over(device) as room:
            with pytest.raises(NotAllSet) as refused:
                await room.set_many({"Configuration/Audio/DefaultVolume": 5, "Configuration/SystemUnit/Name": "x"})
            with pytest.raises(BadArgument):
                await room.set_many({"Configuration/Audio/DefaultVolume": 500})
        assert [str(path) for path in refused.value.failed] == ["Configuration/SystemUnit/Name"]
        assert device.targets.count("/putxml") == 1


@pytest.mark.asyncio
async def test_a_wrong_password_over_http_ends_the_client_once():
    async with HttpDevice().open() as device:
        with pytest.raises(AuthenticationFailed):
            async with over(device, password="wrong"):
                pytest.fail("never entered")
        assert len(device.asked) == 1
        async with over(device) as room:
            device.live.clear()
            with pytest.raises(AuthenticationFailed):
                await room.get("Status/Audio/Volume")
            assert isinstance(await room.wait_closed(), AuthenticationFailed)
            with pytest.raises(DeviceGone):
                await room.get("Status/Audio/Volume")
        assert len(device.asked) == 3


@pytest.mark.asyncio
async def test_a_call_that_would_wait_too_long_is_told_when():
    async with HttpDevice(session=False).open() as device, over(device, timeout_s=0.5) as room:
        await room.get("Status/Audio/Volume")
        with pytest.raises(RateLimited, match="ask again in"):
            await room.get("Status/Audio/Volume")


@pytest.mark.asyncio
async def test_a_device_over_ssh():
    async with SshDevice().open() as device:
        volume = {"Status": {"Audio": {"Volume": {"Value": "40"}}}}
        device.says["xStatus Audio Volume"] = device.says["xStatus Audio"] = volume
        device.says["xCommand Audio Volume Set Level: 40"] = {"CommandResponse": {"VolumeSetResult": {"status": "OK"}}}
        device.says['xDocument Format: "JSON" Path: "Status/Audio" Schema: "True"'] = {"StatusSchema": {}}
        async with asyncio.timeout(10), over(device) as room:
            assert await room.status.Audio.Volume() == 40
            assert await room.command("Audio.Volume.Set", Level=40) == {"status": "OK"}
            await room.set("Configuration/SystemUnit/Name", 'a "b"')
            await room.command("UserInterface.Extensions.Panel.Save", "<E>\n</E>", PanelId="a")
            assert await room.doc("Status/Audio") == {"StatusSchema": {}}
            with pytest.raises(NotOnThisTransport, match="wss://"):
                await room.query("Status/**/Volume")
            async with await room.subscribe("Status/Audio", current=True) as audio:
                assert (await anext(audio)).document == {"Status": {"Audio": {"Volume": 40}}}
                device.sessions[0].stdout.write('\r\n{"Status": {"Audio": {"Volume": {"Value": "41"}}}}\r\n')
                assert (await anext(audio)).document == {"Status": {"Audio": {"Volume": 41}}}
        assert device.bodies == ["<E>\n</E>"]
        assert 'xConfiguration SystemUnit Name: "a \\"b\\"" | resultId="3"' in device.lines


@pytest.mark.asyncio
async def test_many_settings_over_ssh_go_one_after_the_other_and_the_refused_ones_are_named():
    async with SshDevice().open() as device:
        wrong = {"Configuration": {"SystemUnit": {"Name": {"Value": "Illegal value", "error": "True"}}}}
        device.says['xConfiguration SystemUnit Name: "x"'] = wrong
        async with asyncio.timeout(10), over(device) as room:
            with pytest.raises(NotAllSet) as refused:
                await room.set_many({"Configuration/SystemUnit/Name": "x", "Configuration/Audio/DefaultVolume": 5})
        assert {str(path): str(error) for path, error in refused.value.failed.items()} == {
            "Configuration/SystemUnit/Name": "Illegal value"
        }
        assert refused.value.unclear == ()
        assert any("DefaultVolume" in line for line in device.lines)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("ssh://192.0.2.1", {}),
        ("ssh://192.0.2.1", {"pin": "ab" * 32}),
        ("ssh://192.0.2.1", {"ca": "x"}),
        ("ssh://192.0.2.1", {"unsafe_accept_any_certificate": True}),
        ("https://192.0.2.1", {"unsafe_accept_any_host_key": True}),
        ("https://192.0.2.1", {"feedback_slots": (5,)}),
        ("wss://192.0.2.1", {"unsafe_accept_any_host_key": True}),
        ("http://192.0.2.1", {}),
        ("https://192.0.2.1/path", {}),
    ],
)
async def test_what_fits_no_transport_is_refused_before_anything_is_sent(url, options):
    with pytest.raises(BadArgument):
        async with connect(url, user="x", password="y", **options):
            pytest.fail("never entered")


async def post(url, body):
    """Post as a device does."""
    host, _, port = url.partition("://")[2].partition("/")[0].rpartition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    path = "/" + url.partition("://")[2].partition("/")[2]
    writer.write(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
    await writer.drain()
    writer.close()
    await writer.wait_closed()


def test_what_a_transport_needs_is_loaded_when_it_is_used():
    code = "import sys, roomgate.xapi.dial; print(*sorted({'h11', 'asyncssh', 'xml.parsers.expat'} & set(sys.modules)))"
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True, env={"PYTHONPATH": ":".join(sys.path)}
    )
    assert out.stdout.split() == []
