"""A device that one stays connected to: the line may drop, the device may restart, and the client comes back.

What was in flight when the line went down is not sent again: a command's outcome is then unknown, and is said to be.
What is asked while the line is down waits for it, as long as its own time allows. Subscriptions are made anew, and
whoever reads one is told of the gap, with all that is there now.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from roomgate.xapi.call import Call, Verb
from roomgate.xapi.client import CALL_TIMEOUT_S, Client, Ear
from roomgate.xapi.errors import (
    AuthenticationFailed,
    BadArgument,
    CertificateChanged,
    DeviceGone,
    DeviceUnreachable,
    OutcomeUnknown,
    PermissionDenied,
    TooManySubscriptions,
    UnknownPath,
    XapiError,
)
from roomgate.xapi.face import Face
from roomgate.xapi.flag import Flag
from roomgate.xapi.messages import Feedback
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue
from roomgate.xapi.subscription import MAX_UNREAD, Subscription

# After a restart a device's web server answers 502 for a while (CSxAPI waits 2 s); it takes one upgrade a second.
FIRST_PAUSE_S, LONGEST_PAUSE_S = 2.0, 60.0
_REFUSED = (PermissionDenied, UnknownPath, BadArgument, TooManySubscriptions)
_dice = random.Random()  # noqa: S311 (spreads load, guards nothing)


class _Lasting(Subscription):
    """A subscription that outlives its connection."""

    __slots__ = ("call", "ear", "stale")

    def __init__(self, call: Call, owner: "Reconnecting") -> None:
        super().__init__(call.path, owner._leave)
        self.call = call
        self.ear = Ear(self.feed)  # what the present connection feeds
        self.stale = owner._stale

    def feed(self, feedback: Feedback) -> None:
        """A reader that is too slow loses what waits, and gets what is there now instead."""
        if len(self._unread) >= MAX_UNREAD:
            self._unread.clear()
            self.stale(self)
        super().feed(feedback)


class Reconnecting(Face):
    """One device over as many connections as it takes. Somebody must run `run` in a TaskGroup; `reconnecting` does.

    A refused account and a changed certificate end it for good, so that one wrong password is one attempt: whoever
    waits then gets that error, and so does everybody who asks later.
    """

    def __init__(
        self,
        dial: Callable[[], Awaitable[Client]],
        *,
        catalogue: Catalogue | None = None,
        timeout_s: float = CALL_TIMEOUT_S,
        lenient: bool = False,
        first_pause_s: float = FIRST_PAUSE_S,
        longest_pause_s: float = LONGEST_PAUSE_S,
        dice: random.Random = _dice,
    ) -> None:
        """``dial`` connects and signs in, once. Between tries lies full jitter: anything up to a ceiling that
        doubles from ``first_pause_s`` up to ``longest_pause_s``."""
        super().__init__(catalogue, lenient)
        self._dial = dial
        self._timeout_s = timeout_s
        self._pauses_s = (first_pause_s, longest_pause_s)
        self._dice = dice
        self._client: Client | None = None
        self._up = Flag()  # or over for good
        self._why: XapiError = DeviceUnreachable("not connected yet")
        self._final: XapiError | None = None
        self._lasting: dict[_Lasting, bool] = {}  # and whether its reader is owed what is there now
        self._owed = Flag()

    async def run(self) -> None:
        """Connect again and again, until cancelled or refused for good. Cancelling ends the connection."""
        ceiling, longest = self._pauses_s
        try:
            while True:
                try:
                    client = await self._dial()
                except (AuthenticationFailed, CertificateChanged, BadArgument) as refused:
                    self._finish(refused)
                    return
                except XapiError as failed:
                    self._why = failed
                else:
                    began = asyncio.get_running_loop().time()
                    await self._live(client)
                    if asyncio.get_running_loop().time() - began > ceiling:  # else it accepts, and hangs up
                        ceiling = self._pauses_s[0]
                await asyncio.sleep(self._dice.uniform(0.0, ceiling))
                ceiling = min(2 * ceiling, longest)
        finally:
            self._finish(DeviceGone("the connection was closed here"))

    @property
    def connected(self) -> bool:
        """Whether the line is up now."""
        return self._client is not None

    async def wait_connected(self) -> None:
        """Return once the line is up; raises what ended it for good. Cancelling stops only the waiting."""
        await self._up.wait()
        if self._final is not None:
            raise self._final

    async def subscribe(self, path: Path | str, *, current: bool = False, unvalidated: bool = False) -> Subscription:
        """As `Face.subscribe`. After a gap, and where the reader was too slow, a feedback comes that is marked so
        (``gap``) and holds all that is below the path now; of events, nothing can be told."""
        call = self._make(Verb.SUBSCRIBE, path, {}, None, unvalidated)
        lasting = _Lasting(call, self)
        while True:
            client = await self._connected(self._timeout_s)
            self._lasting[lasting] = False
            try:
                await client.begin(call, lasting.ear, current)
            except BaseException as failed:
                self._lasting.pop(lasting, None)
                if isinstance(failed, DeviceGone) and not isinstance(failed, OutcomeUnknown) and self._final is None:
                    client.end(str(failed))
                    continue
                raise
            return lasting

    async def _do(
        self, call: Call, *, rooted: bool = False, current: bool = False, timeout_s: float | None = None
    ) -> Any:
        """What was not sent, or was a reading, is asked again on the next line; nothing else is."""
        clock = asyncio.get_running_loop().time
        ends = clock() + (timeout_s or self._timeout_s)
        while True:
            client = self._client
            if client is None or client.closed:
                client = await self._connected(ends - clock())
            try:
                return await client._do(call, rooted=rooted, current=current, timeout_s=ends - clock())
            except OutcomeUnknown:
                raise
            except DeviceGone as gone:
                client.end(str(gone))  # it may not have heard yet
                if self._final is not None or clock() >= ends:
                    raise

    async def _describe(self, path: Path, timeout_s: float | None) -> Any:
        client = await self._connected(timeout_s or self._timeout_s)
        return await client._describe(path, timeout_s)

    async def _set_all(self, calls: Sequence[Call]) -> Sequence[Any]:
        client = await self._connected(self._timeout_s)
        return await client._set_all(calls)

    async def _connected(self, within_s: float) -> Client:
        """The client once there is one; raises DeviceUnreachable, with the last reason, where it takes too long."""
        try:
            async with asyncio.timeout(within_s):
                while self._client is None or self._client.closed:
                    if self._final is not None:
                        raise self._final
                    self._up.clear()
                    await self._up.wait()
        except TimeoutError as late:
            raise DeviceUnreachable(f"not connected within {within_s:g} s: {self._why}") from late
        return self._client

    async def _live(self, client: Client) -> None:
        """One connection, from its sign-in to its end."""
        async with asyncio.TaskGroup() as group:
            group.create_task(client.run(), name="xapi.read")
            restoring = group.create_task(self._restore(client), name="xapi.restore")
            try:
                self._why = await client.wait_closed()
            finally:
                restoring.cancel()
                self._client = None
                for lasting in self._lasting:
                    lasting.ear.number = None
                    self._lasting[lasting] = True
                await client.aclose()

    async def _restore(self, client: Client) -> None:
        """Make the subscriptions anew, let others ask, and pay what readers are owed as it comes up."""
        try:
            for lasting in list(self._lasting):
                await self._resubscribe(client, lasting)
            self._client = client
            self._up.set()
            while True:
                for lasting in [one for one, owed in self._lasting.items() if owed]:
                    self._lasting[lasting] = False
                    await self._tell_all(client, lasting)
                self._owed.clear()
                if not any(self._lasting.values()):
                    await self._owed.wait()
        except XapiError as failed:  # not restored is not connected: another connection is tried
            client.end(str(failed))

    async def _resubscribe(self, client: Client, lasting: _Lasting) -> None:
        try:
            await client.begin(lasting.call, lasting.ear, False)
        except _REFUSED as refused:
            self._lasting.pop(lasting, None)  # the device is not what it was
            lasting.end(refused)

    async def _tell_all(self, client: Client, lasting: _Lasting) -> None:
        root = lasting.path.root
        document: dict[str, Any] = {root: {}}
        if root != "Event":
            try:
                document |= await client.query(lasting.path, unvalidated=True)
            except _REFUSED:
                pass  # then there is nothing that this account may know
        lasting.feed(Feedback(lasting.ear.number or 0, root, document, gap=True))

    def _stale(self, lasting: _Lasting) -> None:
        if lasting in self._lasting:
            self._lasting[lasting] = True
            self._owed.set()

    async def _leave(self, subscription: Subscription) -> None:
        assert isinstance(subscription, _Lasting)
        self._lasting.pop(subscription, None)
        if self._client is not None:
            await self._client.cease(subscription.ear)

    def _finish(self, reason: XapiError) -> None:
        if self._final is None:
            self._final = reason
            for lasting in list(self._lasting):
                lasting.end(reason)
            self._lasting.clear()
            self._up.set()
