"""Carries what HttpFeedback has to say: one POST for each document, in order, each slot by itself.

A slot whose server cannot be reached, or that is so slow that a hundred documents wait for it, has failed.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from urllib.parse import urlsplit

from roomgate.sim.posts import Post, fail
from roomgate.sim.room import Room

TRUSTED = "trusted-ca.pem"  # in the room's folder: authorities that it trusts beside the system's
_WAITING_MOST = 100
_SEND_S = 10.0
_LINE_LIMIT = 1 << 14
_Key = tuple[str, int]


class Poster:
    """One for all rooms; `of` gives a room's own way in."""

    def __init__(self, send_s: float = _SEND_S) -> None:
        self._send_s = send_s
        self._waiting: dict[_Key, deque[Post]] = {}
        self._begun: asyncio.Queue[tuple[Room, int]] = asyncio.Queue()  # bounded by the slots of all rooms

    def of(self, room: Room) -> Callable[[Post], None]:
        def post(one: Post) -> None:
            key = (room.name, one.slot)
            waiting = self._waiting.get(key)
            if waiting is None:
                waiting = self._waiting[key] = deque()
                self._begun.put_nowait((room, one.slot))
            if len(waiting) < _WAITING_MOST:
                waiting.append(one)
            else:
                fail(room.device, one.slot, one.url)

        return post

    async def run(self) -> None:
        """Until cancelled; what then still waits is not sent."""
        async with asyncio.TaskGroup() as group:
            while True:
                room, slot = await self._begun.get()
                group.create_task(self._empty(room, slot), name=f"sim.{room.name}.post")

    async def _empty(self, room: Room, slot: int) -> None:
        waiting = self._waiting[room.name, slot]
        try:
            while waiting:
                one = waiting.popleft()
                try:
                    async with asyncio.timeout(self._send_s):
                        await _send(one, room)
                except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                    waiting.clear()
                    fail(room.device, slot, one.url)
        finally:
            del self._waiting[room.name, slot]
        room.settle()


async def _send(post: Post, room: Room) -> None:
    """Raises OSError or ValueError where nobody is, or nobody who speaks HTTP."""
    where = urlsplit(post.url)
    host, secure = where.hostname or "", where.scheme == "https"
    tls = _context(post, room) if secure else None
    reader, writer = await asyncio.open_connection(
        host, where.port or (443 if secure else 80), ssl=tls, limit=_LINE_LIMIT
    )
    try:
        path = (where.path or "/") + (f"?{where.query}" if where.query else "")
        head = (
            f"POST {path} HTTP/1.1",
            f"Host: {where.netloc.rpartition('@')[2]}",
            "User-Agent: Cisco/CE",
            "Accept: text/*, application/octet-stream, image/*, audio/*",
            f"Content-Type: {post.type}",
            f"Content-Length: {len(post.body)}",
            "Connection: close",
        )
        writer.write("\r\n".join((*head, "", "")).encode("ascii") + post.body)
        await writer.drain()
        answer = await reader.readuntil(b"\n")
        if not answer.startswith(b"HTTP/1."):
            raise ValueError("no HTTP")
    finally:
        writer.close()


def _context(post: Post, room: Room) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not post.verify:
        # The simulated device's own setting HttpFeedback TlsVerify is Off, as it may be on a real one; a test says what
        # becomes of either. Nothing of Roomgate's own is sent this way: these are a simulated room's documents.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    trusted = room.folder / TRUSTED
    if trusted.exists():
        context.load_verify_locations(trusted)
    return context
