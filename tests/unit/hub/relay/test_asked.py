import pytest

from roomgate.clock import HandClock
from roomgate.errors import BadInput
from roomgate.hub.channels import IDLE, Cutoff, Kind
from roomgate.hub.relay.asked import LONGEST_REASON, REMEMBER_S, Asked, Asks, Wish
from roomgate.hub.relay.sessions import Book
from roomgate.ids import AskId, OrderId
from roomgate.xapi.call import Verb
from roomgate.xapi.errors import BadArgument
from roomgate.xapi.schema import Catalogue
from support.relay_rig import ADA, OSLO

KNOWN = Catalogue.shipped()


def made(clock=None, id="ask_1"):
    clock = clock or HandClock()
    session = Book(clock).open(ADA, OSLO, Kind.API)
    call = KNOWN.canonical(Verb.COMMAND, "Dial", {"Number": "x"})
    return Asked(AskId(id), OrderId(f"order_{id}"), ADA, "oslo", call, session, clock.monotonic())


def test_a_wish_is_read_by_the_catalogue():
    assert str(Wish(Verb.COMMAND, "audio.volume.set", {"level": "5"}).call(KNOWN).path) == "Command/Audio/Volume/Set"
    with pytest.raises(BadArgument):
        Wish(Verb.COMMAND, "Audio.Volume.Set", {"Level": 500}).call(KNOWN)
    with pytest.raises(BadInput):
        Wish(Verb.GET, "Status/Audio", reason="x" * (LONGEST_REASON + 1)).call(KNOWN)


def test_the_answer_proves_its_permit():
    asked = made()
    assert asked.answer().receipt is None
    asked.entry = 7
    asked.settle("done", result={"CallId": 1})
    assert asked.over.is_set()
    assert asked.answer().receipt == {"entry": 7, "order": asked.order, "digest": asked.call.digest()}


@pytest.mark.parametrize(
    ("sent", "consent", "outcome"), [(False, False, "refused"), (True, False, "unknown"), (True, True, "refused")]
)
def test_whoever_was_cut_learns_only_that(sent, consent, outcome):
    asked = made()
    asked.sent = sent
    if consent:
        asked.consent.set()
    asked.session.ended = Cutoff("lock", "It was locked.")
    answer = asked.answer()
    assert (answer.outcome, answer.rule, answer.result) == (outcome, "lock", None)
    asked.settle("done", result={"CallId": 1})
    assert (asked.answer().outcome, asked.answer().result) == ("done", None)


def test_a_session_that_merely_ended_hides_nothing():
    asked = made()
    asked.settle("done", result=5)
    asked.session.ended = Cutoff(IDLE, "")
    assert asked.answer().result == 5


def test_old_answers_are_forgotten_and_those_under_way_are_not():
    clock = HandClock()
    asks = Asks(clock)
    done, under_way = made(clock, "ask_1"), made(clock, "ask_2")
    done.settle("done")
    asks.add(done)
    asks.add(under_way)
    clock.advance(REMEMBER_S + 1)
    asks.sweep()
    assert (asks.find("ask_1"), asks.find("ask_2")) == (None, under_way)
    assert asks.by_order("order_ask_2") is under_way
    asks.release(under_way.session)
    assert under_way.over.is_set()


def test_what_waits_for_a_yes_in_the_room_is_told_until_it_is_over():
    clock = HandClock()
    asks, all_ = Asks(clock), []
    for id in ("ask_1", "ask_2", "ask_3"):
        all_.append(made(clock, id))
        asks.add(all_[-1])
        clock.advance(1)
    first, second, sent = all_
    assert asks.in_question() == []
    second.consent.set()
    first.consent.set()
    sent.sent = True
    assert asks.in_question() == [first, second]
    first.settle("done")
    assert asks.in_question() == [second]
    asks.release(second.session)  # its asker was cut
    assert asks.in_question() == []
