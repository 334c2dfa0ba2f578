"""What this was measured on: processor, kernel, versions, and what a flush of this disk costs. No name, no path."""

import os
import platform
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import msgspec

from bench import ROOT
from bench.samples import median, quantile

_LIBRARIES = (
    "cryptography",
    "httptools",
    "litestar",
    "msgspec",
    "picows",
    "sqlalchemy",
    "uvicorn",
    "uvloop",
    "websockets",
)
_ENTRY_BYTES = 600  # about what a ledger entry with its hash and indexes comes to


class Machine(msgspec.Struct, frozen=True):
    """Kept beside every result."""

    processor: str
    cores: int
    memory_mib: int
    kernel: str
    python: str
    sqlite: str
    openssl: str
    libraries: dict[str, str]
    flush_us: dict[str, float]
    load: list[float]
    commit: str


def look(folder: Path) -> Machine:
    """Of this machine; the flush is measured on the disk of ``folder``."""
    import ssl

    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    flushes = [one * 1e6 for one in flushes_s(folder, 300)]
    return Machine(
        processor=_processor(),
        cores=os.cpu_count() or 0,
        memory_mib=pages >> 20,
        kernel=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        sqlite=sqlite3.sqlite_version,
        openssl=ssl.OPENSSL_VERSION,
        libraries={name: version(name) for name in _LIBRARIES},
        flush_us={"p50": round(median(flushes), 1), "p99": round(quantile(flushes, 0.99), 1)},
        load=[round(one, 2) for one in os.getloadavg()],
        commit=commit(),
    )


def flushes_s(folder: Path, times: int, pause: Callable[[], None] = lambda: None) -> list[float]:
    """How long durable commits take here: SQLite as `storage/database.py` uses it, one row of an entry's size each."""
    took = []
    with tempfile.TemporaryDirectory(dir=folder, prefix="flush-") as place:
        db = sqlite3.connect(Path(place) / "flush.db", isolation_level=None)
        try:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=FULL")
            db.execute("CREATE TABLE entries (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL)")
            row = os.urandom(_ENTRY_BYTES)
            for _ in range(times):
                pause()
                db.execute("BEGIN IMMEDIATE")
                db.execute("INSERT INTO entries (bytes) VALUES (?)", (row,))
                began = time.perf_counter()
                db.execute("COMMIT")
                took.append(time.perf_counter() - began)
        finally:
            db.close()
    return took


def commit() -> str:
    """The commit that was measured, with ``+`` where files differ from it; empty without git."""
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--dirty=+", "--exclude=*"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except OSError:
        return ""
    return found.stdout.strip()


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
