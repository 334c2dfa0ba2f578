"""The command in this process, and what it talks to: a real hub with a site that answers, or answers out of a book."""

import asyncio
import gc
import io
import json
import os
import ssl
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import trustme

from roomgate.cli.main import main
from roomgate.clock import SystemClock
from roomgate.hub.app import Extension, serve
from roomgate.hub.making import init
from roomgate.hub.parts import Parts
from roomgate.hub.relay.extension import build_extension, open_relay
from roomgate.hub.relay.parts import RelayParts
from roomgate.link.messages import Feedback, Heartbeat, Hello, Outcome, RoomInfo
from roomgate.link.order import LeaseBook, Order
from support.hub import PASSWORD, Hub, config, signed_in
from support.relay_rig import FakeLink


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def run(*words: str, stdin: bytes = b"") -> Done:
    """One command, as a script runs it: no terminal anywhere."""
    out, err = io.StringIO(), io.StringIO()
    code: object = 0
    collector = gc.get_threshold()  # a command sets it for its own process, and here it is the tests'
    with redirect_stdout(out), redirect_stderr(err), _stdin(stdin):
        try:
            main(list(words))
        except SystemExit as end:
            code = end.code
        finally:
            gc.set_threshold(*collector)
    assert isinstance(code, int), code
    if code and words[:1] == ("xapi",):
        # A device that refuses is slow to hang up, too, if the machine is busy. A command does not wait for that: it
        # ends, and its sockets with it. Here the process goes on, so they end now, and not in a test of others.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()
    return Done(code, out.getvalue(), err.getvalue())


@contextmanager
def _stdin(content: bytes) -> Iterator[None]:
    before = sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(content))
    try:
        yield
    finally:
        sys.stdin = before


@dataclass
class Certificates:
    """An authority of the test's own; the name that it vouches for is localhost."""

    ca: Path
    server: Path

    @classmethod
    def make(cls, folder: Path) -> "Certificates":
        authority = trustme.CA()
        made = cls(folder / "ca.pem", folder / "server.pem")
        authority.cert_pem.write_to_path(made.ca)
        authority.issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(made.server)
        return made


# ---- answers out of a book -------------------------------------------------------------------------


@dataclass
class Said:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Answer = tuple[int, dict[str, str], bytes]


def problem(status: int, code: str = "", detail: str = "", **more: str) -> Answer:
    body = {"title": "Title", "status": status, "code": code, "detail": detail, **more}
    return status, {"Content-Type": "application/problem+json"}, json.dumps(body).encode()


def ok(value: Any) -> Answer:
    return 200, {"Content-Type": "application/json"}, json.dumps(value).encode()


