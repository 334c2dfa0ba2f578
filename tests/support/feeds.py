"""Published calendars on loopback: an .ics file for each address, with its tag."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from support.wsgi_thread import Served, serving

EMPTY = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//tests//EN\r\nEND:VCALENDAR\r\n"


class Feeds:
    """``events``: path → name → the lines of an event."""

    def __init__(self) -> None:
        self.events: dict[str, dict[str, bytes]] = {}

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        events = self.events.get(environ["PATH_INFO"])
        if events is None:
            start("404 Not Found", [("Content-Length", "0")])
            return [b""]
        body = EMPTY.replace(b"END:VCALENDAR", b"".join(events.values()) + b"END:VCALENDAR")
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if environ.get("HTTP_IF_NONE_MATCH") == tag:
            start("304 Not Modified", [("ETag", tag)])
            return []
        start("200 OK", [("ETag", tag), ("Content-Type", "text/calendar"), ("Content-Length", str(len(body)))])
        return [body]


@contextmanager
def feeds() -> Iterator[tuple[Served, Feeds]]:
    application = Feeds()
    with serving(application) as served:
        yield served, application
