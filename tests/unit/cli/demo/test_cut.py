import asyncio
import json

import pytest

from roomgate.cli.demo.cut import Fallen, Guest, causes

pytestmark = pytest.mark.asyncio


class Process:
    """A guest's process that says these lines and ends."""

    def __init__(self, *lines: dict[str, object]) -> None:
        self.stdout = asyncio.StreamReader()
        for line in lines:
            self.stdout.feed_data(json.dumps(line).encode() + b"\n")
        self.returncode: int | None = None
        self.killed = False

    def kill(self) -> None:
        self.killed, self.returncode = True, -9

    async def wait(self) -> int:
        return self.returncode or 0


class Admin:
    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []

    async def call(self, *asked: object) -> None:
        self.asked.append(asked)


async def test_the_guest_is_heard_until_every_channel_has_said_its_word():
    process = Process({"channel": "rest", "event": "answer", "at": 1}, {"channel": "rest", "event": "refused", "at": 2})
    guest = Guest(process)  # type: ignore[arg-type]  # a fake of this test
    async with asyncio.TaskGroup() as group:
        listening = group.create_task(guest.listen())
        heard = group.create_task(guest.says({"rest": "refused", "events": "closed"}, 5))
        await guest.says({"rest": "refused"}, 5)
        assert not heard.done()
        process.stdout.feed_data(json.dumps({"channel": "events", "event": "closed", "at": 3}).encode() + b"\n")
        found = await heard
        listening.cancel()
    assert {channel: line["at"] for channel, line in found.items()} == {"rest": 2, "events": 3}
    assert guest.said("socket", "closed") is None


async def test_a_channel_that_stays_open_is_not_overlooked():
    guest = Guest(Process())  # type: ignore[arg-type]
    with pytest.raises(TimeoutError):
        await guest.says({"rest": "refused"}, 0.01)
    await guest.stop()
    assert guest.process.killed  # type: ignore[attr-defined]


async def test_the_last_of_all_decides():
    assert Fallen("lock", {"rest": 0.1, "events": 0.3}, 0.2).last == 0.3
    assert Fallen("lock", {"rest": 0.1}, 0.9).last == 0.9


async def test_each_cause_goes_by_its_public_route():
    admin = Admin()
    for cause in causes(admin).values():  # type: ignore[arg-type]
        assert await cause({"grant": "grant_1", "person": "person_1", "token": "token_1"}) > 0
    assert [asked[:2] for asked in admin.asked] == [
        ("DELETE", "/api/v1/grants/grant_1"),
        ("PATCH", "/api/v1/people/person_1"),
        ("DELETE", "/api/v1/people/person_1"),
        ("PATCH", "/api/v1/people/person_1"),
        ("POST", "/api/v1/locks"),
    ]
