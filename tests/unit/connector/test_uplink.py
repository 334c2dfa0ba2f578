"""What the uplink makes of messages; tests/contract/test_link.py has it on a real wire."""

import asyncio

import msgspec
import pytest

from roomgate.connector import uplink as tested
from roomgate.connector.uplink import Uplink, UplinkConfig
from roomgate.link.messages import (
    Cut,
    EntriesKept,
    LinkBroken,
    Outcome,
    Signed,
    ToConnector,
    Welcome,
    decode_at_hub,
)
from roomgate.link.order import Renewal, check_outcome, seal
from support.link import Bench, Papers, SiteSide, order
from support.waiting import until


@pytest.fixture
def bench(papers: Papers) -> Bench:
    return Bench(papers, port=1)  # nobody is there


async def take(uplink: Uplink, *messages: ToConnector) -> None:
    for message in messages:
        uplink._heard(message, 100)
        await uplink._take(*await uplink._next())


def ready(bench: Bench) -> tuple[Uplink, bytes]:
    """An uplink with a book, a heartbeat just sent, and s1 vouched for: the next number is 2."""
    uplink = bench.uplink()
    uplink._book = uplink._book.succeed(b"link session one")
    uplink._book.beat(1, bench.clock.monotonic())
    uplink._book.renew(Renewal(b"link session one", 1, 1, ["s1"]))
    return uplink, b"link session one"


@pytest.mark.asyncio
async def test_an_admitted_order_is_handed_on(bench: Bench) -> None:
    uplink, link = ready(bench)
    await take(uplink, seal(bench.hub_key, order(link, 2)))
    assert [event[0] for event in bench.site.events] == ["order"]


@pytest.mark.asyncio
async def test_a_refusal_is_told_to_site_and_hub(bench: Bench) -> None:
    uplink, link = ready(bench)
    await take(uplink, seal(bench.hub_key, order(link, 2, session="s2")))
    assert bench.site.events == [("refused", "session.lease")]
    outcome = decode_at_hub(uplink._owed[0])
    assert isinstance(outcome, Outcome)
    assert (outcome.outcome, outcome.rule) == ("refused", "session.lease")
    check_outcome(bench.key.public_key(), outcome)


@pytest.mark.asyncio
async def test_a_renewal_for_another_link_is_refused_and_renews_nothing(bench: Bench) -> None:
    uplink, _ = ready(bench)
    await take(uplink, seal(bench.hub_key, Renewal(b"another", 2, 1, ["s2"])))
    assert bench.site.events == [("refused", "order.link")]
    assert not uplink.live("s2", bench.clock.monotonic())


@pytest.mark.asyncio
async def test_how_long_an_answer_took_is_measured_once_for_each_heartbeat(bench: Bench) -> None:
    uplink, link = ready(bench)
    bench.clock.advance(0.2)
    await take(uplink, *(seal(bench.hub_key, Renewal(link, number, 1, ["s1"])) for number in (2, 3)))
    assert (sum(uplink.round_trips.counts), uplink.round_trips.total) == (1, pytest.approx(0.2))


@pytest.mark.asyncio
async def test_what_the_hub_did_not_sign_ends_the_link(bench: Bench) -> None:
    uplink, _ = ready(bench)
    with pytest.raises(LinkBroken):
        await take(uplink, Signed(b"body", bytes(64)))
    assert bench.site.events == [("refused", "order.signature")]


@pytest.mark.asyncio
async def test_an_order_for_another_connector_is_refused(bench: Bench) -> None:
    uplink, link = ready(bench)
    await take(uplink, seal(bench.hub_key, msgspec.structs.replace(order(link, 2), connector="connector_2")))
    assert bench.site.events == [("refused", "order.connector")]


@pytest.mark.asyncio
async def test_a_second_welcome_ends_the_link(bench: Bench) -> None:
    uplink, _ = ready(bench)
    with pytest.raises(LinkBroken):
        await take(uplink, Welcome(1, 3.0, 0))


@pytest.mark.asyncio
async def test_a_hub_that_floods_breaks_the_link_and_not_the_site(bench: Bench) -> None:
    uplink, _ = ready(bench)
    for size in range(tested.INBOX_COUNT):
        uplink._heard(EntriesKept(size), 10)
    with pytest.raises(LinkBroken):
        uplink._heard(EntriesKept(0), 10)
    uplink._inbox.clear()
    with pytest.raises(LinkBroken):
        uplink._heard(EntriesKept(0), tested.INBOX_BYTES)


@pytest.mark.asyncio
async def test_a_cut_that_fails_stops_nothing_else(bench: Bench) -> None:
    class Failing(SiteSide):
        async def cut(self, cut: Cut) -> list[str]:
            await super().cut(cut)
            raise ZeroDivisionError

    bench.site = Failing()
    uplink, link = ready(bench)
    async with asyncio.TaskGroup() as group:
        uplink._group = group
        uplink._heard(Cut("cut_1", ["s1"], "lock", "Ended."), 10)
        assert not uplink.live("s1", bench.clock.monotonic())  # at once
    assert bench.site.count("cut") == 1
    await take(uplink, seal(bench.hub_key, order(link, 2)))
    assert bench.site.events[-1] == ("refused", "session.cut")


@pytest.mark.asyncio
async def test_leases_are_watched_without_any_link(bench: Bench) -> None:
    uplink, _ = ready(bench)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(uplink.run())
        bench.clock.advance(14.9)
        await until(lambda: uplink._group is not None)
        assert uplink.live("s1", bench.clock.monotonic())
        bench.clock.advance(0.1)
        assert await bench.site.saw("lapsed") == ["s1"]
        task.cancel()


@pytest.mark.asyncio
async def test_a_renewal_does_not_revive_what_has_lapsed_a_moment_ago(bench: Bench) -> None:
    uplink, link = ready(bench)
    bench.clock.advance(10.0)
    uplink._book.beat(2, bench.clock.monotonic())
    bench.clock.advance(5.0)  # nobody has looked at the leases since
    async with asyncio.TaskGroup() as group:
        uplink._group = group
        await take(uplink, seal(bench.hub_key, Renewal(link, 2, 2, ["s1"])))
    assert bench.site.events == [("lapsed", ["s1"])]
    assert not uplink.live("s1", bench.clock.monotonic())


@pytest.mark.asyncio
async def test_a_session_that_the_site_ended_is_not_renewed(bench: Bench) -> None:
    uplink, link = ready(bench)
    uplink.cut("s1")
    await take(uplink, seal(bench.hub_key, Renewal(link, 2, 1, ["s1"])))
    assert not uplink.live("s1", bench.clock.monotonic())


@pytest.mark.asyncio
async def test_an_outcome_that_is_too_big_says_so(bench: Bench) -> None:
    uplink = bench.uplink()
    uplink.outcome(Outcome("order_1", "done", "x" * (9 * 1024 * 1024)))
    outcome = decode_at_hub(uplink._owed[0])
    assert isinstance(outcome, Outcome)
    assert (outcome.outcome, outcome.result) == ("done", None)
    check_outcome(bench.key.public_key(), outcome)


@pytest.mark.asyncio
async def test_a_lease_is_never_made_longer(bench: Bench) -> None:
    bench.port = 1
    with pytest.raises(ValueError, match="lease"):
        Uplink(UplinkConfig(bench.identity(), lease_s=15.1), SiteSide(), bench.clock)
