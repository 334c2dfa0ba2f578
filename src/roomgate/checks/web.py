"""The polite outside client: only permitted hosts, never faster than allowed, bounded in every way, all recorded.

No redirect is followed unless a look asks for it, and then only to permitted hosts. Nothing that is not read only is
sent, but for requests that the target file itself names. Bodies are read up to BODY_MOST after decompression, which
is bounded too: what a server sends cannot fill memory.
"""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpcore
import httpx
import msgspec

from roomgate.checks.addresses import Addresses, NotPermitted
from roomgate.checks.body import Body, charset_of, decoded, raw_of
from roomgate.checks.forms import has_password_field, hidden_fields
from roomgate.checks.pace import Pace
from roomgate.checks.recorder import Recorder
from roomgate.checks.snapshot import TEXT_MOST, Exchange, Headers
from roomgate.checks.target import Account, Ask, Target, filled, filled_in
from roomgate.errors import RoomgateError

REQUEST_S = 15.0
AGENT = "roomgate-check (an exposure check that the owner of this service allowed)"
_TO_THE_FORM = 4  # redirects, until the page with the form
_READ_ONLY = ("GET", "HEAD", "OPTIONS")
_COOKIES_MOST = 100


class CannotSignIn(RoomgateError):
    """The test account is not let in, so nothing can be said about what it may do."""

    code = "check.cannot-sign-in"
    hint = "Check the account's password and its sign_in in the target file; try it by hand in a browser."


class StreamBroke(RoomgateError):
    """An answer that is read as it comes did not come, or broke off."""

    code = "check.stream-broke"
    hint = "The evidence says when."


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer that is read while it comes. ``length`` is what its header promises, if it does."""

    status: int
    headers: tuple[tuple[str, str], ...]
    length: int | None
    parts: AsyncIterator[bytes]


@dataclass(slots=True)
class Session:
    """What somebody's browser would hold: headers and cookies. A fresh one holds nothing."""

    name: str = ""
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    cookies: httpx.Cookies = field(default_factory=httpx.Cookies, repr=False)
    values: dict[str, str] = field(default_factory=dict, repr=False)  # for placeholders
    secret: bool = False  # whether its cookies let somebody in, so that the record goes without them


