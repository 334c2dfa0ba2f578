import pytest

from roomgate.access.decision import Denied
from roomgate.hub.relay.heard import REMEMBERED, Heard
from roomgate.hub.revocation import Cause, Revocation, SubjectKind
from support.relay_rig import ADA, BOB, OSLO


def revocation(subject=ADA.id):
    return Revocation(2, Cause.LOCK, SubjectKind.PERSON, subject, None, "")


def test_only_what_came_after_the_mark_and_concerns_it_counts():
    heard = Heard()
    heard.take(revocation())
    mark = heard.mark()
    heard.take(revocation(BOB.id))
    assert heard.clear(mark, ADA, OSLO, None, frozenset())
    heard.take(revocation())
    assert not heard.clear(mark, ADA, OSLO, None, frozenset())
    assert heard.clear(heard.mark(), ADA, OSLO, None, frozenset())
    with pytest.raises(Denied):
        heard.require(mark, ADA, OSLO, None, frozenset())


def test_what_is_not_remembered_counts_as_concerning():
    heard = Heard()
    mark = heard.mark()
    for _ in range(REMEMBERED + 1):
        heard.take(revocation(BOB.id))
    assert not heard.clear(mark, ADA, OSLO, None, frozenset())
