"""Errors to words, a hint and an exit code: 0 done, 1 the answer is no, 2 bad input, 3 unreachable, 4 our fault."""

import errno
import sys

from roomgate.errors import BadInput, CannotStart, OutcomeUnknown, RoomgateError, Unreachable
from roomgate.xapi.errors import BadArgument, DeviceGone, DeviceUnreachable, InvalidPath, UnknownPath, XapiError

DONE, NO, USAGE, UNREACHABLE, FAULT = range(5)
INTERRUPTED = 130  # as a shell has it for SIGINT

# Errors of programs that are loaded only when they are run: they are known by their codes here.
_INPUT_CODES = frozenset(
    {"ledger.bad-note", "meeting.invitation.bad", "meeting.invitation.series", "witness.bad-request"}
)
# What the system says of a path or port that the person named.
_INPUT_ERRNOS = frozenset(
    {
        errno.ENOENT, errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.EROFS,
        errno.ENAMETOOLONG, errno.EADDRINUSE, errno.EADDRNOTAVAIL,
    }
)  # fmt: skip


class Fault(RoomgateError):
    """Something failed inside, here or at the hub."""

    code = "internal"
    hint = "Look at the program's log."


class SaysNo(RoomgateError):
    """A hub or a running connector refused; code, words and the rule that said no are its own."""

    def __init__(self, code: str, words: str, hint: str = "") -> None:
        super().__init__(words, hint=hint)
        self.code = code


def code_of(error: BaseException) -> int:
    match leaf(error):
        case KeyboardInterrupt():
            return INTERRUPTED
        case Fault():
            return FAULT
        case BadInput() | CannotStart() | InvalidPath() | UnknownPath() | BadArgument():
            return USAGE
        case Unreachable() | OutcomeUnknown() | DeviceUnreachable() | DeviceGone() | ConnectionError():
            return UNREACHABLE
        case RoomgateError(code=code) if code in _INPUT_CODES:
            return USAGE
        case RoomgateError() | XapiError():
            return NO
        case OSError(errno=number) if number in _INPUT_ERRNOS:
            return USAGE
        case _:
            return FAULT


def leaf(error: BaseException) -> BaseException:
    """The first error of a group: what ended one task ended the rest."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def tell(error: BaseException) -> int:
    """Say on standard error what happened and what to do next; gives the exit code."""
    told, code = leaf(error), code_of(error)
    match told:
        case KeyboardInterrupt():
            lines = ["Stopped."]
        case RoomgateError() | XapiError():
            lines = [f"roomgate: {told.message} [{told.code}]", *([f"  {told.hint}"] if told.hint else [])]
        case ConnectionError():
            lines = [f"roomgate: the connection ended: {told}", "  Try again; if it lasts, look at the other side."]
        case OSError() if code == USAGE:
            where = f"{told.filename}: " if told.filename else ""
            lines = [f"roomgate: {where}{told.strerror}", "  Check the path or port that you gave, and who may use it."]
        case _:
            lines = [
                f"roomgate: an internal fault: {type(told).__name__}: {told}",
                "  Please report it with the command that you ran; ROOMGATE_DEBUG=1 shows where it happened.",
            ]
    print("\n".join(lines), file=sys.stderr)
    return code
