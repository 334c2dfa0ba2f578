"""HTTP to a device, over asyncio's streams and h11: one session, its budget, and few connections at a time.

A request that may act goes out once, over a connection of its own: a device closes them anyhow, and an old one that
breaks would leave it unknown whether the thing was done. Reads may go over a connection that was kept. No redirect
is followed: the account goes to the address that was named, or nowhere.
"""

import asyncio
import collections
import re
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import h11

from roomgate.xapi.budget import Budget
from roomgate.xapi.errors import (
    AuthenticationFailed,
    CertificateChanged,
    DeviceGone,
    DeviceUnreachable,
    NoAnswer,
    ProtocolError,
    RateLimited,
    XapiError,
)
from roomgate.xapi.flag import Flag
from roomgate.xapi.path import Path
from roomgate.xapi.transports.base import CLOSE_WITHIN_S, MAX_FRAME_BYTES, Address, Login, Paced
from roomgate.xapi.transports.feedback_receiver import FeedbackReceiver
from roomgate.xapi.transports.trust import Trust
from roomgate.xapi.xmldoc import Answer, Answered, Ask, Exchange, Posted, location, signed_out

# Whole documents may take 45 s (HL727/Meeting); a caller's own deadline is mostly sooner.
ANSWER_WITHIN_S = 60.0
_AT_ONCE = 4
_KEPT = 2
_MAX_HEADER_BYTES = 32 * 1024
_MAX_INFORMATIONAL = 8
_MAX_POSTED_BYTES = 8 * 1024 * 1024
_READ_BYTES = 64 * 1024
_HOLD_AFTER_503_S = 1.0
_COOKIE = re.compile(r"((?:Secure)?SessionId=[^;,\s]{1,4096})")
_Sleep = Callable[[float], Awaitable[None]]

# RoomOS 10, 11 and 26 release notes: requests a second, and how many more the device lets wait.
WITH_COOKIE = (15.0, 90)
WITH_BASIC = (1.0, 30)


@dataclass(slots=True)
class _Heard:
    """An answer with its headers."""

    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)

    @property
    def answer(self) -> Answer:
        return Answer(self.status, bytes(self.body))

    def cookie(self) -> str | None:
        """The session that the device began (``SecureSessionId``, or ``SessionId`` over plain HTTP)."""
        for name, value in self.headers:
            if name == b"set-cookie" and (found := _COOKIE.match(value.decode("latin-1"))):
                return found[1]
        return None


