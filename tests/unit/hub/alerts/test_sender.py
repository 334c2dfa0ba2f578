"""Sent for real, to receivers on the loopback; which is refused unless it is named."""

import asyncio
import threading

import pytest

from roomgate.hub.alerts.address import BadAddress, parse_address
from roomgate.hub.alerts.sender import Sender, resolve
from support.receivers import mail_server, webhook

pytestmark = pytest.mark.asyncio


async def test_a_webhook_takes_it_or_says_why_not() -> None:
    sender = Sender(["127.0.0.1"])
    async with webhook() as receiver:
        address = parse_address(f"http://127.0.0.1:{receiver.port}/x?+X-Key=a%20b%2Bc")
        assert await sender.send(address, "oslo: room.offline", "alert_1 raised") == ""
        assert "X-Key: a b+c" in receiver.head
        assert receiver.heard[0]["title"] == "oslo: room.offline"
        assert "alert_1 raised" in receiver.heard[0]["message"]
        receiver.status = 500
        assert await sender.send(address, "t", "b") == "The receiver answered 500."
        receiver.status, receiver.location = 302, f"http://127.0.0.1:{receiver.port}/elsewhere"
        assert await sender.send(address, "t", "b") == "The receiver answered 302."
        assert len(receiver.heard) == 3  # nobody was led elsewhere
    assert await sender.send(address, "t", "b") == "The receiver could not be reached."


async def test_mail_goes_out() -> None:
    sender = Sender(["127.0.0.1"])
    async with mail_server() as server:
        url = f"mailto://corp.example:{server.port}?smtp=127.0.0.1&to=desk@corp.example&from=hub@corp.example&mode=insecure"
        assert await sender.send(parse_address(url), "oslo", "alert_1 raised") == ""
        assert "To: desk@corp.example" in server.heard[0]


async def test_nothing_is_sent_inside_unless_it_is_named() -> None:
    sender = Sender(
        [], resolve=lambda host: {"inside.example": ["8.8.8.8", "10.0.0.1"], "out.example": ["8.8.8.8"]}[host]
    )
    await sender.check(parse_address("https://out.example/x"))
    await sender.check(parse_address("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/"))
    with pytest.raises(BadAddress, match="not a public one"):
        await sender.check(parse_address("https://inside.example/x"))
    with pytest.raises(BadAddress, match="not a public one"):
        await sender.check(parse_address("mailtos://out.example?smtp=inside.example&to=a@b.c&from=h@out.example"))
    with pytest.raises(BadAddress, match="not complete"):
        await sender.check(parse_address("slack://x"))
    plain = Sender([])
    async with webhook() as receiver:
        said = await plain.send(parse_address(f"http://127.0.0.1:{receiver.port}/"), "t", "b")
        assert (said, receiver.heard) == ("The host of the address is not a public one.", [])
    assert resolve("127.0.0.1") == ["127.0.0.1"]


async def test_a_host_that_is_nowhere_and_one_that_takes_too_long() -> None:
    def nowhere(host: str) -> list[str]:
        raise OSError(host)

    sender = Sender([], resolve=nowhere)
    assert await sender.send(parse_address("https://out.example"), "t", "b") == "The host of the address was not found."
    slow = Sender([], deadline_s=0)
    assert await slow.send(parse_address("https://out.example"), "t", "b") == "The receiver took too long."


async def test_a_receiver_that_never_ends_holds_up_no_other_and_is_not_begun_with_twice() -> None:
    begun, ends, asked = threading.Event(), threading.Event(), []

    def resolve(host: str) -> list[str]:
        asked.append(host)
        begun.set()
        ends.wait(20)
        raise OSError(host)

    sender = Sender(["127.0.0.1"], resolve=resolve)
    slow = parse_address("https://slow.example/x")
    first = asyncio.create_task(sender.send(slow, "t", "b"))
    try:
        await asyncio.to_thread(begun.wait, 20)
        async with webhook() as receiver:
            address = parse_address(f"http://127.0.0.1:{receiver.port}/x")
            assert await sender.send(address, "t", "b") == ""
        assert await sender.send(slow, "t", "b") == "The receiver took too long."
        assert asked == ["slow.example"]
    finally:
        ends.set()
    assert await first == "The host of the address was not found."
    assert await sender.send(slow, "t", "b") == "The host of the address was not found."
