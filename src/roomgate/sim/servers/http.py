"""The HTTP XML API on the wire: who asks, when it is their turn, and the answer with a device's own headers.

``Connection: close`` is a device's own habit: every request pays for a connection of its own. Basic authentication
and a session's cookie have a rate limit each, which is looked at before anything else, as the web server in front of
a device's API does.
"""

import asyncio
import secrets
from http import HTTPStatus

from roomgate.errors import BadInput
from roomgate.sim.accounts import Account, Login, LoginFailed, SessionsFull
from roomgate.sim.room import Room
from roomgate.sim.servers.asgi import HttpRequest, HttpResponse, Receive, Scope, Send, origin_of, read_request, text
from roomgate.sim.servers.credentials import credentials
from roomgate.sim.servers.listener import Wire, wire_of
from roomgate.sim.spoiled import Half, spoil_xml
from roomgate.sim.xmlapi import XmlApi, XmlSyntaxError

COOKIE = "SecureSessionId"
KIND = "HTTP"
_XML = "text/xml; charset=UTF-8"
_PLAIN = "text/plain; charset=UTF-8"
_PUT_LIMIT = (8 << 20) + (1 << 16)  # a body of 8 MiB, and the document around it
_READS = ("/getxml", "/status.xml", "/configuration.xml", "/command.xml", "/valuespace.xml")
_WRITES = ("/putxml", "/xmlapi/session/begin", "/xmlapi/session/end")
_HEADERS = (
    ("server", "nginx"),
    ("connection", "close"),
    ("cache-control", "no-store, max-age=0"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("permissions-policy", "fullscreen=(self)"),
    ("strict-transport-security", "max-age=0"),
    (
        "content-security-policy",
        "base-uri 'self'; default-src 'self'; form-action 'self'; img-src 'self' data: blob:; "
        "style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; frame-ancestors 'none'; block-all-mixed-content",
    ),
)
_UNAUTHORIZED = "401 Unauthorized\n\nThis address needs a user and a passphrase that the device knows.\n"


def is_api(path: str) -> bool:
    """Whether a path is the API's, and no page's."""
    return path in _READS or path in _WRITES


class Api:
    """The XML API of one room, as an ASGI application."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._api = XmlApi(room.device, room.wires)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        room = self._room
        await room.resting()
        try:
            request = await read_request(scope, receive, _PUT_LIMIT)
        except BadInput as bad:
            await _send(send, HttpResponse(413, f"{bad.message}\n".encode(), _PLAIN))
            return
        gate = room.cookie_gate if request.cookie(COOKIE) else room.gate
        turn_s = gate.turn(room.clock.monotonic())
        if turn_s is None:
            room.journal.write("rate.limited", {"origin": origin_of(scope)})
            await _send(send, text(503, "Too many requests"))
            return
        await asyncio.sleep(turn_s)
        response = self._answer(request, origin_of(scope))
        await room.late()
        try:
            await self._spoilt(response, receive, send, wire_of(scope))
        finally:
            room.settle()

    def _answer(self, request: HttpRequest, origin: str) -> HttpResponse:
        room, path = self._room, request.path
        wanted = "GET" if path in _READS else "POST"
        if request.method != wanted:
            return text(405, wanted)
        who = self._who(request, origin)
        if isinstance(who, HttpResponse):
            return who
        account, login = who
        now = room.clock.now()
        match path:
            case "/getxml":
                return _xml(self._api.get(account, request.asked("location"), now))
            case "/status.xml" | "/configuration.xml":
                return _xml(self._api.document(account, path[1:-4].capitalize(), now))
            case "/command.xml":
                return _xml(self._api.command_document())
            case "/valuespace.xml":
                return _xml(self._api.valuespace_document())
            case "/xmlapi/session/begin":
                return self._begin(account, origin)
            case "/xmlapi/session/end":
                return self._end(request)
        try:
            return _xml(self._api.put(account, request.body, login.id if login else "", now))
        except XmlSyntaxError as bad:
            return HttpResponse(400, f"XML syntax error: {bad.message}\n".encode("utf-8", "replace"), _PLAIN)

    def _who(self, request: HttpRequest, origin: str) -> tuple[Account, Login | None] | HttpResponse:
        """The account of a session's cookie, or of Basic authentication; or what is answered to nobody."""
        accounts = self._room.device.accounts
        token = request.cookie(COOKIE)
        login = self._room.web_tokens.get(token) if token else None
        if login is not None and login.kind == KIND and login.account in accounts.by_name:
            return accounts.by_name[login.account], login
        if "authorization" not in request.headers:
            if token and self._room.wires.expired_redirects:
                return HttpResponse(302, b"", _PLAIN, (("location", "/web/signin"),))
            return _unauthorized()
        user, passphrase, _ = credentials(request.headers, [])
        try:
            return accounts.check(user, passphrase, self._room.clock.now(), origin), None
        except LoginFailed:
            return _unauthorized()

    def _begin(self, account: Account, origin: str) -> HttpResponse:
        room = self._room
        if room.wires.session_needs_admin and "Admin" not in account.roles:
            return _unauthorized()
        try:
            login = room.device.accounts.open(account.name, KIND, origin, room.clock.now())
        except SessionsFull:
            return text(503, "Too many sessions are open")  # the number is not established
        token = secrets.token_hex(32)
        room.web_tokens[token] = login
        cookie = f"{COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=Strict"
        return HttpResponse(204, b"", _PLAIN, (("set-cookie", cookie),))

    def _end(self, request: HttpRequest) -> HttpResponse:
        login = self._room.web_tokens.pop(request.cookie(COOKIE), None)
        if login is not None:
            self._room.device.accounts.close(login.id)
        gone = f"{COOKIE}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict"
        return HttpResponse(204, b"", _PLAIN, (("set-cookie", gone),))

    async def _spoilt(self, response: HttpResponse, receive: Receive, send: Send, wire: Wire) -> None:
        """Send the answer, or what a broken room sends in its place."""
        faults, mono = self._room.faults, self._room.clock.monotonic()
        if not faults.any or response.type != _XML:
            await _send(send, response)
            return
        instead = spoil_xml(faults, response.body.decode(), mono)
        if not instead or isinstance(instead[0], Half):
            if instead:
                wire.break_off(_raw(response)[: -len(response.body) // 2])
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        first, *more = (str(one) for one in instead)
        for one in more:  # an answer too many goes ahead: the connection is closed behind the last
            if wire.transport is not None:
                wire.transport.write(_raw(_of(one)))
        await _send(send, _of(first))


def _of(document: str) -> HttpResponse:
    return HttpResponse(200, document.encode("utf-8", "replace"), _XML)


def _xml(document: str) -> HttpResponse:
    return _of(document + "\n")


def _unauthorized() -> HttpResponse:
    challenge = ("www-authenticate", 'Basic realm="CISCO-Endpoint"')
    return HttpResponse(401, _UNAUTHORIZED.encode(), _PLAIN, (challenge,))


def _headers(response: HttpResponse) -> list[tuple[bytes, bytes]]:
    own = (("content-type", response.type), ("content-length", str(len(response.body))))
    named = [*_HEADERS, *(own if response.status != HTTPStatus.NO_CONTENT else ()), *response.headers]
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in named]


def _raw(response: HttpResponse) -> bytes:
    status = HTTPStatus(response.status)
    lines = [f"HTTP/1.1 {status.value} {status.phrase}".encode()]
    lines += [name + b": " + value for name, value in _headers(response)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + response.body


async def _send(send: Send, response: HttpResponse) -> None:
    await send({"type": "http.response.start", "status": response.status, "headers": _headers(response)})
    await send({"type": "http.response.body", "body": response.body})
