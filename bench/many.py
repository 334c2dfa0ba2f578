"""A world of very many rooms: the demonstration's, but for the simulator, which runs as several processes."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench import ROOT
from bench.program import WentWrong
from roomgate.cli.demo.inside import Inside
from roomgate.cli.demo.people import Caller
from roomgate.cli.demo.world import World, devices_file
from roomgate.connector.vault import Vault, _bound, _Value

_EACH = 250  # rooms of one process: so that it is ready long before it is given up
_AT_ONCE = 2
_START_S = 300.0
_CONNECT_S = 300.0
_LOOK_S = 1.0


@dataclass  # with slots, super() would not find itself
class ManyRooms(World):
    """The connector knows the accounts of all rooms, and `devices.toml` names the first ``named`` of them."""

    named: int = field(default=1)

    async def start_sim(self) -> None:
        few = asyncio.Semaphore(_AT_ONCE)

        async def some(number: int, names: list[str]) -> None:
            words = ["sim", "serve", "--data", str(self.folder / f"sim-{number}"), "--json"]
            for name in names:
                words += ["--name", name]
            async with few:
                ready = await self.programs.start(f"sim-{number}", *words)
            self.inside |= {room["name"]: Inside.of(room) for room in ready["rooms"]}

        async with asyncio.TaskGroup() as group:
            for first in range(0, self.rooms, _EACH):
                group.create_task(some(first // _EACH, self.names[first : first + _EACH]))

    def _configure(self, name: str, rooms: Sequence[str]) -> str:
        config = super()._configure(name, rooms)
        self.name_rooms(self.named)
        return config

    async def _fill_vault(self, config: str, rooms: Sequence[str]) -> None:
        """In one writing: `vault load` writes the whole vault anew for every password, which takes minutes here."""
        vault = Vault.open(self.folder / "connector")
        values = {}
        for name in rooms:
            room, held = self.inside[name], {}
            for account, password in (
                (room.user, room.password),
                (room.privileged_user, room.privileged_password),
            ):
                nonce = secrets.token_bytes(12)
                sealed = vault._cipher.encrypt(nonce, password.encode(), _bound(name, account, 1))
                held[account] = _Value(1, nonce, sealed)
            values[name] = held
        vault._save(values)

    async def connect(self, count: int) -> None:
        """The connector starts anew with the first ``count`` rooms; returns when the hub has news of them all."""
        await self.programs.stop("connector")
        self.name_rooms(count)
        await self.run_connector()
        await self.connected()

    def name_rooms(self, count: int) -> None:
        self.named = count
        self.file("devices.toml", devices_file((self.inside[name] for name in self.names[:count]), {}))

    async def connected(self) -> None:
        """Wait until the hub has live news of every room that is named."""
        admin, fine = self.caller(), 0
        try:
            async with asyncio.timeout(_CONNECT_S):
                while (fine := await self._fine(admin)) < self.named:
                    await asyncio.sleep(_LOOK_S)
        except TimeoutError as late:
            raise WentWrong(f"after {_CONNECT_S:.0f} s {fine} of {self.named} rooms were connected") from late
        finally:
            await admin.close()

    async def _fine(self, admin: Caller) -> int:
        count, cursor = 0, ""
        while True:
            page = await admin.call("GET", f"/api/v1/rooms?limit=200{cursor}")
            count += sum(room["state"] in ("fine", "call") for room in page["items"])
            if not page.get("next"):
                return count
            cursor = f"&cursor={page['next']}"


@asynccontextmanager
async def many_rooms(folder: Path, rooms: int) -> AsyncIterator[ManyRooms]:
    """All programs; the connector has one room when the block begins."""
    world = ManyRooms(folder, rooms, hub_port=0)
    world.programs.env |= {"PYTHONPATH": str(ROOT / "src")}
    try:
        async with asyncio.timeout(_START_S):
            await world.start_all(rooms=world.names)
        await world.connected()
        yield world
    finally:
        await world.programs.stop_all()
