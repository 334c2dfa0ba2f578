from roomgate.access.decision import Room
from roomgate.access.principal import ROLES, Principal, Right
from roomgate.access.principal import Kind as PrincipalKind
from roomgate.clock import HandClock
from roomgate.hub.channels import Cutoff, Kind, Session
from roomgate.hub.console.inside import living, people_inside, show
from roomgate.hub.identity.person import Person, Signed
from roomgate.hub.relay.sessions import Book
from support.relay_rig import ADA, BOB, OSLO, ROME


def open_in(book: Book, who: Principal, room: Room, kind: Kind = Kind.XAPI) -> Session:
    session = book.open(who, room, kind)
    session.channels = 1
    return session


def reader(who: Principal, *roles: str) -> Signed:
    return Signed(who, Person(who.id, who.name, PrincipalKind.PERSON, frozenset(roles), True, HandClock().now(), 1))


def test_somebody_who_is_there_twice_counts_once() -> None:
    book = Book(HandClock())
    for who, room in ((ADA, OSLO), (ADA, OSLO), (BOB, OSLO), (BOB, ROME)):
        open_in(book, who, room)
    assert people_inside(book) == {OSLO.id: 2, ROME.id: 1}


def test_the_newest_comes_first_and_what_has_ended_is_gone() -> None:
    clock = HandClock()
    book = Book(clock)
    first = open_in(book, ADA, OSLO)
    clock.advance(1)
    second = open_in(book, BOB, OSLO)
    open_in(book, BOB, ROME)
    assert living(book, OSLO.id) == [second, first]
    book.end(second, Cutoff("x", "y"))
    assert living(book, OSLO.id) == [first]


def test_a_page_that_was_closed_is_not_inside() -> None:
    book = Book(HandClock())
    session = open_in(book, ADA, OSLO, Kind.PAGE)
    session.channels = 0
    assert living(book) == []


def test_one_sees_ones_own_and_with_the_right_to_see_all() -> None:
    book = Book(HandClock())
    for who in (ADA, BOB):
        open_in(book, who, OSLO)
    assert [(one.name, one.may_cut) for one in show(living(book), reader(BOB))] == [("bob", True)]
    assert {one.name for one in show(living(book), reader(BOB, "administrator"))} == {"ada", "bob"}
    auditor = next(name for name, rights in ROLES.items() if Right.SEE in rights and Right.CUT not in rights)
    assert {one.name: one.may_cut for one in show(living(book), reader(BOB, auditor))} == {"ada": False, "bob": True}
