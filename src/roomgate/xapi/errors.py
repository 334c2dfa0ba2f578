"""What can go wrong when one speaks to a device, and the one table from the wire's codes."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from roomgate.xapi.path import Path


class XapiError(Exception):
    """Root of the library's errors. ``code`` is stable; ``hint`` says what to do next."""

    code: str = "xapi"
    hint: str = ""

    def __init__(self, message: str = "", *, data: Any = None) -> None:
        super().__init__(message or self.__class__.__name__)
        self.data = data

    @property
    def message(self) -> str:
        return str(self)


class InvalidPath(XapiError):
    """Not an address in a device's tree."""

    code = "xapi.path"
    hint = "Write a path such as Status/Audio/Volume or Configuration/SystemUnit/Name."


class UnknownPath(XapiError):
    """The catalogue (or the device) has nothing under this name."""

    code = "xapi.unknown"
    hint = "Look it up with `roomgate xapi schema`."


class NothingThere(UnknownPath):
    """The device found no match for a path: on some versions that is how an empty list answers."""


class BadArgument(XapiError):
    """A parameter is missing, unknown or out of its value space."""

    code = "xapi.argument"


class NotOnThisTransport(XapiError):
    """This way to the device does not offer that; another one does, and the message names it."""

    code = "xapi.transport"
    hint = "Connect to wss://HOST/ws, which offers everything."


class NotAllSet(XapiError):
    """Of many settings, some were refused; the others are set.

    ``failed`` has the error of each path that was refused; of those in ``unclear`` the device does not say which.
    """

    code = "xapi.not-all-set"
    hint = "Read back what is unclear; mend what failed, and set that again."

    def __init__(
        self, message: str = "", *, failed: "Mapping[Path, XapiError] | None" = None, unclear: "tuple[Path, ...]" = ()
    ) -> None:
        super().__init__(message)
        self.failed = dict(failed or {})
        self.unclear = unclear


class CommandFailed(XapiError):
    """The device understood the command and could not do it."""

    code = "xapi.failed"


class PermissionDenied(XapiError):
    """The account lacks a role for this node."""

    code = "xapi.denied"


class TooManySubscriptions(XapiError):
    """The device takes no more subscriptions on this connection."""

    code = "xapi.subscriptions"


class NotReady(XapiError):
    """The device is still starting."""

    code = "xapi.not-ready"


class ProtocolError(XapiError):
    """The peer said something that is not the protocol."""

    code = "xapi.protocol"


class UnexpectedType(XapiError):
    """The device's answer is not of the type that was asked for."""

    code = "xapi.type"
    hint = "Ask without a type, and look at what the device says."


class DeviceFault(XapiError):
    """The device reports an internal error."""

    code = "xapi.fault"


class AuthenticationFailed(XapiError):
    """Wrong user or password. One wrong password is one attempt: nothing here tries again."""

    code = "xapi.authentication"
    hint = "Check the account at the device. Nothing was tried again, so that the account is not locked out."


class CertificateChanged(XapiError):
    """The device showed a certificate other than the pinned one; nothing was sent to it."""

    code = "xapi.certificate"
    hint = "Find out at the device why; then pin the new certificate."


class DeviceUnreachable(XapiError):
    """The device does not answer, or does not speak the protocol."""

    code = "xapi.unreachable"
    hint = "Check the device's power and that its WebSocket service is on."


class RateLimited(XapiError):
    """The device's web server asks to slow down (503)."""

    code = "xapi.rate"


class DeviceGone(XapiError):
    """The connection has ended. What was asked was not sent, or was a reading: it may be asked again."""

    code = "xapi.gone"


class OutcomeUnknown(DeviceGone):
    """Sent, and the connection ended before the answer: whether it was done is unknown. Nothing is tried again.

    A reboot, an upgrade and a factory reset end this way when all is well.
    """

    code = "xapi.unknown-outcome"
    hint = "Look at the device's state before you ask again."


class NoAnswer(OutcomeUnknown):
    """The device did not answer in time. Nothing was tried again: whether a command was done is unknown."""

    code = "xapi.no-answer"


class FeedbackLost(XapiError):
    """The reader of a subscription was too slow and its queue is full; what it held in mind is out of date."""

    code = "xapi.feedback-lost"
    hint = "Read the present state and subscribe anew."


# What a device answers over JSON-RPC ("xAPI over WebSocket" guide D15427.02, and pyxows).
WIRE_CODES: dict[int, type[XapiError]] = {
    -32700: ProtocolError,
    -32600: ProtocolError,
    -32601: UnknownPath,
    -32602: BadArgument,
    -32603: DeviceFault,
    1: CommandFailed,
    -31999: PermissionDenied,
    -31998: TooManySubscriptions,
    -31997: NotReady,
}
