"""The face of one device to the rest of the connector: what a keeper offers, and a fake offers in tests."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from typing import Any, Protocol

from roomgate.ids import DeviceId, RoomName
from roomgate.xapi.call import Call
from roomgate.xapi.path import Path

Listener = Callable[[str, Any], None]  # (kind: status | configuration | event | gap, rooted document)


class RoomCondition(StrEnum):
    FINE = "fine"
    OFFLINE = "offline"  # no connection to the device just now; it is being tried
    QUARANTINED = "quarantined"  # its identity or credential changed: not spoken to until the site confirms


class Way(Protocol):
    """One connection that is held open for more than one call."""

    async def call(self, call: Call) -> Any:
        """As `Room.call`."""


class Room(Protocol):
    """One room and its device."""

    @property
    def device(self) -> DeviceId: ...

    @property
    def name(self) -> RoomName: ...

    @property
    def condition(self) -> RoomCondition: ...

    @property
    def state(self) -> dict[str, Any]:
        """The mirrored part of the device's status and configuration, rooted; kept current by feedback."""

    async def call(self, call: Call, *, privileged: bool = False) -> Any:
        """Do one call at the device, once. ``privileged`` uses the Admin account for this call alone.

        Raises XapiError: DeviceGone when the outcome of a command cannot be known. Cancelling does not take
        back what was sent.
        """

    def hold(self, what: Path, *, privileged: bool = False) -> AbstractAsyncContextManager[Way]:
        """One connection for several calls about ``what``, which no quarantine takes away meanwhile.

        Raises XapiError on entering, as `call` does.
        """

    async def prove(self) -> bool:
        """Both accounts log in afresh, one after the other: whether the device let them in."""

    async def subscribe(self, path: Path, listener: Listener) -> Callable[[], None]:
        """Hear of every change at or below ``path`` until the returned function is called.

        One subscription per path at the device, however many listen. The present value comes first. After a
        lost connection the listener hears ``gap`` and then the present value again.
        """
