import asyncio
import random
from contextlib import asynccontextmanager

import pytest

from roomgate.xapi.client import Client
from roomgate.xapi.errors import (
    AuthenticationFailed,
    BadArgument,
    DeviceGone,
    DeviceUnreachable,
    NoAnswer,
    OutcomeUnknown,
    PermissionDenied,
)
from roomgate.xapi.reconnect import Reconnecting
from roomgate.xapi.subscription import MAX_UNREAD
from support.pipes import Pipe, error, event, result, silence


class Device:
    """A device that may be away: every dial is one more pipe, or the error that it is told to be."""

    def __init__(self, volume=40):
        self.pipes = []
        self.volume = volume
        self.fails = []
        self.answers = {}
        self.dials = 0

    async def dial(self):
        self.dials += 1
        if self.fails:
            raise self.fails.pop(0)
        pipe = Pipe(self.answer)
        self.pipes.append(pipe)
        return Client(pipe, timeout_s=5.0)

    def answer(self, request):
        method = request["method"]
        if method in self.answers:
            return self.answers[method](request)
        match method:
            case "xFeedback/Subscribe":
                return result({"Id": len(self.subscribed(self.pipes[-1]))})(request)
            case "xQuery":
                return result({"Status": {"Audio": {"Volume": self.volume}}})(request)
            case "xGet":
                return result(self.volume)(request)
            case _:
                return result({"status": "OK"})(request)

    def subscribed(self, pipe):
        return [one["params"]["Query"] for one in pipe.sent if one["method"] == "xFeedback/Subscribe"]

    async def drop(self):
        await self.pipes[-1].close()


@asynccontextmanager
async def lasting(device, timeout_s=5.0):
    room = Reconnecting(device.dial, timeout_s=timeout_s, first_pause_s=0.0, longest_pause_s=0.0)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(room.run())
        try:
            yield room
        finally:
            task.cancel()


@pytest.mark.asyncio
async def test_it_comes_back_and_goes_on():
    device = Device()
    async with lasting(device) as room:
        assert await room.status.Audio.Volume() == 40
        await device.drop()
        assert await room.get("Status/Audio/Volume", type=int) == 40
        assert (await room.command("Audio.Volume.Set", Level=30)) == {"status": "OK"}
    assert device.dials == 2
    assert room.connected is False


@pytest.mark.asyncio
async def test_what_is_asked_while_the_line_is_down_waits_for_it():
    device = Device()
    device.fails = [DeviceUnreachable("starting"), DeviceUnreachable("starting")]
    async with lasting(device) as room:
        assert await room.get("Status/Audio/Volume") == 40
    assert device.dials == 3


@pytest.mark.asyncio
async def test_but_no_longer_than_its_own_time():
    device = Device()
    device.fails = [DeviceUnreachable("its power is off")] * 100_000
    async with lasting(device, timeout_s=0.05) as room:
        with pytest.raises(DeviceUnreachable, match="its power is off"):
            await room.get("Status/Audio/Volume")
        with pytest.raises(DeviceUnreachable):
            await room.subscribe("Status/Audio")


@pytest.mark.asyncio
async def test_a_command_in_flight_is_unknown_and_not_sent_again():
    device = Device()
    device.answers["xCommand/Audio/Volume/Set"] = silence
    async with lasting(device) as room:
        await room.wait_connected()
        async with asyncio.TaskGroup() as group:
            asking = group.create_task(expect(OutcomeUnknown, room.command("Audio.Volume.Set", Level=30)))
            while not device.pipes[0].sent:
                await asyncio.sleep(0)
            await device.drop()
            await asking
        await room.get("Status/Audio/Volume")
    sent = [one["method"] for pipe in device.pipes for one in pipe.sent]
    assert sent.count("xCommand/Audio/Volume/Set") == 1


async def expect(kind, asking):
    with pytest.raises(kind):
        await asking


@pytest.mark.asyncio
async def test_an_answer_that_never_comes_does_not_end_the_line():
    device = Device()
    device.answers["xGet"] = silence
    async with lasting(device, timeout_s=0.02) as room:
        with pytest.raises(NoAnswer):
            await room.get("Status/Audio/Volume")
        assert room.connected
    assert device.dials == 1


