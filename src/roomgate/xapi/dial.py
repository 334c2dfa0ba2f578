"""`connect` and `reconnecting`: a device in one ``async with``, its reader's task included."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from roomgate.xapi.client import CALL_TIMEOUT_S, Client
from roomgate.xapi.reconnect import Reconnecting
from roomgate.xapi.schema import Catalogue
from roomgate.xapi.transports.base import Address, Login
from roomgate.xapi.transports.trust import Trust
from roomgate.xapi.transports.websocket import dial


async def open_client(
    url: str,
    *,
    user: str,
    password: str,
    pin: str | None = None,
    ca: str | None = None,
    subprotocol: bool = False,
    catalogue: Catalogue | None = None,
    lenient: bool = False,
    connect_timeout_s: float = 15.0,
    timeout_s: float = CALL_TIMEOUT_S,
    unsafe_accept_any_certificate: bool = False,
    unsafe_plain_text: bool = False,
) -> Client:
    """Connect and sign in, once. Whoever asks for it runs the client: nothing is read before that.

    The certificate is verified by the system's CAs, by ``ca`` (PEM path or text), or against ``pin``
    (SHA-256 of the DER certificate, hex), always before the account is sent. One wrong password is one
    attempt. Raises AuthenticationFailed, CertificateChanged, RateLimited, DeviceUnreachable.
    """
    trust = Trust(ca, pin, unsafe_accept_any_certificate, unsafe_plain_text)
    wire = await dial(Address.parse(url), Login(user, password, subprotocol), trust, timeout_s=connect_timeout_s)
    return Client(wire, catalogue=catalogue, timeout_s=timeout_s, lenient=lenient)


@asynccontextmanager
async def connect(url: str, *, user: str, password: str, **options: Any) -> AsyncGenerator[Client, None]:
    """Connect to a device (or to a hub's xAPI endpoint), and hang up at the end of the block.

    The options are those of `open_client`. The client ends with its connection: see `reconnecting`.
    """
    client = await open_client(url, user=user, password=password, **options)
    async with _running(client.run()):
        try:
            yield client
        finally:
            await client.aclose()


@asynccontextmanager
async def reconnecting(
    url: str,
    *,
    user: str,
    password: str,
    timeout_s: float = CALL_TIMEOUT_S,
    catalogue: Catalogue | None = None,
    lenient: bool = False,
    **options: Any,
) -> AsyncGenerator[Reconnecting, None]:
    """As `connect`, for as long as the block lasts: when the line drops or the device restarts, it comes back.

    Returns at once; what is asked before the first connection waits for it. See `Reconnecting` for what is told of a
    gap, and of what was in flight.
    """

    async def again() -> Client:
        return await open_client(
            url, user=user, password=password, timeout_s=timeout_s, catalogue=catalogue, lenient=lenient, **options
        )

    room = Reconnecting(again, catalogue=catalogue, timeout_s=timeout_s, lenient=lenient)
    async with _running(room.run()):
        yield room


@asynccontextmanager
async def _running(work: Coroutine[Any, Any, None]) -> AsyncGenerator[None, None]:
    """A task beside the block, ended with it. The block's own error comes out plain, not in a group."""
    failure: BaseException | None = None
    async with asyncio.TaskGroup() as group:
        task = group.create_task(work, name="xapi.read")
        try:
            yield
        except Exception as error:
            failure = error
        finally:
            task.cancel()
    if failure is not None:
        raise failure
