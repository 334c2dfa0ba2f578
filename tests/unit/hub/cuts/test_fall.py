from roomgate.clock import HandClock
from roomgate.hub.cuts.fall import Fall
from roomgate.ids import ConnectorId

ONE, TWO = ConnectorId("connector_1"), ConnectorId("connector_2")


def falling() -> tuple[HandClock, list[Fall], Fall]:
    clock, kept = HandClock(), list[Fall]()
    return clock, kept, Fall(7, "lock", "then", clock.monotonic(), clock, kept.append)


def test_each_channel_has_its_own_figure_from_the_beginning() -> None:
    clock, kept, fall = falling()
    clock.advance(0.0123)
    fall.closed("page")
    clock.advance(0.1)
    fall.closed("subscription", 2)
    fall.closed("xapi", 0)
    fall.ended_here()
    assert kept == [fall]
    assert fall.channels == {"page": [12.3], "subscription": [112.3, 112.3]}
    assert fall.took_ms == 112.3


def test_it_is_over_once_every_connector_has_said_that_it_cut() -> None:
    clock, kept, fall = falling()
    fall.sessions = 2
    for cut, connector in (("cut_1", ONE), ("cut_2", ONE), ("cut_3", TWO)):
        fall.told(connector, cut)
    fall.ended_here()
    clock.advance(0.02)
    assert fall.said("cut_1", ONE)
    assert not fall.said("cut_2", TWO), "of another's cut it is not to speak"
    clock.advance(0.01)
    assert fall.said("cut_2", ONE)
    assert (kept, fall.connectors) == ([], {ONE: 30.0, TWO: None})
    assert fall.said("cut_3", TWO)
    assert not fall.said("cut_3", TWO)
    assert (kept, fall.took_ms) == ([fall], 30.0)


def test_one_that_stays_silent_or_is_away_has_no_figure() -> None:
    _, kept, fall = falling()
    fall.told(ONE, "cut_1")
    fall.away(TWO)
    fall.ended_here()
    assert kept == []
    fall.give_up()
    fall.ended_here()
    assert (kept, fall.connectors, fall.took_ms) == ([fall], {ONE: None, TWO: None}, 0.0)


def test_where_nothing_was_open_there_is_nothing_to_tell() -> None:
    _, _, fall = falling()
    assert fall.empty
    fall.sessions = 1
    assert not fall.empty
