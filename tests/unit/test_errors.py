"""Every error has a code for programs; a hint may be given for one case alone."""

import pytest

from roomgate.errors import BadInput, Conflict, NotFound, OutcomeUnknown, RoomgateError, Unreachable


@pytest.mark.parametrize("kind", [BadInput, Conflict, NotFound, OutcomeUnknown, Unreachable])
def test_each_kind_has_a_code_of_its_own(kind):
    others = {RoomgateError, BadInput, Conflict, NotFound, OutcomeUnknown, Unreachable} - {kind}
    assert kind.code not in {other.code for other in others}
    assert issubclass(kind, RoomgateError)


def test_the_message_is_what_was_said_or_else_the_kind():
    assert RoomgateError("The room is gone.").message == "The room is gone."
    assert NotFound().message == "NotFound"


def test_a_hint_for_one_case_leaves_the_kind_alone():
    assert BadInput("no", hint="Try 5.").hint == "Try 5."
    assert BadInput("no").hint == BadInput.hint
    assert BadInput("no", hint="").hint == ""
