"""What the story calls proven, is."""

import base64

import pytest

from roomgate.cli.demo.targets import RoomgateOwner
from roomgate.errors import RoomgateError
from roomgate.ledger.checkpoint import VerifierKey
from roomgate.ledger.tree import leaf_hash
from support.hub import running

pytestmark = pytest.mark.asyncio


class Ledger:
    """Answers for a hub's ledger with one proven entry."""

    def __init__(self, shown: dict[str, object]) -> None:
        self.shown = shown

    async def call(self, method: str, path: str) -> dict[str, object]:
        assert (method, path) == ("GET", f"/api/v1/ledger/{self.shown['index']}")
        return self.shown


def owner(vkey: str, shown: dict[str, object]) -> RoomgateOwner:
    return RoomgateOwner("", None, Ledger(shown), None, None, vkey)  # type: ignore[arg-type]  # the ledger alone is asked


async def test_an_entry_counts_as_proven_only_by_the_hub_s_own_key_and_its_own_bytes(tmp_path):
    async with running(tmp_path) as hub:
        await hub.person("bob")
        proven = await hub.parts.ledger.prove(hub.admin, 1)
        shown = {
            "index": 1, "raw": base64.b64encode(proven.entry.raw).decode(), "leaf": leaf_hash(proven.entry.raw).hex(),
            "path": [step.hex() for step in proven.path], "size": proven.size, "checkpoint": proven.checkpoint,
        }  # fmt: skip
        own = str(hub.parts.record.verifier)
        other = str(VerifierKey.of("roomgate.hub/main", hub.parts.keys.order))
    entry = {"index": 1}
    assert await owner(own, shown).proven(entry)
    for vkey, change in (
        (other, {}),
        (own, {"raw": base64.b64encode(proven.entry.raw + b" ").decode()}),
        (own, {"path": ["00" * 32, *shown["path"][1:]]}),
    ):
        with pytest.raises(RoomgateError):
            await owner(vkey, shown | change).proven(entry)
