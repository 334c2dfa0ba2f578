"""After a cut everything is tried that might bring back what fell: old frames, restarts, a lifted lock, a backup."""

import asyncio
import contextlib

from support.cutting.causes import Cause, Fate
from support.cutting.clients import Client, Events, Rest, RoomPage, Socket
from support.cutting.database import MemoryDatabase
from support.cutting.loop import run
from support.cutting.world import World, fresh_clock, world

BOUND_S = 1.0


class Return:
    """One cause, and what came back after it."""

    def __init__(self, cause: Cause) -> None:
        self.cause = cause
        self.complaints: list[str] = []

    def run(self) -> "Return":
        clock = fresh_clock()
        run(clock, lambda: self._run(clock))
        return self

    async def _run(self, clock: object) -> None:
        async with world(clock) as here:  # type: ignore[arg-type]
            if self.cause.prepare is not None:
                await self.cause.prepare(here)
            clients = [
                RoomPage(here, "mia", "web1", "oslo"), RoomPage(here, "mia", "web2", "oslo"),
                Events(here, "mia", "tok1", "oslo"), Socket(here, "mia", "tok1", "oslo"),
                Rest(here, "mia", "tok1", "oslo"), Rest(here, "bob", "tok1", "oslo"),
            ]  # fmt: skip
            turning = asyncio.create_task(_turn(here))
            for one in clients:
                one.start()
            await asyncio.sleep(0.8)
            backup = here.db.image()
            cookie = here.cookies["mia.web1"]
            await self.cause.act(here)
            cut = here.now
            if here.cookies["mia.web1"] != cookie:
                await self._dead(here, cookie)
            await asyncio.sleep(BOUND_S)

            await self._again(here, "an old frame")
            await here.kill_site()
            await asyncio.sleep(0.2)
            await here.start_site()
            await asyncio.sleep(1.5)
            await self._again(here, "an old frame after the connector's restart")
            await here.kill_hub()
            await here.start_hub()
            await asyncio.sleep(2.0)
            self._look(here, clients, cut, "restarts")
            fallen = [one for one in clients if self.cause.fate(one) is Fate.FALLS and self._for_good(one)]
            if self.cause.lifted is not None:
                await self.cause.lifted(here)
                lifted = here.now
                await asyncio.sleep(2.0)
                self._look(here, fallen, cut if fallen else lifted, "lifting it")
            await here.kill_hub()
            here.db.close()
            here.db = MemoryDatabase(backup)
            hub = await here.start_hub(lambda hub: hub.parts.restorations.enter("backup"))
            assert hub.parts.restorations.safe_mode is not None
            restored = here.now
            await asyncio.sleep(2.5)
            self._look(here, clients if self.cause.name != "hub restored" else [], restored, "a backup", every=True)
            for one in clients:
                await one.stop()
            turning.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await turning

    def _for_good(self, one: Client) -> bool:
        """What is the credential's or the person's end; a lock on a place may be lifted for what is asked anew."""
        return one.credential in self.cause.ends or f"{one.who}.{one.room}" in self.cause.lost

    async def _dead(self, here: World, cookie: str) -> None:
        assert here.hub is not None
        if await here.hub.parts.identity.by_cookie(cookie) is not None:
            self.complaints.append(f"{self.cause.name}: the old cookie lives beside the new one")

    async def _again(self, here: World, what: str) -> None:
        """Everything that the hub has ever sent, once more, into the link of the moment."""
        wire = here.net.wire
        assert wire is not None
        before = {name: len(device.done) for name, device in here.devices.items()}
        marks = {d.mark for device in here.devices.values() for d in device.done}
        old = [message for message in here.net.recorded if type(message).__name__ == "Signed"]
        for message in old[-200:]:
            wire._heard(message, 100)
        await asyncio.sleep(0.2)
        for name, device in here.devices.items():
            fresh = device.done[before[name]:]  # fmt: skip
            times = {mark: sum(d.mark == mark for d in fresh) for mark in marks}
            if any(count > 3 for count in times.values()):
                self.complaints.append(f"{self.cause.name}: {what} was carried out in {name}: {times}")

    def _look(self, here: World, clients: list[Client], cut: float, what: str, every: bool = False) -> None:
        for one in clients:
            if not every and self.cause.fate(one) is not Fate.FALLS:
                continue
            late = [at for at in one.frames if at > cut + BOUND_S]
            late += [d.at for d in here.device(one.room).done if d.mark == one.mark and d.at > cut + BOUND_S]
            if late:
                self.complaints.append(f"{self.cause.name}: {what} brought back {one.name}")


async def _turn(here: World) -> None:
    while True:
        for device in here.devices.values():
            device.turn()
        await asyncio.sleep(0.2)
