"""A device's own page in memory: the connections that tunnels bring to it, and what became of each."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from roomgate.tunnel.ends import Streams


@dataclass(eq=False)
class Connection:
    """One connection; it stands for its own writer and transport, as the tunnel's end sees them."""

    now: Callable[[], float]
    heard: Callable[[str], None]  # what somebody says in it: who they are
    opened: float = 0.0
    closed: float | None = None
    mark: str = ""  # who said something in it
    reader: asyncio.StreamReader = field(default_factory=asyncio.StreamReader)

    def __post_init__(self) -> None:
        self.opened = self.now()

    @property
    def transport(self) -> "Connection":
        return self

    def write(self, data: bytes) -> None:
        self.mark = data.decode()
        self.heard(self.mark)

    async def drain(self) -> None: ...

    def write_eof(self) -> None: ...

    def close(self) -> None:
        if self.closed is None:
            self.closed = self.now()

    abort = close


@dataclass(eq=False)
class Page:
    """All connections that there have been."""

    now: Callable[[], float]
    connections: list[Connection] = field(default_factory=list)

    def connect(self, heard: Callable[[str], None]) -> Streams:
        made = Connection(self.now, heard)
        self.connections.append(made)
        return made.reader, made  # type: ignore[return-value]

    def say(self, text: str) -> None:
        """To everybody who is connected now."""
        for one in self.connections:
            if one.closed is None:
                one.reader.feed_data(text.encode())

    def lose(self) -> None:
        for one in self.connections:
            one.close()

    def open_after(self, mark: str, cut: float, until: float) -> list[float]:
        """Of the connections of this mark that were open at the cut: when those ended that ended later than ``until``."""
        concerned = [one for one in self.connections if one.mark == mark and one.opened <= cut]
        return [end for one in concerned if (end := one.closed if one.closed is not None else self.now()) > until]
