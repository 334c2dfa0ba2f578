from dataclasses import dataclass

import pytest

from roomgate.hub.bus import Bus

pytestmark = pytest.mark.asyncio


@dataclass
class Cut:
    number: int


@dataclass
class LaterCut(Cut):
    pass


async def test_all_hear_in_order_before_the_publisher_goes_on() -> None:
    bus, heard = Bus(), []

    def listener(name: str):
        async def hear(cut: Cut) -> None:
            heard.append((name, cut.number))

        return hear

    bus.listen(Cut, listener("first"))
    bus.listen(Cut, listener("second"))
    await bus.publish(Cut(1))
    assert heard == [("first", 1), ("second", 1)]


async def test_a_topic_is_exactly_its_type() -> None:
    bus, heard = Bus(), []

    async def hear(cut: Cut) -> None:
        heard.append(cut)

    bus.listen(Cut, hear)
    await bus.publish(LaterCut(1))
    await bus.publish("cut")
    assert heard == []


async def test_a_listener_that_fails_keeps_nobody_from_hearing_and_the_publisher_learns_of_it() -> None:
    bus, heard = Bus(), []

    async def fail(cut: Cut) -> None:
        raise OSError(f"deaf to {cut.number}")

    async def hear(cut: Cut) -> None:
        heard.append(cut.number)

    bus.listen(Cut, fail)
    bus.listen(Cut, hear)
    bus.listen(Cut, fail)
    with pytest.raises(ExceptionGroup) as told:
        await bus.publish(Cut(7))
    assert heard == [7]
    assert [str(fault) for fault in told.value.exceptions] == ["deaf to 7", "deaf to 7"]
