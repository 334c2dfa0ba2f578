import pytest

from roomgate.xapi.call import Verb
from roomgate.xapi.errors import (
    BadArgument,
    CommandFailed,
    NothingThere,
    PermissionDenied,
    TooManySubscriptions,
    UnknownPath,
)
from roomgate.xapi.markup import parse
from roomgate.xapi.outcome import failure, refusal


@pytest.mark.parametrize("text", ["<R/>", '<R status="OK"/>', '<R status="ok"><A>1</A></R>'])
def test_a_good_one(text):
    assert failure(parse(text.encode()), Verb.COMMAND) is None


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ('<R status="ParameterError"/>', BadArgument, "A parameter is missing, unknown or out of range"),
        ('<R status="Error"/>', CommandFailed, "The device gave no reason"),
        (
            '<R status="Error"><Reason>Certificate already exists</Reason></R>',
            CommandFailed,
            "Certificate already exists",
        ),
        ('<R status="Error"><Error>older</Error></R>', CommandFailed, "older"),
        (
            '<R status="Error"><Reason>Unknown command</Reason><XPath>/Dail</XPath></R>',
            UnknownPath,
            "Unknown command (/Dail)",
        ),
        ('<R status="Error"><Reason>Permission denied</Reason></R>', PermissionDenied, "Permission denied"),
    ],
)
def test_a_bad_one(text, kind, said):
    error = failure(parse(text.encode()), Verb.COMMAND)
    assert (type(error), str(error)) == (kind, said)


def test_the_same_sentence_means_another_thing_for_another_call():
    assert type(refusal("No match on address expression", Verb.GET)) is NothingThere
    assert type(refusal("No match on address expression", Verb.SET)) is UnknownPath
    assert type(refusal("Too many expressions", Verb.SUBSCRIBE)) is TooManySubscriptions
    assert type(refusal("Too many calls", Verb.COMMAND)) is CommandFailed
    assert type(refusal("Illegal value", Verb.SET)) is BadArgument
