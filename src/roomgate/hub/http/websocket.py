"""What the hub's WebSockets to people have in common: who shows which token, and how each ends, once, for one reason.

No cookie is accepted at any of them, so that no foreign page can open one: whoever does shows the token itself.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from roomgate import log
from roomgate.access.principal import Kind as PrincipalKind
from roomgate.access.principal import Principal
from roomgate.hub.channels import Channel, Cutoff
from roomgate.ids import PersonId

SIGN_IN_WITHIN_S = 5.0
SEND_WITHIN_S = 10.0
CLOSE_CUT = 4403
CLOSE_REFUSED = 1008  # before the upgrade this is a 403
CLOSE_SLOW = 1008
CLOSE_LOST = 1011
NOBODY = Principal(PersonId("nobody"), "", PrincipalKind.PERSON, "none")

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]

_log = log.get("socket")


class SignedBy(Protocol):
    @property
    def principal(self) -> Principal: ...


class Tokens(Protocol):
    """Who shows this token, or None."""

    async def by_token(self, text: str, source: str) -> SignedBy | None: ...


class Over(Exception):
    """The connection ends. ``code`` 0: the person's end is gone, or has been told already."""

    def __init__(self, code: int, cause: str) -> None:
        super().__init__(cause)
        self.code = code
        self.cause = cause


class Socket:
    """One connection after sign-in. Whatever is said in it goes through `transmit`."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self.receive = receive
        self.channel: Channel
        self._send = send
        self._over: asyncio.Future[Over] = asyncio.get_running_loop().create_future()

    async def cut(self, why: Cutoff) -> None:
        """Called by the registry: nothing more is sent but the close frame.

        It goes out at once, before this connection's tasks are taken down: of many sockets that are cut together
        none waits for another's clean-up.
        """
        code = CLOSE_CUT
        try:
            await self._close(Over(CLOSE_CUT, why.cause))
            code = 0  # said
        finally:
            self.end(code, why.cause)

    def end(self, code: int, cause: str) -> None:
        """Never waits. The first reason stands."""
        if not self._over.done():
            self._over.set_result(Over(code, cause))

    async def until_over(self, channel: Channel, begin: Callable[[asyncio.TaskGroup], None]) -> str:
        """Run the tasks that ``begin`` puts into the group until `end`, or until one raises Over; gives the cause."""
        self.channel = channel
        cause = ""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._watch_end(), name="socket.end")
                begin(group)
        except* Over as many:
            over = many.exceptions[0]
            assert isinstance(over, Over), "a task of this group raises none in groups of its own"
            cause = over.cause
            if over.code:
                await self._close(over)
        return cause

    async def _watch_end(self) -> None:
        raise await self._over

    async def transmit(self, event: dict[str, Any]) -> None:
        """Send it, unless the channel was cut: what was cut says nothing more. One that is not taken in time ends it."""
        if not self.channel.open:
            return
        try:
            async with asyncio.timeout(SEND_WITHIN_S):
                await self._send(event)
        except TimeoutError:
            self.end(CLOSE_SLOW, "slow")
        except Exception as gone:  # servers differ in what they raise once the peer is gone
            _log.debug("socket.lost", error=type(gone).__name__)
            self.end(0, "left")

    async def _close(self, over: Over) -> None:
        try:
            async with asyncio.timeout(SEND_WITHIN_S):
                await self._send({"type": "websocket.close", "code": over.code, "reason": over.cause[:100]})
        except Exception as fault:  # as above
            _log.debug("socket.close-unheard", error=type(fault).__name__)
