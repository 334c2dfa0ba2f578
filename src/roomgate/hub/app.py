"""The hub's program: its parts behind one door, on one web server, with what runs by itself beside it."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import msgspec
import uvicorn
from litestar import Litestar, Response, Router, get
from litestar.exceptions import HTTPException
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.types import ControllerRouterHandler

from roomgate import __version__, log, supervise
from roomgate.clock import Clock, SystemClock, iso
from roomgate.descriptors import Descriptors
from roomgate.errors import BadInput, RoomgateError
from roomgate.folder import alone_in
from roomgate.hub.alerts import http as alerts_http
from roomgate.hub.approvals import http as approvals_http
from roomgate.hub.config import HubConfig
from roomgate.hub.cuts import http as cuts_http
from roomgate.hub.findings import http as findings_http
from roomgate.hub.fleet import http as fleet_http
from roomgate.hub.grants import http as grants_http
from roomgate.hub.http.asgi import App, Receive, Scope, Send, wants_page
from roomgate.hub.http.asking import DEPENDENCIES, GIVEN, Req, parts_of
from roomgate.hub.http.described import describe
from roomgate.hub.http.door import LARGEST_DOCUMENT, Door, Front
from roomgate.hub.http.gate import Gate
from roomgate.hub.http.idempotency import Idempotency
from roomgate.hub.http.problem import MEDIA_TYPE, Refusal, build_http_refusal, build_refusal
from roomgate.hub.http.reception import Reception, Sockets
from roomgate.hub.identity import device_http, invitation_http
from roomgate.hub.identity import http as identity_http
from roomgate.hub.identity.oidc import http as oidc_http
from roomgate.hub.identity.scim import api as scim_api
from roomgate.hub.identity.scim import http as scim_http
from roomgate.hub.inventory import http as inventory_http
from roomgate.hub.ledger import http as ledger_http
from roomgate.hub.parts import Parts, open_parts
from roomgate.hub.restoration import http as restoration_http
from roomgate.hub.roles import http as roles_http
from roomgate.hub.rooms import http as rooms_http
from roomgate.hub.sites import http as sites_http
from roomgate.hub.status.service import LOOK_EVERY_S
from roomgate.ledger.event import HubStarted
from roomgate.ledger.witnessing import WitnessAhead
from roomgate.listening import listen, load_tls
from roomgate.xapi.errors import XapiError

LARGEST_FRAME = 1024 * 1024  # of a WebSocket; the link and /ws hold their own limits below it
EXPIRE_EVERY_S = 0.1
MACHINE_EVERY_S = 1.0
WITNESS_EVERY_S = 1.0
RECONCILE_EVERY_S = 2.0
RETRY_S = 5.0  # the longest pause of what runs by itself after it failed
LOOK_FIRST_S = 3.0
_log = log.get("hub")


@dataclass(frozen=True, slots=True)
class Extension:
    """What relay, gateway and console add: routes under /api/v1, other routes, tasks, a front, refusals as pages.

    The routes are the same for every hub; ``given`` is what they find in this one.
    """

    api: Sequence[ControllerRouterHandler] = ()
    routes: Sequence[ControllerRouterHandler] = ()
    given: Mapping[str, object] = field(default_factory=dict)
    tasks: Sequence[tuple[str, Callable[[], Awaitable[None]]]] = ()
    front: Front = field(default_factory=Front)
    refused: Callable[[Req, Exception], Response[bytes]] | None = None  # as a page


Extend = Callable[[Parts], Extension]


@get("/healthz", include_in_schema=False, media_type="text/plain")
async def health() -> str:
    """Whether the program runs: a reason to start it anew, if not."""
    return "ok"


@get("/readyz", include_in_schema=False, media_type="text/plain")
async def readiness(request: Req) -> Response[str]:
    """Whether people's work may be sent here: not in safe mode, nor where the record cannot be written."""
    parts = parts_of(request)
    word = (
        "failing" if parts.db.failed is not None else "safe-mode" if parts.restorations.safe_mode is not None else "ok"
    )
    return Response(word, status_code=200 if word == "ok" else 503, media_type="text/plain")


