"""A witness never goes back and never takes a fork."""

import pytest

from roomgate.errors import BadInput
from roomgate.ledger.checkpoint import Checkpoint
from roomgate.ledger.tree import BadProof, Frontier, consistency_proof, leaf_hash, root_at
from roomgate.ledger.witnessing import AddCheckpoint
from roomgate.storage.database import Database
from roomgate.witness.memory import Memory, OtherSize, metadata

ORIGIN = "log.example.com"


class Log:
    def __init__(self, entries):
        self.kept = {}
        frontier = Frontier()
        for entry in entries:
            frontier, full = frontier.append(leaf_hash(entry))
            self.kept.update({(n.level, n.place): n.hash for n in full})

    def node(self, level, index):
        return self.kept[level, index]

    def at(self, size, origin=ORIGIN):
        return Checkpoint(origin, size, root_at(size, self.node))

    def request(self, old, new):
        return AddCheckpoint(old, tuple(consistency_proof(old, new, self.node)), "")


HONEST = Log([b"%d" % n for n in range(20)])
FORKED = Log([b"0", b"1", *(b"x%d" % n for n in range(18))])


@pytest.mark.asyncio
async def test_a_log_that_grows_is_followed_and_remembered(tmp_path):
    db = Database.open(tmp_path / "witness.db", metadata)
    memory = Memory(db)
    for old, new in ((0, 0), (0, 3), (3, 3), (3, 8), (8, 20)):
        await memory.advance(HONEST.request(old, new), HONEST.at(new))
    await db.aclose()
    db = Database.open(tmp_path / "witness.db", metadata)
    with pytest.raises(OtherSize) as other:
        await Memory(db).advance(HONEST.request(8, 20), HONEST.at(20))
    assert other.value.size == 20
    await db.aclose()


@pytest.mark.asyncio
async def test_what_does_not_continue_is_refused_and_forgotten(tmp_path):
    db = Database.open(tmp_path / "witness.db", metadata)
    memory = Memory(db)
    await memory.advance(HONEST.request(0, 8), HONEST.at(8))
    with pytest.raises(BadProof):
        await memory.advance(FORKED.request(8, 20), FORKED.at(20))
    with pytest.raises(OtherSize):
        await memory.advance(FORKED.request(8, 8), FORKED.at(8))
    with pytest.raises(OtherSize):
        await memory.advance(FORKED.request(0, 20), FORKED.at(20))
    with pytest.raises(BadInput):
        await memory.advance(AddCheckpoint(8, (), ""), HONEST.at(3))
    await memory.advance(HONEST.request(8, 20), HONEST.at(20))
    await db.aclose()


@pytest.mark.asyncio
async def test_logs_are_apart(tmp_path):
    db = Database.open(tmp_path / "witness.db", metadata)
    memory = Memory(db)
    await memory.advance(HONEST.request(0, 8), HONEST.at(8))
    await memory.advance(FORKED.request(0, 5), FORKED.at(5, "other.example.com"))
    await memory.advance(HONEST.request(8, 9), HONEST.at(9))
    await db.aclose()
