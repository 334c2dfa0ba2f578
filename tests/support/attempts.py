"""The seven attempts of 2019 on two targets: the double beside Roomgate, told as the demonstration tells them."""

import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from roomgate import xapi
from roomgate.checks.attempts import Result, Target, attempt
from roomgate.cli.demo.inside import Inside
from roomgate.cli.demo.targets import roomgate, wrong
from roomgate.cli.demo.world import MUSEUM, password
from roomgate.ids import mint
from roomgate.ledger.checkpoint import VerifierKey, open_checkpoint
from roomgate.ledger.tree import leaf_hash, verify_inclusion
from support.world import RunningWorld


@dataclass(frozen=True, slots=True)
class Attempts:
    """``double`` is the wrong connector, ``ours`` is Roomgate."""

    double: Target
    ours: Target

    async def make(self, name: str) -> list[Result]:
        """One attempt on both: the double's result first."""
        return [await attempt(name, target) for target in (self.double, self.ours)]


async def _name(room: Inside) -> str:
    """Give the device a name that nobody outside can know."""
    secret = mint("room")
    url = room.address.replace("https", "wss") + "/ws"
    async with xapi.connect(url, user=room.admin_user, password=room.admin_password, ca=room.ca) as device:
        await device.set("Configuration/SystemUnit/Name", secret)
    return secret


@asynccontextmanager
async def both_targets(world: RunningWorld, rooms: Sequence[Inside]) -> AsyncIterator[list[Attempts]]:
    """A double, in a process of its own, for the device that no connector of ours has; beside each of our rooms."""
    museum, secret = world.world.inside[MUSEUM], password()
    address = await world.world.start_double(secret)
    try:
        double = wrong(address, world.world, museum, secret, await _name(museum))

        async def proven(entry: dict[str, Any]) -> bool:
            """Whether the entry is in the tree whose root the hub's ledger key has signed, computed from scratch."""
            shown = await world.admin.call("GET", f"/api/v1/ledger/{entry['index']}")
            signed = open_checkpoint(shown["checkpoint"], VerifierKey.parse(world.world.vkeys[0]))
            leaf, path = leaf_hash(base64.b64decode(shown["raw"])), [bytes.fromhex(step) for step in shown["path"]]
            verify_inclusion(leaf, shown["index"], shown["size"], path, signed.root)
            return bool(signed.size == shown["size"])

        yield [Attempts(double, roomgate(world.world, room, world.admin, await _name(room), proven)) for room in rooms]
    finally:
        await world.world.programs.stop("double")
