import asyncio
from contextlib import asynccontextmanager

import pytest

from roomgate.xapi.call import Call, Verb
from roomgate.xapi.client import Client
from roomgate.xapi.errors import (
    BadArgument,
    CommandFailed,
    DeviceGone,
    NoAnswer,
    NotAllSet,
    OutcomeUnknown,
    PermissionDenied,
    ProtocolError,
    RateLimited,
    TooManySubscriptions,
    UnknownPath,
)
from roomgate.xapi.path import Path
from support.pipes import Pipe, error, event, result, silence
from support.waiting import until


@asynccontextmanager
async def room(answer, timeout_s=5.0):
    pipe = Pipe(answer)
    client = Client(pipe, timeout_s=timeout_s)
    async with asyncio.TaskGroup() as group:
        group.create_task(client.run())
        try:
            yield client, pipe
        finally:
            await client.aclose()


@pytest.mark.asyncio
async def test_get_set_command_query():
    async with room(result(40)) as (client, pipe):
        assert await client.get("status/audio/volume") == 40
        await client.set("Configuration/Audio/DefaultVolume", "50")
        assert await client.command("audio.volume.set", Level="30") == {}
        assert await client.call(Call(Verb.GET, Path.parse("Status/Audio/Volume"))) == 40
        assert [(one["method"], one["params"]) for one in pipe.sent] == [
            ("xGet", {"Path": ["Status", "Audio", "Volume"]}),
            ("xSet", {"Path": ["Configuration", "Audio", "DefaultVolume"], "Value": 50}),
            ("xCommand/Audio/Volume/Set", {"Level": 30}),
            ("xGet", {"Path": ["Status", "Audio", "Volume"]}),
        ]


@pytest.mark.asyncio
async def test_attribute_style():
    async with room(result({"status": "OK"})) as (client, pipe):
        await client.status.Call[2].Duration()
        await client.config.Audio.DefaultVolume.set(50)
        assert await client.xcommand.Dial(Number="123@example.com") == {"status": "OK"}
        await client.xcommand.UserInterface.Extensions.Panel.Save("<a/>", PanelId="demo")
        assert [one["method"] for one in pipe.sent] == [
            "xGet", "xSet", "xCommand/Dial", "xCommand/UserInterface/Extensions/Panel/Save",
        ]  # fmt: skip
        assert pipe.sent[0]["params"] == {"Path": ["Status", "Call", 2, "Duration"]}
        assert pipe.sent[3]["params"] == {"PanelId": "demo", "body": "<a/>"}


@pytest.mark.asyncio
async def test_a_query_answers_from_the_root():
    document = {"Status": {"SystemUnit": {"Software": {"DisplayName": "x"}}}}
    async with room(result(document)) as (client, pipe):
        assert await client.query("Status/**/DisplayName") == document
        assert pipe.sent[0]["method"] == "xQuery"
        with pytest.raises(BadArgument):
            await client.get("Status/**/DisplayName")
    async with room(result([])) as (client, _):
        assert await client.query("Status/Call") == {}
    async with room(result([1])) as (client, _):
        with pytest.raises(ProtocolError):
            await client.query("Status/Call")


@pytest.mark.asyncio
@pytest.mark.parametrize("answer", [result([]), result({}), error(-32602, "No match on Path argument")])
async def test_no_calls_is_none_by_every_reading(answer):
    async with room(answer) as (client, _):
        assert await client.get("Status/Call") is None


@pytest.mark.asyncio
async def test_what_the_catalogue_refuses_is_not_sent():
    async with room(result(1)) as (client, pipe):
        with pytest.raises(UnknownPath):
            await client.get("Status/Nothing")
        with pytest.raises(BadArgument):
            await client.command("Audio.Volume.Set", Level=400)
        with pytest.raises(BadArgument):
            await client.call(Call(Verb.COMMAND, Path.parse("Command/Audio/Volume/Set"), (("Level", 400),)))
        with pytest.raises(BadArgument):
            await client.call(Call(Verb.SUBSCRIBE, Path.parse("Status/Call")))
        with pytest.raises(BadArgument):
            await client.command("Dial", arguments={"Number": "1"}, Number="2")
        assert pipe.sent == []


