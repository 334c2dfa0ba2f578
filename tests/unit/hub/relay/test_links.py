import asyncio

import pytest

from roomgate.clock import HandClock
from roomgate.errors import Unreachable
from roomgate.hub.channels import Cutoff
from roomgate.hub.cuts.fall import Fall
from roomgate.hub.relay.links import Links
from roomgate.hub.relay.sessions import Book
from roomgate.hub.relay.watch import Watch
from roomgate.ids import GrantId, OrderId
from roomgate.link.messages import Outcome
from roomgate.xapi.call import Verb
from roomgate.xapi.schema import Catalogue
from support.relay_rig import ADA, OSLO, FakeLink

WHY = Cutoff("lock", "")


def made():
    clock = HandClock()
    book = Book(clock)
    return clock, book, Links(book, clock)


@pytest.mark.asyncio
async def test_a_link_is_used_once_it_beats():
    clock, _, links = made()
    with pytest.raises(Unreachable):
        await links.get(OSLO)
    live = links.arrived(FakeLink(clock))
    async with asyncio.TaskGroup() as group:
        getting = group.create_task(links.get(OSLO))
        await asyncio.sleep(0)
        assert not getting.done()
        links.beat(live)
        assert await getting is live
    links.gone(live.link)
    with pytest.raises(Unreachable):
        await links.get(OSLO)


@pytest.mark.asyncio
async def test_a_cut_of_two_connectors_lasts_until_both_have_answered():
    clock, _, links = made()
    one, two = FakeLink(clock), FakeLink(clock)
    two.connector = "connector_2"
    links.arrived(one)
    links.arrived(two)
    kept: list[Fall] = []
    fall = Fall(7, "lock", "then", clock.monotonic(), clock, kept.append)
    links.cut({"connector_1": ["session_1"], "connector_2": ["session_2"], "connector_3": ["x"]}, WHY, fall)
    fall.ended_here()
    clock.advance(0.1)
    links.cut_done(one.cuts[0].id, "connector_2")  # which is not its to say
    links.cut_done(one.cuts[0].id, "connector_1")
    assert kept == []
    clock.advance(0.1)
    links.cut_done(two.cuts[0].id, "connector_2")
    assert kept == [fall]
    assert fall.connectors == {"connector_1": 100.0, "connector_2": 200.0, "connector_3": None}


@pytest.mark.asyncio
async def test_renewals_and_vouching_share_one_sequence():
    clock, book, links = made()
    live = links.arrived(FakeLink(clock))
    session = book.open(ADA, OSLO, "api")
    session.grant = GrantId("grant_1")
    links.beat(live)
    links.vouch(live, session)
    links.beat(live)
    assert [renewal.sequence for renewal in live.link.renewals] == [1, 2, 3]
    assert live.link.renewals[1].sessions == [session.id]


def test_an_outcome_that_nobody_waits_for_is_given_back():
    _, _, links = made()
    assert not links.outcome(Outcome("order_1", "done"), OSLO.connector)


def test_every_watch_of_a_session_is_found_until_it_is_closed():
    clock, book, links = made()
    link = FakeLink(clock)
    links.arrived(link)
    catalogue = Catalogue.shipped()
    call = catalogue.canonical(Verb.SUBSCRIBE, "Status/Audio")
    mine, other = book.open(ADA, OSLO, "api"), book.open(ADA, OSLO, "api")
    watches = [
        Watch(session, call, OrderId(f"order_{number}"), catalogue, links.drop_watch)
        for number, session in enumerate((mine, mine, other))
    ]
    for watch in watches:
        links.add_watch(watch)
    links.gone(link)  # also those whose link is lost
    assert set(links.watches_of(mine)) == set(watches[:2])
    watches[0].close()
    assert links.watches_of(mine) == [watches[1]]
    assert links.take_lost("connector_1") == watches[1:]
    links.add_watch(watches[1])  # over the next link
    watches[1].end(WHY)
    watches[2].close()
    assert (links.watches_of(mine), links.watches_of(other)) == ([], [])