class _Connection:
    """One TCP connection; a request and its answer at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._h11 = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEADER_BYTES)

    @property
    def reusable(self) -> bool:
        return self._h11.our_state is h11.IDLE and not self._reader.at_eof() and not self._writer.is_closing()

    async def exchange(self, method: str, ask: Ask, headers: Sequence[tuple[str, str]]) -> _Heard:
        """Send, and read the whole answer. Raises OSError, or ProtocolError for what is not HTTP or too much."""
        body = ask.body or b""
        lengths = [("Content-Length", str(len(body)))] if method != "GET" else []
        try:
            sent = self._h11.send(h11.Request(method=method, target=ask.target, headers=[*headers, *lengths])) or b""
            if body:
                sent += self._h11.send(h11.Data(data=body)) or b""
            self._writer.write(sent + (self._h11.send(h11.EndOfMessage()) or b""))
            await self._writer.drain()
            return await self._answer()
        except h11.ProtocolError as bad:
            if self._reader.at_eof():
                raise ConnectionResetError("the connection ended before the answer did") from bad
            raise ProtocolError("an answer that is not HTTP, or has endless headers") from bad

    async def _answer(self) -> _Heard:
        heard, informational = _Heard(), 0
        while True:
            match self._h11.next_event():
                case h11.NEED_DATA:
                    self._h11.receive_data(await self._reader.read(_READ_BYTES))
                case h11.InformationalResponse():
                    informational += 1
                    if informational > _MAX_INFORMATIONAL:
                        raise ProtocolError("an answer that never comes to the point")
                case h11.Response() as response:
                    heard.status, heard.headers = response.status_code, list(response.headers)
                case h11.Data() as data:
                    heard.body += data.data
                    if len(heard.body) > MAX_FRAME_BYTES:
                        raise ProtocolError("an answer of more than 8 MiB")
                case h11.EndOfMessage():
                    if self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE:
                        self._h11.start_next_cycle()
                    return heard
                case _:
                    raise ConnectionResetError("the connection ended before the answer")

    def abort(self) -> None:
        self._writer.transport.abort()


class HttpWire(Paced[Exchange, Answered | Posted]):
    """For `xmldoc.Exchange` out and `xmldoc.Answered` or `xmldoc.Posted` in.

    An exchange is done by whoever sends it, and ends with them: cancelling breaks its connection off. What goes wrong
    with the connection or the account is raised there once, and ends the wire. While nothing is asked, nothing is
    noticed either: that the device is gone shows with the next exchange.
    """

    def __init__(
        self,
        address: Address,
        context: ssl.SSLContext | None,
        headers: Sequence[tuple[str, str]],
        *,
        now: Callable[[], float],
        sleep: _Sleep,
        answer_within_s: float = ANSWER_WITHIN_S,
    ) -> None:
        self._address = address
        self._context = context
        self._headers = list(headers)
        self._now = now
        self._sleep = sleep
        self._answer_within_s = answer_within_s
        self._budget = Budget(*WITH_BASIC)
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._kept: list[_Connection] = []
        self._busy: set[_Connection] = set()
        self._inbox: collections.deque[Answered | Posted] = collections.deque()
        self._posted_bytes = 0
        self._arrived = Flag()
        self._reason: XapiError | None = None
        self._cookie: str | None = None
        self._farewell: Callable[[], Sequence[Ask]] = tuple
        self._release: Callable[[], None] = _nothing
        self._closing = False
        self._closed = Flag()

    async def send(self, frame: Exchange) -> None:
        await self.send_within(frame, self._answer_within_s)

    async def send_within(self, frame: Exchange, within_s: float) -> None:
        deadline = self._now() + within_s
        answers = list[Answer]()
        for ask in frame.asks:
            if answers and not frame.goes_on(answers[-1]):
                break
            answers.append(await self._ask(ask, deadline))
        self._inbox.append(Answered(frame.number, tuple(answers)))
        self._arrived.set()

    async def read(self, hear: Callable[[Answered | Posted], None]) -> None:
        while True:
            hear(await self.receive())

    async def receive(self) -> Answered | Posted:
        while not self._inbox:
            if self._reason is not None:
                raise self._reason
            self._arrived.clear()
            await self._arrived.wait()
        heard = self._inbox.popleft()
        if isinstance(heard, Posted):
            self._posted_bytes -= len(heard.body)
        return heard

    async def close(self) -> None:
        """Give back the slots and the session, if the device still answers, and hang up."""
        if self._closing:
            await self._closed.wait()
            return
        self._closing, orderly = True, self._reason is None
        self._end(DeviceGone("the connection was closed here"))
        try:
            if orderly:
                async with asyncio.timeout(CLOSE_WITHIN_S):
                    for ask in self._farewell():
                        await self._over_new("POST", ask)
                    if self._cookie is not None:
                        await self._over_new("POST", Ask("/xmlapi/session/end"))
        except (XapiError, OSError, TimeoutError):
            return  # the device drops them itself, at the latest when it restarts
        finally:
            for connection in [*self._kept, *self._busy]:
                connection.abort()
            self._kept.clear()
            self._release()
            self._closed.set()

    def receive_from(self, receiver: FeedbackReceiver) -> str:
        """Take feedback in at a receiver, until the end. The address for the device, to which a slot's number is
        added."""
        address = receiver.open(self._take_posted)
        self._release = lambda: receiver.shut(address)
        return address

    def at_close(self, farewell: Callable[[], Sequence[Ask]]) -> None:
        """``farewell`` gives what is to be sent before the session ends."""
        self._farewell = farewell

    async def begin(self, *, session: bool) -> None:
        """Sign in: a session cookie where the device gives one, else the account with every request."""
        if session:
            heard = await self._over_new("POST", Ask("/xmlapi/session/begin"))
            if heard.status in (401, 403):
                raise AuthenticationFailed("The device refused the user or password, or lets it begin no session")
            _refuse_busy(heard.status)
            self._cookie = heard.cookie()
            if self._cookie is not None:
                self._headers = [one for one in self._headers if one[0] != "Authorization"]
                self._headers.append(("Cookie", self._cookie))
                self._budget = Budget(*WITH_COOKIE)
                return
        # No session to be had. Whether the account is right shows when it is used: now, not at some later call.
        answer = (await self._over_new("GET", location(Path(("Status", "SystemUnit", "Uptime"))))).answer
        if (refused := signed_out(answer)) is not None:
            raise refused
        _refuse_busy(answer.status)
        if answer.status != 200:
            raise DeviceUnreachable(f"No xAPI over HTTP there (HTTP {answer.status})")

    def _take_posted(self, slot: int, body: bytes) -> bool:
        if self._reason is not None or self._posted_bytes + len(body) > _MAX_POSTED_BYTES:
            return False
        self._posted_bytes += len(body)
        self._inbox.append(Posted(slot, body))
        self._arrived.set()
        return True

    async def _ask(self, ask: Ask, deadline: float) -> Answer:
        if self._reason is not None:
            raise DeviceGone(str(self._reason))
        place = self._budget.enter(self._now(), deadline)
        try:
            while (wait := self._budget.wait_s(place, self._now())) > 0:
                await self._sleep(wait)
            self._budget.go(place, self._now())
        finally:
            self._budget.leave(place)
        try:
            async with self._turn, asyncio.timeout(self._answer_within_s):
                if self._reason is not None:
                    raise DeviceGone(str(self._reason))
                answer = (await self._carry(ask)).answer
        except TimeoutError as late:
            raise NoAnswer(f"no answer within {self._answer_within_s:g} s") from late
        except XapiError as ended:
            self._end(ended)
            raise
        if (refused := signed_out(answer)) is not None:
            self._end(refused)  # nothing more is tried with this account
            raise refused
        if answer.status == 503:
            self._budget.hold(self._now(), _HOLD_AFTER_503_S)
        return answer

    async def _carry(self, ask: Ask) -> _Heard:
        if ask.body is not None:
            return await self._over_new("POST", ask)
        while self._kept:
            kept = self._kept.pop()
            if not kept.reusable:
                kept.abort()
                continue
            try:
                return await self._over(kept, "GET", ask)
            except OSError:
                break  # it was closed while it was idle, and a read does no harm twice
        return await self._over_new("GET", ask)

    async def _over_new(self, method: str, ask: Ask) -> _Heard:
        connection = await self._open()
        try:
            return await self._over(connection, method, ask)
        except OSError as broken:
            raise DeviceGone(f"{self._address.host} hung up before it had answered") from broken

    async def _over(self, connection: _Connection, method: str, ask: Ask) -> _Heard:
        host = f"[{self._address.host}]" if ":" in self._address.host else self._address.host
        named = host if self._address.port == 443 else f"{host}:{self._address.port}"
        headers = [("Host", named), ("User-Agent", "roomgate"), ("Accept", "text/xml"), *self._headers]
        if ask.body is not None:
            headers.append(("Content-Type", "text/xml; charset=utf-8"))
        self._busy.add(connection)
        heard: _Heard | None = None
        try:
            heard = await connection.exchange(method, ask, headers)
        finally:
            self._busy.discard(connection)
            if heard is not None and connection.reusable and len(self._kept) < _KEPT and self._reason is None:
                self._kept.append(connection)
            else:
                connection.abort()
        return heard

    async def _open(self) -> _Connection:
        address = self._address
        try:
            streams = await asyncio.open_connection(
                address.host, address.port, ssl=self._context, server_hostname=address.host, limit=_READ_BYTES
            )
        except ssl.SSLCertVerificationError as bad:
            raise CertificateChanged(f"{address.host} shows a certificate that is not trusted") from bad
        except OSError as bad:
            raise DeviceUnreachable(f"Nobody answers at {address.host}:{address.port}") from bad
        return _Connection(*streams)

    def _end(self, reason: XapiError) -> None:
        self._reason = self._reason or reason
        self._arrived.set()


async def dial(
    address: Address,
    login: Login,
    trust: Trust,
    *,
    session: bool = True,
    timeout_s: float = 15.0,
    now: Callable[[], float] | None = None,
    sleep: _Sleep = asyncio.sleep,
    answer_within_s: float = ANSWER_WITHIN_S,
) -> HttpWire:
    """Connect and sign in, once: a wrong password is one attempt.

    ``session`` asks for a session cookie, with which the device takes 15 requests a second instead of one; where
    there is none, the account goes with every request. Raises AuthenticationFailed, CertificateChanged, RateLimited
    or DeviceUnreachable. Cancelling leaves nothing open.
    """
    headers = list(Login(login.user, login.password).headers().items())
    wire = HttpWire(
        address,
        trust.context(address),
        headers,
        now=now or asyncio.get_running_loop().time,
        sleep=sleep,
        answer_within_s=answer_within_s,
    )
    try:
        async with asyncio.timeout(timeout_s):
            await wire.begin(session=session)
    except (TimeoutError, DeviceGone) as bad:
        raise DeviceUnreachable(f"{address.host} does not answer over HTTP") from bad
    except ProtocolError as bad:
        raise DeviceUnreachable(f"{address.host} does not speak HTTP") from bad
    return wire


def _nothing() -> None:
    """There is no receiver to leave."""


def _refuse_busy(status: int) -> None:
    if status == 503:
        raise RateLimited("The device's web server asks to slow down")
    if status == 502:
        raise DeviceUnreachable("The device's web server is up, the device behind it is not: it is starting")
