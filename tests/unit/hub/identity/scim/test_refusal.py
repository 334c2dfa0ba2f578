import json

import pytest

from roomgate.errors import BadInput, Conflict, NotFound, PreconditionFailed, RoomgateError
from roomgate.hub.http.problem import NotSignedIn, TooLarge
from roomgate.hub.identity.person import Forbidden
from roomgate.hub.identity.scim.brake import Braked
from roomgate.hub.identity.scim.refusal import ERROR, build_scim_error, build_scim_refusal


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [
        (NotSignedIn("Sign in first."), 401, None),
        (Forbidden("No."), 403, None),
        (NotFound("Nobody."), 404, None),
        (Conflict("Taken."), 409, "uniqueness"),
        (PreconditionFailed("Changed."), 412, None),
        (TooLarge("Large."), 413, None),
        (BadInput("Bad."), 400, "invalidValue"),
        (Braked("Many.", 60), 429, None),
    ],
)
def test_our_errors_have_the_standards_form(fault: RoomgateError, status: int, kind: str | None) -> None:
    refusal = build_scim_refusal(fault)
    said = json.loads(refusal.body)
    assert (refusal.status, said["status"], said.get("scimType")) == (status, str(status), kind)
    assert said["schemas"] == [ERROR]
    assert said["detail"].startswith(fault.message)


def test_the_brake_says_how_long_to_wait() -> None:
    assert build_scim_refusal(Braked("Many.", 90)).headers == (("Retry-After", "90"),)


def test_what_is_not_ours_says_nothing_of_itself() -> None:
    refusal = build_scim_refusal(ValueError("the secret"))
    assert (refusal.status, b"secret" in refusal.body) == (500, False)


def test_words_are_cut_where_they_are_long() -> None:
    assert len(json.loads(build_scim_error(400, "x" * 9000).body)["detail"]) == 500
