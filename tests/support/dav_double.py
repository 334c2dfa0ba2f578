"""A CalDAV server without a socket, for what Radicale does not do: no tokens, no reports, parts, errors at will.

Written after RFC 4791 and RFC 6578, not after our client. Time ranges are not judged: every event touches them.
"""

from collections.abc import Callable
from xml.etree import ElementTree

import httpx

HOST = "dav.example.com"
HOME = "/home/"
_NAMES = {"DAV:": "d", "urn:ietf:params:xml:ns:caldav": "c", "http://calendarserver.org/ns/": "s"}


class DavDouble(httpx.AsyncBaseTransport):
    """``calendars``: path → {name: raw}. ``before`` may answer a request instead of the double."""

    def __init__(self, *, tokens: bool = True, ctags: bool = True, bodies: bool = True, part: int = 0) -> None:
        self.tokens, self.ctags, self.bodies, self.part = tokens, ctags, bodies, part
        self.calendars: dict[str, dict[str, bytes]] = {}
        self.shown: dict[str, str] = {}
        self.versions: dict[str, int] = {}  # of each resource that there ever was
        self.version = 0
        self.oldest = 0  # tokens before this one are no longer known
        self.asked: list[tuple[str, str, str]] = []  # method, path, name of the body's root
        self.before: Callable[[httpx.Request], httpx.Response | None] = lambda request: None
        self.home_host = ""
        self.found_at = "/"

    def make(self, name: str, shown: str = "") -> str:
        path = f"{HOME}{name}/"
        self.calendars[path] = {}
        self.shown[path] = shown or name
        return path

    def write(self, path: str, name: str, raw: bytes | None) -> None:
        self.version += 1
        self.versions[path + name] = self.version
        if raw is None:
            del self.calendars[path][name]
        else:
            self.calendars[path][name] = raw

    def count(self, method: str, root: str = "") -> int:
        return sum(one == method and kind == root for one, _, kind in self.asked)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path, body = request.url.path, request.content
        root = ElementTree.fromstring(body) if body.startswith(b"<?xml") else None  # noqa: S314 (our own client)
        kind = root.tag.rpartition("}")[2] if root is not None else ""
        self.asked.append((request.method, path, kind))
        if (answer := self.before(request)) is not None:
            return answer
        match request.method:
            case "PROPFIND":
                return self._propfind(path, request.headers.get("depth", "0"))
            case "REPORT" if root is not None and path in self.calendars:
                return self._report(path, kind, root)
            case "PUT" | "DELETE":
                return self._write(request.method, path, body, request.headers)
        return httpx.Response(404)

    # -- reading

    def _propfind(self, path: str, depth: str) -> httpx.Response:
        if path == self.found_at:
            return _multistatus(
                _found(path, "<d:current-user-principal><d:href>/me/</d:href></d:current-user-principal>")
            )
        if path == "/me/":
            home = f"{self.home_host}{HOME}"
            return _multistatus(_found(path, f"<c:calendar-home-set><d:href>{home}</d:href></c:calendar-home-set>"))
        if path == HOME and depth == "1":
            listed = [_found(HOME, "<d:resourcetype><d:collection/></d:resourcetype>")]
            return _multistatus(*listed, *(_found(one, self._about(one)) for one in self.calendars))
        if path in self.calendars:
            return _multistatus(_found(path, self._about(path)))
        return httpx.Response(404)

    def _about(self, path: str) -> str:
        about = "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>"
        about += f"<d:displayname>{self.shown[path]}</d:displayname>"
        if self.tokens:
            about += f"<d:sync-token>urn:{self.version}</d:sync-token>"
        if self.ctags:
            about += f"<s:getctag>{self.version}</s:getctag>"
        return about

    def _tag(self, address: str) -> str:
        return f'<d:getetag>"{self.versions[address]}"</d:getetag>'

    def _report(self, path: str, kind: str, root: ElementTree.Element) -> httpx.Response:
        held = self.calendars[path]
        match kind:
            case "calendar-query":
                if root.find("{DAV:}prop/{urn:ietf:params:xml:ns:caldav}calendar-data") is not None and self.bodies:
                    return _multistatus(*(self._whole(path, path + name) for name in held))
                return _multistatus(*(_found(path + name, self._tag(path + name)) for name in held))
            case "calendar-multiget":
                wanted = [one.text or "" for one in root.iter("{DAV:}href")]
                return _multistatus(*(self._whole(path, address) for address in wanted))
            case "sync-collection" if self.tokens:
                return self._since(path, int((root.findtext("{DAV:}sync-token") or "urn:0").rpartition(":")[2]))
        return httpx.Response(403, content=b'<d:error xmlns:d="DAV:"><d:supported-report/></d:error>')

    def _whole(self, path: str, address: str) -> str:
        name = address.removeprefix(path)
        if name not in self.calendars[path]:
            return f"<d:response><d:href>{address}</d:href><d:status>HTTP/1.1 404 Not Found</d:status></d:response>"
        raw = self.calendars[path][name].decode().replace("&", "&amp;").replace("<", "&lt;")
        return _found(address, f"{self._tag(address)}<c:calendar-data>{raw}</c:calendar-data>")

    def _since(self, path: str, since: int) -> httpx.Response:
        if since < self.oldest:
            return httpx.Response(403, content=b'<d:error xmlns:d="DAV:"><d:valid-sync-token/></d:error>')
        news = sorted(
            (version, address)
            for address, version in self.versions.items()
            if address.startswith(path) and version > since
        )
        told, rest = (news[: self.part], news[self.part :]) if self.part else (news, [])
        token = told[-1][0] if rest else self.version
        parts = [self._changed(path, address) for _, address in told]
        if rest:
            parts.append(f"<d:response><d:href>{path}</d:href><d:status>HTTP/1.1 507 Full</d:status></d:response>")
        return _multistatus(*parts, f"<d:sync-token>urn:{token}</d:sync-token>")

    def _changed(self, path: str, address: str) -> str:
        if address.removeprefix(path) in self.calendars[path]:
            return _found(address, self._tag(address))
        return f"<d:response><d:href>{address}</d:href><d:status>HTTP/1.1 404 Not Found</d:status></d:response>"

    # -- writing

    def _write(self, method: str, address: str, body: bytes, headers: httpx.Headers) -> httpx.Response:
        path, _, name = address.rpartition("/")
        path += "/"
        if path not in self.calendars:
            return httpx.Response(404)
        there = name in self.calendars[path]
        if there and headers.get("if-none-match") == "*":
            return httpx.Response(412)
        if (match := headers.get("if-match")) and (not there or match != f'"{self.versions[address]}"'):
            return httpx.Response(412)
        if method == "DELETE" and not there:
            return httpx.Response(404)
        self.write(path, name, None if method == "DELETE" else body)
        return httpx.Response(204 if there else 201)


def _found(address: str, props: str) -> str:
    return (
        f"<d:response><d:href>{address}</d:href><d:propstat><d:prop>{props}</d:prop>"
        "<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
    )


def _multistatus(*parts: str) -> httpx.Response:
    spaces = " ".join(f'xmlns:{short}="{space}"' for space, short in _NAMES.items())
    whole = f"<d:multistatus {spaces}>{''.join(parts)}</d:multistatus>"
    return httpx.Response(207, content=whole.encode())