class Web:
    """HTTP to the target, as part of one look.

    ``transport`` stands in for the network in tests: an ``httpx.AsyncBaseTransport``.
    """

    def __init__(
        self,
        target: Target,
        recorder: Recorder,
        addresses: Addresses,
        pace: Pace,
        trust: ssl.SSLContext | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._target = target
        self._recorder = recorder
        self._addresses = addresses
        self._pace = pace
        self._signed: dict[str, Session] = {}
        self.is_network = transport is None  # in memory, there is nothing else to connect to
        self._http = httpx.AsyncClient(
            transport=transport or _pinned(trust or ssl.create_default_context(), addresses),
            timeout=httpx.Timeout(REQUEST_S),
            follow_redirects=False,
            event_hooks={"response": [_unled]},
            trust_env=False,
        )

    async def __aenter__(self) -> "Web":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    def fresh(self, name: str = "") -> Session:
        """A browser that has never been here."""
        return Session(name)

    def permits(self, url: str) -> bool:
        return self._addresses.knows(_host(url))

    async def get(self, url: str, label: str, session: Session | None = None, **more: Any) -> Exchange:
        return await self.send(Ask(url=url), label, session, **more)

    async def send(
        self,
        ask: Ask,
        label: str,
        session: Session | None = None,
        *,
        follow: int = 0,
        agent: str = AGENT,
        headers: Mapping[str, str] | None = None,
        declared: bool = False,
        pace: Pace | None = None,
        subject: str = "",
        into: bytearray | None = None,
        content: bytes | None = None,
        kept: bool = True,
    ) -> Exchange:
        """Send one request and record it. Gives the (last) exchange; one without an answer has status 0.

        ``declared``: the target file names this very request, so it may change something. ``pace``: a budget of
        the look's own, declared with it. ``follow``: how many redirects to go along with, each one a request.
        ``into``: where the bytes of its body go, for what is no text. ``content``: a body that is neither form nor JSON;
        its type stands in the headers. ``kept`` false: the caller keeps what is evidence of it, for it is asked often.
        Raises NotPermitted.
        """
        method = ask.method.upper()
        if method not in _READ_ONLY and not declared:
            raise NotPermitted(f"{method} {ask.url} is not read only, and the target file does not name it.")
        session = (
            session if session is not None else (self.fresh() if not ask.account else await self.sign_in(ask.account))
        )
        values = dict(session.values)
        url = filled(ask.url, values)
        content, kind = _body(ask, values) if content is None else (content, "")
        if ask.page or (ask.carry and ask.form):
            page = await self.get(
                ask.page or url, label + " (its page)", session, agent=agent, pace=pace, subject=subject, kept=kept,
                follow=_TO_THE_FORM,
            )  # fmt: skip
            content, kind = _body(msgspec.structs.replace(ask, form={**hidden_fields(page.body), **ask.form}), values)
        given = {"User-Agent": agent, "Accept": "*/*", "Accept-Encoding": "identity", **session.headers}
        given |= {name: filled(value, values) for name, value in ask.headers.items()} | dict(headers or {})
        if kind and not any(name.lower() == "content-type" for name in given):
            given["Content-Type"] = kind
        step = await self._one(method, url, given, content, session, label, pace or self._pace, subject, into, kept)
        while follow > 0 and 300 <= step.status < 400 and step.header("location"):
            follow -= 1
            before, url = url, _led_to(url, step.header("location"))
            if not url or not self._addresses.knows(_host(url)):
                break
            given.pop("Content-Type", None)
            if _host(url) != _host(before):
                # What lets an account in at one host is nothing for another.
                given = {"User-Agent": agent, "Accept": "*/*", "Accept-Encoding": "identity"}
            step = await self._one("GET", url, given, b"", session, label, pace or self._pace, subject, into, kept)
        return step

    async def sign_in(self, name: str, *, again: bool = False) -> Session:
        """The session of a test account: signed in once in a look, or anew. Raises CannotSignIn, NotFound."""
        if name in self._signed and not again:
            return self._signed[name]
        session = await self.sign_in_as(self._target.account(name))
        self._signed[name] = session
        return session

    async def sign_in_as(self, account: Account, label: str = "sign-in") -> Session:
        session = session_of(account)
        if account.sign_in is None:
            if not session.headers and not account.token:
                raise CannotSignIn(f"The target file does not say how {account.name} signs in.")
            return session
        how = account.sign_in
        step = await self.send(how.request, label, session, declared=True, follow=4, subject=account.name)
        refused = (
            not step.answered or step.status >= 400 or (how.request.expects and how.request.expects not in step.body)
        )
        if refused or (not how.token and has_password_field(step.body)):
            raise CannotSignIn(f"{account.name} was not let in: {step.status or step.fault}.")
        if how.token:
            token = _dig(step.body, how.token)
            if not token:
                raise CannotSignIn(f"The answer to {account.name}'s sign-in has no {how.token}.")
            self._recorder.masks.add(token, f"token of {account.name}")
            session.values["token"] = token
            session.headers[how.header] = f"{how.scheme} {token}".strip()
        return session

    def _mask_cookies(self, session: Session) -> None:
        """Before the answer that sets them is recorded."""
        if session.secret:
            for cookie in session.cookies.jar:
                self._recorder.masks.add(cookie.value or "", f"cookie {cookie.name} of {session.name}")

    async def _one(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes, session: Session, label: str,
        pace: Pace, subject: str, into: bytearray | None, kept: bool,
    ) -> Exchange:  # fmt: skip
        self._addresses.get(_host(url))
        await pace.turn()
        began = self._recorder.t
        seen: dict[str, Any] = {}
        sent: Headers = tuple(headers.items())
        body = Body()
        try:
            async with asyncio.timeout(REQUEST_S):
                request = httpx.Request(method, url, headers=with_cookies(headers, session, url), content=content)
                sent = tuple(request.headers.multi_items())
                answer = await self._http.send(request, stream=True)
                try:
                    seen["status"] = answer.status_code
                    seen["headers"] = _said(answer)
                    body.charset = charset_of(answer.headers.get("content-type", ""))
                    _keep_cookies(session, answer)
                    self._mask_cookies(session)
                    await body.read(answer)
                finally:
                    await answer.aclose()
        except TimeoutError:
            seen["fault"], body.truncated = "timeout", "status" in seen
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError) as fault:
            seen["fault"], body.truncated = _fault(fault), "status" in seen
        if into is not None:
            into[:] = body.raw
        if "status" in seen:
            seen |= body.fields()
        made: Exchange = self._recorder.make(
            Exchange, t=began, label=label, subject=subject or session.name, method=method, url=url,
            sent=sent, sent_body=content[:TEXT_MOST].decode("utf-8", "replace"),
            took_ms=round((self._recorder.t - began) * 1000, 1), **seen,
        )  # fmt: skip
        return self._recorder.keep(made) if kept else made

    @asynccontextmanager
    async def stream(self, ask: Ask, session: Session, *, pace: Pace | None = None) -> AsyncIterator[Stream]:
        """An answer that is read while it comes, however long that takes: the target file names the request.

        Nothing is recorded: whoever reads it records what came. Raises NotPermitted, StreamBroke.
        """
        url = filled(ask.url, session.values)
        self._addresses.get(_host(url))
        content, kind = _body(ask, session.values)
        headers = {"User-Agent": AGENT, "Accept": "*/*", "Accept-Encoding": "identity", **session.headers}
        headers |= {name: filled(value, session.values) for name, value in ask.headers.items()}
        headers |= {"Content-Type": kind} if kind else {}
        await (pace or self._pace).turn()
        try:
            request = httpx.Request(
                ask.method.upper(), url, headers=with_cookies(headers, session, url), content=content,
                extensions={"timeout": httpx.Timeout(REQUEST_S, read=None).as_dict()},
            )  # fmt: skip
            answer = await self._http.send(request, stream=True)
            try:
                length = answer.headers.get("content-length", "")
                coding = answer.headers.get("content-encoding", "").strip().lower()
                yield Stream(
                    answer.status_code,
                    _said(answer),
                    int(length) if length.isascii() and length.isdecimal() and not coding else None,
                    decoded(raw_of(answer), coding),
                )
            finally:
                await answer.aclose()
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError) as fault:
            raise StreamBroke(_fault(fault)) from fault


