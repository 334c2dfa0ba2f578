"""`connect`: a device in one ``async with``, its reader's task included."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from roomgate.xapi.client import CALL_TIMEOUT_S, Client
from roomgate.xapi.schema import Catalogue
from roomgate.xapi.transports.base import Address, Login
from roomgate.xapi.transports.trust import Trust
from roomgate.xapi.transports.websocket import dial


@asynccontextmanager
async def connect(
    url: str,
    *,
    user: str,
    password: str,
    pin: str | None = None,
    ca: str | None = None,
    subprotocol: bool = False,
    catalogue: Catalogue | None = None,
    connect_timeout_s: float = 15.0,
    timeout_s: float = CALL_TIMEOUT_S,
    unsafe_accept_any_certificate: bool = False,
    unsafe_plain_text: bool = False,
) -> AsyncGenerator[Client, None]:
    """Connect to a device (or to a hub's xAPI endpoint), and hang up at the end of the block.

    The certificate is verified by the system's CAs, by ``ca`` (PEM path or text), or against ``pin``
    (SHA-256 of the DER certificate, hex), always before the account is sent. One wrong password is one
    attempt. Raises AuthenticationFailed, CertificateChanged, RateLimited, DeviceUnreachable.
    """
    trust = Trust(ca, pin, unsafe_accept_any_certificate, unsafe_plain_text)
    wire = await dial(Address.parse(url), Login(user, password, subprotocol), trust, timeout_s=connect_timeout_s)
    client = Client(wire, catalogue=catalogue, timeout_s=timeout_s)
    failure: BaseException | None = None
    async with asyncio.TaskGroup() as group:
        group.create_task(client.run(), name="xapi.read")
        try:
            yield client
        except Exception as error:  # kept out of the group, so that callers meet it and no ExceptionGroup
            failure = error
        finally:
            await client.aclose()
    if failure is not None:
        raise failure
