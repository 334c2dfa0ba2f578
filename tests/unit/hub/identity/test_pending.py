from roomgate.clock import HandClock
from roomgate.hub.identity import pending
from roomgate.hub.identity.pending import LIVES_S, Pending, Proven
from roomgate.ids import PersonId

ADA = Proven(PersonId("person_ada"), "hash")


def test_a_sign_in_goes_on_by_its_own_cookie_until_it_is_done_or_over() -> None:
    clock = HandClock()
    begun = Pending(clock)
    one, other = begun.begin(ADA).reveal(), begun.begin(ADA).reveal()
    assert one != other
    assert (begun.find(one), begun.find("another"), begun.find("")) == (ADA, None, None)
    begun.end(one)
    assert (begun.find(one), begun.find(other)) == (None, ADA)
    clock.advance(LIVES_S - 1)
    assert begun.find(other) == ADA
    clock.advance(1)
    assert begun.find(other) is None


def test_a_challenge_serves_one_try_and_only_whoever_was_set_it() -> None:
    clock = HandClock()
    begun = Pending(clock)
    cookie, challenge = begun.challenge("")
    assert begun.take_challenge("another") is None
    assert begun.take_challenge(cookie.reveal()) == challenge
    assert begun.take_challenge(cookie.reveal()) is None
    cookie, challenge = begun.challenge(cookie.reveal())
    clock.advance(LIVES_S)
    assert begun.take_challenge(cookie.reveal()) is None


def test_a_cookie_that_we_did_not_make_is_never_taken_over() -> None:
    begun = Pending(HandClock())
    assert begun.challenge("planted")[0].reveal() != "planted"
    mine = begun.begin(ADA).reveal()
    kept, challenge = begun.challenge(mine)
    assert kept.reveal() == mine
    assert begun.take_challenge(mine) == challenge
    assert begun.find(mine) == ADA


def test_strangers_are_bounded_and_push_nobody_out_who_gave_a_password() -> None:
    begun = Pending(HandClock())
    mine = begun.begin(ADA).reveal()
    first = begun.challenge("")[0].reveal()
    for _ in range(pending.MOST_STRANGERS):
        begun.challenge("")
    assert begun.take_challenge(first) is None
    assert begun.find(mine) == ADA
