"""The way to calendars on the web: one thin shell over httpx, with a bound on everything.

Certificates are verified, the environment's proxies and netrc are not looked at, nobody is followed to another host
than the caller names, and an answer is read no further than its bound. What goes wrong is told by the host's name
alone: an address may itself be the secret, and headers hold the password.
"""

import asyncio
import hashlib
import random
import ssl
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import urljoin, urlsplit

from roomgate.clock import Clock
from roomgate.errors import BadInput
from roomgate.meetings.calendars.base import CalendarRefused, CalendarUnreachable
from roomgate.meetings.calendars.patience import Breaker, Quota, Refusals, parse_retry_after
from roomgate.redact import foreign

if TYPE_CHECKING:
    import httpx  # loaded by the first `Web`: a site without such calendars does without it

MOST_BYTES = 16 * 1024 * 1024
WITHIN_S = 15.0  # for one answer, whole
AT_ONCE = 8  # requests to one host
# To one host. 2,000 rooms that are each looked at every 30 s are 67 requests a second; after a start, when each costs
# two, this is what keeps them from coming all at once and still has them there within a minute.
RATE_PER_S, BURST = 300.0, 600
LONGEST_TURN_S = 10.0  # in the queue that the quota makes
MOST_STEPS = 3  # from one address to the next
MOST_CREDENTIALS = 64  # remembered as refused
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT"})  # may be sent twice
_REDIRECTS = frozenset({301, 302, 307, 308})
_NOT_LET_IN = "Check the user and the password file; iCloud and others want a password made for this app alone."
_NO_RIGHT = "The account was let in, but has no right to this calendar: share the calendar with it, to be read."


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole: any status but those that `Web.ask` raises for. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(default=b"", repr=False)
    url: str = field(default="", repr=False)  # where it came from, after what was followed


class AnswerTooLarge(CalendarUnreachable):
    """There is an answer, larger than the caller wants it; asked for less, the server may be of use."""

    hint = "Ask the calendar's keeper why it is so large; the room's other calendars go on."


@dataclass(slots=True)
class _Host:
    """What is kept of one host."""

    quota: Quota
    places: asyncio.Semaphore
    breakers: dict[str, Breaker] = field(default_factory=dict)
    refused: dict[bytes, Refusals] = field(default_factory=dict)  # by the digest of the credentials


class _Unusable(Exception):
    """An answer that is read no further."""

    def __init__(self, why: str, *, large: bool = False) -> None:
        super().__init__(why)
        self.large = large


