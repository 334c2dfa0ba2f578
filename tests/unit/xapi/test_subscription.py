import asyncio

import pytest

from roomgate.xapi.errors import DeviceGone, FeedbackLost
from roomgate.xapi.messages import Feedback
from roomgate.xapi.path import Path
from roomgate.xapi.subscription import MAX_UNREAD, Subscription


def feedback(number=1):
    return Feedback(1, "Status", {"Status": {"Audio": {"Volume": number}}})


class Ends(list):
    async def __call__(self, subscription):
        self.append(subscription)


@pytest.mark.asyncio
async def test_in_order_and_nothing_lost_by_cancelling():
    subscription = Subscription(Path.parse("Status/Audio"), Ends())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await anext(subscription)
    subscription.feed(feedback(1))
    subscription.feed(feedback(2))
    assert [await anext(subscription), await anext(subscription)] == [feedback(1), feedback(2)]


@pytest.mark.asyncio
async def test_a_reader_that_is_too_slow_is_told_so():
    subscription = Subscription(Path.parse("Status/Audio"), Ends())
    for number in range(MAX_UNREAD + 5):
        subscription.feed(feedback(number))
    for number in range(MAX_UNREAD):
        assert await anext(subscription) == feedback(number)
    for _ in range(2):
        with pytest.raises(FeedbackLost):
            await anext(subscription)


@pytest.mark.asyncio
async def test_the_end_wakes_the_reader():
    subscription = Subscription(Path.parse("Status/Audio"), Ends())
    async with asyncio.TaskGroup() as group:
        begun = asyncio.Event()
        reading = group.create_task(read(subscription, begun))
        await begun.wait()
        subscription.end(DeviceGone("cut"))
    assert reading.result() == "cut"


async def read(subscription, begun):
    begun.set()
    try:
        await anext(subscription)
    except DeviceGone as gone:
        return str(gone)


@pytest.mark.asyncio
async def test_closing_unsubscribes_and_ends_the_loop():
    ends = Ends()
    async with Subscription(Path.parse("Status/Audio"), ends) as subscription:
        subscription.feed(feedback())
    subscription.feed(feedback())
    assert [one async for one in subscription] == []
    assert ends == [subscription]
