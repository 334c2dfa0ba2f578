"""`connect`: a device in one ``async with``, by whichever way its address names, its reader's task included."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from roomgate.xapi.client import CALL_TIMEOUT_S, Client
from roomgate.xapi.conversation import Conversation
from roomgate.xapi.errors import BadArgument
from roomgate.xapi.reconnect import FIRST_PAUSE_S, LONGEST_PAUSE_S, Reconnecting
from roomgate.xapi.schema import Catalogue
from roomgate.xapi.transports.base import Address, Carrier, Login
from roomgate.xapi.transports.trust import Trust
from roomgate.xapi.transports.websocket import dial

if TYPE_CHECKING:
    from roomgate.xapi.transports.feedback_receiver import FeedbackReceiver

SCHEMES = ("wss", "ws", "https", "ssh")


async def open_client(
    url: str,
    *,
    user: str,
    password: str,
    pin: str | None = None,
    ca: str | None = None,
    subprotocol: bool = False,
    receiver: "FeedbackReceiver | None" = None,
    feedback_slots: Sequence[int] = (4, 2, 1),
    http_session: bool = True,
    catalogue: Catalogue | None = None,
    connect_timeout_s: float = 15.0,
    timeout_s: float = CALL_TIMEOUT_S,
    lenient: bool = False,
    unsafe_accept_any_certificate: bool = False,
    unsafe_accept_any_host_key: bool = False,
    unsafe_plain_text: bool = False,
) -> Client:
    """Connect and sign in, once. Whoever asks for it runs the client: nothing is read before that.

    ``wss://host/ws`` offers everything. ``https://host`` has few requests a second, and feedback only with a
    ``receiver``, whose registrations take over ``feedback_slots`` of the device's four. ``ssh://host`` has no
    patterns. What a way does not offer raises NotOnThisTransport.

    The device is verified before the account is sent: a certificate by the system's CAs, by ``ca`` (PEM path or
    text), or against ``pin`` (SHA-256 of the DER certificate, hex); over SSH the host key against ``pin``
    (``SHA256:…`` or the key). One wrong password is one attempt. ``http_session`` is for accounts that may begin no
    session over HTTP: without one, the device takes one request a second. Raises AuthenticationFailed,
    CertificateChanged, RateLimited, DeviceUnreachable.
    """
    address = Address.parse(url, *SCHEMES)
    login = Login(user, password, subprotocol)
    known = Catalogue.shipped() if catalogue is None else catalogue
    if unsafe_accept_any_host_key and address.scheme != "ssh":
        raise BadArgument("Only ssh:// has host keys; what proves a device here is its certificate")
    wire: Carrier[Any, Any]
    conversation: Conversation[Any, Any] | None = None
    if address.scheme == "ssh":
        if ca is not None or unsafe_accept_any_certificate:
            raise BadArgument("ssh:// has no certificates: pin the host key, pin='SHA256:…'")
        wire, conversation = await _ssh(address, login, pin, known, connect_timeout_s, unsafe_accept_any_host_key)
    elif address.scheme == "https":
        trust = Trust(ca, pin, unsafe_accept_any_certificate)
        wire, conversation = await _https(
            address, login, trust, known, connect_timeout_s, receiver, feedback_slots, http_session
        )
    else:
        trust = Trust(ca, pin, unsafe_accept_any_certificate, unsafe_plain_text)
        wire = await dial(address, login, trust, timeout_s=connect_timeout_s)
    return Client(wire, conversation=conversation, catalogue=known, timeout_s=timeout_s, lenient=lenient)


@asynccontextmanager
async def connect(url: str, *, user: str, password: str, **options: Any) -> AsyncGenerator[Client, None]:
    """Connect to a device (or to a hub's xAPI endpoint), and hang up at the end of the block.

    The options, and what it raises, are those of `open_client`. The client ends with its connection: `reconnecting`
    gives one that does not.
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
    first_pause_s: float = FIRST_PAUSE_S,
    longest_pause_s: float = LONGEST_PAUSE_S,
    **options: Any,
) -> AsyncGenerator[Reconnecting, None]:
    """As `connect`, for as long as the block lasts: when the line drops or the device restarts, it comes back.

    Returns at once; what is asked before the first connection waits for it. See `Reconnecting` for what is told of a
    gap, of what was in flight, and for the pauses.
    """

    async def again() -> Client:
        return await open_client(
            url, user=user, password=password, timeout_s=timeout_s, catalogue=catalogue, lenient=lenient, **options
        )

    room = Reconnecting(
        again,
        catalogue=catalogue,
        timeout_s=timeout_s,
        lenient=lenient,
        first_pause_s=first_pause_s,
        longest_pause_s=longest_pause_s,
    )
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


# These two load their libraries when they are first wanted, so that nobody carries them in vain.


async def _https(
    address: Address,
    login: Login,
    trust: Trust,
    catalogue: Catalogue,
    timeout_s: float,
    receiver: "FeedbackReceiver | None",
    slots: Sequence[int],
    session: bool,
) -> tuple[Carrier[Any, Any], Conversation[Any, Any]]:
    from roomgate.xapi import xmldoc
    from roomgate.xapi.transports import http

    xmldoc.Conversation(catalogue, slots=slots)  # refuses wrong slots before anything is opened
    wire = await http.dial(address, login, trust, session=session, timeout_s=timeout_s)
    posted_to = wire.receive_from(receiver) if receiver is not None else None
    conversation = xmldoc.Conversation(catalogue, receiver=posted_to, slots=slots)
    wire.at_close(conversation.farewell)
    return wire, conversation


async def _ssh(
    address: Address, login: Login, pin: str | None, catalogue: Catalogue, timeout_s: float, unsafe: bool
) -> tuple[Carrier[Any, Any], Conversation[Any, Any]]:
    from roomgate.xapi import tshell
    from roomgate.xapi.transports import ssh
    from roomgate.xapi.transports.host_key import HostKey

    key = HostKey.parse(pin) if pin is not None else None
    wire = await ssh.dial(address, login, key, timeout_s=timeout_s, unsafe_accept_any_host_key=unsafe)
    return wire, tshell.Conversation(catalogue)
