import errno

import pytest

from roomgate.cli.exits import DONE, FAULT, INTERRUPTED, NO, UNREACHABLE, USAGE, Fault, code_of, tell
from roomgate.connector.config import BadConfig as BadConnectorConfig
from roomgate.errors import BadInput, Conflict, NotFound, OutcomeUnknown, Unreachable
from roomgate.hub.config import BadConfig
from roomgate.ledger.checkpoint import BadNote
from roomgate.meetings.invite import BadInvitation
from roomgate.xapi.errors import (
    AuthenticationFailed,
    BadArgument,
    CertificateChanged,
    CommandFailed,
    DeviceUnreachable,
    InvalidPath,
    NoAnswer,
    UnknownPath,
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NotFound("x"), NO),
        (Conflict("x"), NO),
        (CommandFailed("x"), NO),
        (AuthenticationFailed("x"), NO),
        (CertificateChanged("x"), NO),
        (BadInput("x"), USAGE),
        (BadConfig(["x"]), USAGE),
        (BadConnectorConfig("x"), USAGE),
        (BadNote("x"), USAGE),
        (BadInvitation("x"), USAGE),
        (InvalidPath("x"), USAGE),
        (UnknownPath("x"), USAGE),
        (BadArgument("x"), USAGE),
        (OSError(errno.ENOENT, "No such file", "x"), USAGE),
        (PermissionError(errno.EACCES, "Permission denied"), USAGE),
        (OSError(errno.EADDRINUSE, "Address already in use"), USAGE),
        (Unreachable("x"), UNREACHABLE),
        (OutcomeUnknown("x"), UNREACHABLE),
        (DeviceUnreachable("x"), UNREACHABLE),
        (NoAnswer("x"), UNREACHABLE),
        (ConnectionResetError("x"), UNREACHABLE),
        (Fault("x"), FAULT),
        (OSError(errno.ENOSPC, "No space left on device"), FAULT),
        (ZeroDivisionError("x"), FAULT),
        (KeyboardInterrupt(), INTERRUPTED),
        (ExceptionGroup("x", [ExceptionGroup("y", [BadInput("x")]), ValueError("z")]), USAGE),
    ],
)
def test_each_error_has_its_code_and_its_words(error, code, capsys):
    assert code_of(error) == code
    assert tell(error) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.strip()
    assert ("internal fault" in said.err) == (code == FAULT and not isinstance(error, Fault))


def test_the_codes_are_those_that_are_promised():
    assert (DONE, NO, USAGE, UNREACHABLE, FAULT) == (0, 1, 2, 3, 4)


def test_what_to_do_next_comes_under_what_happened(capsys):
    tell(Unreachable("It does not answer.", hint="Start it."))
    assert capsys.readouterr().err == "roomgate: It does not answer. [unreachable]\n  Start it.\n"
    tell(OSError(errno.ENOENT, "No such file", "hub.toml"))
    assert capsys.readouterr().err.splitlines()[0] == "roomgate: hub.toml: No such file"
    tell(KeyboardInterrupt())
    assert capsys.readouterr().err == "Stopped.\n"
