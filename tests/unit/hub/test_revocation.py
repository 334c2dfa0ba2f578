"""The one list of what ends access: which causes close outright, and which leave what another grant covers."""

import pytest

from roomgate.hub.revocation import JUDGED_ANEW, Cause, Revocation, SubjectKind


def test_only_what_another_grant_may_cover_is_judged_again() -> None:
    outright = set(Cause) - JUDGED_ANEW
    assert outright >= {
        Cause.PERSON_DISABLED, Cause.PERSON_DELETED, Cause.PASSWORD_CHANGED, Cause.SIGNED_OUT, Cause.TOKEN_REVOKED,
        Cause.TOKEN_EXPIRED, Cause.LOCK, Cause.ROOM_REMOVED, Cause.DEVICE_CREDENTIAL, Cause.CONNECTOR_DISABLED,
        Cause.SESSION_ENDED,
    }  # fmt: skip


def test_it_reaches_all_rooms_and_spares_nobody_unless_it_says_so() -> None:
    cut = Revocation(1, Cause.LOCK, SubjectKind.PERSON, "person_1", None, "why")
    assert (cut.rooms, cut.spared) == (None, None)


@pytest.mark.parametrize("field", ["sequence", "subject", "rooms"])
def test_it_is_never_changed(field: str) -> None:
    cut = Revocation(1, Cause.LOCK, SubjectKind.PERSON, "person_1", None, "why")
    with pytest.raises(AttributeError):
        setattr(cut, field, None)
