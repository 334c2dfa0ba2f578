"""Makes the data of a hub as one version of the program writes it, as SQL text: for the corpus of old databases.

``PYTHONPATH=src:tests python -m support.old_database FILE``, in a checkout of that version. Its keys are
``KEY``, so that the ledger in it can be verified.
"""

import asyncio
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from support.hub import running

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def write_keys(data: Path) -> None:
    (data / "keys").mkdir(parents=True, mode=0o700)
    for name in ("order.pem", "ledger.pem"):
        (data / "keys" / name).write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def load(sql: Path, data: Path) -> Path:
    """A data folder from the corpus; gives its database."""
    write_keys(data)
    with closing(sqlite3.connect(data / "hub.db")) as db:
        db.executescript(sql.read_text("utf-8"))
        db.execute("PRAGMA journal_mode=WAL")
    return data / "hub.db"


async def fill(data: Path) -> None:
    write_keys(data)
    async with running(data) as hub:
        await hub.rooms("oslo", "rome")
        for name in ("alma", "bert"):
            await hub.person(name)
            await hub.token(name, 200_000)
            await hub.grant(name, "oslo", minutes=40_000)
        await hub.parts.grants.lock("room", "rome", "painting", hub.admin)
        await hub.parts.identity.set_active("bert", False, hub.admin)
        await hub.parts.record.checkpoint()


def main(target: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(fill(Path(folder) / "data"))
        with closing(sqlite3.connect(Path(folder) / "data" / "hub.db")) as db:
            target.write_text("\n".join(db.iterdump()) + "\n", "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