@pytest.mark.asyncio
async def test_unvalidated_is_sent_as_the_wire_has_it():
    async with room(result({})) as (client, pipe):
        await client.command("New.Thing", "body", arguments={"Option.1": True}, unvalidated=True, List=[1, False])
        assert pipe.sent[0]["method"] == "xCommand/New/Thing"
        assert pipe.sent[0]["params"] == {"Option.1": "True", "List": [1, "False"], "body": "body"}
        with pytest.raises(BadArgument):
            await client.command("New.Thing", unvalidated=True, X=1.5)


@pytest.mark.asyncio
async def test_the_device_s_refusal_is_raised():
    async with room(error(1, "No")) as (client, _):
        with pytest.raises(CommandFailed, match="No"):
            await client.command("Dial", Number="1")


@pytest.mark.asyncio
async def test_no_answer_is_said_and_never_asked_again():
    async with room(silence, timeout_s=0.02) as (client, pipe):
        with pytest.raises(NoAnswer):
            await client.command("Dial", Number="1")
        assert len(pipe.sent) == 1
        pipe.say({"id": pipe.sent[0]["id"], "result": {}})  # late
        pipe.answer = result(40)
        assert await client.get("Status/Audio/Volume") == 40


@pytest.mark.asyncio
async def test_a_lost_device_fails_the_call():
    async with room(lambda request: [None]) as (client, pipe):
        with pytest.raises(DeviceGone):
            await client.command("Dial", Number="1")
        assert isinstance(await client.wait_closed(), DeviceGone)
        assert client.closed
        with pytest.raises(DeviceGone):
            await client.get("Status/Audio/Volume")
        assert len(pipe.sent) == 1
        assert pipe.closed


@pytest.mark.asyncio
@pytest.mark.parametrize("rubbish", [b"rubbish", b'{"id":99,"result":1}'])
async def test_a_peer_that_breaks_the_protocol_is_left(rubbish):
    async with room(lambda request: [rubbish]) as (client, pipe):
        with pytest.raises(DeviceGone):
            await client.get("Status/Audio/Volume")
        assert isinstance(await client.wait_closed(), ProtocolError)
        assert pipe.closed


@pytest.mark.asyncio
async def test_cancelling_a_call_leaves_the_connection_well():
    async with room(silence) as (client, pipe):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await client.get("Status/Audio/Volume")
        pipe.say({"id": 1, "result": 1})
        pipe.answer = result(2)
        assert await client.get("Status/Audio/Volume") == 2


def subscriptions(request):
    """A device that gives the number 7 to a subscription, with a value before and one after its reply."""
    if request["method"] != "xFeedback/Subscribe":
        return [{"id": request["id"], "result": True}]
    return [
        event(7, Status={"Audio": {"Volume": 1}}),
        event(8, Status={"Audio": {"Volume": 99}}),
        {"id": request["id"], "result": {"Id": 7}},
        event(7, Status={"Audio": {"Volume": 2}}),
    ]


@pytest.mark.asyncio
async def test_feedback_right_before_and_right_after_the_reply_arrives():
    async with room(subscriptions) as (client, pipe):
        async with await client.subscribe("status/audio/volume", current=True) as feedback:
            heard = [(await anext(feedback)).document["Status"]["Audio"]["Volume"] for _ in range(2)]
            assert heard == [1, 2]
            pipe.say(event(7, Status={"Audio": {"Volume": 3}}))
            third = await anext(feedback)
            assert (third.kind, third.document) == ("Status", {"Status": {"Audio": {"Volume": 3}}})
        assert [one["method"] for one in pipe.sent] == ["xFeedback/Subscribe", "xFeedback/Unsubscribe"]
        assert pipe.sent[0]["params"] == {"Query": ["Status", "Audio", "Volume"], "NotifyCurrentValue": True}
        assert pipe.sent[1]["params"] == {"Id": 7}


