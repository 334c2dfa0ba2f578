"""The connector's ledger on its way to the hub: in order, none left out, over any number of lost links.

Theory: the hub says at each welcome how many entries it holds, and after each batch how many are durable
there. Those two numbers are all the state there is; a batch goes out from the last one, the next only when
it is confirmed. So nothing needs to be remembered here over a restart, and a batch that is sent twice is
recognised by its start.
"""

import asyncio
from collections.abc import Callable

from roomgate import log
from roomgate.link.messages import Entries
from roomgate.storage.record import Record

BATCH = 200
BATCH_BYTES = 256 * 1024
LOOK_EVERY_S = 0.5  # for new entries, while the link is up
CONFIRM_WITHIN_S = 15.0

_log = log.get("spool")


class Spool:
    """Sends what the hub does not hold yet."""

    def __init__(self, record: Record, send: Callable[[Entries], bool], *, confirm_within_s: float = CONFIRM_WITHIN_S):
        """``send`` hands a message to the link; False where there is none, or no room in it now."""
        self._record = record
        self._send = send
        self._confirm_within_s = confirm_within_s
        self._held: int | None = None  # what the hub holds; None before the first link
        self._link = 0  # counts link sessions
        self._news = asyncio.Event()

    @property
    def held(self) -> int | None:
        """How many entries the hub holds, as it last said; None before the first link."""
        return self._held

    def welcomed(self, size: int) -> None:
        """A link session began; the hub holds entries below ``size``. What was not confirmed goes again."""
        self._held = size
        self._link += 1
        self._news.set()

    def kept(self, size: int) -> None:
        """Entries below ``size`` are durable at the hub. It never goes back within a link session."""
        if self._held is not None and size > self._held:
            self._held = size
        self._news.set()

    async def run(self) -> None:
        """Send for ever. Cancelling loses nothing: the hub says at the next welcome what it has."""
        while True:
            await self._wait(LOOK_EVERY_S if self._held is not None else None)
            while await self._step():
                pass

    async def _step(self) -> bool:
        """Send one batch and wait for its confirmation; False where the rest may wait for the next look.

        What came meanwhile waits too: each batch has a signature, a commit and a way of its own.
        """
        held, link = self._held, self._link
        if held is None:
            return False
        size = await self._record.size()
        if held > size:
            # Our own data is older than what the hub has of it: restored from a backup, or tampered with.
            # Nothing is sent over it; the hub's reconciliation makes it a finding.
            _log.error("spool.behind", hub=held, here=size)
            self._held = None
            return False
        if held == size:
            return False

        batch: list[bytes] = []
        room = BATCH_BYTES
        for raw in await self._record.raw(held, BATCH):
            room -= len(raw)
            if batch and room < 0:
                break
            batch.append(raw)
        checkpoint = await self._record.checkpoint()
        if (self._held, self._link) != (held, link):  # another link began while we read
            return True
        if not self._send(Entries(held, batch, checkpoint)):
            return False
        try:
            async with asyncio.timeout(self._confirm_within_s):
                while (self._held, self._link) == (held, link):
                    await self._wait(None)
        except TimeoutError:
            _log.warning("spool.unconfirmed", start=held)
            return True
        return held + len(batch) < size

    async def _wait(self, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return
        finally:
            self._news.clear()
