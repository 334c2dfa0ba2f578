"""A real CalDAV server on loopback: Radicale, with a user and a password, in a thread of its own."""

import base64
import http.client
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import radicale
from radicale import config

from support.wsgi_thread import Served, serving

USER, PASSWORD = "rooms", "correct horse"


class DavServer:
    """The server, and a hand that writes into it."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.url = served.url

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.served.port, timeout=10)
        pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        try:
            connection.request(method, path, body, {"Authorization": f"Basic {pair}", **headers})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def make(self, name: str, shown: str = "") -> str:
        """A calendar of the user's; its path."""
        path = f"/{USER}/{name}/"
        body = (
            '<c:mkcalendar xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:set><d:prop>'
            f"<d:displayname>{shown or name}</d:displayname></d:prop></d:set></c:mkcalendar>"
        )
        status, told = self.ask("MKCALENDAR", path, body.encode())
        assert status == 201, (status, told)
        return path

    def put(self, path: str, raw: bytes) -> None:
        status, told = self.ask("PUT", path, raw, **{"Content-Type": "text/calendar"})
        assert status in (201, 204), (status, told)

    def delete(self, path: str) -> None:
        status, told = self.ask("DELETE", path)
        assert status == 200, (status, told)


@contextmanager
def dav_server(folder: Path) -> Iterator[DavServer]:
    logging.getLogger("radicale").setLevel(logging.CRITICAL)
    (folder / "users").write_text(f"{USER}:{PASSWORD}\n")
    settings = config.load()
    users = {"type": "htpasswd", "htpasswd_filename": str(folder / "users"), "htpasswd_encryption": "plain", "delay": 0}
    storage = {"filesystem_folder": str(folder / "collections"), "_filesystem_fsync": False}
    told = {"auth": users, "storage": storage, "logging": {"level": "critical"}}
    settings.update(told, "the tests", privileged=True)
    with serving(radicale.Application(settings)) as served:
        yield DavServer(served)