class Web:
    """A client for the hosts of one configured calendar. `aclose` when done; usable as ``async with``."""

    def __init__(
        self,
        clock: Clock,
        dice: random.Random,
        *,
        ca: Path | None = None,
        proxy: str | None = None,
        within_s: float = WITHIN_S,
        at_once: int = AT_ONCE,
        rate_per_s: float = RATE_PER_S,
        burst: int = BURST,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        transport: "httpx.AsyncBaseTransport | None" = None,
    ) -> None:
        """``ca``: trust for TLS, the system's when left out. ``transport``: another way than the network, for tests.

        Raises BadInput where the ``ca`` cannot be used.
        """
        import httpx

        self._clock = clock
        self._dice = dice
        self._within_s = within_s
        self._at_once = at_once
        self._rate_per_s, self._burst = rate_per_s, burst
        self._pause = pause
        self._hosts: dict[str, _Host] = {}
        try:
            tls = ssl.create_default_context(cafile=str(ca) if ca else None)
        except OSError as bad:
            raise BadInput(f"ca: {bad.strerror or 'holds no certificate'}") from bad
        self._client = httpx.AsyncClient(
            verify=tls, proxy=proxy, transport=transport, trust_env=False, follow_redirects=False, timeout=within_s,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=2 * at_once, keepalive_expiry=60.0),
        )  # fmt: skip

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._client.aclose()

    async def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        most: int = MOST_BYTES,
        take: Collection[int] = (),
        follow: Collection[str] = (),
        lane: str = "",
    ) -> Answer:
        """One request, and its answer. Waits for its turn under the host's quota; sends nothing to a host that said
        it wants to be left alone.

        ``take``: statuses that the caller judges itself instead of having them raised. ``follow``: hosts to which a
        redirection of a reading request may lead, with the same headers. ``lane``: what a 429 counts for where the
        server counts by something narrower than the host, such as a mailbox.

        Raises `CalendarUnreachable` (no answer, 429, 5xx, too large an answer, a redirection elsewhere) or
        `CalendarRefused` (401, 403). Cancelling gives the request up; of one that writes, the outcome is then unknown.
        """
        for _ in range(MOST_STEPS + 1):
            answer = await self._once(method, url, headers or {}, body, most, lane, take)
            if answer.status not in _REDIRECTS or answer.status in take:
                return answer
            url = self._followed(method, url, answer.headers.get("location", ""), follow)
        raise CalendarUnreachable(f"{host_of(url)} leads from one address to the next, without end")

    def _followed(self, method: str, url: str, location: str, follow: Collection[str]) -> str:
        try:
            there = urljoin(url, location)
            host, secure = host_of(there), urlsplit(there).scheme == "https" or urlsplit(url).scheme == "http"
        except (ValueError, BadInput):
            host, secure = "", False
        if not location or not secure or host not in follow or method not in _SAFE:
            raise CalendarUnreachable(
                f"{host_of(url)} leads elsewhere{f', to {foreign(host, 100)}' if host else ''}, and is not followed",
                hint="Put the address that it leads to into the configuration, if it is yours.",
            )
        return there

    async def _once(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        most: int,
        lane: str,
        take: Collection[int],
    ) -> Answer:
        name = host_of(url)
        host = self._host(name)
        whole, narrow = self._breaker(host, ""), self._breaker(host, lane)
        refusals = self._refusals(host, headers)
        now = self._clock.monotonic()
        _refuse_while_closed(name, max(whole.closed_s(now), narrow.closed_s(now)))
        _refuse_while_resting(name, refusals.closed_s(now))
        _refuse_in_a_queue(name, host.quota.turn_s(now))
        if turn_s := host.quota.take(now):
            await self._pause(turn_s)
        async with host.places:
            began = self._clock.monotonic()  # it may have gone down while this one waited for its turn
            _refuse_while_resting(name, refusals.closed_s(began))
            _refuse_while_closed(name, whole.enter(began))
            if narrow is not whole:
                _refuse_while_closed(name, narrow.enter(began))
            try:
                answer = await self._sent(method, url, headers, body, most)
            except _Unusable as bad:
                whole.answered()  # the host is there; this answer is at fault
                raise (AnswerTooLarge if bad.large else CalendarUnreachable)(f"{name} {bad}") from bad
            except CalendarUnreachable as away:
                away.retry_after_s = whole.failed(began, self._clock.monotonic())
                raise
        if answer.status == 401 and answer.status not in take:
            refusals.refused(self._clock.monotonic())
        elif answer.status < 400:
            refusals.accepted()
        return self._judged(answer, name, whole, narrow, began, take)

    def _judged(
        self, answer: Answer, name: str, whole: Breaker, narrow: Breaker, began: float, take: Collection[int]
    ) -> Answer:
        status, now = answer.status, self._clock.monotonic()
        if status in (429, 503) and status not in take:
            asked = parse_retry_after(answer.headers.get("retry-after", ""), self._clock.now())
            wait_s = (narrow if status == 429 else whole).failed(began, now, asked)
            why = "has had too many requests" if status == 429 else "is not available"
            raise CalendarUnreachable(f"{name} {why}, and is left alone for {wait_s:.0f} s", retry_after_s=wait_s)
        whole.answered()
        narrow.answered()
        if status in take:
            return answer
        if status == 401:
            raise CalendarRefused(f"{name} does not accept the credentials", hint=_NOT_LET_IN)
        if status == 403:
            raise CalendarRefused(f"{name} lets the account in, but not here", hint=_NO_RIGHT)
        if status >= 500:  # of this address alone: the host answers
            raise CalendarUnreachable(f"{name} failed, with status {status}")
        return answer

    async def _sent(self, method: str, url: str, headers: Mapping[str, str], body: bytes, most: int) -> Answer:
        import httpx

        name = host_of(url)
        for again in (method in _SAFE, False):
            try:
                async with asyncio.timeout(self._within_s):
                    return await self._received(method, url, headers, body, most)
            except TimeoutError as slow:
                raise CalendarUnreachable(f"{name} did not answer within {self._within_s:g} s") from slow
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError) as cut:
                # Most often a connection that was kept, and that the server closed just then.
                if not again:
                    raise CalendarUnreachable(f"{name} broke off the conversation") from cut
            except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as fault:
                raise CalendarUnreachable(f"{name} {_why(fault)}", hint=_remedy(fault)) from fault
        raise AssertionError("the second try returns or raises")

    async def _received(self, method: str, url: str, headers: Mapping[str, str], body: bytes, most: int) -> Answer:
        sent = {"User-Agent": "roomgate", "Accept-Encoding": "identity", **headers}
        async with self._client.stream(method, url, headers=sent, content=body or None) as answer:
            told = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers.raw}
            if told.get("content-encoding", "identity").lower() != "identity":  # a small body may unpack to a huge one
                raise _Unusable("packs its answers, unasked")
            parts, size = list[bytes](), 0
            async for part in answer.aiter_bytes():
                size += len(part)
                if size > most:
                    raise _Unusable(f"answers with more than {most // 1024} KiB", large=True)
                parts.append(part)
            return Answer(answer.status_code, told, b"".join(parts), url)

    def _host(self, name: str) -> _Host:
        if name not in self._hosts:
            self._hosts[name] = _Host(Quota(self._rate_per_s, self._burst), asyncio.Semaphore(self._at_once))
        return self._hosts[name]

    def _refusals(self, host: _Host, headers: Mapping[str, str]) -> Refusals:
        """Many rooms share one account: who goes on offering a wrong password for each of them has it locked."""
        credentials = next((value for name, value in headers.items() if name.lower() == "authorization"), "")
        digest = hashlib.sha256(credentials.encode()).digest()
        if digest not in host.refused:
            if len(host.refused) >= MOST_CREDENTIALS:
                host.refused.pop(next(iter(host.refused)))  # the oldest: tokens come and go
            host.refused[digest] = Refusals()
        return host.refused[digest]

    def _breaker(self, host: _Host, lane: str) -> Breaker:
        if lane not in host.breakers:
            host.breakers[lane] = Breaker(self._dice)
        return host.breakers[lane]


