import threading

import pytest

from roomgate.xapi import blocking
from roomgate.xapi.errors import AuthenticationFailed, BadArgument, DeviceGone
from support.echo_device import LOGIN
from support.threads import running_device


@pytest.fixture(scope="module")
def device():
    with running_device() as device:
        yield device


def opened(device, **changes):
    options = {"user": LOGIN.user, "password": LOGIN.password, "pin": device.pin, **changes}
    return blocking.connect(str(device.address), **options)


@pytest.mark.parametrize("reconnect", [False, True])
def test_a_device_without_awaiting(device, reconnect):
    with opened(device, reconnect=reconnect) as room:
        assert room.get("Status/Audio/Volume", type=int) == 40
        assert room.status.Audio.Volume() == 40
        assert room.command("Audio.Volume.Set", Level=30)["status"] == "OK"
        assert room.xcommand.Audio.Volume.Set(Level=30)["status"] == "OK"
        assert room.catalogue.command("Dial").parameter("number").required


def test_feedback_without_awaiting(device):
    with opened(device) as room, room.subscribe("Status/Audio/Volume", current=True) as changes:
        assert next(changes).document == {"Status": {"Audio": {"Volume": 40}}}


def test_several_threads_share_one_connection(device):
    seen = []
    with opened(device) as room:
        threads = [threading.Thread(target=lambda: seen.append(room.status.Audio.Volume())) for _ in range(8)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    assert seen == [40] * 8


def test_errors_are_the_same_and_no_thread_is_left(device):
    before = threading.active_count()
    with pytest.raises(AuthenticationFailed), opened(device, password="wrong"):
        pytest.fail("never entered")
    with pytest.raises(BadArgument), opened(device) as room:
        room.command("Audio.Volume.Set", Level=400)
    assert threading.active_count() == before


def test_after_the_block_it_is_over(device):
    with opened(device) as room:
        pass
    with pytest.raises(DeviceGone):
        room.get("Status/Audio/Volume")
