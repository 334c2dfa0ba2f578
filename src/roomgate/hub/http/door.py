"""The door: every request passes here before it is routed. Nobody anonymous gets further.

In this order: who asks, the size of the body (a stranger's is small) and its time, whether the request came from our own page, whether it was
sent before. An anonymous request gets the same answer for every name, since no route has looked at it yet.
"""

import asyncio
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from roomgate.errors import RoomgateError
from roomgate.hub.http.asgi import (
    App,
    Captured,
    Message,
    Receive,
    Replay,
    Scope,
    Send,
    answer,
    cookie,
    header,
    read_body,
    refuse,
    source_of,
    wants_page,
)
from roomgate.hub.http.gate import CHALLENGE_PATH, PENDING_COOKIE, Asked, Entered, Gate, end_pending
from roomgate.hub.http.idempotency import Idempotency, Kept, build_slot
from roomgate.hub.http.multipart import is_multipart, read_parts
from roomgate.hub.http.problem import MEDIA_TYPE, BadForm, NotSignedIn, Problem, TooSlow, build_refusal
from roomgate.hub.identity.person import Signed
from roomgate.hub.identity.scim.refusal import MEDIA_TYPE as SCIM
from roomgate.hub.identity.scim.refusal import build_scim_refusal
from roomgate.hub.identity.service import Identity

COOKIE = "__Host-roomgate"
LANGUAGE_COOKIE = "__Host-roomgate-language"
LARGEST_BODY = 256 * 1024
LARGEST_DOCUMENT = 9 * 1024 * 1024  # what many rooms should have, with its pictures
LARGEST_STRANGERS_BODY = 32 * 1024  # a sign-in, an enrolment
BODY_WITHIN_S = 15.0
SIGNED = "roomgate.signed"  # where the routes find who asks, in the scope
_UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
_NOT_DONE = 503  # our word for: nothing was done, try again
_SCIM = "/scim/"  # where answers have a form of their own
_OPEN = {"/healthz", "/readyz", "/.well-known/security.txt", "/enrol", "/auth/device", "/auth/device/token"}
_DOCUMENTS = {"/fleet", "/fleet/drift", "/api/v1/plans", "/api/v1/plans/drift"}
_PROVIDERS = re.compile(r"/auth/[a-z0-9-]{1,40}/(?:start|callback|logout)")  # they prove what they are by themselves
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)


_FIRST = Asked()
SignInPage = Callable[[str, str, str, Asked], bytes]  # a sentence or "", Accept-Language, the language's cookie
RefusedPage = Callable[[Problem, str, str], bytes]  # what was refused, Accept-Language, the language's cookie


def plain_sign_in_page(words: str, accepted: str = "", chosen: str = "", asked: Asked = _FIRST) -> bytes:
    """The sign-in page without the console: a form, and what went wrong. The form goes to the address it is at."""
    said = f"<p role=alert>{words}</p>" if words else ""
    fields = {
        "password": '<label>Name <input name="user" autocomplete="username" required></label>'
        '<label>Password <input name="password" type="password" autocomplete="current-password" required></label>',
        "second": '<label>Code <input name="code" autocomplete="one-time-code" required></label>',
        "invitation": '<label>Invitation <input name="invitation" autocomplete="off" required></label>'
        '<label>New password <input name="new" type="password" autocomplete="new-password" required></label>',
    }
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Roomgate: sign in</title>'
        f'<h1>Sign in</h1>{said}<form method="post">{fields[asked.step]}<button>Sign in</button></form></html>'
    ).encode()


@dataclass(frozen=True, slots=True)
class Front:
    """What the console gives the door: its pages for who is not let through, and its content policy.

    Without ``refused_page`` a browser is refused like a script. ``websockets`` are the paths that do their own authentication, each an ASGI application.
    """

    sign_in_page: SignInPage = plain_sign_in_page
    refused_page: RefusedPage | None = None
    csp: str = CSP
    websockets: Mapping[str, App] = field(default_factory=dict)
    websocket_forms: Sequence[tuple[re.Pattern[str], App]] = ()  # and forms of such paths
    own_sign_in: Mapping[str, App] = field(default_factory=dict)  # HTTP paths that do, too

    def websocket(self, path: str) -> App | None:
        formed = (app for form, app in self.websocket_forms if form.fullmatch(path))
        return self.websockets.get(path) or next(formed, None)


def set_cookie(value: str) -> tuple[str, str]:
    return "Set-Cookie", f"{COOKIE}={value}; Path=/; Secure; HttpOnly; SameSite=Strict"


