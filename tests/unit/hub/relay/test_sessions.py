import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.clock import HandClock
from roomgate.hub.channels import Cutoff, Kind
from roomgate.hub.relay.sessions import LINGER_S, Book
from roomgate.hub.revocation import Cause, Revocation, SubjectKind
from roomgate.ids import GrantId
from roomgate.link.messages import EffectInfo
from support.relay_rig import ADA, BOB, OSLO, ROME

WHY = Cutoff("lock", "")


def effect(session, id="effect_1"):
    return EffectInfo(id, session, ADA.id, "grant_1", "oslo", "call 12")


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def book(clock):
    return Book(clock)


def test_asks_of_one_credential_in_one_room_share_a_session_while_it_is_fresh(book, clock):
    session = book.reuse(ADA, OSLO)
    assert book.reuse(ADA, OSLO) is session
    assert book.reuse(ADA, ROME) is not session
    assert book.reuse(BOB, OSLO) is not session
    other = type(ADA)(ADA.id, ADA.name, ADA.kind, "token_other")
    assert book.reuse(other, OSLO) is not session
    clock.advance(LINGER_S[Kind.API])
    assert book.reuse(ADA, OSLO) is not session


def test_effects_keep_a_session_until_they_end(book, clock):
    session = book.reuse(ADA, OSLO)
    session.grant = GrantId("grant_1")
    assert book.report(OSLO.connector, [effect(session.id)]) == {}
    clock.advance(10_000)
    assert book.living(OSLO.connector) == [session]
    assert book.reuse(ADA, OSLO) is session
    book.effect_ended("effect_1")
    assert book.living(OSLO.connector) == []
    assert book.sweep() == [session]


def test_a_heartbeat_tells_all_effects(book, clock):
    session = book.reuse(ADA, OSLO)
    session.grant = GrantId("grant_1")
    book.report(OSLO.connector, [effect(session.id)])
    book.report(OSLO.connector, [])
    clock.advance(10_000)
    assert book.living(OSLO.connector) == []


def test_effects_of_sessions_that_are_not_in_the_book_are_given_back(book):
    strange = effect("session_strange")
    assert book.report(OSLO.connector, [strange]) == {"session_strange": [strange]}


def test_what_had_no_permit_is_not_renewed(book):
    book.reuse(ADA, OSLO)
    assert book.living(OSLO.connector) == []


def test_an_ended_session_is_never_renewed_and_never_reused(book):
    session = book.reuse(ADA, OSLO)
    session.grant = GrantId("grant_1")
    book.end(session, WHY)
    book.end(session, Cutoff("later", ""))
    assert session.ended == WHY
    assert book.living(OSLO.connector) == []
    assert book.reuse(ADA, OSLO) is not session
    assert not book.lives(session)


def test_an_ask_under_way_keeps_its_session(book, clock):
    session = book.reuse(ADA, OSLO)
    with book.asking(session):
        clock.advance(10_000)
        assert book.sweep() == []
    assert book.lives(session)


def test_a_reissued_session_has_a_new_id_and_nothing_of_the_old(book):
    session = book.reuse(ADA, OSLO)
    session.vouched, session.opened, session.effects = b"nonce", 3, {"effect_1"}
    old = session.id
    book.reissue(session)
    assert (session.vouched, session.opened, session.effects) == (b"", None, set())
    assert book.find(old) is None
    assert book.find(session.id) is session


def test_the_book_sorts_what_a_revocation_ends_and_what_it_puts_in_doubt(book):
    session = book.reuse(ADA, OSLO)
    session.grants = frozenset({GrantId("grant_1")})
    book.reuse(BOB, OSLO)
    outright = Revocation(2, Cause.PERSON_DISABLED, SubjectKind.PERSON, ADA.id, None, "")
    doubt = Revocation(3, Cause.GRANT_REVOKED, SubjectKind.GRANT, "grant_1", None, "")
    assert book.concerned(outright) == ([session], [])
    assert book.concerned(doubt) == ([], [session])


@given(st.lists(st.sampled_from(["open", "end", "effect", "wait", "sweep", "reissue", "ask"]), max_size=30))
def test_whatever_happens_only_what_lives_is_renewed(moves):
    clock = HandClock()
    book = Book(clock)
    ended = set()
    for move in moves:
        sessions = list(book)
        first = sessions[0] if sessions else None
        match move:
            case "open":
                book.reuse(ADA, OSLO).grant = GrantId("grant_1")
            case "end" if first:
                ended.add(first.id)
                book.end(first, WHY)
            case "effect" if first:
                book.report(OSLO.connector, [effect(first.id)])
            case "wait":
                clock.advance(61)
            case "sweep":
                ended |= {session.id for session in book.sweep()}
            case "reissue" if first:
                ended.add(first.id)
                book.reissue(first)
        renewed = {session.id for session in book.living(OSLO.connector)}
        assert not renewed & ended
        assert all(book.lives(book.find(id)) for id in renewed)