@pytest.mark.asyncio
async def test_watching_ends_with_the_loop():
    async with room(subscriptions) as (client, pipe):
        watching = client.watch("Status/Audio/Volume")
        async for feedback in watching:
            assert feedback.subscription == 7
            break
        await watching.aclose()
        assert pipe.sent[-1]["method"] == "xFeedback/Unsubscribe"


@pytest.mark.asyncio
async def test_the_end_of_the_connection_ends_the_feedback_with_its_reason():
    async with room(subscriptions) as (client, pipe):
        feedback = await client.subscribe("Status/Audio/Volume")
        pipe.say(b"rubbish")
        await client.wait_closed()
        assert (await anext(feedback)).subscription == 7  # what came before is still read
        await anext(feedback)
        with pytest.raises(DeviceGone):
            await anext(feedback)
        await feedback.aclose()


@pytest.mark.asyncio
@pytest.mark.parametrize(("code", "kind"), [(-31998, TooManySubscriptions), (-31999, PermissionDenied)])
async def test_a_refused_subscription(code, kind):
    async with room(error(code)) as (client, pipe):
        with pytest.raises(kind):
            await client.subscribe("Status/Call")
        assert len(pipe.sent) == 1


@pytest.mark.asyncio
async def test_a_subscription_without_a_number_is_not_the_protocol():
    async with room(result({})) as (client, _):
        with pytest.raises(DeviceGone):
            await client.subscribe("Status/Call")
        assert isinstance(await client.wait_closed(), ProtocolError)


@pytest.mark.asyncio
async def test_cancelling_the_reader_closes_the_connection():
    pipe = Pipe(silence)
    client = Client(pipe)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await client.run()
    assert pipe.closed
    assert client.closed


@pytest.mark.asyncio
async def test_one_ear_hears_several_subscriptions_each_by_its_number_and_no_other():
    numbers = iter([4, 7, 9])

    def answer(request):
        number = next(numbers)
        said = [{"id": request["id"], "jsonrpc": "2.0", "result": {"Id": number}}]
        return [*said, event(number, Status={"Audio": {"Volume": number}})] if number < 9 else said

    heard, other = [], []
    async with room(answer) as (client, pipe):
        await client.hear("Status/Audio/Volume", heard.append, current=True)
        await client.hear("Status/Standby", heard.append)
        await client.hear("Status/Call", other.append)
        pipe.say(event(9, Status={"Call": []}))
        pipe.say(event(5, Status={"Audio": {"Volume": 5}}))
        pipe.say(event(7, Status={"Audio": {"Volume": 8}}))
        await until(lambda: len(heard) == 3)
        assert [(one.subscription, one.document["Status"]["Audio"]["Volume"]) for one in heard] == [
            (4, 4), (7, 7), (7, 8),
        ]  # fmt: skip
        assert [one.subscription for one in other] == [9]
        assert [one["params"]["NotifyCurrentValue"] for one in pipe.sent] == [True, False, False]


@pytest.mark.asyncio
async def test_what_the_device_refuses_is_not_heard():
    async with room(error(-31998, "Subscriber count exceeded")) as (client, pipe):
        heard = []
        with pytest.raises(TooManySubscriptions):
            await client.hear("Status/Audio", heard.append)
        pipe.say(event(1, Status={"Audio": {"Volume": 5}}))
        with pytest.raises(TooManySubscriptions):
            await client.get("Status/Audio/Volume")
        assert heard == []


NAME, VOLUME = "Configuration/SystemUnit/Name", "Configuration/Audio/DefaultVolume"


@pytest.mark.asyncio
async def test_many_settings_are_all_tried_and_the_refused_ones_named():
    def answer(request):
        return (error(-32602, "no") if request["params"]["Value"] == "x" else result(True))(request)

    async with room(answer) as (client, pipe):
        await client.set_many({NAME: "y", VOLUME: 5})
        with pytest.raises(NotAllSet, match="1 of 2") as refused:
            await client.set_many({NAME: "x", VOLUME: 5})
        assert {str(path): type(one) for path, one in refused.value.failed.items()} == {NAME: BadArgument}
        assert [request["params"]["Value"] for request in pipe.sent] == ["y", 5, "x", 5]


