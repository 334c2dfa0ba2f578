"""A listening socket and who comes in by it: one for a room, or one on loopback that thousands of rooms share.

Who comes in is told apart by the address that was dialled, before a byte is read: so each room may have a
certificate of its own, and rooms of loopback (127.x.y.z each) need one descriptor together.

A shared door listens at every local address, for one socket cannot have ten thousand. That nothing but loopback is
served has two reasons: the socket is bound to the interface ``lo`` before it has an address, so that the kernel refuses
whoever dials an address of any other interface; and whoever comes in all the same at an address that is not in
127.0.0.0/8 is closed at once, before anything is read or sent.
"""

import asyncio
import errno
import os
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress

from roomgate import log
from roomgate.errors import CannotStart
from roomgate.listening import PortTaken, listen

Welcome = Callable[[socket.socket, str], Awaitable[None]]

_log = log.get("sim")
_AT_ONCE = 128  # so many are let in before the loop does something else
_REST_S = 1.0
_BACKLOG = 4096
_OUT_OF_FILES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class Door:
    """Bound at once, open while `run` runs. ``port`` is the real one, also where 0 was asked for."""

    def __init__(self, listening: socket.socket, welcome: Welcome, *, shared: bool = False) -> None:
        """``welcome`` gets each connection and the local address that it dialled; the socket is then its own."""
        listening.setblocking(False)
        self.port: int = listening.getsockname()[1]
        self._socket = listening
        self._welcome = welcome
        self._shared = shared

    @classmethod
    def at(cls, host: str, port: int, welcome: Welcome) -> "Door":
        """One address. Raises CannotStart if it cannot be had."""
        return cls(listen(host, port), welcome)

    @classmethod
    def on_loopback(cls, port: int, welcome: Welcome) -> "Door":
        """All of 127.0.0.0/8. Raises PortTaken, or CannotStart where the system has no such socket."""
        return cls(_listen_on_loopback(port), welcome, shared=True)

    async def run(self) -> None:
        """Let people in until cancelled; then nobody new, and those who were being welcomed are left alone no more."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.TaskGroup() as group:

                def look() -> None:
                    try:
                        for come, address in self._accept():
                            group.create_task(self._let_in(come, address), name="sim.door.welcome")
                    except OSError as fault:
                        if fault.errno not in _OUT_OF_FILES:
                            raise
                        _log.error("sim.door-full", port=self.port, reason=os.strerror(fault.errno))
                        loop.remove_reader(self._socket)
                        loop.call_later(_REST_S, again)

                def again() -> None:
                    if self._socket.fileno() >= 0:
                        loop.add_reader(self._socket, look)

                loop.add_reader(self._socket, look)
                await loop.create_future()
        finally:
            loop.remove_reader(self._socket)
            self._socket.close()

    def _accept(self) -> list[tuple[socket.socket, str]]:
        come: list[tuple[socket.socket, str]] = []
        for _ in range(_AT_ONCE):
            try:
                connection, _ = self._socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                break
            except OSError:
                if not come:
                    raise
                break  # let in who is there; the next look meets the same fault
            connection.setblocking(False)
            address = str(connection.getsockname()[0])
            if self._shared and not is_loopback(address):
                connection.close()
                continue
            come.append((connection, address))
        return come

    async def _let_in(self, come: socket.socket, address: str) -> None:
        try:
            await self._welcome(come, address)
        except (OSError, TimeoutError):  # gone, or no TLS: the next one is welcome all the same
            with suppress(OSError):
                come.close()

    def close(self) -> None:
        """Give the port back where `run` never began."""
        self._socket.close()


def is_loopback(address: str) -> bool:
    """Whether an IPv4 address as the system writes it is in 127.0.0.0/8."""
    return address.startswith("127.")


def _listen_on_loopback(port: int) -> socket.socket:
    bind_to = getattr(socket, "SO_BINDTODEVICE", None)
    if bind_to is None:
        raise CannotStart("Many rooms at one door need Linux: each has an address 127.x.y.z of its own.")
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, bind_to, b"lo")
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(("0.0.0.0", port))
        made.listen(_BACKLOG)
    except OSError as fault:
        made.close()
        if fault.errno == errno.EADDRINUSE:
            raise PortTaken(f"Another program listens on port {port}.") from fault
        words = os.strerror(fault.errno or 0)
        raise CannotStart(f"Port {port} of the loopback interface cannot be listened on: {words}.") from fault
    return made
