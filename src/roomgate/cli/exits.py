"""Errors to words, a hint and an exit code: 0 done, 1 the answer is no, 2 bad input, 3 unreachable, 4 our fault."""

import sys

from roomgate.errors import BadInput, CannotStart, NotFound, RoomgateError, Unreachable
from roomgate.xapi.errors import DeviceUnreachable, XapiError

DONE, NO, USAGE, UNREACHABLE, FAULT = range(5)


def inmost(error: BaseException) -> BaseException:
    """What went wrong, out of the groups of tasks that it came up through."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def code_of(error: BaseException) -> int:
    match error:
        case BadInput() | CannotStart() | FileNotFoundError() | PermissionError():
            return USAGE
        case Unreachable() | DeviceUnreachable() | ConnectionError():
            return UNREACHABLE
        case NotFound() | RoomgateError() | XapiError():
            return NO
        case KeyboardInterrupt():
            return 130
        case _:
            return FAULT


def tell(error: BaseException) -> int:
    """Say on standard error what happened and what to do next; gives the exit code."""
    error = inmost(error)
    if isinstance(error, KeyboardInterrupt):
        print("Stopped.", file=sys.stderr)
    elif isinstance(error, RoomgateError | XapiError):
        print(f"roomgate: {error.message} [{error.code}]", file=sys.stderr)
        if error.hint:
            print(f"  {error.hint}", file=sys.stderr)
    elif isinstance(error, FileNotFoundError | PermissionError) and error.filename:
        print(f"roomgate: {error.filename}: {error.strerror}", file=sys.stderr)
        print("  Check the path, and that the account that runs this may use it.", file=sys.stderr)
    else:
        print(f"roomgate: an internal fault: {type(error).__name__}: {error}", file=sys.stderr)
        print(
            "  Please report it with the command that you ran; ROOMGATE_DEBUG=1 shows where it happened.",
            file=sys.stderr,
        )
    return code_of(error)
