"""What every client checks and gives; the wires are tested where they are."""

import enum
import logging
from dataclasses import dataclass

import pytest

from roomgate.xapi.call import Verb
from roomgate.xapi.errors import BadArgument, ProtocolError, UnexpectedType, UnknownPath
from roomgate.xapi.face import Face
from roomgate.xapi.messages import Feedback
from roomgate.xapi.subscription import Subscription


class Recorder(Face):
    """Answers each call with what the test says."""

    def __init__(self, answer=None, lenient=False):
        super().__init__(None, lenient)
        self.answer = answer
        self.calls = []
        self.left = []

    async def _do(self, call, *, rooted=False, current=False, timeout_s=None):
        self.calls.append((str(call), rooted, timeout_s))
        return self.answer

    async def _describe(self, path, timeout_s):
        self.calls.append((f"describe {path}", False, timeout_s))
        said = self.answer[str(path)]
        if isinstance(said, Exception):
            raise said
        return said

    async def subscribe(self, path, *, current=False, unvalidated=False):
        call = self._make(Verb.SUBSCRIBE, path, {}, None, unvalidated)
        subscription = Subscription(call.path, self.leave)
        subscription.feed(Feedback(1, "Status", {"Status": {}}))
        return subscription

    async def leave(self, subscription):
        self.left.append(subscription)


class Switch(enum.Enum):
    ON = "On"
    OFF = "Off"


@dataclass
class Audio:
    Volume: int
    VolumeMute: Switch


@pytest.mark.asyncio
async def test_values_come_in_the_type_that_was_asked_for():
    assert await Recorder(40).get("Status/Audio/Volume", type=int) == 40
    assert await Recorder("40").get("Status/Audio/Volume", type=int) == 40  # as it comes over SSH
    assert await Recorder("On").status.Audio.VolumeMute(Switch) is Switch.ON
    found = await Recorder({"Volume": 40, "VolumeMute": "Off", "More": {}}).get("Status/Audio", type=Audio)
    assert found == Audio(40, Switch.OFF)


@pytest.mark.asyncio
async def test_and_another_type_is_an_error_that_names_it():
    with pytest.raises(UnexpectedType, match="int"):
        await Recorder("loud").get("Status/Audio/Volume", type=int)
    with pytest.raises(UnexpectedType):
        await Recorder(None).get("Status/Call", type=int)


@pytest.mark.asyncio
async def test_calls_are_checked_and_spelled_as_the_device_does():
    room = Recorder({"status": "OK"})
    await room.get("status audio volume")
    await room.xcommand.audio.volume.set(level="30")
    await room.config.audio.defaultvolume.set(50)
    assert [call for call, *_ in room.calls] == [
        "Status/Audio/Volume", "Command/Audio/Volume/Set Level=30", "Configuration/Audio/DefaultVolume Value=50",
    ]  # fmt: skip
    with pytest.raises(BadArgument, match="0–100, got 400"):
        await room.command("Audio Volume Set", Level=400)
    with pytest.raises(UnknownPath, match="did you mean"):
        await room.command("Audio Volumes Set", Level=40)
    assert len(room.calls) == 3


@pytest.mark.asyncio
async def test_unvalidated_is_one_call_s_own_word():
    room = Recorder()
    await room.get("Status/New/Thing", unvalidated=True)
    await room.command("New.Thing", Option=True, List=[1, False], unvalidated=True)
    assert [call for call, *_ in room.calls] == [
        "Status/New/Thing (unvalidated)", "Command/New/Thing List=(1, 'False') Option=True (unvalidated)",
    ]  # fmt: skip
    with pytest.raises(BadArgument):
        await room.get("Status/**/Thing", unvalidated=True)
    with pytest.raises(BadArgument):
        await room.command("New.Thing", Option=1.5, unvalidated=True)


@pytest.mark.asyncio
async def test_a_lenient_client_sends_what_it_does_not_know_and_says_so(caplog):
    room = Recorder(lenient=True)
    with caplog.at_level(logging.WARNING, logger="roomgate.xapi"):
        await room.get("Status/Audio/Volume")
        assert caplog.messages == []
        await room.get("Status/New/Thing")
        await room.command("Audio.Volume.Set", Level=400)
    assert [call for call, *_ in room.calls][1:] == [
        "Status/New/Thing (unvalidated)", "Command/Audio/Volume/Set Level=400 (unvalidated)",
    ]  # fmt: skip
    assert ["sent unvalidated" in message for message in caplog.messages] == [True, True]


@pytest.mark.asyncio
async def test_a_query_gives_a_document_from_the_root():
    room = Recorder({"Status": {}})
    assert await room.query("Status/**/DisplayName") == {"Status": {}}
    assert room.calls == [("Status/**/DisplayName", True, None)]
    assert await Recorder(None).query("Status/Call") == {}
    with pytest.raises(ProtocolError):
        await Recorder("no document").query("Status/Call")
    with pytest.raises(BadArgument):
        await room.get("Status/**/DisplayName")


@pytest.mark.asyncio
async def test_an_argument_given_twice_is_refused():
    with pytest.raises(BadArgument):
        await Recorder().command("Dial", arguments={"Number": "1"}, Number="2")


@pytest.mark.asyncio
async def test_watching_ends_its_subscription():
    room = Recorder()
    async for seen in room.watch("Status/Call"):
        assert seen.kind == "Status"
        break
    else:
        pytest.fail("nothing was seen")
    feed = room.watch("Status/Call")
    await anext(feed)
    await feed.aclose()
    assert len(room.left) >= 1


LEVEL = {"ValueSpace": {"type": "Integer", "Min": "0", "Max": "70"}, "required": "True"}
SET = {"command": "True", "role": "Admin;User", "Level": LEVEL}


@pytest.mark.asyncio
async def test_what_a_device_says_of_itself_is_what_is_checked_from_then_on():
    said = {
        "Status": UnknownPath("no"), "Configuration": [], "Command": {"Audio": {"Volume": {"Set": SET}}},
    }  # fmt: skip
    room = Recorder(said)
    await room.command("Audio.Volume.Set", Level=100)
    assert await room.learn(timeout_s=9) is room.catalogue
    with pytest.raises(BadArgument, match="0–70"):
        await room.command("Audio.Volume.Set", Level=100)
    await room.get("Status/Audio/Volume")  # what it did not say is as it was
    assert [timeout for call, _, timeout in room.calls if call.startswith("describe")] == [9, 9, 9]


@pytest.mark.asyncio
async def test_many_settings_are_checked_before_the_first_is_sent():
    room = Recorder(True)
    with pytest.raises(BadArgument):
        await room.set_many({"Configuration/Audio/DefaultVolume": 40, "Configuration/SystemUnit/Name": "x" * 200})
    assert room.calls == []
    await room.set_many({"Configuration/Audio/DefaultVolume": 40, "Configuration/SystemUnit/Name": "x"})
    assert len(room.calls) == 2