@get("/.well-known/security.txt", include_in_schema=False, media_type="text/plain")
async def security_txt(request: Req) -> str:
    parts = parts_of(request)
    return (
        f"Contact: {parts.config.public_url or request.base_url}\n"
        "Preferred-Languages: en, zh\n"
        "Expires: 2027-12-31T00:00:00Z\n"
    )


@get("/openapi.json", include_in_schema=False)
async def openapi(request: Req) -> Response[bytes]:
    """The API's description, where people look for it."""
    return Response(
        msgspec.json.encode(describe(request.app.openapi_schema.to_schema())), media_type="application/json"
    )


_API = (
    identity_http.API, invitation_http.API, grants_http.API, sites_http.API, rooms_http.API, ledger_http.API,
    findings_http.API, restoration_http.API, approvals_http.API, scim_api.API, oidc_http.API, roles_http.API,
    cuts_http.API, inventory_http.API, fleet_http.API, alerts_http.API,
)  # fmt: skip
_ROUTES = (
    identity_http.sign_out, *oidc_http.ROUTES, sites_http.enrol, scim_http.scim, *device_http.OPEN,
    health, readiness, security_txt, openapi,
)  # fmt: skip


def build_app(parts: Parts, extension: Extension) -> App:
    """Everything behind the door, as one ASGI application."""
    framework = _build_framework(tuple(extension.api), tuple(extension.routes), extension.refused)
    inner = Inner(framework, {"parts": parts, **extension.given})
    gate = Gate(parts.identity, parts.signin, parts.invitations, parts.config.public_url)
    return Door(inner, parts.identity, gate, Idempotency(parts.db, parts.clock), extension.front)


@dataclass(frozen=True, slots=True)
class Inner:
    """What is behind the door of one hub: the routes, which are the same for all, and what they find in this one."""

    framework: Litestar
    given: Mapping[str, object]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.framework({**scope, GIVEN: self.given}, receive, send)  # type: ignore[arg-type]  # TypedDicts of theirs


@lru_cache(maxsize=8)
def _build_framework(
    api: tuple[ControllerRouterHandler, ...],
    routes: tuple[ControllerRouterHandler, ...],
    refused: Callable[[Req, Exception], Response[bytes]] | None,
) -> Litestar:
    """The routes, which take the framework most of a second to put together: once for all hubs of a process."""

    def framework_refused(request: Req, fault: HTTPException) -> Response[bytes]:
        if refused is not None and wants_page(request.scope):  # type: ignore[arg-type]  # a TypedDict of theirs
            return refused(request, fault)
        return _framework_refused(request, fault)

    return Litestar(
        route_handlers=[
            Router("/api/v1", route_handlers=[*_API, *api]),
            *_ROUTES,
            *routes,
        ],
        dependencies=DEPENDENCIES,
        exception_handlers={
            RoomgateError: _refused,
            XapiError: _refused,
            HTTPException: framework_refused,
            Exception: _failed,
        },
        openapi_config=OpenAPIConfig(
            title="Roomgate",
            version=__version__,
            path="/openapi",  # Litestar takes the whole folder, and "/" is the console's
            render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        ),
        request_max_body_size=LARGEST_DOCUMENT,  # the door has the smaller bounds
        logging_config=None,
    )


async def serve(
    config: HubConfig,
    ready: Callable[[str], None],
    extend: Extend = lambda parts: Extension(),
    clock: Clock | None = None,
) -> None:
    """Serve until told to stop by a signal or cancelled; ``ready`` is given the address once it answers.

    Raises CannotStart where the port, the certificate or the data folder cannot be had, before anything is written.
    """
    if not config.certificate:
        raise BadInput("certificate, certificate_key: the hub serves TLS alone, so both must be given.")
    tls = load_tls(Path(config.certificate), Path(config.certificate_key))
    with listen(config.listen_host, config.listen_port) as listener, alone_in(Path(config.data)):
        await _serve(config, tls, listener, ready, extend, clock or SystemClock())


