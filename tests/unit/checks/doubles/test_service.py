"""What ends access ends it at once, for requests and for what is live; each flaw leaves one of them alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.checks.doubles.flaws import ALL, Flaw
from roomgate.checks.doubles.service import CODE_S, LINK_S, SHUT_S, SLOW_S, SURVIVES, WRONG_MOST, Service
from roomgate.clock import HandClock

OAK = frozenset({"oak"})


def service(*flaws: Flaw) -> tuple[Service, HandClock]:
    clock = HandClock()
    made = Service(clock, frozenset(flaws))
    made.add_person("ada", "secret", "user", OAK)
    return made, clock


def entered(made: Service) -> str:
    found = made.sign_in("ada", "secret")
    assert found is not None
    return found.id


def ways(made: Service, id: str) -> tuple[bool, bool]:
    """Whether requests are served, and what is live."""
    both = [made.person_of(id, live=live) for live in (False, True)]
    return tuple(one is not None and made.may_enter(one, "oak", live=bool(n)) for n, one in enumerate(both))  # type: ignore[return-value]


@pytest.mark.parametrize("cause", [*SURVIVES, "lock", "grant-removed", "session-ended"])
def test_a_cause_cuts_both_at_once(cause):
    made, _ = service()
    id = entered(made)
    assert ways(made, id) == (True, True)
    made.cut("ada", cause)
    assert ways(made, id) == (False, False)


@pytest.mark.parametrize(("cause", "flaw"), SURVIVES.items())
def test_the_flaw_of_a_cause_leaves_requests_alone(cause, flaw):
    made, _ = service(flaw)
    id = entered(made)
    made.cut("ada", cause)
    assert ways(made, id) == (True, False)
    made.cut("ada", "lock")
    assert ways(made, id) == (False, False)


def test_what_is_live_survives_alone():
    made, _ = service(Flaw.LIVE_SURVIVES)
    id = entered(made)
    made.cut("ada", "deleted")
    assert ways(made, id) == (False, True)


def test_a_slow_cut_comes_later():
    made, clock = service(Flaw.SLOW_CUT)
    id = entered(made)
    made.cut("ada", "deleted")
    clock.advance(SLOW_S - 0.1)
    assert ways(made, id) == (True, True)
    clock.advance(0.1)
    assert ways(made, id) == (False, False)


def test_the_device_is_shut_until_its_new_password_is_told():
    made, _ = service()
    id = entered(made)
    made.shut_device()
    assert ways(made, id) == (False, False)
    assert ways(made, entered(made)) == (False, False)
    made.reopen_device()
    assert ways(made, entered(made)) == (True, True)


def test_wrong_passwords_shut_an_account_for_a_while():
    made, clock = service()
    for _ in range(WRONG_MOST):
        assert made.sign_in("ada", "wrong") is None
    assert made.sign_in("ada", "secret") is None
    clock.advance(SHUT_S)
    assert made.sign_in("ada", "secret") is not None


def test_without_end_they_shut_nothing():
    made, _ = service(Flaw.ENDLESS_GUESSES)
    assert not any(made.sign_in("ada", "wrong") for _ in range(WRONG_MOST * 3))
    assert made.sign_in("ada", "secret") is not None


def test_a_link_ends_after_it_was_first_opened():
    made, clock = service()
    link = made.issue("ada", "oak")
    clock.advance(LINK_S)
    assert made.open_link(link.code) is link
    clock.advance(LINK_S)
    assert made.open_link(link.code) is None
    assert made.open_link("another") is None


def test_an_endless_one_does_not_but_can_be_revoked():
    made, clock = service(Flaw.ENDLESS)
    link = made.issue("ada", "oak", 1.0)
    made.open_link(link.code)
    clock.advance(10 * LINK_S)
    assert made.open_link(link.code) is link
    link.revoked = True
    assert made.open_link(link.code) is None


def test_links_are_long_short_or_numbers():
    assert len({service()[0].issue("ada", "oak").code for _ in range(50)}) == 50
    assert len(service()[0].issue("ada", "oak").code) == 22
    assert len(service(Flaw.SHORT_LINKS)[0].issue("ada", "oak").code) == 6
    made, _ = service(Flaw.NUMBERED_LINKS, Flaw.SHORT_LINKS)
    assert [made.issue("ada", "oak").code for _ in range(2)] == ["1001", "1002"]


def test_a_code_enrols_once_and_in_time():
    made, clock = service()
    code, late = made.issue_code(), made.issue_code()
    assert [made.redeem(code), made.redeem(code), made.redeem("none")] == [True, False, False]
    clock.advance(CODE_S)
    assert not made.redeem(late)
    lax, clock = service(Flaw.REUSABLE_ENROLMENT)
    code = lax.issue_code()
    clock.advance(CODE_S)
    assert [lax.redeem(code), lax.redeem(code)] == [True, True]


def test_a_record_that_was_changed_shows_it():
    made, _ = service()
    entered(made)
    made.note("ada", "read", "oak")
    assert made.record_is_whole()
    del made.record[1]
    assert not made.record_is_whole()


def test_without_a_record_only_the_start_is_known():
    made, _ = service(Flaw.KEEPS_NO_RECORD)
    entered(made)
    assert [line.what for line in made.record] == ["start"]


def test_guessable_sign_ins_count():
    made, _ = service(Flaw.GUESSABLE_COOKIES)
    assert int(entered(made)) + 1 == int(entered(made))


def test_a_visit_is_known_again_until_it_ends():
    made, _ = service()
    first = made.visit()
    assert made.visit(first.id) is first
    assert made.visit("invented") is not first
    assert made.person_of(first.id) is None


def test_who_signs_out_is_out():
    made, _ = service()
    id = entered(made)
    made.sign_out(id)
    made.sign_out("nobody")
    assert ways(made, id) == (False, False)


def test_crossing_needs_a_room_of_ones_own_and_only_looks():
    made, _ = service(Flaw.CROSSES_USERS)
    found = made.person_of(entered(made))
    assert found is not None
    assert made.may_enter(found, "elm")
    assert not made.may_enter(found, "elm", acts=True)
    assert not made.may_enter(found, "elm", live=True)
    found.rooms = frozenset()
    assert not made.may_enter(found, "elm")


@given(st.frozensets(st.sampled_from(sorted(ALL))), st.lists(st.sampled_from([*SURVIVES, "lock"]), max_size=5))
def test_whatever_is_wrong_a_lock_ends_requests_in_time(flaws, causes):
    clock = HandClock()
    made = Service(clock, flaws)
    made.add_person("ada", "secret", "user", OAK)
    id = entered(made)
    for cause in [*causes, "lock"]:
        made.cut("ada", cause)
    clock.advance(SLOW_S)
    assert ways(made, id)[0] is False
