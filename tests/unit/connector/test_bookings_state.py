"""Each reason for which a device shows no list is told apart, and says what to do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.connector.bookings_state import OK, UNTRIED, Code, Facts, judge_put, judge_shown
from roomgate.xapi import errors
from roomgate.xapi.errors import (
    AuthenticationFailed,
    CommandFailed,
    DeviceGone,
    DeviceUnreachable,
    NoAnswer,
    PermissionDenied,
    RateLimited,
    UnknownPath,
    XapiError,
)


@pytest.mark.parametrize(
    ("facts", "fault", "code", "remedy"),
    [
        (Facts(account=False), DeviceUnreachable("no password"), Code.NO_ACCOUNT, "vault put"),
        (Facts(), AuthenticationFailed("no"), Code.REFUSED, "confirm"),
        (Facts(), DeviceUnreachable("away"), Code.AWAY, "when it is back"),
        (Facts(), DeviceGone("gone"), Code.AWAY, "when it is back"),
        (Facts(), NoAnswer("slow"), Code.AWAY, "when it is back"),
        (Facts(), RateLimited("slower"), Code.BUSY, "later"),
        (Facts(), PermissionDenied("no"), Code.NO_RIGHT, "role Admin"),
        (Facts(version="ce9.15.0"), UnknownPath("what"), Code.OLD_SOFTWARE, "ce9.15.0"),
        (Facts(), UnknownPath("what"), Code.OLD_SOFTWARE, "Upgrade"),
        (Facts(teams_app="1.0"), CommandFailed("no"), Code.TEAMS_ROOM, "RoomOS device"),
        (Facts(teams_signed_in="True"), PermissionDenied("no"), Code.TEAMS_ROOM, "RoomOS device"),
        (Facts(teams_app="1.0"), UnknownPath("what"), Code.TEAMS_ROOM, "RoomOS device"),
        (Facts(zoom_app="Active"), CommandFailed("no"), Code.ZOOM_ROOM, "RoomOS device"),
        (Facts(zoom_app="NotApplicable"), CommandFailed("the disk is full"), Code.FAILED, "the disk is full"),
    ],
)
def test_why_a_list_was_not_put(facts, fault, code, remedy):
    state = judge_put(facts, fault, str(fault))
    assert (state.code, remedy in state.words, state.fine) == (code, True, False)


FAULTS = [
    one
    for one in vars(errors).values()
    if isinstance(one, type) and issubclass(one, XapiError) and one is not XapiError
]


@given(st.sampled_from(FAULTS), st.text(max_size=30), st.text(max_size=30), st.booleans())
def test_every_fault_has_words_that_fit_one_line(kind, said, version, account):
    fault = kind.__new__(kind)
    fault.args = (said,)
    state = judge_put(Facts(version=version, account=account), fault, said)
    assert state.words
    assert "\n" not in state.words


def test_a_list_that_was_put():
    assert judge_shown(Facts(webex="Registered"), 0) is OK
    assert judge_shown(Facts(webex="Disabled"), 3) is OK
    assert judge_shown(Facts(webex="Registered"), 3).code is Code.OTHER_CALENDAR
    assert (OK.fine, UNTRIED.fine) == (True, True)