async def _serve(
    config: HubConfig,
    tls: ssl.SSLContext,
    listener: socket.socket,
    ready: Callable[[str], None],
    extend: Extend,
    clock: Clock,
) -> None:
    parts = await open_parts(config, clock)
    try:
        # Before anybody is let in: is this an older copy of the data? A witness that is away is asked again later.
        with contextlib.suppress(RoomgateError, TimeoutError):
            async with asyncio.timeout(LOOK_FIRST_S):
                await look_at_witness(parts)
        await parts.record.add(HubStarted(at=_now(parts), version=__version__))
        extension = extend(parts)
        address = config.public_url or f"https://{config.listen_host}:{listener.getsockname()[1]}"
        server = Server(_settings(build_app(parts, extension), tls), lambda: ready(address))
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(supervise.keep(name, work, first_s=0.1, most_s=RETRY_S), name=name)
                for name, work in [*own_tasks(parts), *extension.tasks]
            ]
            try:
                await server.serve([listener])
            finally:
                for task in tasks:
                    task.cancel()
    finally:
        await parts.aclose()


def own_tasks(parts: Parts) -> list[tuple[str, Callable[[], Awaitable[None]]]]:
    """What runs by itself: a look at clock and descriptors, ends, the witness, the comparison of the records, samples."""

    async def reconcile() -> None:
        await parts.ledger.reconcile()

    descriptors = Descriptors()

    async def look_at_machine() -> None:
        descriptors.look()
        await parts.look_at_clock()

    async def witness() -> None:
        await look_at_witness(parts)

    return [
        ("hub.machine", every(MACHINE_EVERY_S, look_at_machine)),
        ("hub.expiry", every(EXPIRE_EVERY_S, parts.expire)),
        ("hub.witness", every(WITNESS_EVERY_S, witness)),
        ("hub.reconcile", every(RECONCILE_EVERY_S, reconcile)),
        ("hub.samples", every(LOOK_EVERY_S, parts.status.keep)),
        ("hub.alerts", parts.alerts.run),
        ("hub.alert-routes", parts.alert_routes.run),
    ]


async def look_at_witness(parts: Parts) -> None:
    """Have the record signed. A witness that knows a longer or another one tells that ours is an older copy."""
    try:
        await parts.ledger.push_to_witness()
    except WitnessAhead as ahead:
        await parts.restorations.behind_witness(ahead.size)
        raise


def every(pause_s: float, work: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """The work again and again; what it raises is for the supervisor."""

    async def loop() -> None:
        while True:
            await work()
            await asyncio.sleep(pause_s)

    return loop


class Server(uvicorn.Server):
    """Says when it answers."""

    def __init__(self, settings: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(settings)
        self._ready = ready

    async def main_loop(self) -> None:
        try:
            await super().main_loop()
        except asyncio.CancelledError:
            await self.shutdown()  # brief: it has its own deadline; whoever opened the port closes it
            raise

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


def _settings(app: App, tls: ssl.SSLContext) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        ssl_context_factory=lambda *_: tls,
        http=Reception,
        ws=Sockets,
        ws_max_size=LARGEST_FRAME,
        ws_per_message_deflate=False,
        ws_ping_interval=20,
        ws_ping_timeout=20,
        lifespan="off",  # nothing of ours begins or ends with the framework
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=1,  # a client that does not answer the end of TLS would hold it up for long
        backlog=1024,
    )


def _now(parts: Parts) -> str:
    return iso(parts.clock.now())


def _answer(refusal: Refusal) -> Response[bytes]:
    return Response(refusal.body, status_code=refusal.status, media_type=MEDIA_TYPE, headers=dict(refusal.headers))


def _refused(_: Req, fault: Exception) -> Response[bytes]:
    return _answer(build_refusal(fault))


def _framework_refused(_: Req, fault: HTTPException) -> Response[bytes]:
    detail = fault.detail
    if fault.extra and isinstance(fault.extra, list):
        said = [f"{one.get('key', '')}: {one.get('message', '')}" for one in fault.extra if isinstance(one, dict)]
        detail = "; ".join(said) or detail
    return _answer(build_http_refusal(fault.status_code, detail[:500] if fault.status_code < 500 else ""))


def _failed(request: Req, fault: Exception) -> Response[bytes]:
    """The outermost edge: whatever it was, the asker learns only that it failed."""
    _log.error(
        "request.failed", method=request.method, route=request.scope.get("path_template", ""),
        error=f"{type(fault).__name__}: {fault}"[:300], exc_info=fault,
    )  # fmt: skip
    return _answer(build_refusal(fault))