def session_of(account: Account) -> Session:
    """What the target file itself gives an account: headers, a token, values for placeholders."""
    values = {"name": account.name, "user": account.user, "password": account.password, "token": account.token}
    values |= account.values
    values = {key: value for key, value in values.items() if value}
    headers = {key: filled(value, values) for key, value in account.headers.items()}
    if account.token and not headers and account.sign_in is None:
        headers["Authorization"] = f"Bearer {account.token}"
    return Session(account.name, headers, httpx.Cookies(), values, secret=True)


def with_cookies(headers: Mapping[str, str], session: Session, url: str) -> dict[str, str]:
    """The headers, and the cookies that a browser with this session would send there."""
    request = httpx.Request("GET", url)
    session.cookies.set_cookie_header(request)
    cookie = request.headers.get("cookie")
    return {**headers, **({"Cookie": cookie} if cookie else {})}


def _keep_cookies(session: Session, answer: httpx.Response) -> None:
    """As a browser does; but where a server sends more than any would keep, none of that answer are."""
    if len(answer.headers.get_list("set-cookie")) + len(session.cookies) <= _COOKIES_MOST:
        session.cookies.extract_cookies(answer)


def _host(url: str) -> str:
    """Of what is no address, nothing, which is nowhere permitted."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _led_to(url: str, location: str) -> str:
    """Where a redirect leads, if that is a web address; otherwise nothing."""
    try:
        made = urljoin(url, location)
        httpx.URL(made)
        return made if urlsplit(made).scheme in ("http", "https") else ""
    except (ValueError, httpx.InvalidURL):
        return ""


def _body(ask: Ask, values: Mapping[str, str]) -> tuple[bytes, str]:
    if ask.json is not None:
        return json.dumps(filled_in(ask.json, values)).encode(), "application/json"
    if ask.form:
        form = {key: filled(value, values) for key, value in ask.form.items()}
        return str(httpx.QueryParams(form)).encode(), "application/x-www-form-urlencoded"
    return b"", ""


def _dig(body: str, path: str) -> str:
    try:
        found: Any = json.loads(body)
        for word in path.split("."):
            found = found[int(word)] if isinstance(found, list) else found[word]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        return ""
    return found if isinstance(found, str) else ""


async def _unled(answer: httpx.Response) -> None:
    """Even where it follows no redirect, httpx works out where one leads, and throws away the answer if it cannot.
    An odd Location is just what an open redirect is looked for with."""
    answer.extensions["said"] = tuple(answer.headers.multi_items())
    answer.headers.pop("location", None)


def _said(answer: httpx.Response) -> Headers:
    """The headers of an answer as they came."""
    said: Headers = answer.extensions["said"]
    return said


def _fault(fault: Exception) -> str:
    cause: BaseException | None = fault
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"certificate: {cause.verify_message}"
        cause = cause.__cause__ or cause.__context__
    return f"{type(fault).__name__}: {fault}"[:200]


# ---- connecting, to permitted hosts alone ----------------------------------------------------------


class _Pinned(httpcore.AsyncNetworkBackend):
    """Connects to where a permitted host was found when the run began, whatever a name server says now."""

    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses
        self._real = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (the signature is httpcore's)
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        return await self._real.connect_tcp(self._addresses.get(host), port, timeout, local_address, socket_options)

    async def connect_unix_socket(self, *args: Any, **kwargs: Any) -> httpcore.AsyncNetworkStream:
        raise NotPermitted("A socket file is no target.")

    async def sleep(self, seconds: float) -> None:
        await self._real.sleep(seconds)


def _pinned(trust: ssl.SSLContext, addresses: Addresses) -> httpx.AsyncHTTPTransport:
    transport = httpx.AsyncHTTPTransport(verify=trust, trust_env=False)
    # httpx has no way to hand in a network backend; its pool is an httpcore one, which has.
    transport._pool = httpcore.AsyncConnectionPool(
        ssl_context=trust, network_backend=_Pinned(addresses), max_connections=20
    )
    return transport
