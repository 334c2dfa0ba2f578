"""The root of our errors: each has a stable code for programs and a hint for people."""


class RoomgateError(Exception):
    """Something that Roomgate refuses or cannot do.

    ``code`` is stable and for programs; ``hint`` says what to do next. Subclass only where a caller
    would act differently. One place per program turns these into an HTTP status, a link message or an
    exit code.
    """

    code: str = "internal"
    hint: str = ""

    def __init__(self, message: str = "", *, hint: str | None = None) -> None:
        super().__init__(message or self.__class__.__name__)
        if hint is not None:
            self.hint = hint

    @property
    def message(self) -> str:
        return str(self)


class BadInput(RoomgateError):
    """What was sent cannot be understood; nothing was done."""

    code = "input.bad"
    hint = "Correct the value that the message names, and send it again."


class NotFound(RoomgateError):
    """No such thing, or not for you: the two read alike on purpose."""

    code = "not-found"
    hint = "Check the name; you may also lack the right to see it."


class Conflict(RoomgateError):
    """The state of the world does not allow it now."""

    code = "conflict"


class PreconditionFailed(Conflict):
    """Somebody changed it since you looked."""

    code = "precondition.failed"
    hint = "Fetch it again, and send the change with the new ETag."


class CannotStart(Conflict):
    """A program was given what it cannot run with: a port, a folder, a certificate. It has done nothing yet."""

    code = "start.refused"
    hint = "Change what the message names in the program's configuration, then start it again."


class Unreachable(RoomgateError):
    """The other side does not answer."""

    code = "unreachable"
    hint = "Try again; if it lasts, look at the connector's and the device's network."


class OutcomeUnknown(RoomgateError):
    """It was sent, and what became of it cannot be known. It is never tried again by itself."""

    code = "outcome.unknown"
    hint = "Look at the room before you ask again: the call may have been made."
