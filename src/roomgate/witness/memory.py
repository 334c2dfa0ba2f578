"""What a witness remembers: the last size and root of each log. It never goes back, and never forks.

The new size is durable before anything is signed, so a witness that dies between the two has at worst
signed too little.
"""

from sqlalchemy import Column, Connection, Integer, LargeBinary, MetaData, String, Table, insert, select, update

from roomgate.errors import BadInput, RoomgateError
from roomgate.ledger.checkpoint import Checkpoint
from roomgate.ledger.tree import EMPTY_ROOT, verify_consistency
from roomgate.ledger.witnessing import AddCheckpoint
from roomgate.storage.database import Database

metadata = MetaData()

seen = Table(
    "witness_seen",
    metadata,
    Column("origin", String(255), primary_key=True),
    Column("size", Integer, nullable=False),
    Column("root", LargeBinary(32), nullable=False),
)


class OtherSize(RoomgateError):
    """The log says that we last saw one size; we last saw another, or another root at that size."""

    code = "witness.other-size"

    def __init__(self, size: int) -> None:
        super().__init__(f"the last size seen is {size}")
        self.size = size


class Memory:
    """The witness's state, in its database."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def advance(self, request: AddCheckpoint, checkpoint: Checkpoint) -> None:
        """Take a verified checkpoint as the newest of its log, durably.

        Raises BadInput if it is older than its own ``old``, OtherSize if ``old`` is not what we last saw
        or the root changed at the same size, BadProof if it does not continue what we last saw.
        """
        if request.old > checkpoint.size:
            raise BadInput("the old size is larger than the checkpoint's")

        def unit(conn: Connection) -> None:
            row = conn.execute(select(seen).where(seen.c.origin == checkpoint.origin)).one_or_none()
            size, root = (row.size, row.root) if row is not None else (0, EMPTY_ROOT)
            if request.old != size or (checkpoint.size == size and checkpoint.root != root):
                raise OtherSize(size)
            verify_consistency(size, root, checkpoint.size, checkpoint.root, request.proof)
            if size == checkpoint.size and row is not None:
                return
            state = {"size": checkpoint.size, "root": checkpoint.root}
            if row is None:
                conn.execute(insert(seen), {"origin": checkpoint.origin, **state})
            else:
                conn.execute(update(seen).where(seen.c.origin == checkpoint.origin), state)

        await self._db.write(unit)