def host_of(url: str) -> str:
    """The address's host and port, all of it that is ever told. Raises BadInput for what is no address of the web."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as bad:
        raise BadInput("an address cannot be read") from bad
    if parts.scheme not in ("http", "https") or not host:
        raise BadInput("an address is none of the web")
    plain = port is None or port == (443 if parts.scheme == "https" else 80)
    bare = f"[{host}]" if ":" in host else host
    return bare if plain else f"{bare}:{port}"


def _refuse_while_closed(name: str, closed_s: float) -> None:
    if closed_s:
        raise CalendarUnreachable(
            f"{name} did not answer, and is left alone for {closed_s:.0f} s", retry_after_s=closed_s
        )


def _refuse_while_resting(name: str, closed_s: float) -> None:
    if closed_s:
        raise CalendarRefused(
            f"{name} does not accept the credentials, which are not tried again for {closed_s:.0f} s", hint=_NOT_LET_IN
        )


def _refuse_in_a_queue(name: str, turn_s: float) -> None:
    """Who would wait longer than a caller waits takes no place: given up later, it would keep the place from others."""
    if turn_s > LONGEST_TURN_S:
        raise CalendarUnreachable(
            f"{name} is asked as much as it allows; there is a turn in {turn_s:.0f} s",
            hint="With very many rooms in one calendar, this passes once each has been read; else, ask less often.",
            retry_after_s=turn_s - LONGEST_TURN_S,
        )


def _untrusted(fault: BaseException | None) -> bool:
    seen = 0
    while fault is not None and seen < 10:
        if isinstance(fault, ssl.SSLCertVerificationError):
            return True
        fault, seen = fault.__cause__ or fault.__context__, seen + 1
    return False


def _why(fault: Exception) -> str:
    import httpx

    if _untrusted(fault):
        return "shows a certificate that is not trusted"
    if isinstance(fault, httpx.ProxyError):
        return "cannot be reached through the proxy"
    if isinstance(fault, httpx.ConnectError | httpx.ConnectTimeout | OSError):
        return "cannot be reached"
    return f"does not answer as it should ({type(fault).__name__})"


def _remedy(fault: Exception) -> str | None:
    return "Name the authority of its certificate as ca, if the server is yours." if _untrusted(fault) else None
