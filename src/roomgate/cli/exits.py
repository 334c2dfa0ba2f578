"""Errors to words, a hint and an exit code: 0 done, 1 the answer is no, 2 bad input, 3 unreachable, 4 our fault."""

import sys

from roomgate.errors import BadInput, NotFound, RoomgateError, Unreachable
from roomgate.xapi.errors import DeviceUnreachable, XapiError

DONE, NO, USAGE, UNREACHABLE, FAULT = range(5)


def code_of(error: BaseException) -> int:
    match error:
        case BadInput():
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
    if isinstance(error, KeyboardInterrupt):
        print("Stopped.", file=sys.stderr)
    elif isinstance(error, RoomgateError | XapiError):
        print(f"roomgate: {error.message} [{error.code}]", file=sys.stderr)
        if error.hint:
            print(f"  {error.hint}", file=sys.stderr)
    else:
        print(f"roomgate: an internal fault: {type(error).__name__}: {error}", file=sys.stderr)
        print(
            "  Please report it with the command that you ran; ROOMGATE_DEBUG=1 shows where it happened.",
            file=sys.stderr,
        )
    return code_of(error)
