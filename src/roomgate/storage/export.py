"""A record copied out of a data folder, for anyone to verify offline. Reads only, needs no key, may run beside the program.

What is signed is what can be proven, so what was added after the newest checkpoint is left for the next export.
The form is that of `Record.export`, which signs first and so misses nothing.
"""

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

from roomgate.errors import Conflict, NotFound
from roomgate.ledger.tree import leaf_hash
from roomgate.storage.database import DamagedData
from roomgate.storage.verify import DATABASES


def export(folder: Path, to: Path) -> int:
    """Write the signed part of a data folder's record to a new folder; gives the number of entries.

    Raises NotFound where there is no record, Conflict where nothing is signed yet or ``to`` is not empty, and
    DamagedData for a database that cannot be read. What is copied is not judged: `verify` does that.
    """
    file = next((folder / name for name in DATABASES if (folder / name).is_file()), None)
    if file is None:
        raise NotFound(f"{folder} holds no record.", hint="Name a data folder of a hub or connector.")
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise Conflict(f"{to} is not empty.", hint="Name a new folder.")
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)) as db:
            db.execute("BEGIN")  # one moment, whatever is written meanwhile
            notes = db.execute("SELECT size, note FROM record_checkpoints ORDER BY size").fetchall()
            key = db.execute("SELECT key FROM record_about").fetchone()
            if not notes or key is None:
                raise Conflict("Nothing of this record is signed yet.", hint="Start its program, and try again.")
            size = int(notes[-1][0])
            to.mkdir(parents=True, exist_ok=True, mode=0o700)
            with _create(to / "entries.jsonl") as out, _create(to / "leaves") as leaves:
                query = 'SELECT bytes FROM record_entries WHERE "index" < ? ORDER BY "index"'
                for (raw,) in db.execute(query, (size,)):
                    out.write(raw + b"\n")
                    leaves.write(leaf_hash(raw).hex().encode() + b"\n")
    except sqlite3.Error as damage:
        raise DamagedData(f"{file} cannot be read: {damage}") from damage
    texts = [str(note) for _, note in notes]
    for name, content in (
        ("checkpoints.json", json.dumps(texts, ensure_ascii=False, indent=1) + "\n"),
        ("checkpoint", texts[-1]),
        ("key", f"{key[0]}\n"),
    ):
        with _create(to / name) as out:
            out.write(content.encode())
    return size


def _create(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
