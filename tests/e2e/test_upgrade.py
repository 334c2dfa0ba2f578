"""An upgrade by the program itself: an old data folder comes up; a migration that is killed is taken up again."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from support.hub import PASSWORD
from support.hub_program import SRC, HubProgram, enrol, roomgate, sign_in
from support.old_database import load

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("upgrade")]

OLD = sorted((Path(__file__).parents[1] / "corpus" / "databases").glob("hub-*.sql"))

# Migrates, and dies by SIGKILL just before the numbered statement of the migration (0: after its commit).
KILLED = """
import asyncio, os, signal, sys
from sqlalchemy import Engine, event
from roomgate.hub.db.migrate import migrate
from roomgate.storage.database import Database

file, at = sys.argv[1], int(sys.argv[2])
seen = 0

def count(conn, cursor, statement, *_):
    global seen
    seen += 1
    if seen == at:
        os.kill(os.getpid(), signal.SIGKILL)

db = Database.open(file)
event.listen(Engine, "before_cursor_execute", count)
asyncio.run(migrate(db))
print(seen)
os.kill(os.getpid(), signal.SIGKILL) if at == 0 else None
"""


def migrate_and_die(file: Path, at: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", KILLED, str(file), str(at)],
        env={**os.environ, "PYTHONPATH": str(SRC)}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def version(file: Path) -> str:
    with closing(sqlite3.connect(file)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        (found,) = db.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(found)


def test_a_migration_that_is_killed_anywhere_is_taken_up_again(tmp_path):
    """Killed at statement after statement, in the same folder; only the commit makes the new version."""
    file = load(OLD[0], tmp_path / "data")
    old = version(file)
    whole = migrate_and_die(load(OLD[0], tmp_path / "whole"), 10_000)
    statements = int(whole.stdout)
    assert statements > 8
    for at in sorted({2, 4, statements // 2, statements - 3, statements}):
        assert migrate_and_die(file, at).returncode == -signal.SIGKILL
        assert version(file) == old, f"killed before statement {at} of {statements}"
    assert migrate_and_die(file, 0).returncode == -signal.SIGKILL
    assert version(file) != old


@pytest.mark.parametrize("old", OLD, ids=lambda path: path.stem)
def test_a_hub_serves_the_data_of_an_earlier_version(tmp_path, old):
    hub = HubProgram(tmp_path / "hub")
    hub.configure()
    load(old, hub.data)
    migrate_and_die(hub.data / "hub.db", 5)
    hub.serve()
    try:
        with hub.client("") as browser:
            assert sign_in(browser, "ada").headers["location"] == "/settings"  # a password alone is not enough now
            assert browser.get("/api/v1/people").status_code == 403
            enrol(browser)
            people = {p["name"]: p["active"] for p in browser.get("/api/v1/people").json()["items"]}
            assert people == {"ada": True, "alma": True, "bert": False}
            (lock,) = browser.get("/api/v1/locks").json()["items"]
            assert lock["reason"] == "painting"
            assert browser.get("/readyz").text == "ok"
        with hub.client("") as other:
            assert sign_in(other, "alma", PASSWORD).status_code == 303
            assert sign_in(other, "bert", PASSWORD).status_code == 401
    finally:
        hub.stop()
    assert roomgate("ledger", "verify", hub.data).returncode == 0