def clear_cookie() -> tuple[str, str]:
    return "Set-Cookie", f"{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0"


class Door:
    def __init__(self, inner: App, identity: Identity, gate: Gate, idempotency: Idempotency, front: Front) -> None:
        self._inner = inner
        self._identity = identity
        self._gate = gate
        self._idempotency = idempotency
        self._front = front

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "http":
                await self._http(scope, receive, self._with_headers(scope, send))
            case "websocket":
                app = self._front.websocket(scope["path"])
                if app is None:
                    await receive()
                    await send({"type": "websocket.close", "code": 1008})
                else:
                    await app(scope, receive, send)
            case _:
                await self._inner(scope, receive, send)

    def _with_headers(self, scope: Scope, send: Send) -> Send:
        caching = "private, max-age=3600" if scope["path"].startswith("/static/") else "no-store"
        ours = {
            b"content-security-policy": self._front.csp.encode(),
            b"x-content-type-options": b"nosniff",
            b"referrer-policy": b"same-origin",  # with no-referrer, browsers send our forms with "Origin: null"
            b"strict-transport-security": b"max-age=63072000",
            b"x-frame-options": b"DENY",
            b"cross-origin-opener-policy": b"same-origin",
            b"cross-origin-resource-policy": b"same-origin",
            b"cache-control": caching.encode(),
        }

        async def adorned(message: Message, /) -> None:
            if message["type"] == "http.response.start":
                theirs = [(k, v) for k, v in message.get("headers", []) if k.lower() not in ours]
                message = {**message, "headers": [*theirs, *ours.items()]}
            await send(message)

        return adorned

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, unsafe = scope["path"], scope["method"] in _UNSAFE
        try:
            if (own := self._front.own_sign_in.get(path)) is not None:
                await own(scope, receive, send)
                return
            free = path in _OPEN or path.startswith("/static/")
            free = free or _PROVIDERS.fullmatch(path) is not None
            signed = None if free else await self._who(scope)
            most = LARGEST_STRANGERS_BODY
            if signed is not None:
                most = LARGEST_DOCUMENT if path in _DOCUMENTS else LARGEST_BODY
            body = await _body(receive, most) if unsafe else b""
            onward = Replay(body, receive) if unsafe else receive
            if free:
                await self._inner(scope, onward, send)
                return
            if signed is None or (path in ("/signin", CHALLENGE_PATH) and unsafe):
                await self._anonymous(scope, body, send)
                return
            if signed.web is not None and unsafe:
                _require_own_page(scope, body, signed.web.csrf)
            scope[SIGNED] = signed
            if signed.fresh is not None:
                send = _adding(send, set_cookie(signed.fresh.reveal()))
            key = header(scope, "idempotency-key")
            if key and scope["method"] == "POST" and path.startswith("/api/"):
                await self._once(scope, onward, send, signed, key, body)
            else:
                await self._inner(scope, onward, send)
        except RoomgateError as fault:
            await self._refuse(scope, send, fault)

    async def _refuse(self, scope: Scope, send: Send, fault: RoomgateError) -> None:
        """As a page to a browser that opens one, in SCIM's form to a directory, as a problem to everybody else."""
        refusal = build_refusal(fault)
        if scope["path"].startswith(_SCIM):
            await answer(send, refusal.status, build_scim_refusal(fault).body, SCIM, refusal.headers)
            return
        if self._front.refused_page is None or not wants_page(scope):
            await refuse(send, refusal)
            return
        accepted, chosen = header(scope, "accept-language"), cookie(scope, LANGUAGE_COOKIE)
        page = self._front.refused_page(refusal.problem, accepted, chosen)
        await answer(send, refusal.status, page, "text/html; charset=utf-8", refusal.headers)

    async def _who(self, scope: Scope) -> Signed | None:
        """By token or by cookie. A token that is wrong is nobody, whatever cookie comes with it."""
        given = header(scope, "authorization")
        if given:
            scheme, _, token = given.partition(" ")
            if scheme.lower() != "bearer":
                return None
            return await self._identity.by_token(token.strip(), source_of(scope))
        value = cookie(scope, COOKIE)
        return await self._identity.by_cookie(value) if value else None

    async def _anonymous(self, scope: Scope, body: bytes, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        if path.startswith(("/api/", "/openapi", "/scim/")) or header(scope, "authorization"):
            nobody = NotSignedIn("Sign in first.")
            body, kind = build_refusal(nobody).body, MEDIA_TYPE
            if path.startswith(_SCIM):
                body, kind = build_scim_refusal(nobody).body, SCIM
            await answer(send, 401, body, kind, [("WWW-Authenticate", 'Bearer realm="roomgate"')])
            return
        if path == CHALLENGE_PATH and method == "POST":
            _require_same_origin(scope)
            options, bound = self._gate.challenge(scope)
            await answer(send, 200, options, "application/json", [bound])
            return
        door_itself = path == "/signin" or path.startswith("/r/")
        form = _form(scope, body) if method == "POST" else {}
        if self._gate.means_step(form):
            await self._sign_in(scope, form, send)
        else:
            status = 200 if door_itself and method in ("GET", "HEAD") else 401
            await self._page(scope, send, self._gate.first(scope, status))

    async def _page(self, scope: Scope, send: Send, asked: Asked) -> None:
        accepted, chosen = header(scope, "accept-language"), cookie(scope, LANGUAGE_COOKIE)
        page = self._front.sign_in_page(asked.said, accepted, chosen, asked)
        await answer(send, asked.status, page, "text/html; charset=utf-8", asked.headers)

    async def _sign_in(self, scope: Scope, form: Mapping[str, str], send: Send) -> None:
        """A form of the sign-in page, which was sent to the address at which it was shown."""
        _require_same_origin(scope)
        done = await self._gate.take(scope, form)
        if not isinstance(done, Entered):
            await self._page(scope, send, done)
            return
        # Only an address of ours, and only as a path: nobody is led elsewhere by signing in.
        raw = scope.get("raw_path", scope["path"].encode()).decode("ascii", "replace")
        target = raw if raw.startswith("/") and raw != "/signin" and raw[1:2] not in ("/", "\\") else "/"
        headers = [("Location", "/settings" if done.weak else target), set_cookie(done.cookie.reveal())]
        if cookie(scope, PENDING_COOKIE):
            headers.append(end_pending())
        await answer(send, 303, b"", "text/plain", headers)

    async def _once(self, scope: Scope, receive: Receive, send: Send, signed: Signed, key: str, body: bytes) -> None:
        # The credential's, not the person's: a token with a scope gets no answer that another one was given.
        slot = build_slot(signed.principal.credential, key, scope["method"], scope["path"], body)
        kept = await self._idempotency.begin(slot)
        if kept is None:
            captured = Captured()
            await self._inner(scope, receive, captured)
            kept = Kept(captured.status, captured.headers, captured.body)
            if kept.status == _NOT_DONE:
                await self._idempotency.forget(slot)
            else:  # also what is unknown: the same key again would do it a second time
                await self._idempotency.finish(slot, kept)
        await send({"type": "http.response.start", "status": kept.status, "headers": kept.headers})
        await send({"type": "http.response.body", "body": kept.body})


async def _body(receive: Receive, most: int) -> bytes:
    """All of it; raises TooLarge, or TooSlow."""
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            return await read_body(receive, most)
    except TimeoutError as slow:
        raise TooSlow(f"A body has {BODY_WITHIN_S:.0f} seconds.") from slow


def _adding(send: Send, extra: tuple[str, str]) -> Send:
    async def added(message: Message, /) -> None:
        if message["type"] == "http.response.start":
            line = (extra[0].lower().encode(), extra[1].encode("latin-1"))
            message = {**message, "headers": [*message.get("headers", []), line]}
        await send(message)

    return added


def _form(scope: Scope, body: bytes) -> dict[str, str]:
    """The fields of a form, each once; nothing for any other kind of body."""
    kind = header(scope, "content-type")
    if is_multipart(kind):
        parts = [part for part in read_parts(kind, body) if part.filename is None]
        return {part.name: part.content.decode("utf-8", "replace") for part in parts}
    if not kind.startswith("application/x-www-form-urlencoded"):
        return {}
    try:
        fields = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=500)
    except ValueError:
        return {}
    return {name: values[0] for name, values in fields.items() if len(values) == 1}


def _require_same_origin(scope: Scope) -> None:
    """Raises BadForm for a request that a page of somebody else's made."""
    site, origin = header(scope, "sec-fetch-site"), header(scope, "origin")
    if site and site not in ("same-origin", "none"):
        raise BadForm("This form was sent from another site.")
    if origin and urlsplit(origin).netloc.lower() != header(scope, "host").lower():
        raise BadForm("This form was sent from another site.")


def _require_own_page(scope: Scope, body: bytes, token: str) -> None:
    """A cookie comes along by itself, so a change also carries the page's own token; raises BadForm."""
    _require_same_origin(scope)
    given = header(scope, "x-csrf-token") or _form(scope, body).get("csrf", "")
    if not hmac.compare_digest(given.encode(), token.encode()):
        raise BadForm("This form is out of date.")