@pytest.mark.asyncio
async def test_watchers_are_told_of_the_gap_with_what_is_there_now():
    device = Device()
    async with lasting(device) as room, await room.subscribe("Status/Audio/Volume") as volume:
        device.pipes[0].say(event(1, Status={"Audio": {"Volume": 41}}))
        first = await anext(volume)
        assert (first.gap, first.document) == (False, {"Status": {"Audio": {"Volume": 41}}})
        device.volume = 55
        await device.drop()
        gap = await anext(volume)
        assert (gap.gap, gap.kind, gap.document) == (True, "Status", {"Status": {"Audio": {"Volume": 55}}})
        device.pipes[1].say(event(1, Status={"Audio": {"Volume": 56}}))
        assert (await anext(volume)).document == {"Status": {"Audio": {"Volume": 56}}}


@pytest.mark.asyncio
async def test_of_events_a_gap_is_all_that_can_be_told():
    device = Device()
    async with lasting(device) as room, await room.subscribe("Event/CallDisconnect") as ends:
        await device.drop()
        gap = await anext(ends)
        assert (gap.gap, gap.document) == (True, {"Event": {}})


@pytest.mark.asyncio
async def test_a_reader_that_is_too_slow_gets_what_is_there_now():
    device = Device()
    async with lasting(device) as room, await room.subscribe("Status/Audio/Volume") as volume:
        for number in range(MAX_UNREAD + 1):
            device.pipes[0].say(event(1, Status={"Audio": {"Volume": number % 100}}))
            await asyncio.sleep(0)
        seen = await anext(volume)
        while not seen.gap:
            seen = await anext(volume)
        assert seen.document == {"Status": {"Audio": {"Volume": 40}}}


@pytest.mark.asyncio
async def test_a_subscription_that_is_over_is_not_made_again():
    device = Device()
    async with lasting(device) as room:
        async with await room.subscribe("Status/Audio/Volume"):
            pass
        assert [one["method"] for one in device.pipes[0].sent][-1] == "xFeedback/Unsubscribe"
        await device.drop()
        await room.get("Status/Audio/Volume")
        assert device.subscribed(device.pipes[1]) == []


@pytest.mark.asyncio
async def test_a_subscription_that_the_device_now_refuses_ends_and_the_others_go_on():
    device = Device()
    async with lasting(device) as room, await room.subscribe("Status/Audio/Volume") as volume:
        device.answers["xFeedback/Subscribe"] = error(-31999)
        await device.drop()
        with pytest.raises(PermissionDenied):
            await anext(volume)
        assert await room.get("Status/Audio/Volume") == 40


@pytest.mark.asyncio
async def test_a_line_on_which_nothing_can_be_restored_is_given_up_for_another():
    device = Device()
    async with lasting(device) as room, await room.subscribe("Status/Audio/Volume") as volume:
        device.answers["xFeedback/Subscribe"] = error(-31997)
        await device.drop()
        while device.dials < 4:
            await asyncio.sleep(0)
        del device.answers["xFeedback/Subscribe"]
        assert (await anext(volume)).gap


@pytest.mark.asyncio
async def test_a_wrong_password_is_one_attempt():
    device = Device()
    async with lasting(device) as room, await room.subscribe("Status/Audio/Volume") as volume:
        device.fails = [AuthenticationFailed("no")] * 5
        await device.drop()
        with pytest.raises(AuthenticationFailed):
            await anext(volume)
        for asking in (room.get("Status/Audio/Volume"), room.wait_connected(), room.subscribe("Status/Call")):
            with pytest.raises(AuthenticationFailed):
                await asking
    assert device.dials == 2


@pytest.mark.asyncio
async def test_bad_calls_are_refused_before_any_line_is_needed():
    device = Device()
    device.fails = [DeviceUnreachable("off")] * 100_000
    async with lasting(device) as room:
        with pytest.raises(BadArgument):
            await room.command("Audio.Volume.Set", Level=400)


@pytest.mark.asyncio
async def test_the_end_of_the_block_is_the_end():
    device = Device()
    async with lasting(device) as room:
        volume = await room.subscribe("Status/Audio/Volume")
    with pytest.raises(DeviceGone):
        await anext(volume)
    with pytest.raises(DeviceGone):
        await room.get("Status/Audio/Volume")
    assert device.pipes[0].closed


@pytest.mark.asyncio
async def test_pauses_are_full_jitter_under_a_ceiling_that_doubles():
    class Dice(random.Random):
        asked = []

        def uniform(self, low, high):
            self.asked.append((low, high))
            return 0.0

    device = Device()
    device.fails = [DeviceUnreachable("off")] * 5
    room = Reconnecting(device.dial, first_pause_s=2.0, longest_pause_s=10.0, dice=Dice())
    async with asyncio.TaskGroup() as group:
        task = group.create_task(room.run())
        await room.wait_connected()
        task.cancel()
    assert Dice.asked == [(0.0, ceiling) for ceiling in (2.0, 4.0, 8.0, 10.0, 10.0)]