@dataclass
class BookHub:
    """Answers in the order in which they were written, the last one again and again; or whatever ``by`` says."""

    address: str
    by: Callable[["Said"], "Answer"] | None = None
    answers: list[Answer] = field(default_factory=list)
    asked: list[Said] = field(default_factory=list)

    def answer(self, *answers: Answer) -> None:
        self.answers, self.asked = list(answers), []

    def take(self) -> Answer:
        if self.by is not None:
            return self.by(self.asked[-1])
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def book_hub(certificates: Certificates) -> Iterator[BookHub]:
    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            book.asked.append(Said(self.command, self.path, dict(self.headers), self.rfile.read(length)))
            status, headers, body = book.take()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.server)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    book = BookHub(f"https://localhost:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield book
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


# ---- a real hub ------------------------------------------------------------------------------------


def answer_order(order: Order) -> list[Any]:
    """What the site of the tests says to an order; the number that is dialled chooses."""
    path = " ".join(map(str, order.path))
    number = dict(order.arguments).get("Number", "")
    outcomes = {
        "refused@example.com": Outcome(order.id, "refused", rule="policy", words="The site does not allow it."),
        "broken@example.com": Outcome(order.id, "failed", words="The device is busy."),
        "lost@example.com": Outcome(order.id, "unknown", words="It was sent, and nothing came back."),
    }
    if order.verb == "subscribe":
        return [Outcome(order.id, "done"), Feedback(order.id, "status", {"Status": {"Audio": {"Volume": 50}}})]
    results: dict[str, Any] = {
        "Status Audio Volume": 50,
        "Configuration Audio DefaultVolume": 40,
        "Configuration": {"Audio": {"DefaultVolume": 40, "SoundsAndAlerts": {"RingVolume": 50}}},
        "Command Roomgate Allowed Get": {"Verdicts": [{"verdict": "allowed"}]},
    }
    return [outcomes.get(str(number)) or Outcome(order.id, "done", result=results.get(path, {}))]


class SiteLink(FakeLink):
    """A site with two rooms that answers every order by itself."""

    def __init__(self, connector: Any, site: Any) -> None:
        super().__init__(SystemClock(), LeaseBook(b"tests"))  # type: ignore[arg-type]  # only the time is asked of it
        self.connector, self.site = connector, site
        rooms = [RoomInfo("device_oslo", "oslo", "fine"), RoomInfo("device_rome", "rome", "fine")]
        self.hello = Hello(1, connector, self.nonce, "test", "policy", "digest", rooms, [])

    async def work(self, relay: RelayParts) -> None:
        await relay.events.arrived(self)
        self.last_heartbeat = 1
        self.leases.beat(1, self.clock.monotonic())
        await relay.events.message(self, Heartbeat(1, []))
        answered = 0
        while True:
            await self.news.wait()
            self.news.clear()
            for order in self.orders[answered:]:
                answered += 1
                for message in answer_order(order):
                    await relay.events.message(self, message)


@dataclass
class RealHub:
    """A hub that runs in a thread of its own, with an administrator and a site."""

    address: str
    ca: Path
    token: str
    hub: Hub
    link: SiteLink
    loop: asyncio.AbstractEventLoop

    def do(self, work: Any) -> Any:
        """Run a coroutine where the hub lives."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    def token_of(self, name: str) -> str:
        return str(self.do(self.hub.token(name))[1])


@contextmanager
def real_hub(folder: Path, certificates: Certificates) -> Iterator[RealHub]:
    settings = config(
        folder / "data",
        certificate=str(certificates.server),
        certificate_key=str(certificates.server),
        listen_port=0,
    )
    made: list[RealHub] = []
    failed: list[BaseException] = []
    up, stop = threading.Event(), asyncio.Event()

    async def live() -> None:
        await init(settings, "ada", PASSWORD)
        address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        kept: list[tuple[Parts, RelayParts]] = []

        def extended(parts: Parts) -> Extension:
            relay = open_relay(parts)
            kept.append((parts, relay))
            return build_extension(parts, relay)

        async with asyncio.TaskGroup() as group:
            serving = group.create_task(serve(settings, address.set_result, extended))
            url = await address
            parts, relay = kept[0]
            hub = await signed_in(parts, parts.clock)  # type: ignore[arg-type]
            connector = await hub.connector()
            link = SiteLink(connector.id, connector.site)
            working = group.create_task(link.work(relay))
            _, token = await hub.token("ada")
            local = url.replace("127.0.0.1", "localhost")
            made.append(RealHub(local, certificates.ca, token, hub, link, asyncio.get_running_loop()))
            up.set()
            await stop.wait()
            working.cancel()
            serving.cancel()

    def thread() -> None:
        try:
            asyncio.run(live())
        except BaseException as fault:  # told to the test that asked for the hub
            failed.append(fault)
        finally:
            up.set()

    running = threading.Thread(target=thread)
    running.start()
    up.wait(30)
    if failed or not made:
        running.join()
        raise failed[0]
    try:
        yield made[0]
    finally:
        made[0].loop.call_soon_threadsafe(stop.set)
        running.join(15)


# ---- programs --------------------------------------------------------------------------------------


@contextmanager
def program(*words: str, **env: str) -> Iterator[dict[str, Any]]:
    """A program that runs until it is stopped, and its one line of JSON; it must end without a word when it is told to."""
    process = subprocess.Popen(
        [sys.executable, "-m", "roomgate.cli.main", *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={"PYTHONPATH": os.pathsep.join(sys.path), "PATH": "/usr/bin:/bin", **env},
    )  # fmt: skip
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("{"), process.communicate()
        yield json.loads(line)
        process.terminate()
        _, errors = process.communicate(timeout=20)
        assert (process.returncode, "Traceback" in errors) == (0, False), errors
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
