import json

import pytest

from roomgate.access.decision import Denied
from roomgate.errors import NotFound
from roomgate.hub.http.problem import NO_SUCH_ROOM, build_http_refusal, build_refusal
from roomgate.hub.identity.guessing import TooManyTries
from roomgate.xapi.errors import InvalidPath


def test_a_room_that_is_not_theirs_reads_as_one_that_is_not_there() -> None:
    hidden = build_refusal(Denied("lock.room", "Locked: a secret reason.", some_grant=False))
    unknown = build_refusal(NotFound(NO_SUCH_ROOM))
    assert (hidden.status, hidden.body) == (404, unknown.body)
    shown = build_refusal(Denied("capability", "It needs call.", some_grant=True))
    assert (shown.status, json.loads(shown.body)["rule"]) == (403, "capability")


def test_what_is_not_ours_tells_nothing_of_itself() -> None:
    refusal = build_refusal(ValueError("a secret"))
    assert refusal.status == 500
    assert b"secret" not in refusal.body


def test_slowness_says_how_long() -> None:
    assert ("Retry-After", "8") in build_refusal(TooManyTries(8.2)).headers


@pytest.mark.parametrize(("status", "code"), [(404, "not-found"), (405, "method"), (418, "http.418")])
def test_the_frameworks_refusals_have_codes(status: int, code: str) -> None:
    assert json.loads(build_http_refusal(status, "x").body)["code"] == code
    assert build_refusal(InvalidPath("x")).status == 400