@pytest.mark.asyncio
async def test_of_many_settings_none_is_sent_while_one_is_wrong():
    async with room(result(True)) as (client, pipe):
        with pytest.raises(BadArgument):
            await client.set_many({NAME: "y", VOLUME: 500})
        with pytest.raises(BadArgument, match="twice"):
            await client.set_many({NAME: "y", NAME.lower(): "z"})
        assert pipe.sent == []
        await client.set_many({VOLUME: 500}, unvalidated=True)
        await client.set_many({})
        assert len(pipe.sent) == 1


@pytest.mark.asyncio
async def test_many_settings_stop_where_the_connection_ends():
    async with room(silence, timeout_s=0.05) as (client, pipe):
        with pytest.raises(NoAnswer):
            await client.set_many({NAME: "y", VOLUME: 5})
        assert len(pipe.sent) == 1


@pytest.mark.asyncio
async def test_what_a_device_says_of_itself():
    async with room(result({"ValueSpace": {"type": "Integer"}})) as (client, pipe):
        assert await client.doc("Status/Audio/Volume") == {"ValueSpace": {"type": "Integer"}}
        assert pipe.sent[0]["params"] == {"Path": ["StatusSchema", "Audio", "Volume"], "Type": "Schema"}


class PacedPipe(Pipe):
    """A wire that lets frames wait for their turn."""

    async def send_within(self, frame, within_s):
        if within_s < 1:
            raise RateLimited("ask again in 1 s")
        await self.send(frame)


@pytest.mark.asyncio
async def test_a_wire_with_a_turn_is_told_how_long_the_caller_waits():
    pipe = PacedPipe(result({}))
    client = Client(pipe)
    async with asyncio.TaskGroup() as group:
        group.create_task(client.run())
        assert await client.command("Standby.Deactivate") == {}
        with pytest.raises(RateLimited):
            await client.command("Standby.Deactivate", timeout_s=0.5)
        await client.aclose()
    assert len(pipe.sent) == 1


@pytest.mark.asyncio
async def test_any_method_goes_out_as_it_is_written():
    async with room(result({"answer": 1})) as (client, pipe):
        assert await client.execute("xNew/Method", {"A": [1], "b": True}) == {"answer": 1}
        assert (pipe.sent[0]["method"], pipe.sent[0]["params"]) == ("xNew/Method", {"A": [1], "b": True})


@pytest.mark.asyncio
async def test_what_it_did_is_unknown_when_its_answer_is_lost():
    async with room(silence) as (client, pipe), asyncio.TaskGroup() as group:
        asking = group.create_task(unknown(client.execute("xNew/Method", {})))
        await until(lambda: pipe.sent)
        await pipe.close()
        await asking


async def unknown(asking):
    with pytest.raises(OutcomeUnknown):
        await asking


@pytest.mark.asyncio
async def test_what_is_not_to_be_heard_any_more_is_unsubscribed_once():
    heard = []
    async with room(result({"Id": 4})) as (client, pipe):
        number = await client.hear("Status/Audio", heard.append)
        await client.unhear(number)
        await client.unhear(number)
        pipe.say(event(4, Status={"Audio": {"Volume": 5}}))
        await client.get("Status/Audio/Volume")
        assert [(one["method"], one["params"]) for one in pipe.sent][1:-1] == [("xFeedback/Unsubscribe", {"Id": 4})]
        again = await client.hear("Status/Audio", heard.append)
    await client.unhear(again)
    assert heard == []
    assert pipe.sent[-1]["method"] == "xFeedback/Subscribe"


@pytest.mark.asyncio
async def test_a_device_that_has_forgotten_it_is_no_fault():
    def answer(request):
        if request["method"] == "xFeedback/Unsubscribe":
            return error(-32602, "Unknown subscription Id")(request)
        return result({"Id": 4})(request)

    async with room(answer) as (client, pipe):
        await client.unhear(await client.hear("Status/Audio", lambda _: None))
        assert pipe.sent[-1]["method"] == "xFeedback/Unsubscribe"
