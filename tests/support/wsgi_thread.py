"""A WSGI application served on loopback by a thread; it can be told to fail instead."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


@dataclass
class Served:
    """Where it is, and what it answers instead while that is set."""

    port: int = 0
    fault: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    asked: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def fail(self, status: int, body: bytes = b"", **headers: str) -> None:
        """0: no longer."""
        self.fault, self.body = status, body
        self.headers = [(name.replace("_", "-"), value) for name, value in headers.items()]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = False
    block_on_close = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def serving(application: Application) -> Iterator[Served]:
    served = Served()

    def answer(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        served.asked += 1
        if not served.fault:
            return application(environ, start)
        if size := int(environ.get("CONTENT_LENGTH") or 0):
            environ["wsgi.input"].read(size)
        start(f"{served.fault} Told", [("Content-Length", str(len(served.body))), *served.headers])
        return [served.body]

    with make_server("127.0.0.1", 0, answer, _Server, _Quiet) as server:
        served.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="wsgi")
        thread.start()
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()
